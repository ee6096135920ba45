"""How many can be built from what is there, through all levels, shared parts counted once.

The answer is the largest further demand that netting still covers when nothing is bought: items
whose source has a bill are made (or moved) lot for lot, in time, all others only come from stock
and open receipts. What is asked already is served too, by netting's own rule: first due first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from guantong.engines import BadInput, Stop
from guantong.engines.netting.changes import NewLine
from guantong.engines.netting.columns import read_table
from guantong.engines.netting.plan import Plan
from guantong.engines.netting.prepared import MAX_QUANTITY, UNCOVERED
from guantong.engines.netting.problem import LotRule, Problem
from guantong.engines.netting.result import Result


@dataclass(frozen=True)
class Buildable:
    """`quantity` can be had; for one smallest unit more, `short_of` is missing: (item, quantity)."""

    quantity: int
    short_of: list[tuple[int, int]]


class Builder:
    """Answers for one problem; the first netting is done once, each answer then follows changes."""

    def __init__(self, problem: Problem, stop: Stop | None = None) -> None:
        self._plan = Plan(without_buying(problem), stop)

    def buildable(self, item: int, period: int) -> Buildable:
        """Largest quantity of `item`, in its smallest unit, deliverable in `period` beside all other demands.

        Exact, by doubling and bisection. Raises `BadInput` for an item or period that is not there.
        """
        if not 0 <= period < self._plan.problem.horizon:
            raise BadInput("problem", None, "period", f"{period} is not within the horizon")
        low, high = 0, 1
        while high <= MAX_QUANTITY and not self._short(item, period, high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            if self._short(item, period, middle):
                high = middle
            else:
                low = middle
        return Buildable(low, self._short(item, period, high))

    def _short(self, item: int, period: int, quantity: int) -> list[tuple[int, int]]:
        """What is missing more than now, by item, if `quantity` more is asked."""
        plan = self._plan
        delta = plan.change([NewLine("demands", {"item": item, "period": period, "quantity": quantity})])
        after = missing(plan.result(), delta.items)
        plan.undo(delta)
        more = after - missing(plan.result(), delta.items)
        found = zip(delta.items[more > 0].tolist(), more[more > 0].tolist(), strict=True)
        return sorted((int(at), int(lacking)) for at, lacking in found)


def missing(result: Result, items: NDArray[np.int32]) -> NDArray[np.int64]:
    """By item: what nothing covers, and what would have had to be started before period 0."""
    lacking = np.zeros(len(items), dtype=np.int64)
    for place, item in enumerate(items.tolist()):
        pegs, orders = result.pegs(item), result.orders(item)
        lacking[place] = pegs.quantity[pegs.supply == UNCOVERED].sum() + orders.quantity[orders.release < 0].sum()
    return lacking


def without_buying(problem: Problem) -> Problem:
    """The same problem where only sources with a bill give anything, lot for lot, without safety stock."""
    sources = read_table(problem, "sources")
    makes = np.zeros(sources.rows, dtype=np.bool_)
    makes[read_table(problem, "bill")["source"]] = True
    return replace(
        problem,
        items=replace(problem.items, safety_stock=0, lot_rule=LotRule.LOT_FOR_LOT),
        sources=replace(problem.sources, share=np.where(makes, sources["share"], 0), minimum=0, multiple=1),
    )
