"""Netting without a compiler: numpy by level, equal to the compiled loops bit for bit.

Plain items (one unlimited source, lot for lot, fixed lots, minimum and multiple, or periods) are
netted together, a level at a time, period by period across items. Items with other rules or
sources are few; they run through the same Python functions that the compiler would take.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from guantong.engines.netting.gather import LARGEST
from guantong.engines.netting.prepared import (
    I64,
    LATE,
    MAX_QUANTITY,
    ON_HAND,
    SAFETY_STOCK,
    SHORT,
    SURPLUS,
    UNCOVERED,
    Book,
    Lines,
    Prepared,
)
from guantong.engines.netting.sweep import PERIOD


class Rows(NamedTuple):
    """Demands or supplies of many items: place of the item, period, quantity and reference, sorted."""

    place: I64
    period: I64
    quantity: I64
    ref: I64

    def sums(self, items: int, horizon: int) -> I64:
        """Quantity by item and period; rows must be sorted by both."""
        count = np.bincount(self.place * horizon + self.period, minlength=items * horizon)
        total = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(self.quantity)))
        end = np.cumsum(count)
        return (total[end] - total[end - count]).reshape(items, horizon)


def sort_order(place: I64, period: I64 | None) -> I64:
    """Order by place, then period, then row: radix sort by 16 bits at a time, the last digit first."""
    order = np.arange(len(place)) if period is None else np.argsort(period.astype(np.uint16), kind="stable")
    for shift in range(0, int(place.max(initial=0)).bit_length(), 16):
        digit = ((place >> shift) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return order


def spread(first: I64, count: NDArray[Any]) -> tuple[I64, I64]:
    """Rows first[k] .. + count[k] of every k one after the other, and the k of each."""
    count = count.astype(np.int64)
    owner = np.repeat(np.arange(len(count)), count)
    start = np.cumsum(count) - count
    return np.arange(int(count.sum())) - start[owner] + first[owner], owner


def is_plain(prepared: Prepared) -> NDArray[np.bool_]:
    """Items that can be netted together; those touched by outputs or firm orders of parents cannot."""
    plain = (prepared.single == 1) & (prepared.rule <= PERIOD)
    plain &= np.diff(prepared.yields_first) == 0
    if len(prepared.firm_ref):
        parent = prepared.source_item[prepared.used_source]
        from_firm = np.diff(prepared.firm_first)[parent] > 0
        component = np.repeat(np.arange(len(plain)), np.diff(prepared.used_first))
        plain[component[from_firm]] = False
    return plain


def level_demands(items: I64, prepared: Prepared, lines: Lines, book: Book) -> tuple[Rows, NDArray[np.bool_]]:
    """All demands on some items of one level, sorted; and by item whether one is too large."""
    own, place = spread(lines.demand_first[items], lines.demand_count[items])
    real = lines.demand_open[own] > 0
    own, place = own[real], place[real]
    used_first = prepared.used_first
    use, user = spread(used_first[items], used_first[items + 1] - used_first[items])
    source = prepared.used_source[use]
    parent = prepared.source_item[source]
    order, line = spread(book.order_first[parent], book.order_count[parent])
    period = np.maximum(book.order_release[order], 0)
    uses = use[line]
    simple = prepared.used_single[use] == 1
    simple &= (prepared.used_from[use] <= 0) & (prepared.used_to[use] >= prepared.horizon)
    if not simple.all():
        kept = (book.order_source[order] == source[line]) & (period >= prepared.used_from[uses])
        kept &= period < prepared.used_to[uses]
        order, line, period, uses = order[kept], line[kept], period[kept], uses[kept]
    start = book.order_start[order]
    numerator, denominator = prepared.used_numerator[uses], prepared.used_denominator[uses]
    failed = np.zeros(len(items), dtype=np.bool_)
    if int(start.max(initial=0)) > LARGEST // int(numerator.max(initial=1)):
        large = start > LARGEST // np.maximum(numerator, 1)
        failed[user[line[large]]] = True
        fits = ~large
        order, line, period, uses, start = order[fits], line[fits], period[fits], uses[fits], start[fits]
        numerator, denominator = numerator[fits], denominator[fits]
    need = start * numerator
    if denominator.max(initial=1) > 1:
        need = (need + denominator - 1) // denominator
    need += prepared.used_fixed[uses]
    ref = source[line].astype(np.int64) * prepared.horizon + book.order_due[order]
    places = np.concatenate((place, user[line]))
    periods = np.concatenate((np.maximum(lines.demand_period[own], 0), period)).astype(np.int64)
    by_period = sort_order(places, periods)
    quantities = np.concatenate((lines.demand_open[own], need))[by_period]
    refs = np.concatenate((lines.demand_ref[own].astype(np.int64), ref))[by_period]
    return Rows(places[by_period], periods[by_period], quantities, refs), failed


def level_receipts(items: I64, lines: Lines) -> Rows:
    """Scheduled receipts of some items, sorted."""
    own, place = spread(lines.supply_first[items], lines.supply_count[items])
    real = lines.supply_quantity[own] > 0
    own, place = own[real], place[real]
    period = np.maximum(lines.supply_period[own], 0).astype(np.int64)
    return Rows(place, period, lines.supply_quantity[own], lines.supply_ref[own].astype(np.int64))


def level_orders(items: I64, gross: I64, receipts: I64, prepared: Prepared) -> tuple[I64, NDArray[np.bool_]]:
    """Planned receipts by item and period, and by item whether one is too large."""
    source = prepared.item_source[prepared.item_source_first[items]]
    minimum, multiple = prepared.source_minimum[source], prepared.source_multiple[source]
    safety, fence = prepared.safety_stock[items], prepared.fence[items]
    largest = MAX_QUANTITY // prepared.yield_denominator[source] * prepared.yield_numerator[source]
    cover = np.where(prepared.rule[items] == PERIOD, prepared.cover[items], 1)
    available = prepared.on_hand[items].copy()
    orders = np.zeros_like(gross)
    failed = np.zeros(len(items), dtype=np.bool_)
    horizon = prepared.horizon
    for period in range(horizon):
        available += receipts[:, period]
        net = gross[:, period] + safety - available
        rows = np.flatnonzero((net > 0) & (period >= fence))
        wanted, deficit = net[rows], net[rows]
        for later in range(period + 1, min(period + int(cover[rows].max(initial=1)), horizon)):
            inside = later < period + cover[rows]
            deficit = deficit + gross[rows, later] - receipts[rows, later]
            wanted = np.where(inside, np.maximum(wanted, deficit), wanted)
        lot = np.maximum(wanted, minimum[rows])
        lot = -(-lot // multiple[rows]) * multiple[rows]
        failed[rows] |= lot > largest[rows]
        lot = np.where(failed[rows], 0, lot)
        orders[rows, period] = lot
        available[rows] += lot
        available -= gross[:, period]
    return orders, failed


def write_orders(items: I64, orders: I64, prepared: Prepared, book: Book) -> Rows:
    """Append planned receipts to the book; returns them as supplies."""
    place, due = np.nonzero(orders)
    source = prepared.item_source[prepared.item_source_first[items[place]]]
    first = int(book.used[0])
    rows = slice(first, first + len(place))
    quantity = orders[place, due]
    good, started = prepared.yield_numerator[source], prepared.yield_denominator[source]
    book.order_source[rows] = source
    book.order_due[rows] = due
    book.order_release[rows] = prepared.back[prepared.source_route[source], due]
    book.order_quantity[rows] = quantity
    book.order_start[rows] = (quantity * started + good - 1) // good
    count = np.bincount(place, minlength=len(items))
    book.order_first[items] = first + np.cumsum(count) - count
    book.order_count[items] = count
    book.used[0] = rows.stop
    return Rows(place, due, quantity, source.astype(np.int64) * prepared.horizon + due)


def with_stock(items: I64, receipts: Rows, orders: Rows, prepared: Prepared) -> Rows:
    """On hand stock, receipts and orders of the items, in the order in which they are used."""
    stock = np.flatnonzero(prepared.on_hand[items] > 0)
    here = Rows(stock, np.full(len(stock), -1), prepared.on_hand[items[stock]], np.full(len(stock), ON_HAND))
    columns = [np.concatenate(column) for column in zip(here, receipts, orders, strict=True)]
    order = sort_order(columns[0], columns[1] + 1)
    return Rows(*(column[order] for column in columns))


def with_rest(items: I64, demands: Rows, supplies: Rows, prepared: Prepared) -> tuple[Rows, Rows]:
    """Both sides made equal: safety stock and surplus behind the demands, what is missing behind the supplies."""
    count = len(items)
    asked, had = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    np.add.at(asked, demands.place, demands.quantity)
    np.add.at(had, supplies.place, supplies.quantity)
    safety = prepared.safety_stock[items]
    ends = ((SAFETY_STOCK, safety), (SURPLUS, np.maximum(had - asked - safety, 0)))
    missing = ((UNCOVERED, np.maximum(asked + safety - had, 0)),)
    return _behind(demands, ends, prepared.horizon), _behind(supplies, missing, prepared.horizon)


def _behind(rows: Rows, ends: tuple[tuple[int, I64], ...], horizon: int) -> Rows:
    parts = [rows]
    for ref, quantity in ends:
        place = np.flatnonzero(quantity > 0)
        parts.append(Rows(place, np.full(len(place), horizon), quantity[place], np.full(len(place), ref)))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = sort_order(columns[0], None)
    return Rows(*(column[order] for column in columns))


def write_pegs(items: I64, demands: Rows, supplies: Rows, book: Book) -> None:
    """Match both sides first in first out: a peg ends wherever one of the running totals does.

    Running totals go through all items; both sides have equal totals by item, so no peg crosses.
    """
    asked, had = np.cumsum(demands.quantity), np.cumsum(supplies.quantity)
    cuts = np.concatenate((asked, had))
    cuts.sort(kind="stable")
    cuts = cuts[np.diff(cuts, prepend=-1) > 0]
    quantity = np.diff(cuts, prepend=0)
    demand = np.searchsorted(asked, cuts, side="left")
    supply = np.searchsorted(had, cuts, side="left")
    first = int(book.used[1])
    rows = slice(first, first + len(cuts))
    book.peg_demand[rows] = demands.ref[demand]
    book.peg_supply[rows] = supplies.ref[supply]
    book.peg_quantity[rows] = quantity
    count = np.bincount(demands.place[demand], minlength=len(items))
    book.peg_first[items] = first + np.cumsum(count) - count
    book.peg_count[items] = count
    book.used[1] = rows.stop
    late = (supplies.period[supply] > demands.period[demand]) & (supplies.ref[supply] != UNCOVERED)
    flags = np.zeros(len(items), dtype=np.uint8)
    flags[demands.place[demand[late]]] = LATE
    flags[supplies.place[supplies.ref == UNCOVERED]] |= SHORT
    book.flags[items] = flags


def plan_level(items: I64, prepared: Prepared, lines: Lines, book: Book) -> NDArray[np.bool_]:
    """Plan and peg plain items of one level; returns which of them hold too large quantities."""
    demands, large = level_demands(items, prepared, lines, book)
    receipts = level_receipts(items, lines)
    gross = demands.sums(len(items), prepared.horizon)
    orders, failed = level_orders(items, gross, receipts.sums(len(items), prepared.horizon), prepared)
    planned = write_orders(items, orders, prepared, book)
    supplies = with_stock(items, receipts, planned, prepared)
    write_pegs(items, *with_rest(items, demands, supplies, prepared), book)
    return large | failed
