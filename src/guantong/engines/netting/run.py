"""The loops over items: a full run level by level, and the re-run of what a change touches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from guantong.engines.netting.gather import gather_demands, gather_supplies, mark_overflow
from guantong.engines.netting.jit import compiled
from guantong.engines.netting.peg import peg_item
from guantong.engines.netting.prepared import (
    I32,
    I64,
    U8,
    Book,
    Lines,
    Prepared,
    Scratch,
)
from guantong.engines.netting.sweep import buffer_sweep, sweep

DDMRP = 6


@compiled
def room_for(item: int, prepared: Prepared, lines: Lines, book: Book) -> bool:
    """Whether the book has room for whatever the item may need.

    Upper bounds: an order for each source and period, a peg for each demand and supply.
    """
    demands = lines.demand_count[item]
    for use in range(prepared.used_first[item], prepared.used_first[item + 1]):
        parent = prepared.source_item[prepared.used_source[use]]
        demands += book.order_count[parent]
        demands += prepared.firm_first[parent + 1] - prepared.firm_first[parent]
    supplies = lines.supply_count[item]
    for line in range(prepared.yields_first[item], prepared.yields_first[item + 1]):
        parent = prepared.source_item[prepared.yields_source[line]]
        supplies += book.order_count[parent]
        supplies += prepared.firm_first[parent + 1] - prepared.firm_first[parent]
    sources = prepared.item_source_first[item + 1] - prepared.item_source_first[item]
    orders = sources * prepared.horizon
    pegs = demands + supplies + orders + 4
    return book.used[0] + orders <= len(book.order_due) and book.used[1] + pegs <= len(book.peg_quantity)


@compiled
def plan_item(item: int, prepared: Prepared, lines: Lines, book: Book, scratch: Scratch) -> None:
    """Plan and peg one item; its parents must be planned already."""
    rows = gather_demands(item, prepared, lines, book, scratch)
    receipts = gather_supplies(item, prepared, lines, book, scratch)
    first = book.used[0]
    book.order_first[item] = first
    failed = rows < 0 or receipts < 0
    if not failed:
        if prepared.rule[item] == DDMRP:
            failed = buffer_sweep(item, prepared, book, scratch) < 0
        else:
            failed = sweep(item, prepared, book, scratch) < 0
    if failed:
        book.used[0] = first
        mark_overflow(item, book)
        return
    book.order_count[item] = book.used[0] - first
    peg_item(item, rows, receipts, prepared, book, scratch)


@compiled
def plan_range(
    start: int,
    end: int,
    sequence: I32,
    prepared: Prepared,
    lines: Lines,
    book: Book,
    scratch: Scratch,
) -> int:
    """Plan items sequence[start:end] in that order; returns where it stopped for want of room."""
    for place in range(start, end):
        if not room_for(sequence[place], prepared, lines, book):
            return place
        plan_item(sequence[place], prepared, lines, book, scratch)
    return end


class Wave(NamedTuple):
    """Items still to be re-planned, as a linked list a level, and what was replaced.

    state[0]: current level, state[1]: items re-planned so far. `old_*` by place in `touched`.
    """

    state: I64
    head: I32
    following: I32
    waiting: U8
    touched: I32
    old_order_first: I64
    old_order_count: I32
    old_peg_first: I64
    old_peg_count: I32
    old_flags: U8


@compiled
def enlist(item: int, prepared: Prepared, wave: Wave) -> None:
    """Put an item on the list of its level, once."""
    if wave.waiting[item] == 0:
        wave.waiting[item] = 1
        level = prepared.level[item]
        wave.following[item] = wave.head[level]
        wave.head[level] = item


@compiled
def same_orders(item: int, old_first: int, old_count: int, book: Book) -> bool:
    """Whether the item's orders are those of the old rows, in everything that others can see."""
    if book.order_count[item] != old_count:
        return False
    new = book.order_first[item]
    for row in range(old_count):
        if (
            book.order_start[new + row] != book.order_start[old_first + row]
            or book.order_due[new + row] != book.order_due[old_first + row]
            or book.order_release[new + row] != book.order_release[old_first + row]
            or book.order_source[new + row] != book.order_source[old_first + row]
        ):
            return False
    return True


@compiled
def ripple(prepared: Prepared, lines: Lines, book: Book, scratch: Scratch, wave: Wave) -> bool:
    """Re-plan what is enlisted, level by level, and what its changed orders touch.

    New rows are appended to the book and the old ones stay, so a change is undone by putting the
    old first rows and counts back. False when the book has no room; call again with a larger one.
    """
    while wave.state[0] < len(wave.head):
        level = wave.state[0]
        item = wave.head[level]
        if item < 0:
            wave.state[0] += 1
            continue
        if not room_for(item, prepared, lines, book):
            return False
        wave.head[level] = wave.following[item]
        wave.waiting[item] = 0
        place = wave.state[1]
        wave.state[1] = place + 1
        wave.touched[place] = item
        wave.old_order_first[place] = book.order_first[item]
        wave.old_order_count[place] = book.order_count[item]
        wave.old_peg_first[place] = book.peg_first[item]
        wave.old_peg_count[place] = book.peg_count[item]
        wave.old_flags[place] = book.flags[item]
        plan_item(item, prepared, lines, book, scratch)
        if not same_orders(item, wave.old_order_first[place], wave.old_order_count[place], book):
            for row in range(prepared.asks_first[item], prepared.asks_first[item + 1]):
                enlist(prepared.asks_item[row], prepared, wave)
    return True


def new_wave(items: int, levels: int) -> Wave:
    """An empty wave."""
    return Wave(
        state=np.zeros(2, dtype=np.int64),
        head=np.full(levels, -1, dtype=np.int32),
        following=np.empty(items, dtype=np.int32),
        waiting=np.zeros(items, dtype=np.uint8),
        touched=np.empty(items, dtype=np.int32),
        old_order_first=np.empty(items, dtype=np.int64),
        old_order_count=np.empty(items, dtype=np.int32),
        old_peg_first=np.empty(items, dtype=np.int64),
        old_peg_count=np.empty(items, dtype=np.int32),
        old_flags=np.empty(items, dtype=np.uint8),
    )
