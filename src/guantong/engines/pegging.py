"""Pegging through all levels: what serves a demand, who is hurt by a supply, what decides a date.

Netting pegs each item: demand to supply, first in first out. Across levels units are followed by
their place: a peg takes an interval of its demand and an interval of its supply, and the first x
of an order's Q units use the first ceil(x * N / Q) of the N units that the order asks of a
component. Intervals of one order never overlap, so sums are exact on every level: nothing is
counted twice and nothing is lost.

References are those of `netting.Result`. Dates are periods; an order is ready when its lead time
has passed since it could start: at its release, not before period 0, and not before everything
pegged to it is ready. By-products are taken to be ready when planned.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from guantong.engines import BadInput
from guantong.engines.netting.prepared import ON_HAND, SAFETY_STOCK, SURPLUS, UNCOVERED
from guantong.engines.netting.result import Result

NEVER = 32_767
"""The period of what nothing covers."""

Interval = tuple[int, int]


class Use(NamedTuple):
    """A share of one peg: `quantity` of `supply` for `demand` at `item`.

    `demand_start` and `supply_start` are the places of its first unit in both.
    """

    item: int
    demand: int
    supply: int
    quantity: int
    demand_start: int
    supply_start: int


class Hurt(NamedTuple):
    """A demand that a late or lost supply touches.

    `reference` is a demand line, a supply line (a firm order with surplus) or a marker at `item`;
    `period` when it is wanted, `ready` when it can be had (NEVER: lost).
    """

    item: int
    reference: int
    quantity: int
    period: int
    ready: int


class Step(NamedTuple):
    """One link of a critical path: `supply` at `item`, ready in period `ready`.

    `slack` is how much earlier it is ready than the demand wants it (negative: late).
    """

    item: int
    demand: int
    supply: int
    ready: int
    slack: int


@dataclass(frozen=True)
class ItemPegs:
    """Pegs of one item, findable from both ends."""

    demand: NDArray[np.int32]
    supply: NDArray[np.int32]
    quantity: NDArray[np.int64]
    demand_start: NDArray[np.int64]
    supply_start: NDArray[np.int64]
    by_demand: NDArray[np.int64]
    by_supply: NDArray[np.int64]

    def of_demand(self, reference: int) -> NDArray[np.int64]:
        """Rows that serve a demand, in order."""
        return _rows_of(self.demand, self.by_demand, reference)

    def of_supply(self, reference: int) -> NDArray[np.int64]:
        """Rows that a supply serves, in order."""
        return _rows_of(self.supply, self.by_supply, reference)


def _rows_of(ends: NDArray[np.int32], order: NDArray[np.int64], reference: int) -> NDArray[np.int64]:
    first = np.searchsorted(ends, reference, side="left", sorter=order)
    last = np.searchsorted(ends, reference, side="right", sorter=order)
    return order[first:last]


def _places(ends: NDArray[np.int32], quantity: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Order of the rows by end, and by row how much of the same end lies in earlier rows."""
    order = np.argsort(ends, kind="stable")
    before = np.cumsum(quantity[order]) - quantity[order]
    new = np.ones(len(ends), dtype=np.bool_)
    new[1:] = ends[order][1:] != ends[order][:-1]
    start = np.empty(len(ends), dtype=np.int64)
    start[order] = before - np.maximum.accumulate(np.where(new, before, 0))
    return order, start


def _merged(intervals: list[Interval]) -> list[Interval]:
    """The union of intervals, in order."""
    union: list[Interval] = []
    for start, end in sorted(intervals):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        elif end > start:
            union.append((start, end))
    return union


class Pegging:
    """Answers about one result; what is looked up is kept, so ask one object many times."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self._prepared = result.prepared
        self._items: dict[int, ItemPegs] = {}
        self._ready: dict[int, int] = {}

    def item_pegs(self, item: int) -> ItemPegs:
        """The pegs of one item with their places."""
        if item not in self._items:
            rows = self.result.pegs(item)
            by_demand, demand_start = _places(rows.demand, rows.quantity)
            by_supply, supply_start = _places(rows.supply, rows.quantity)
            self._items[item] = ItemPegs(
                rows.demand, rows.supply, rows.quantity, demand_start, supply_start, by_demand, by_supply
            )
        return self._items[item]

    def components(self, reference: int) -> list[int]:
        """Items that a planned or firm order may ask for."""
        item = self.result.item_of(reference)
        first = self._prepared.asks_first
        return sorted(set(self._prepared.asks_item[first[item] : first[item + 1]].tolist()))

    def supplies_of(self, item: int, demand: int, part: Interval | None = None) -> list[Use]:
        """Pegs of one demand at its item; of the units `part` of it if given."""
        pegs = self.item_pegs(item)
        uses = []
        for row in pegs.of_demand(demand).tolist():
            start, quantity = int(pegs.demand_start[row]), int(pegs.quantity[row])
            low, high = (
                (start, start + quantity) if part is None else (max(start, part[0]), min(start + quantity, part[1]))
            )
            if low < high:
                place = int(pegs.supply_start[row]) + low - start
                uses.append(Use(item, demand, int(pegs.supply[row]), high - low, low, place))
        return uses

    def demands_of(self, item: int, supply: int, part: Interval | None = None) -> list[Use]:
        """Pegs of one supply at an item; of the units `part` of it if given."""
        pegs = self.item_pegs(item)
        uses = []
        for row in pegs.of_supply(supply).tolist():
            start, quantity = int(pegs.supply_start[row]), int(pegs.quantity[row])
            low, high = (
                (start, start + quantity) if part is None else (max(start, part[0]), min(start + quantity, part[1]))
            )
            if low < high:
                place = int(pegs.demand_start[row]) + low - start
                uses.append(Use(item, int(pegs.demand[row]), supply, high - low, place, low))
        return uses

    def trace(self, demand: int, item: int | None = None, part: Interval | None = None) -> list[Use]:
        """Everything that serves a demand, through all levels, item by item downwards.

        `demand` is a demand line, or at `item` any end (an order, SURPLUS, SAFETY_STOCK). The
        quantities of one supply add up to what the demand takes of it.
        """
        level = self._prepared.level
        where = self.result.item_of(demand) if item is None else item
        waiting: dict[int, dict[tuple[int, int], list[Interval]]] = defaultdict(lambda: defaultdict(list))
        whole = part or (0, 2**62)
        waiting[int(level[where])][(where, demand)].append(whole)
        found: list[Use] = []
        while waiting:
            lowest = min(waiting)
            for (at, wanted), parts in sorted(waiting.pop(lowest).items()):
                for interval in parts:
                    for use in self.supplies_of(at, wanted, interval):
                        found.append(use)
                        if use.supply >= 0 or self._is_firm(use.supply):
                            self._descend(use, waiting)
        return found

    def _descend(self, use: Use, waiting: dict[int, dict[tuple[int, int], list[Interval]]]) -> None:
        """Ask the components of an order for the share that the units of `use` need."""
        total = self.made(use.supply)
        low, high = use.supply_start, use.supply_start + use.quantity
        if self.result.item_of(use.supply) != use.item:
            return
        for component in self.components(use.supply):
            needed = self.asked(component, use.supply)
            share = (-(-low * needed // total), -(-high * needed // total))
            if share[0] < share[1]:
                waiting[int(self._prepared.level[component])][(component, use.supply)].append(share)

    def asked(self, component: int, order: int) -> int:
        """How much an order asks of a component."""
        pegs = self.item_pegs(component)
        return int(pegs.quantity[pegs.of_demand(order)].sum())

    def made(self, supply: int) -> int:
        """How much a supply brings to its own item."""
        pegs = self.item_pegs(self.result.item_of(supply))
        return int(pegs.quantity[pegs.of_supply(supply)].sum())

    def _is_firm(self, reference: int) -> bool:
        if reference >= 0 or reference <= UNCOVERED or not ~reference & 1:
            return False
        return self._firm_row(reference) is not None

    def passes_on(self, reference: int) -> bool:
        """Whether a demand is an order whose product is pegged on, so that it is nobody's last wish.

        A firm order that ends beyond the horizon is not: its components are wanted, its product is
        not planned.
        """
        return reference >= 0 or (self._is_firm(reference) and self.made(reference) > 0)

    def _firm_row(self, reference: int) -> int | None:
        item = self.result.item_of(reference)
        first, last = (int(self._prepared.firm_first[item + k]) for k in (0, 1))
        rows = np.flatnonzero(self._prepared.firm_ref[first:last] == reference)
        return first + int(rows[0]) if len(rows) else None

    def waits_for(self, demand: int) -> list[Use]:
        """The supplies below a demand that are not on hand yet, latest first.

        Uncovered parts (supply UNCOVERED) come before all others.
        """
        open_ = [use for use in self.trace(demand) if use.supply != ON_HAND]
        return sorted(open_, key=lambda use: -self.ready(use.supply, use.item))

    def hurt_by_loss(self, supply: int, item: int | None = None, quantity: int | None = None) -> list[Hurt]:
        """Demands that lose units when the last `quantity` units (None: all) of a supply are lost.

        `item` is needed for ON_HAND, and for an order's by-product. An order that loses part of a
        component loses the units which that part was for. Lines first, then safety stock and
        surplus, each with the units lost at its item.
        """
        where = self.result.item_of(supply) if item is None else item
        pegs = self.item_pegs(where)
        total = int(pegs.quantity[pegs.of_supply(supply)].sum())
        lost = total if quantity is None else quantity
        if not 0 <= lost <= total:
            raise BadInput("supplies", None, "quantity", f"{lost} is not within 0..{total} of this supply")
        waiting: dict[int, dict[tuple[int, int], list[Interval]]] = defaultdict(lambda: defaultdict(list))
        waiting[int(self._prepared.level[where])][(where, supply)].append((total - lost, total))
        sums: dict[tuple[int, int], int] = defaultdict(int)
        while waiting:
            deepest = max(waiting)
            orders: dict[int, list[Interval]] = defaultdict(list)
            for (at, end), parts in waiting.pop(deepest).items():
                for interval in _merged(parts):
                    for use in self.demands_of(at, end, interval):
                        if self.passes_on(use.demand):
                            needed = self.asked(at, use.demand)
                            made = self.made(use.demand)
                            low = use.demand_start * made // needed
                            high = (use.demand_start + use.quantity - 1) * made // needed + 1
                            orders[use.demand].append((low, high))
                        else:
                            sums[(at, use.demand)] += use.quantity
            for order, parts in orders.items():
                parent = self.result.item_of(order)
                waiting[int(self._prepared.level[parent])][(parent, order)] += parts
        hurts = [Hurt(at, end, lost, self.wanted(end), NEVER) for (at, end), lost in sums.items()]
        return sorted(hurts, key=_rank)

    def hurt_by_delay(self, supply: int, period: int, item: int | None = None) -> list[Hurt]:
        """Demands that become later when a supply is ready only in `period`, pegs as they are.

        An order waits as a whole for its latest component. Demands whose date stays as it is are
        left out, safety stock and surplus too.
        """
        where = self.result.item_of(supply) if item is None else item
        level = self._prepared.level
        waiting: dict[int, dict[tuple[int, int], int]] = defaultdict(dict)
        waiting[int(level[where])][(where, supply)] = period
        hurts: dict[tuple[int, int], Hurt] = {}
        while waiting:
            for (at, end), ready in waiting.pop(max(waiting)).items():
                if ready <= self.ready(end, at):
                    continue
                for use in self.demands_of(at, end):
                    if self.passes_on(use.demand):
                        parent = self.result.item_of(use.demand)
                        later = self._finish(use.demand, ready)
                        group = waiting[int(level[parent])]
                        group[(parent, use.demand)] = max(group.get((parent, use.demand), 0), later)
                    elif use.demand > UNCOVERED:
                        wanted = self.wanted(use.demand)
                        old = hurts.get((at, use.demand))
                        if ready > max(wanted, self.demand_ready(use.demand, at)):
                            total = use.quantity + (old.quantity if old else 0)
                            worst = max(ready, old.ready if old else 0)
                            hurts[(at, use.demand)] = Hurt(at, use.demand, total, wanted, worst)
        return sorted(hurts.values(), key=_rank)

    def wanted(self, demand: int) -> int:
        """Period for which a demand line or an order's component is wanted; 0 for markers."""
        if demand >= 0:
            return max(self._order(demand)[0], 0)
        if demand <= UNCOVERED:
            return 0
        firm = self._firm_row(demand) if ~demand & 1 else None
        if firm is not None:
            return max(int(self._prepared.firm_release[firm]), 0)
        return max(int(np.asarray(self.result.problem.demands.period)[~demand >> 1]), 0)

    def _order(self, number: int) -> tuple[int, int]:
        """Release and due period of a planned order."""
        source, due = divmod(number, self._prepared.horizon)
        orders = self.result.orders(int(self._prepared.source_item[source]))
        row = int(np.flatnonzero(orders.number == number)[0])
        return int(orders.release[row]), due

    def _finish(self, order: int, start: int) -> int:
        """When an order that starts in period `start` is ready (planned or firm)."""
        if start >= NEVER:
            return NEVER
        if order >= 0:
            source = order // self._prepared.horizon
        else:
            row = self._firm_row(order)
            assert row is not None
            source = int(self._prepared.firm_source[row])
        table = self._prepared.forward[self._prepared.source_route[source]]
        if start < len(table):
            return int(table[start])
        return int(table[-1]) + start - len(table) + 1

    def ready(self, supply: int, item: int | None = None) -> int:
        """When a supply can be had: planned orders when their components let them be ready."""
        if supply in (ON_HAND, SURPLUS, SAFETY_STOCK):
            return 0
        if supply == UNCOVERED:
            return NEVER
        firm = self._firm_row(supply) if supply < 0 else None
        if supply < 0 and firm is None:
            return max(int(np.asarray(self.result.problem.supplies.period)[~supply >> 1]), 0)
        by_product = item is not None and self.result.item_of(supply) != item
        if by_product or supply not in self._ready:
            planned = (
                supply % self._prepared.horizon if supply >= 0 else max(int(self._prepared.firm_due[firm or 0]), 0)
            )
            if by_product:
                return planned
            self._fill_ready(supply)
        return self._ready[supply]

    def _fill_ready(self, top: int) -> None:
        """Ready periods of an order and of all orders below it, without recursion."""
        stack = [top]
        while stack:
            order = stack[-1]
            missing, latest = [], 0
            for component in self.components(order):
                for use in self.supplies_of(component, order):
                    made_here = self.result.item_of(use.supply) == component if use.supply > UNCOVERED else False
                    is_order = use.supply >= 0 or self._is_firm(use.supply)
                    if is_order and made_here and use.supply not in self._ready:
                        missing.append(use.supply)
                    else:
                        latest = max(latest, self.ready(use.supply, component))
            if missing:
                stack += missing
                continue
            stack.pop()
            self._ready[order] = self._ready_of(order, latest)

    def _ready_of(self, order: int, latest: int) -> int:
        """Ready period of an order whose last component is ready in period `latest`."""
        if order >= 0:
            return self._finish(order, max(self._order(order)[0], 0, latest))
        row = self._firm_row(order)
        assert row is not None
        due = max(int(self._prepared.firm_due[row]), 0)
        if latest <= max(int(self._prepared.firm_release[row]), 0):
            return due
        return max(due, self._finish(order, latest))

    def demand_ready(self, demand: int, item: int | None = None) -> int:
        """When all of a demand can be had: the honest date of the plan; NEVER if part is uncovered."""
        where = self.result.item_of(demand) if item is None else item
        return max((self.ready(use.supply, where) for use in self.supplies_of(where, demand)), default=0)

    def critical_path(self, demand: int, item: int | None = None) -> list[Step]:
        """The chain of supplies that decides when a demand can be had, from the top down.

        At each order the component that is ready last is followed (the first of equals), as long
        as it is what the order waits for; the path ends at a receipt, on hand stock, an uncovered
        part, or an order that waits for nothing but its own lead time.
        """
        path: list[Step] = []
        uses = self.supplies_of(self.result.item_of(demand) if item is None else item, demand)
        while uses:
            last = max(uses, key=lambda use: self.ready(use.supply, use.item))
            ready = self.ready(last.supply, last.item)
            slack = self.wanted(last.demand) - ready
            if path and slack > 0 and path[-1].slack >= 0:
                break
            path.append(Step(last.item, last.demand, last.supply, ready, slack))
            if last.supply < 0 and not self._is_firm(last.supply):
                break
            if self.result.item_of(last.supply) != last.item:
                break
            uses = [use for part in self.components(last.supply) for use in self.supplies_of(part, last.supply)]
        return path


def _rank(hurt: Hurt) -> tuple[bool, int, int, int]:
    return (hurt.reference <= UNCOVERED, hurt.period, hurt.item, -hurt.reference)
