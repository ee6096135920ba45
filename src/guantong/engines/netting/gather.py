"""What one item must cover and what it has coming: its own lines and its parents' orders.

An item pulls from the orders of the sources that use it, so its plan is a pure function of its
own rows and of those orders. Order of ties: own lines in the order given, then the bill's lines
in order with their planned orders by due period, then the bill's lines with their firm orders.
"""

from __future__ import annotations

from guantong.engines.netting.jit import compiled
from guantong.engines.netting.prepared import OVERFLOW, Book, Lines, Prepared, Scratch

LARGEST = 2**62


@compiled
def usage(start: int, numerator: int, denominator: int, fixed: int) -> int:
    """Component quantity of one order; -1 when the product would not fit 63 bits."""
    if start > LARGEST // max(numerator, 1):
        return -1
    if denominator == 1:
        return fixed + start * numerator
    return fixed + (start * numerator + denominator - 1) // denominator


@compiled
def own_demands(item: int, lines: Lines, scratch: Scratch) -> int:
    """Copy the item's own open demand lines to the rows; returns the number of rows."""
    rows = 0
    first = lines.demand_first[item]
    for line in range(first, first + lines.demand_count[item]):
        quantity = lines.demand_open[line]
        if quantity > 0:
            period = max(lines.demand_period[line], 0)
            scratch.row_period[rows] = period
            scratch.row_quantity[rows] = quantity
            scratch.row_ref[rows] = lines.demand_ref[line]
            scratch.counts[period] += 1
            scratch.gross[period] += quantity
            rows += 1
    return rows


@compiled
def order_demands(item: int, rows: int, prepared: Prepared, book: Book, scratch: Scratch) -> int:
    """Append what the planned orders of the parents ask for; -1 on overflow."""
    row_period, row_quantity, row_ref = scratch.row_period, scratch.row_quantity, scratch.row_ref
    counts, gross = scratch.counts, scratch.gross
    due, release, started = book.order_due, book.order_release, book.order_start
    for use in range(prepared.used_first[item], prepared.used_first[item + 1]):
        source = prepared.used_source[use]
        parent = prepared.source_item[source]
        numerator = prepared.used_numerator[use]
        denominator = prepared.used_denominator[use]
        fixed = prepared.used_fixed[use]
        valid_from = prepared.used_from[use]
        valid_to = prepared.used_to[use]
        only_source = prepared.used_single[use] == 1
        largest = LARGEST // max(numerator, 1)
        base = source * prepared.horizon
        first = book.order_first[parent]
        for order in range(first, first + book.order_count[parent]):
            period = max(release[order], 0)
            if period < valid_from or period >= valid_to:
                continue
            if not only_source and book.order_source[order] != source:
                continue
            start = started[order]
            if start > largest:
                return -1
            quantity = start * numerator
            if denominator != 1:
                quantity = (quantity + denominator - 1) // denominator
            quantity += fixed
            row_period[rows] = period
            row_quantity[rows] = quantity
            row_ref[rows] = base + due[order]
            counts[period] += 1
            gross[period] += quantity
            rows += 1
    return rows


@compiled
def firm_demands(use: int, rows: int, prepared: Prepared, scratch: Scratch) -> int:
    """Append what the firm planned orders of one line of the bill ask for; -1 on overflow."""
    source = prepared.used_source[use]
    parent = prepared.source_item[source]
    for firm in range(prepared.firm_first[parent], prepared.firm_first[parent + 1]):
        period = max(prepared.firm_release[firm], 0)
        inside = prepared.used_from[use] <= period < prepared.used_to[use]
        idle = prepared.firm_start[firm] == 0 or period >= prepared.horizon
        if prepared.firm_source[firm] != source or not inside or idle:
            continue
        quantity = usage(
            prepared.firm_start[firm],
            prepared.used_numerator[use],
            prepared.used_denominator[use],
            prepared.used_fixed[use],
        )
        if quantity < 0:
            return -1
        scratch.row_period[rows] = period
        scratch.row_quantity[rows] = quantity
        scratch.row_ref[rows] = prepared.firm_ref[firm]
        scratch.counts[period] += 1
        scratch.gross[period] += quantity
        rows += 1
    return rows


@compiled
def sort_demands(rows: int, horizon: int, scratch: Scratch) -> None:
    """Counting sort of the rows by period; rows of one period keep their order."""
    counts = scratch.counts
    row_period, row_quantity, row_ref = scratch.row_period, scratch.row_quantity, scratch.row_ref
    to_period, to_quantity, to_ref = scratch.period, scratch.quantity, scratch.ref
    place = 0
    for period in range(horizon):
        count = counts[period]
        counts[period] = place
        place += count
    for row in range(rows):
        period = row_period[row]
        place = counts[period]
        counts[period] = place + 1
        to_period[place] = period
        to_quantity[place] = row_quantity[row]
        to_ref[place] = row_ref[row]


@compiled
def gather_demands(item: int, prepared: Prepared, lines: Lines, book: Book, scratch: Scratch) -> int:
    """All demands on an item, sorted, and its gross requirements; the number of rows, -1 on overflow."""
    scratch.gross[:] = 0
    scratch.counts[:] = 0
    rows = own_demands(item, lines, scratch)
    rows = order_demands(item, rows, prepared, book, scratch)
    if len(prepared.firm_ref) > 0:
        for use in range(prepared.used_first[item], prepared.used_first[item + 1]):
            if rows >= 0:
                rows = firm_demands(use, rows, prepared, scratch)
    if rows < 0:
        return -1
    sort_demands(rows, prepared.horizon, scratch)
    return rows


@compiled
def add_supply(rows: int, period: int, quantity: int, ref: int, scratch: Scratch) -> int:
    """Insert a supply behind those of its period; returns the new number of rows."""
    place = rows
    while place > 0 and scratch.supply_period[place - 1] > period:
        scratch.supply_period[place] = scratch.supply_period[place - 1]
        scratch.supply_quantity[place] = scratch.supply_quantity[place - 1]
        scratch.supply_ref[place] = scratch.supply_ref[place - 1]
        place -= 1
    scratch.supply_period[place] = period
    scratch.supply_quantity[place] = quantity
    scratch.supply_ref[place] = ref
    scratch.receipts[period] += quantity
    return rows + 1


@compiled
def gather_supplies(item: int, prepared: Prepared, lines: Lines, book: Book, scratch: Scratch) -> int:
    """Receipts of an item by period, then by-products; the number of rows, -1 on overflow."""
    scratch.receipts[:] = 0
    rows = 0
    first = lines.supply_first[item]
    for line in range(first, first + lines.supply_count[item]):
        quantity = lines.supply_quantity[line]
        if quantity > 0:
            rows = add_supply(rows, max(lines.supply_period[line], 0), quantity, lines.supply_ref[line], scratch)
    for line in range(prepared.yields_first[item], prepared.yields_first[item + 1]):
        source = prepared.yields_source[line]
        parent = prepared.source_item[source]
        numerator = prepared.yields_numerator[line]
        denominator = prepared.yields_denominator[line]
        first = book.order_first[parent]
        for order in range(first, first + book.order_count[parent]):
            start = book.order_start[order]
            if start > LARGEST // numerator:
                return -1
            quantity = start * numerator // denominator
            if book.order_source[order] == source and quantity > 0:
                ref = source * prepared.horizon + book.order_due[order]
                rows = add_supply(rows, book.order_due[order], quantity, ref, scratch)
        for firm in range(prepared.firm_first[parent], prepared.firm_first[parent + 1]):
            start = prepared.firm_start[firm]
            if start > LARGEST // numerator:
                return -1
            quantity = start * numerator // denominator
            due = max(prepared.firm_due[firm], 0)
            if prepared.firm_source[firm] == source and quantity > 0 and due < prepared.horizon:
                rows = add_supply(rows, due, quantity, prepared.firm_ref[firm], scratch)
    return rows


@compiled
def mark_overflow(item: int, book: Book) -> None:
    """Leave the item without orders and pegs, flagged."""
    book.flags[item] = OVERFLOW
    book.order_first[item] = book.used[0]
    book.order_count[item] = 0
    book.peg_first[item] = book.used[1]
    book.peg_count[item] = 0
