"""From the question to a plan: which units, orders and runs it needs, level by level, and how much of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from guantong.engines import BadInput

from .book import Book
from .capacity import finish_days, latest_starts, used_by_day
from .distribution import IntArray, quantile_day
from .ledger import Ledger

ON_HAND, RECEIPT, ORDER, TRANSFER, DONOR = "on hand", "open receipt", "new order", "transfer", "taken over"


@dataclass(frozen=True)
class Piece:
    """Units of one origin. ``key`` names its law for the evaluation: (kind, law, days gone, factor, chance that a
    lot is enough); ``row`` is the supply row (on hand, receipt, transfer, taken over) or the source row (new order)."""

    kind: str
    row: int
    quantity: int
    key: tuple[int | float | str, ...]


@dataclass(frozen=True)
class Node:
    """One item of the plan: pieces it is covered by, and the run that makes the rest out of ``children``.

    ``units`` capacity units at ``work_center`` (−1 none); ``started``: day and units of earlier runs of this
    plan at the same work center; ``parents``: how many nodes use it; ``planned_start`` median day of its start.
    """

    item: int
    quantity: int
    pieces: tuple[Piece, ...]
    made: int
    children: tuple[int, ...]
    work_center: int
    units: int
    earlier: tuple[tuple[int, int], ...]
    make_law: int
    make_factor: int
    parents: int
    planned_start: int


@dataclass(frozen=True)
class Plan:
    """Nodes, children before parents, the root last; ``unmet``: items that can neither be had nor bought nor made."""

    nodes: tuple[Node, ...]
    unmet: tuple[int, ...]
    cost: float


@dataclass(frozen=True)
class Choice:
    """What a way out changes: other source rows by item, rows to hurry, pieces given, items to cover otherwise.

    ``source``: source row by item; ``quicker_source`` and ``quicker_supply``: rows hurried; ``instead``: pieces that
    cover an item before anything else.
    """

    source: Mapping[int, int] = field(default_factory=dict)
    quicker_source: frozenset[int] = frozenset()
    quicker_supply: frozenset[int] = frozenset()
    instead: Mapping[int, tuple[Piece, ...]] = field(default_factory=dict)


def closure(book: Book, root: int) -> list[int]:
    """Numbers of all items below a root, parents before children.

    Raises:
        BadInput: the bill has a cycle; names a row of it and its items.
    """
    bill = book.network.bill
    state: dict[int, int] = {}
    path: list[int] = []
    finished: list[int] = []
    stack: list[tuple[int, int]] = [(root, 0)]
    while stack:
        item, place = stack.pop()
        rows = book.children.of(item)
        if place == 0:
            state[item] = 1
            path.append(item)
        if place < rows.size:
            stack.append((item, place + 1))
            child = book.number(int(bill.child[rows[place]]))
            if state.get(child) == 1:
                loop = [int(book.keys[number]) for number in path[path.index(child) :]]
                raise BadInput("bill", int(rows[place]), "child", f"cycle {' -> '.join(map(str, [*loop, loop[0]]))}")
            if child not in state:
                stack.append((child, 0))
        else:
            state[item] = 2
            path.pop()
            finished.append(item)
    return finished[::-1]


class Planner:
    """Builds plans for one question; what does not depend on the way out is found once.

    ``free``: unclaimed units of each supply row of the closure, after holds.
    """

    def __init__(self, book: Book, root: int, ledger: Ledger | None, class_rank: int) -> None:
        self.book = book
        self.items = closure(book, root)
        self.capacity = book.network.free_capacity if ledger is None else ledger.free()[1]
        self.open_units = ledger.free()[0] if ledger is not None else None
        self.left: dict[int, list[tuple[int, int, int]]] = {}
        for number in self.items:
            rows, days, units = book.left_over(number)
            units = self.not_held(rows, units)
            allowed = int(units.sum()) - self._kept(number, class_rank)
            self.left[number] = []
            for row, day, unit in zip(rows.tolist(), days.tolist(), units.tolist(), strict=True):
                part = max(min(unit, allowed), 0)
                allowed -= part
                if part:
                    self.left[number].append((row, day, part))
        self.edges = {number: self._edges(number) for number in self.items}
        self.buyable = {number: self._source(number) for number in self.items}
        self.facts = {number: self._facts(number) for number in self.items}
        self.median_days: dict[tuple[int | float | str, ...], int] = {}
        self.starts: dict[tuple[int, int, tuple[tuple[int, int], ...]], IntArray] = {}
        self.free_by_center: dict[tuple[int, int, tuple[tuple[int, int], ...]], tuple[IntArray, IntArray]] = {}

    def not_held(self, rows: IntArray, units: IntArray) -> IntArray:
        """Units of supply rows less what holds have taken since."""
        return units if self.open_units is None else np.minimum(units, self.open_units[rows])

    def _kept(self, number: int, class_rank: int) -> int:
        rows = self.book.protected.of(number)
        kept = self.book.network.protected
        return int(kept.quantity[rows][kept.class_rank[rows] < class_rank].max(initial=0))

    def _edges(self, number: int) -> list[tuple[int, int, int]]:
        bill = self.book.network.bill
        return [
            (self.book.number(int(bill.child[row])), int(bill.per_numerator[row]), int(bill.per_denominator[row]))
            for row in self.book.children.of(number)
        ]

    def _facts(self, number: int) -> tuple[int, int, int, int, int]:
        """Work center, capacity units, make law, its factor and its median of an item."""
        items, row = self.book.network.items, int(self.book.item_row[number])
        law = int(items.make_law[row])
        median = quantile_day(self.book.below[law], 0.5) if law >= 0 else 0
        return int(items.work_center[row]), int(items.capacity_units[row]), law, int(items.make_factor[row]), median

    def _source(self, number: int) -> int:
        rows = self.book.sources.of(number)
        return int(rows[np.argmin(self.book.network.sources.preference[rows])]) if rows.size else -1

    def capacity_days(self, center: int, units: int, earlier: tuple[tuple[int, int], ...]) -> tuple[IntArray, IntArray]:
        """(free capacity, finish day by start day) at a work center after earlier runs of the same plan."""
        key = (center, units, earlier)
        if key not in self.free_by_center:
            free = self.capacity[center]
            for start, taken in earlier:
                free = free - used_by_day(free, start, taken)
            self.free_by_center[key] = (free, finish_days(free, units))
        return self.free_by_center[key]

    def latest_starts(self, center: int, units: int, earlier: tuple[tuple[int, int], ...]) -> IntArray:
        """Latest start finished by each day, the inverse of the finish days."""
        key = (center, units, earlier)
        if key not in self.starts:
            finish = self.capacity_days(center, units, earlier)[1]
            self.starts[key] = latest_starts(finish, self.book.horizon)
        return self.starts[key]

    def source_piece(self, row: int, quantity: int, hurried: bool) -> Piece:
        """A new order at a source."""
        sources = self.book.network.sources
        law = int(sources.quicker_law[row]) if hurried else int(sources.law[row])
        return Piece(
            ORDER, row, quantity, (ORDER, law, -1, int(sources.factor[row]), float(sources.enough_chance[row]))
        )

    def supply_piece(self, row: int, quantity: int, hurried: bool, kind: str = "") -> Piece:
        """Units of a supply row, on hand or open."""
        supplies = self.book.network.supplies
        law = int(supplies.law[row])
        if law < 0:
            return Piece(kind or ON_HAND, row, quantity, (ON_HAND, -1, -1, -1, 1.0))
        if hurried:
            return Piece(kind or RECEIPT, row, quantity, (ORDER, int(supplies.quicker_law[row]), -1, -1, 1.0))
        gone = int(-supplies.ordered_day[row])
        return Piece(kind or RECEIPT, row, quantity, (RECEIPT, law, gone, int(supplies.factor[row]), 1.0))

    def _median_day(self, piece: Piece) -> int:
        if piece.key not in self.median_days:
            self.median_days[piece.key] = self._median_of(piece)
        return self.median_days[piece.key]

    def _median_of(self, piece: Piece) -> int:
        _, law, gone, _, _ = piece.key
        if int(law) < 0:
            return 0
        below = self.book.below[int(law)]
        if int(gone) < 0:
            return quantile_day(below, 0.5)
        base = below[min(int(gone), below.size - 1)]
        return max(quantile_day(below, base + 0.5 * (1.0 - base)) - int(gone), 1)

    def _cover(self, number: int, need: int, choice: Choice) -> tuple[list[Piece], int]:
        pieces = list(choice.instead.get(number, ()))
        missing = need - sum(piece.quantity for piece in pieces)
        order_day = None
        for row, day, units in self.left[number]:
            if missing <= 0:
                break
            hurried = row in choice.quicker_supply
            if day > 0 and not hurried and self.buyable[number] >= 0 and not self.edges[number]:
                # A receipt later than a new order would be is of no use to this question.
                order_day = order_day if order_day is not None else self._order_day(number, choice)
                if day > order_day:
                    continue
            part = min(units, missing)
            pieces.append(self.supply_piece(row, part, hurried))
            missing -= part
        return pieces, max(missing, 0)

    def _order_day(self, number: int, choice: Choice) -> int:
        row = choice.source.get(number, self.buyable[number])
        law = int(self.book.network.sources.law[row])
        key = ("judged", law)
        if key not in self.median_days:
            self.median_days[key] = quantile_day(self.book.below[law], 0.8)
        return self.median_days[key]

    def plan(self, quantity: int, choice: Choice | None = None) -> Plan:
        """Explode a quantity of the root: cover from unclaimed units, then make, then buy."""
        choice = choice or Choice()
        network, book = self.book.network, self.book
        need = dict.fromkeys(self.items, 0)
        parents = dict.fromkeys(self.items, 0)
        need[self.items[0]] = quantity
        drafts: list[tuple[int, list[Piece], int]] = []
        unmet: list[int] = []
        cost = 0.0
        for number in self.items:
            if need[number] <= 0:
                continue
            pieces, missing = self._cover(number, need[number], choice)
            made = missing if self.edges[number] else 0
            for child, top, bottom in self.edges[number] if made else ():
                need[child] += -(-made * top // bottom)
                parents[child] += 1
            if missing and not made:
                row = choice.source.get(number, self.buyable[number])
                if row < 0:
                    unmet.append(int(book.keys[number]))
                else:
                    hurried = row in choice.quicker_source
                    pieces.append(self.source_piece(row, missing, hurried))
                    cost += float(network.sources.unit_cost[row]) * missing + float(network.sources.order_cost[row])
                    cost += float(network.sources.quicker_cost[row]) if hurried else 0.0
            for piece in pieces:
                if piece.kind == RECEIPT and piece.row in choice.quicker_supply:
                    cost += float(network.supplies.quicker_cost[piece.row])
            drafts.append((number, pieces, made))
        return Plan(self._timed(drafts, need, parents), tuple(unmet), cost)

    def _timed(
        self, drafts: list[tuple[int, list[Piece], int]], need: dict[int, int], parents: dict[int, int]
    ) -> tuple[Node, ...]:
        nodes: list[Node] = []
        place: dict[int, int] = {}
        ready: dict[int, int] = {}
        runs: dict[int, tuple[tuple[int, int], ...]] = {}
        for number, pieces, made in reversed(drafts):
            center, per_unit, law, factor, median = self.facts[number] if made else (-1, 0, -1, -1, 0)
            children = tuple(place[child] for child, _, _ in self.edges[number]) if made else ()
            start = max((ready[child] for child, _, _ in self.edges[number]), default=0) if made else 0
            units = made * per_unit if center >= 0 else 0
            earlier = runs.get(center, ()) if units else ()
            end = start
            if units:
                _, finish = self.capacity_days(center, units, earlier)
                end = int(finish[min(start, finish.size - 1)])
                runs[center] = (*earlier, (start, units))
            ready[number] = max([end + median, *(self._median_day(piece) for piece in pieces)])
            place[number] = len(nodes)
            nodes.append(
                Node(
                    number,
                    need[number],
                    tuple(pieces),
                    made,
                    children,
                    center if units else -1,
                    units,
                    earlier,
                    law,
                    factor if law >= 0 else -1,
                    parents[number],
                    start,
                )
            )
        return tuple(nodes)
