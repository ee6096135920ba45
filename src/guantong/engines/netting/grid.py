"""The classic MRP record of one item, built again from its rows."""

from __future__ import annotations

import numpy as np

from guantong.engines.netting.gather import gather_demands, gather_supplies
from guantong.engines.netting.result import Grid, Result
from guantong.engines.netting.space import new_scratch


def item_grid(result: Result, item: int) -> Grid:
    """Quantities of one item by period (see `Grid`), in its smallest unit.

    net_requirements count orders as planned before: what is missing in a period after the planned
    orders of earlier periods, safety stock included.
    """
    prepared, lines, book = result.prepared, result.lines, result.book
    scratch = new_scratch(prepared, lines)
    gather_demands(item, prepared, lines, book, scratch)
    gather_supplies(item, prepared, lines, book, scratch)
    periods = prepared.horizon
    orders = result.orders(item)
    planned = np.zeros(periods, dtype=np.int64)
    np.add.at(planned, orders.due, orders.quantity)
    releases = np.zeros(periods, dtype=np.int64)
    in_time = orders.release >= 0
    np.add.at(releases, orders.release[in_time], orders.start_quantity[in_time])
    past_due: dict[int, int] = {}
    for period, quantity in zip(orders.release[~in_time], orders.start_quantity[~in_time], strict=True):
        past_due[int(period)] = past_due.get(int(period), 0) + int(quantity)
    available = prepared.on_hand[item] + np.cumsum(scratch.receipts + planned - scratch.gross)
    net = np.maximum(planned - available + prepared.safety_stock[item], 0)
    return Grid(scratch.gross.copy(), scratch.receipts.copy(), net, planned, available, releases, past_due)
