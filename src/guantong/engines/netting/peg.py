"""Pegs of one item: which supply serves which demand, first in first out.

Both sides are walked in order of period, so pegs are sorted by demand and by supply at once and
there are at most demands + supplies of them. Safety stock is served last, from what the demands
leave over; what nobody needs is pegged to SURPLUS, what nothing covers to UNCOVERED.
"""

from __future__ import annotations

from guantong.engines.netting.jit import compiled
from guantong.engines.netting.prepared import (
    I32,
    I64,
    LATE,
    ON_HAND,
    SAFETY_STOCK,
    SHORT,
    SURPLUS,
    UNCOVERED,
    Book,
    Lines,
    Needs,
    Prepared,
    Scratch,
)


@compiled
def peg_item(item: int, rows: int, receipts: int, prepared: Prepared, book: Book, scratch: Scratch) -> None:
    """Peg an item's demands (sorted rows) to on hand, receipts and its orders in the book."""
    demand_ref, demand_quantity, demand_period = scratch.ref, scratch.quantity, scratch.period
    peg_demand, peg_supply, peg_quantity = book.peg_demand, book.peg_supply, book.peg_quantity
    supply_period, order_due, source = scratch.supply_period, book.order_due, book.order_source
    horizon = prepared.horizon
    peg = book.used[1]
    book.peg_first[item] = peg
    row = 0
    asked = demand_quantity[0] if rows > 0 else 0
    safety = prepared.safety_stock[item]
    flags = 0
    order = book.order_first[item]
    last = order + book.order_count[item]
    receipt = 0
    supply, period, quantity = ON_HAND, 0, prepared.on_hand[item]
    while True:
        while quantity > 0 and row < rows:
            take = min(quantity, asked)
            peg_demand[peg] = demand_ref[row]
            peg_supply[peg] = supply
            peg_quantity[peg] = take
            peg += 1
            quantity -= take
            asked -= take
            if period > demand_period[row]:
                flags = LATE
            if asked == 0:
                row += 1
                if row < rows:
                    asked = demand_quantity[row]
        if quantity > 0:
            take = min(quantity, safety)
            if take > 0:
                peg = write_peg(SAFETY_STOCK, supply, take, peg, peg_demand, peg_supply, peg_quantity)
            safety -= take
            if quantity > take:
                spare = quantity - take
                peg = write_peg(SURPLUS, supply, spare, peg, peg_demand, peg_supply, peg_quantity)
        if receipt < receipts and (order == last or supply_period[receipt] <= order_due[order]):
            period = supply_period[receipt]
            quantity = scratch.supply_quantity[receipt]
            supply = scratch.supply_ref[receipt]
            receipt += 1
        elif order < last:
            period = order_due[order]
            quantity = book.order_quantity[order]
            supply = source[order] * horizon + period
            order += 1
        else:
            break
    if row < rows or safety > 0:
        flags |= SHORT
        peg = peg_uncovered(row, rows, asked, safety, peg, book, scratch)
    book.flags[item] = flags
    book.peg_count[item] = peg - book.peg_first[item]
    book.used[1] = peg


@compiled
def write_peg(demand: int, supply: int, quantity: int, peg: int, demands: I32, supplies: I32, quantities: I64) -> int:
    """Write one peg; returns the place of the next one."""
    demands[peg] = demand
    supplies[peg] = supply
    quantities[peg] = quantity
    return peg + 1


@compiled
def peg_uncovered(row: int, rows: int, asked: int, safety: int, peg: int, book: Book, scratch: Scratch) -> int:
    """Peg what no supply is left for; returns the place of the next peg."""
    while row < rows:
        book.peg_demand[peg] = scratch.ref[row]
        book.peg_supply[peg] = UNCOVERED
        book.peg_quantity[peg] = asked
        peg += 1
        row += 1
        if row < rows:
            asked = scratch.quantity[row]
    if safety > 0:
        book.peg_demand[peg] = SAFETY_STOCK
        book.peg_supply[peg] = UNCOVERED
        book.peg_quantity[peg] = safety
        peg += 1
    return peg


@compiled
def need_dates(
    item: int, rows: int, receipts: int, prepared: Prepared, lines: Lines, needs: Needs, scratch: Scratch
) -> None:
    """When each scheduled receipt is first needed, had receipts been used before planned orders.

    They serve the demands in order of period; safety stock is needed from the first period on.
    `needs.period` is the horizon where nothing needs the receipt. By-products serve too, but have
    no line of this item to advise on.
    """
    before = prepared.on_hand[item] - prepared.safety_stock[item]
    own = lines.supply_first[item]
    last = own + lines.supply_count[item]
    row = 0
    asked = 0
    for receipt in range(receipts):
        while row < rows and asked + scratch.quantity[row] <= before:
            asked += scratch.quantity[row]
            row += 1
        while own < last and lines.supply_quantity[own] == 0:
            own += 1
        if own < last and scratch.supply_ref[receipt] == lines.supply_ref[own]:
            line = ~lines.supply_ref[own] >> 1
            own += 1
            if before < 0:
                needs.period[line] = 0
                needs.demand[line] = SAFETY_STOCK
            elif row < rows:
                needs.period[line] = scratch.period[row]
                needs.demand[line] = scratch.ref[row]
            else:
                needs.period[line] = prepared.horizon
                needs.demand[line] = SURPLUS
        before += scratch.supply_quantity[receipt]
