"""The approval check of orders, from dated policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guantong.core.access import Actor
from guantong.core.answers import NeedsApproval, Sentence
from guantong.core.change import Change
from guantong.core.formats import show_money, zone_of
from guantong.core.inputs import Draft
from guantong.core.records import Problems, own_company, record_verbs
from guantong.fusion.models import ApprovalPolicy
from guantong.master.companies.models import Currency
from guantong.trade.orders.models import Order

APPROVE_ORDERS = "sales-orders.approve"


def approve_large_orders(orders: Sequence[Order], *, by: Actor, change: Change) -> Iterable[NeedsApproval]:
    """An order at or above the policy's total waits for an approver, unless its asker is one."""
    wanted = [order for order in orders if not by.can(APPROVE_ORDERS, order.company_id)]
    if not wanted:
        return
    companies = {order.company_id for order in wanted}
    policies = list(ApprovalPolicy.objects.filter(company_id__in=companies, state="active"))
    currencies = {c.pk: c for c in Currency.objects.filter(pk__in={o.currency_id for o in wanted})} if policies else {}
    for order in wanted:
        today = change.at.astimezone(zone_of(by.companies[order.company_id].zone)).date()
        limits = [p for p in policies if p.company_id == order.company_id and p.side == order.side and _valid(p, today)]
        limit = min(limits, key=lambda p: p.from_amount, default=None)
        if limit is not None and order.total >= limit.from_amount:
            currency = currencies[order.currency_id]
            fact = Sentence(
                gettext_noop("%(order)s is %(total)s; from %(limit)s an approval is needed."),
                {
                    "order": order.number,
                    "total": show_money(order.total, currency.code, currency.digits),
                    "limit": show_money(limit.from_amount, currency.code, currency.digits),
                },
            )
            yield NeedsApproval(order.pk, APPROVE_ORDERS, fact, policy=str(limit.uid))


def _valid(policy: ApprovalPolicy, day: date) -> bool:
    return policy.valid_from <= day and (policy.valid_to is None or day <= policy.valid_to)


def tidy_policies(problems: Problems, drafts: Sequence[Draft], rows: Sequence[ApprovalPolicy | None]) -> None:
    """An end that is not before the start."""
    for index, (draft, row) in enumerate(zip(drafts, rows, strict=True)):
        start = draft.values.get("valid_from", row.valid_from if row else None)
        end = draft.values.get("valid_to", row.valid_to if row else None)
        if start and end and end < start:
            problems.add(index, "valid_to", _("The end is before the start."))


record_verbs(ApprovalPolicy, create=_("New policy"), tidy=tidy_policies, defaults=own_company)
