"""How many periods one lot covers: Silver-Meal, least unit cost and Wagner-Whitin.

Costs: `setup[t]` for an order in period t, `holding` per unit held at the end of a period.
Sources: E. A. Silver and H. C. Meal, Production and Inventory Management 14(2), 1973; H. M. Wagner
and T. M. Whitin, Management Science 5(1), 1958; least unit cost as in S. Nahmias, Production and
Operations Analysis. Requirements are net, in the smallest unit, and due at the start of a period.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guantong.engines.netting.jit import compiled

Quantities = NDArray[np.int64]
Costs = NDArray[np.float64]


@compiled
def silver_meal(net: Quantities, start: int, end: int, setup: float, holding: float) -> int:
    """Period after the last one covered by a lot at `start`: least cost per period.

    Adds periods while the average cost a period does not rise.
    """
    cost = setup
    best = setup
    period = start + 1
    while period < end:
        cost += holding * (period - start) * net[period]
        average = cost / (period - start + 1)
        if average > best:
            break
        best = average
        period += 1
    return period


@compiled
def least_unit_cost(net: Quantities, start: int, end: int, setup: float, holding: float) -> int:
    """Period after the last one covered by a lot at `start`: least cost per unit.

    Adds periods while the average cost a unit does not rise; `net[start]` must be positive.
    """
    cost = setup
    units = net[start]
    best = cost / units
    period = start + 1
    while period < end:
        cost += holding * (period - start) * net[period]
        units += net[period]
        average = cost / units
        if average > best:
            break
        best = average
        period += 1
    return period


@compiled
def wagner_whitin(
    net: Quantities, start: int, end: int, setup: Costs, holding: float, reach: Quantities, cost: Costs
) -> None:
    """Least-cost plan of periods start..end-1 by backward recursion, O(T^2).

    Fills `reach[t]`: the period after the last one that a lot at t covers, 0 for no lot at t; and
    `cost[t]`: least cost of t..end-1 with nothing in stock (cost needs end + 1 places). Where
    plans tie, the shorter lot wins.
    """
    cost[end] = 0.0
    for period in range(end - 1, start - 1, -1):
        reach[period] = 0
        best = cost[period + 1]
        if net[period] > 0:
            best = np.inf
        carried = 0.0
        for after in range(period + 1, end + 1):
            total = setup[period] + carried + cost[after]
            if total < best:
                best = total
                reach[period] = after
            if after < end:
                carried += holding * (after - period) * net[after]
                if setup[period] + carried >= best:
                    break
        cost[period] = best


def cost_of(net: Quantities, receipts: Quantities, setup: Costs, holding: float) -> float:
    """Setup plus holding cost of a plan; raises ValueError if it leaves a requirement uncovered."""
    stock = np.cumsum(receipts - net)
    if (stock < 0).any():
        raise ValueError(f"period {int(np.argmax(stock < 0))} is not covered")
    return float(setup[receipts > 0].sum() + holding * stock.sum())


def plan_lots(rule: str, net: Quantities, setup: float | Costs, holding: float) -> Quantities:
    """Planned receipts of one item for a series of net requirements.

    `rule` is "lot_for_lot", "silver_meal", "least_unit_cost" or "wagner_whitin". `setup` may
    differ by period. Returns an array as long as `net`.
    """
    needed = np.ascontiguousarray(net, dtype=np.int64)
    periods = len(needed)
    setups = np.broadcast_to(np.asarray(setup, dtype=np.float64), (periods,)).copy()
    receipts = np.zeros(periods, dtype=np.int64)
    reach = np.zeros(periods, dtype=np.int64)
    if rule == "wagner_whitin":
        wagner_whitin(needed, 0, periods, setups, holding, reach, np.zeros(periods + 1))
    period = 0
    while period < periods:
        after = period + 1
        if rule == "wagner_whitin":
            after = int(reach[period]) or after
        elif rule != "lot_for_lot" and needed[period] > 0:
            cover = silver_meal if rule == "silver_meal" else least_unit_cost
            after = cover(needed, period, periods, float(setups[period]), holding)
        if rule != "wagner_whitin" or reach[period]:
            receipts[period] = needed[period:after].sum()
        period = after
    return receipts
