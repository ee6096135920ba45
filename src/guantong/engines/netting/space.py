"""Memory of a run: the book of results, the work space of one item, and how both grow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from guantong.engines.netting.prepared import Book, Lines, Prepared, Scratch

SPARE_ROWS = 1_000_000


def demand_bound(prepared: Prepared, lines: Lines) -> NDArray[np.int64]:
    """By item: more demand rows than it can get."""
    uses = np.diff(prepared.used_first)
    firm = np.diff(prepared.firm_first)[prepared.source_item[prepared.used_source]]
    total = np.concatenate(([0], np.cumsum(firm)))
    from_firm = total[prepared.used_first[1:]] - total[prepared.used_first[:-1]]
    return lines.demand_count + uses * prepared.horizon + from_firm


def new_book(prepared: Prepared, lines: Lines) -> Book:
    """An empty book, sized for the worst case but for at most some 64 bytes a demand row.

    Rows that are never written cost address space, not memory.
    """
    items = len(prepared.on_hand)
    orders = len(prepared.source_item) * prepared.horizon
    pegs = int(demand_bound(prepared, lines).sum()) + orders + len(lines.supply_ref) + 4 * items
    return _book(items, orders + SPARE_ROWS, pegs + SPARE_ROWS)


def _book(items: int, orders: int, pegs: int) -> Book:
    return Book(
        used=np.zeros(2, dtype=np.int64),
        order_first=np.zeros(items, dtype=np.int64),
        order_count=np.zeros(items, dtype=np.int32),
        order_source=np.empty(orders, dtype=np.int32),
        order_due=np.empty(orders, dtype=np.int16),
        order_release=np.empty(orders, dtype=np.int16),
        order_quantity=np.empty(orders, dtype=np.int64),
        order_start=np.empty(orders, dtype=np.int64),
        peg_first=np.zeros(items, dtype=np.int64),
        peg_count=np.zeros(items, dtype=np.int32),
        peg_demand=np.empty(pegs, dtype=np.int32),
        peg_supply=np.empty(pegs, dtype=np.int32),
        peg_quantity=np.empty(pegs, dtype=np.int64),
        flags=np.zeros(items, dtype=np.uint8),
    )


def grown(book: Book) -> Book:
    """The same book with twice the rows."""
    columns: dict[str, Any] = {}
    for name in ("order_source", "order_due", "order_release", "order_quantity", "order_start"):
        columns[name] = _copied(getattr(book, name), int(book.used[0]))
    for name in ("peg_demand", "peg_supply", "peg_quantity"):
        columns[name] = _copied(getattr(book, name), int(book.used[1]))
    return book._replace(**columns)


def _copied(rows: NDArray[Any], used: int) -> NDArray[Any]:
    larger = np.empty(2 * len(rows) + SPARE_ROWS, dtype=rows.dtype)
    larger[:used] = rows[:used]
    return larger


def new_scratch(prepared: Prepared, lines: Lines, spare: int = 0) -> Scratch:
    """Work space for the largest item, with `spare` more lines of its own on both sides."""
    horizon = prepared.horizon
    rows = int(demand_bound(prepared, lines).max(initial=0)) + spare
    outputs = np.diff(prepared.yields_first)
    firm = int(np.diff(prepared.firm_first).max(initial=0))
    supplies = int(lines.supply_count.max(initial=0)) + spare
    supplies += int(outputs.max(initial=0)) * (horizon + firm)
    sources = int(np.diff(prepared.item_source_first).max(initial=0))
    return Scratch(
        gross=np.zeros(horizon, dtype=np.int64),
        receipts=np.zeros(horizon, dtype=np.int64),
        counts=np.zeros(horizon, dtype=np.int32),
        net=np.zeros(horizon, dtype=np.int64),
        reach=np.zeros(horizon, dtype=np.int64),
        cost=np.zeros(horizon + 1, dtype=np.float64),
        setup=np.zeros(horizon, dtype=np.float64),
        limit_left=np.zeros(sources, dtype=np.int64),
        allocated=np.zeros(sources, dtype=np.int64),
        row_period=np.empty(rows, dtype=np.int16),
        row_quantity=np.empty(rows, dtype=np.int64),
        row_ref=np.empty(rows, dtype=np.int32),
        period=np.empty(rows, dtype=np.int16),
        quantity=np.empty(rows, dtype=np.int64),
        ref=np.empty(rows, dtype=np.int32),
        supply_period=np.empty(supplies, dtype=np.int16),
        supply_quantity=np.empty(supplies, dtype=np.int64),
        supply_ref=np.empty(supplies, dtype=np.int32),
        side=np.zeros(4, dtype=np.int64),
    )
