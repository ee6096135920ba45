"""Tiny promise networks built by hand, and their oracle: every outcome written out."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from guantong.engines import promise as pm

HORIZON = 60


@dataclass
class Case:
    """A network in the making; quantities of components are one each unless said otherwise."""

    items: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    bill: list[tuple[int, int, int, int]] = field(default_factory=list)
    supplies: list[tuple[int, int, int, int, int, int, int, float]] = field(default_factory=list)
    demands: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    sources: list[tuple[int, int, int, int, int, float, float, float, int, float]] = field(default_factory=list)
    substitutes: list[tuple[int, int, int, int, float]] = field(default_factory=list)
    laws: list[dict[int, float]] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    capacity: list[list[int]] = field(default_factory=list)
    protected: list[tuple[int, int, int]] = field(default_factory=list)
    transfer_law: int = -1

    def law(self, chances: dict[int, float], share: float = 0.0) -> int:
        self.laws.append(chances)
        self.shares.append(share)
        return len(self.laws) - 1

    def item(self, key: int, center: int = -1, units: int = 1, make_law: int = -1, factor: int = -1) -> None:
        self.items.append((key, center, units if center >= 0 else 0, make_law, factor))

    def part(self, parent: int, child: int, numerator: int = 1, denominator: int = 1) -> None:
        self.bill.append((parent, child, numerator, denominator))

    def stock(self, item: int, quantity: int, site: int = 0) -> None:
        self.supplies.append((item, quantity, -1, 0, -1, site, -1, 0.0))

    def receipt(self, item: int, quantity: int, law: int, gone: int = 0, factor: int = -1, quicker: int = -1) -> None:
        self.supplies.append((item, quantity, law, -gone, factor, 0, quicker, 50.0))

    def demand(self, item: int, quantity: int, due: int, order: int = 0, rank: int = 0) -> None:
        self.demands.append((item, quantity, due, rank, order))

    def source(
        self,
        item: int,
        law: int,
        factor: int = -1,
        preference: int = 0,
        cost: float = 1.0,
        enough: float = 1.0,
        quicker: int = -1,
    ) -> None:
        self.sources.append((item, len(self.sources), law, factor, preference, cost, 0.0, enough, quicker, 25.0))

    def network(self) -> pm.Network:
        def columns(rows: list[tuple], size: int) -> list[np.ndarray]:
            return [np.array([row[k] for row in rows]) if rows else np.zeros(0, dtype=np.int64) for k in range(size)]

        laws = [pm.law_of(chances, HORIZON) for chances in self.laws] or [pm.law_of({0: 1.0}, HORIZON)]
        free = np.array([(days + [0] * HORIZON)[:HORIZON] for days in self.capacity], dtype=np.int64).reshape(
            -1, HORIZON
        )
        return pm.Network(
            pm.Items(*columns(self.items, 5)),
            pm.Bill(*columns(self.bill, 4)),
            pm.Supplies(*columns(self.supplies, 8)),
            pm.Demands(*columns(self.demands, 5)),
            pm.Sources(*columns(self.sources, 10)),
            np.stack(laws),
            np.array(self.shares or [0.0]),
            np.zeros(9),
            np.ones(9),
            free,
            pm.Substitutes(*columns(self.substitutes, 5)),
            pm.Protected(*columns(self.protected, 3)),
            transfer_law=self.transfer_law,
            transfer_cost=7.0,
            shipment_cost=9.0,
        )

    def ask(self, item: int, quantity: int = 1, wanted: int = 5, points: int = 64, **question: Any) -> pm.Promise:
        asked = pm.Question(item, quantity, wanted, **question)
        return pm.solve(pm.PromiseProblem(self.network(), asked, points=points))


def finish_by_hand(free: list[int], start: int, units: int) -> int:
    """Day the work is done, counted day by day."""
    if units == 0:
        return start
    day, left = start, units
    while day < len(free):
        left -= free[day]
        if left <= 0:
            return day
        day += 1
    return len(free)


def enumerate_tree(
    children: dict[int, list[int]],
    lead: dict[int, dict[int, float]],
    make: dict[int, dict[int, float]],
    capacity: dict[int, list[int]],
    quantity: int,
) -> np.ndarray:
    """Exact law of a tree's completion: every combination of lead and make times, each replayed."""
    names = [("lead", item) for item in lead] + [("make", item) for item in make]
    tables = [lead[i] if kind == "lead" else make[i] for kind, i in names]
    law = np.zeros(HORIZON)
    for combination in product(*(table.items() for table in tables)):
        chance, days = 1.0, {}
        for name, (day, part) in zip(names, combination, strict=True):
            chance *= part
            days[name] = day

        def ready(item: int, days: dict[tuple[str, int], int] = days) -> int:
            if item not in children:
                return days["lead", item]
            start = max(ready(child, days) for child in children[item])
            end = finish_by_hand(capacity[item], start, quantity) if item in capacity else start
            return end + days.get(("make", item), 0)

        law[min(ready(0), HORIZON - 1)] += chance
    return law
