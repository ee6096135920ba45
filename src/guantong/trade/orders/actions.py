"""Verbs of orders, for both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from guantong.books.commitments import actions as commitments
from guantong.books.commitments.models import Commitment
from guantong.core import sql
from guantong.core.access import Actor
from guantong.core.answers import Refused, Text
from guantong.core.change import Change
from guantong.core.inputs import Draft
from guantong.core.records import insert_records, set_draft
from guantong.core.registry import action
from guantong.master.companies.models import CompanyDetails, Currency
from guantong.master.places.models import Site
from guantong.trade.orders.lines import StoredLine, lock_lines, write_lines
from guantong.trade.orders.models import Order
from guantong.trade.orders.ports import before_confirm

FIRST_NUMBER = 10_000


@action(Order, "create", label=_("New order"), past=_("created this"), icon="plus", style="hidden", form="create")
def create_orders(drafts: list[Draft], *, by: Actor, change: Change) -> list[Order]:
    """Write drafts with all their lines. Nothing is promised yet, so planning does not count them."""
    if by.company is None:
        raise Refused("no-company", _("Choose a company first."), status=422)
    details = sql.fetch(CompanyDetails, "company_id", [by.company.id])[0]
    currency = sql.fetch(Currency, "id", [details.currency_id])[0]
    only = change.resource.only
    ids = sql.reserve_ids(Order, len(drafts))
    prefix = number_prefix(only["side"], only["kind"])
    rows = [
        {
            "id": pk,
            "company_id": by.company.id,
            "currency": currency,
            "number": f"{prefix}-{FIRST_NUMBER + pk}",
            "state": "draft",
            **only,
            **draft.values,
        }
        for pk, draft in zip(ids, drafts, strict=True)
    ]
    for row in rows:
        _check_party(row["party"], only["side"])
        _check_site(row["site"], by.company.id)
    orders: list[Order] = insert_records(Order, change, rows)
    write_lines(change, orders, drafts, {}, firm=False)
    return orders


def number_prefix(side: str, kind: str) -> str:
    """What a number begins with, so that people know a document by its number."""
    return {("sell", "order"): "SO", ("buy", "order"): "PO"}.get((side, kind), f"{side[0]}{kind[:2]}".upper())


def _check_party(party: Any, side: str) -> None:
    if side == Order.Side.SELL and not party.is_customer:
        name, text = "customer", _("%(party)s is not marked as a customer.")
    elif side == Order.Side.BUY and not party.is_supplier:
        name, text = "supplier", _("%(party)s is not marked as a supplier.")
    else:
        return
    fields: dict[str, Text] = {name: text % {"party": party}}
    raise Refused("invalid", _("Some fields need another look."), status=422, fields=fields)


def _check_site(site: Site, company_id: int) -> None:
    """Promises are kept from one's own places; between companies two mirrored orders do it."""
    if site.company_id != company_id:
        fields: dict[str, Text] = {"site": _("This site belongs to another company.")}
        raise Refused("invalid", _("Some fields need another look."), status=422, fields=fields)


@action(Order, "update", label=_("Edit"), past=_("changed this"), icon="pencil", style="hidden", form="edit")
def update_orders(orders: list[Order], *, by: Actor, change: Change, drafts: list[Draft]) -> None:
    """Change a draft or quote; its commitments follow but stay drafts."""
    _write(change, orders, drafts, lock_lines(orders), firm=False)


@action(
    Order,
    "amend",
    label=_("Amend"),
    past=_("amended this"),
    icon="pencil",
    style="hidden",
    form="edit",
    ports=[before_confirm],
)
def amend_orders(orders: list[Order], *, by: Actor, change: Change, drafts: list[Draft]) -> None:
    """Change what was confirmed. What was delivered stays; new quantity is promised; what is taken off is closed."""
    _write(change, orders, drafts, lock_lines(orders), firm=True)


def _write(
    change: Change, orders: Sequence[Order], drafts: Sequence[Draft], stored: dict[int, list[StoredLine]], *, firm: bool
) -> None:
    for order, draft in zip(orders, drafts, strict=True):
        if "party" in draft.values:
            _check_party(draft.values["party"], order.side)
        if "site" in draft.values:
            _check_site(draft.values["site"], order.company_id)
        set_draft(change, order, draft)
    write_lines(change, orders, drafts, stored, firm=firm)


@action(Order, "quote", label=_("Quote"), past=_("quoted this"), icon="send", style="second", order=20)
def quote_orders(orders: list[Order], *, by: Actor, change: Change) -> None:
    """Give the customer an offer. Refused without lines, because an empty offer promises nothing."""
    stored = lock_lines(orders)
    for order in orders:
        _need_lines(order, stored[order.pk])


@action(
    Order,
    "confirm",
    label=_("Confirm"),
    past=_("confirmed this"),
    icon="check",
    style="primary",
    order=10,
    ports=[before_confirm],
)
def confirm_orders(orders: list[Order], *, by: Actor, change: Change) -> None:
    """Promise every line: its commitments become firm, and the first promised day is kept for ever."""
    stored = lock_lines(orders)
    promised: list[Commitment] = []
    for order in orders:
        _need_lines(order, stored[order.pk])
        change.set(order, confirmed_at=change.at)
        promised += [c for line in stored[order.pk] for c in line.commitments]
    commitments.promise(promised)


def _need_lines(order: Order, stored: Sequence[StoredLine]) -> None:
    if not any(line.is_open for line in stored):
        raise Refused(
            "no-lines",
            _("%(order)s has no lines.") % {"order": order.number},
            _("Add what is to be delivered first."),
        )


@action(
    Order,
    "cancel",
    label=_("Cancel order"),
    past=_("canceled this"),
    icon="ban",
    style="danger",
    question=_("All that is not delivered yet is given up."),
    reason=True,
    order=90,
)
def cancel_orders(orders: list[Order], *, by: Actor, change: Change) -> None:
    """Give the order up. Refused once something was delivered: what is left over is then closed, not canceled."""
    stored = lock_lines(orders)
    for order in orders:
        if any(line.moved for line in stored[order.pk]):
            raise Refused(
                "delivered",
                _("Part of %(order)s was delivered.") % {"order": order.number},
                _("Close it instead: what was delivered stays, the rest is given up."),
            )
    commitments.close_commitments(_open(stored))


@action(
    Order,
    "close",
    label=_("Close"),
    past=_("closed this"),
    icon="lock",
    style="menu",
    question=_("What is not delivered yet is given up."),
    order=80,
)
def close_orders(orders: list[Order], *, by: Actor, change: Change) -> None:
    """End a confirmed order: nothing more will be delivered on it."""
    commitments.close_commitments(_open(lock_lines(orders)))


def _open(stored: dict[int, list[StoredLine]]) -> list[Commitment]:
    lines = [line for each in stored.values() for line in each]
    return [c for line in lines for c in line.commitments if c.state != Commitment.State.CLOSED]
