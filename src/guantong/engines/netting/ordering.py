"""Demand and supply lines in the order the loops read them: by item, then period, then row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guantong.engines.netting.columns import Table
from guantong.engines.netting.levels import group
from guantong.engines.netting.prepared import Lines


def by_item_and_period(
    lines: Table, items: int, horizon: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """First row and row count by item, and the rows inside the horizon in order."""
    period = lines["period"]
    lowest = min(int(period.min(initial=0)), 0)
    _, by_period = group(np.minimum(period, horizon) - lowest, horizon - lowest + 1)
    first, place = group(lines["item"][by_period], items)
    rows = by_period[place]
    count = np.diff(first)
    if period.max(initial=0) >= horizon:
        inside = period[rows] < horizon
        count = np.bincount(lines["item"][rows[inside]], minlength=items)
        rows = rows[inside]
        first = np.concatenate(([0], np.cumsum(count)))
    return first[:-1].copy(), count.astype(np.int32), rows


def sort_lines(demands: Table, supplies: Table, items: int, horizon: int) -> Lines:
    """Lines of both sides by item and period; those at or beyond the horizon are left out.

    A line keeps its row as reference, see `demand_line` and `supply_line`.
    """
    demand_first, demand_count, demand = by_item_and_period(demands, items, horizon)
    supply_first, supply_count, supply = by_item_and_period(supplies, items, horizon)
    quantity = demands["quantity"][demand]
    return Lines(
        demand_first=demand_first,
        demand_count=demand_count,
        demand_period=demands["period"][demand].astype(np.int16),
        demand_quantity=quantity,
        demand_open=quantity.copy(),
        demand_kind=demands["kind"][demand].astype(np.uint8),
        demand_ref=~(2 * demand),
        supply_first=supply_first,
        supply_count=supply_count,
        supply_period=supplies["period"][supply].astype(np.int16),
        supply_quantity=supplies["quantity"][supply],
        supply_ref=~(2 * supply + 1),
    )
