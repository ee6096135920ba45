"""What must be true of orders and their commitments, recomputed from the lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from guantong.books.commitments.models import Commitment
from guantong.core.checks import Finding, book_check
from guantong.trade.orders.models import Order, OrderLine, ScheduleLine
from guantong.trade.orders.rules import ZERO, price_line

STATES = {
    "draft": {"draft"},
    "quoted": {"draft"},
    "confirmed": {"firm", "closed"},
    "closed": {"closed"},
    "canceled": {"closed"},
}


def _of(rows: QuerySet[Any], company_id: int | None, path: str = "company_id") -> QuerySet[Any]:
    return rows.filter(**{path: company_id}) if company_id is not None else rows


@book_check("the totals of each order are the sums of its lines")
def check_totals(company_id: int | None) -> Iterator[Finding]:
    rows = _of(Order.objects.all(), company_id).annotate(n=Sum("lines__net"), t=Sum("lines__tax")).order_by("id")
    for order in rows.iterator(chunk_size=2000):
        net, tax = order.n or ZERO, order.t or ZERO
        facts = {"net": net, "tax": tax, "total": net + tax}
        for name, value in facts.items():
            if getattr(order, name) != value:
                yield Finding(name, order.number, str(getattr(order, name)), str(value))


@book_check("the amounts of each line are its quantity times its price and tax rate")
def check_amounts(company_id: int | None) -> Iterator[Finding]:
    rows = OrderLine.objects.select_related("order__currency").order_by("id")
    for line in _of(rows, company_id, "order__company_id").iterator(chunk_size=2000):
        digits = line.order.currency.digits
        money = price_line(line.quantity, line.price or ZERO, line.tax_rate or ZERO, digits)
        if (line.net, line.tax) != (money.net, money.tax):
            where = f"{line.order.number}/{line.position}"
            yield Finding("net and tax", where, f"{line.net}/{line.tax}", f"{money.net}/{money.tax}")


@book_check("each line promises exactly its quantity")
def check_quantities(company_id: int | None) -> Iterator[Finding]:
    rows = _of(OrderLine.objects.select_related("order"), company_id, "order__company_id")
    rows = rows.annotate(promised=Sum("schedule__commitment__quantity"), count=Count("schedule")).order_by("id")
    for line in rows.iterator(chunk_size=2000):
        where = f"{line.order.number}/{line.position}"
        if not line.count:
            yield Finding("schedule lines", where, "0", "at least 1")
        elif (line.promised or ZERO) != line.quantity:
            yield Finding("promised quantity", where, str(line.promised), str(line.quantity))


@book_check("commitments are in the state, direction, company and item of their document")
def check_states(company_id: int | None) -> Iterator[Finding]:
    rows = ScheduleLine.objects.select_related("line__order", "commitment").order_by("id")
    for each in _of(rows, company_id, "line__order__company_id").iterator(chunk_size=2000):
        order, promise = each.line.order, each.commitment
        where = f"{order.number}/{each.line.position}"
        if promise.state not in STATES[order.state]:
            yield Finding("commitment state", where, promise.state, " or ".join(sorted(STATES[order.state])))
        direction = "out" if order.side == "sell" else "in"
        if promise.direction != direction:
            yield Finding("direction", where, promise.direction, direction)
        if promise.company_id != order.company_id or promise.item_id != each.line.item_id:
            yield Finding("company and item", where, f"{promise.company_id}/{promise.item_id}", "as the line")
        if promise.state == "closed" and order.state == "confirmed" and promise.quantity != promise.moved:
            yield Finding("closed quantity", where, str(promise.quantity), str(promise.moved))
        if promise.state != "closed" and promise.site_id != order.site_id:
            yield Finding("site", where, str(promise.site_id), str(order.site_id))


@book_check("no counter is beyond what its facts allow")
def check_counters(company_id: int | None) -> Iterator[Finding]:
    """Nothing writes moves or invoices yet, so both counters must be zero until those books exist."""
    rows = _of(Commitment.objects.filter(~Q(moved=0) | ~Q(billed=0)), company_id)
    for promise in rows.iterator(chunk_size=2000):
        yield Finding("moved and billed", f"commitment {promise.uid}", f"{promise.moved}/{promise.billed}", "0/0")


@book_check("every commitment belongs to a line")
def check_orphans(company_id: int | None) -> Iterator[Finding]:
    for promise in _of(Commitment.objects.filter(schedule_line=None), company_id).iterator(chunk_size=2000):
        yield Finding("owner", f"commitment {promise.uid}", "none", "a schedule line")


@book_check("every line is counted in the unit of its item")
def check_units(company_id: int | None) -> Iterator[Finding]:
    rows = OrderLine.objects.exclude(unit_id=F("item__unit_id")).select_related("order").order_by("id")
    for line in _of(rows, company_id, "order__company_id").iterator(chunk_size=2000):
        yield Finding("unit", f"{line.order.number}/{line.position}", str(line.unit_id), "the item's unit")


@book_check("no order and no commitment is at another company's site")
def check_sites(company_id: int | None) -> Iterator[Finding]:
    orders = _of(Order.objects.exclude(site__company_id=F("company_id")), company_id)
    for order in orders.iterator(chunk_size=2000):
        yield Finding("site", order.number, str(order.site_id), "a site of its company")
    rows = _of(Commitment.objects.exclude(site__company_id=F("company_id")), company_id)
    for promise in rows.iterator(chunk_size=2000):
        yield Finding("site", f"commitment {promise.uid}", str(promise.site_id), "a site of its company")
