"""What netting answers: planned orders, pegs, when receipts are needed, and the grid of any item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guantong.engines.netting.prepared import Book, Lines, Prepared
from guantong.engines.netting.problem import Problem

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """The classic record of one item: quantities by period.

    planned_releases are start quantities by release period; those due to start before period 0
    are in past_due_releases (period below 0 to quantity) and not in the grid.
    """

    gross_requirements: Rows
    scheduled_receipts: Rows
    net_requirements: Rows
    planned_receipts: Rows
    projected_available: Rows
    planned_releases: Rows
    past_due_releases: dict[int, int]


@dataclass(frozen=True)
class Orders:
    """Planned orders: number = source * horizon + due. Equal-length arrays, due ascending by item."""

    number: NDArray[np.int32]
    source: NDArray[np.int32]
    due: NDArray[np.int16]
    release: NDArray[np.int16]
    quantity: Rows
    start_quantity: Rows


@dataclass(frozen=True)
class Pegs:
    """Who serves whom: demand and supply references (see `prepared`) and quantity."""

    demand: NDArray[np.int32]
    supply: NDArray[np.int32]
    quantity: Rows


@dataclass(frozen=True)
class Result:
    """A plan. `orders`, `pegs` and `grid` answer for one item or, without item, for all.

    References: >= 0 is a planned order (source * horizon + due), a negative number is a line (see
    `demand_line`, `supply_line`) or one of the markers ON_HAND, SURPLUS, SAFETY_STOCK and
    UNCOVERED. `book.flags` marks items that are short or late.
    """

    problem: Problem
    prepared: Prepared
    lines: Lines
    book: Book

    @property
    def low_level_code(self) -> NDArray[np.int32]:
        """By item."""
        return self.prepared.level

    def orders(self, item: int | None = None) -> Orders:
        """Planned orders of one item or of all, all in the order of planning."""
        rows = self._rows(self.book.order_first, self.book.order_count, item)
        source = self.book.order_source[rows]
        due = self.book.order_due[rows]
        return Orders(
            source * np.int32(self.prepared.horizon) + due,
            source,
            due,
            self.book.order_release[rows],
            self.book.order_quantity[rows],
            self.book.order_start[rows],
        )

    def pegs(self, item: int | None = None) -> Pegs:
        """Pegs of one item or of all."""
        rows = self._rows(self.book.peg_first, self.book.peg_count, item)
        book = self.book
        return Pegs(book.peg_demand[rows], book.peg_supply[rows], book.peg_quantity[rows])

    def _rows(self, first: Rows, count: NDArray[np.int32], item: int | None) -> Any:
        if item is not None:
            return slice(int(first[item]), int(first[item] + count[item]))
        place = np.argsort(first, kind="stable")
        place = place[count[place] > 0]
        starts, counts = first[place], count[place].astype(np.int64)
        if len(starts) == 0:
            return slice(0, 0)
        if (starts[1:] == (starts + counts)[:-1]).all():
            return slice(int(starts[0]), int(starts[-1] + counts[-1]))
        offset = np.repeat(starts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
        return offset + np.arange(int(counts.sum()))

    def item_of(self, reference: int) -> int:
        """The item of a planned order or of a line."""
        if reference >= 0:
            return int(self.prepared.source_item[reference // self.prepared.horizon])
        line = ~reference
        table: Any = self.problem.supplies.item if line & 1 else self.problem.demands.item
        return int(table[line >> 1])

    def period_of(self, reference: int, asking: bool = False) -> int:
        """Period of an order or line, past ones as 0: when it brings, or `asking` for components, wants."""
        prepared = self.prepared
        if reference >= 0:
            if not asking:
                return reference % prepared.horizon
            orders = self.orders(self.item_of(reference))
            return max(int(orders.release[orders.number == reference][0]), 0)
        line = ~reference
        if not line & 1:
            return max(int(np.asarray(self.problem.demands.period)[line >> 1]), 0)
        if asking:
            item = self.item_of(reference)
            first, last = prepared.firm_first[item], prepared.firm_first[item + 1]
            rows = np.flatnonzero(prepared.firm_ref[first:last] == reference)
            return max(int(prepared.firm_release[first + rows[0]]), 0)
        return max(int(np.asarray(self.problem.supplies.period)[line >> 1]), 0)
