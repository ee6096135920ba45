"""Forecast consumption: a sales order takes the place of forecast near it, so neither counts twice.

Orders consume in order of period, then row: first the forecast of their own period, then
backward, nearest first, then forward. Only the item's own windows count. What an order finds no
forecast for is extra demand; what is left of the forecast stays demand.
"""

from __future__ import annotations

from guantong.engines.netting.jit import compiled
from guantong.engines.netting.prepared import Lines, Prepared

ORDER, FORECAST = 0, 1


@compiled
def first_at(period: int, first: int, last: int, lines: Lines) -> int:
    """First row of first..last-1 that is not before `period`."""
    while first < last:
        middle = (first + last) // 2
        if lines.demand_period[middle] < period:
            first = middle + 1
        else:
            last = middle
    return first


@compiled
def consume_at(period: int, quantity: int, first: int, last: int, lines: Lines) -> int:
    """Take `quantity` from the forecast rows of one period; returns what is still to be taken."""
    if quantity == 0:
        return 0
    for line in range(first_at(period, first, last, lines), last):
        if quantity == 0 or lines.demand_period[line] > period:
            break
        if lines.demand_kind[line] == FORECAST:
            taken = min(quantity, lines.demand_open[line])
            lines.demand_open[line] -= taken
            quantity -= taken
    return quantity


@compiled
def consume_item(item: int, prepared: Prepared, lines: Lines) -> None:
    """Set `demand_open` of one item's lines."""
    first = lines.demand_first[item]
    last = first + lines.demand_count[item]
    forecasts = 0
    for line in range(first, last):
        lines.demand_open[line] = lines.demand_quantity[line]
        forecasts += lines.demand_kind[line] == FORECAST
    if forecasts == 0:
        return
    for line in range(first, last):
        if lines.demand_kind[line] != ORDER:
            continue
        period = lines.demand_period[line]
        left = consume_at(period, lines.demand_quantity[line], first, last, lines)
        for back in range(1, prepared.consume_back[item] + 1):
            left = consume_at(period - back, left, first, last, lines)
        for ahead in range(1, prepared.consume_forward[item] + 1):
            left = consume_at(period + ahead, left, first, last, lines)


@compiled
def consume_all(prepared: Prepared, lines: Lines) -> None:
    """Set `demand_open` of every line."""
    for item in range(len(prepared.on_hand)):
        consume_item(item, prepared, lines)
