"""The problem in the shape the loops want: grouped by item, in fixed types, with room to work.

Named tuples because compiled loops take them as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]

MAX_QUANTITY = 10**14
"""Largest quantity of a line or an order; keeps every sum of a run inside int64."""

ON_HAND = -(2**31)
SURPLUS = -(2**31) + 1
SAFETY_STOCK = -(2**31) + 2
UNCOVERED = -(2**31) + 3
"""Peg ends which are no row: supply ON_HAND and UNCOVERED (none), demand SURPLUS (nobody yet)
and SAFETY_STOCK. Other ends: a planned order's number >= 0, or a line, see `demand_line`."""

SHORT, LATE, OVERFLOW = 1, 2, 4
"""Flags of an item: something uncovered, something covered late, a quantity too large."""


def demand_line(row: int) -> int:
    """Reference of a row of the demands."""
    return ~(2 * row)


def supply_line(row: int) -> int:
    """Reference of a row of the supplies."""
    return ~(2 * row + 1)


class Prepared(NamedTuple):
    """Everything about items, sources and bill that netting reads (items n, sources m, lines e).

    `item_*` by item, `source_*` by source, `used_*` the bill by component (rows
    used_first[i]:used_first[i+1], in order of the bill), `yields_*` the outputs by item,
    `firm_*` firm planned orders by item, `asks_*` what an item asks for or yields, `back` and
    `forward` the offset tables by source_route and period.
    """

    horizon: int
    on_hand: I64
    safety_stock: I64
    rule: I16
    cover: I16
    fence: I16
    setup_cost: F64
    holding_cost: F64
    top_of_yellow: I64
    top_of_green: I64
    spike_threshold: I64
    spike_horizon: I16
    consume_back: I16
    consume_forward: I16
    single: U8
    item_source_first: I64
    item_source: I32
    source_item: I32
    source_minimum: I64
    source_multiple: I64
    yield_numerator: I64
    yield_denominator: I64
    source_priority: I32
    source_share: I64
    source_limit: I64
    source_from: I16
    source_to: I16
    source_route: I32
    back: I16
    forward: I16
    used_first: I64
    used_source: I32
    used_numerator: I64
    used_denominator: I64
    used_fixed: I64
    used_from: I16
    used_to: I16
    used_single: U8
    yields_first: I64
    yields_source: I32
    yields_numerator: I64
    yields_denominator: I64
    firm_first: I64
    firm_source: I32
    firm_due: I16
    firm_release: I16
    firm_start: I64
    firm_ref: I32
    asks_first: I64
    asks_item: I32
    level: I32


class Lines(NamedTuple):
    """Demand and supply lines by item: rows demand_first[i] .. + demand_count[i], by period.

    `demand_open` is what is left of `demand_quantity` after forecast consumption.
    """

    demand_first: I64
    demand_count: I32
    demand_period: I16
    demand_quantity: I64
    demand_open: I64
    demand_kind: U8
    demand_ref: I32
    supply_first: I64
    supply_count: I32
    supply_period: I16
    supply_quantity: I64
    supply_ref: I32


class Book(NamedTuple):
    """Where results are written, rows in the order of planning; `used` = rows taken.

    used[0]: orders, used[1]: pegs. Order columns: source, due and release
    period, quantity received and started. Pegs: demand, supply, quantity. Per item: first row,
    row count and flags.
    """

    used: I64
    order_first: I64
    order_count: I32
    order_source: I32
    order_due: I16
    order_release: I16
    order_quantity: I64
    order_start: I64
    peg_first: I64
    peg_count: I32
    peg_demand: I32
    peg_supply: I32
    peg_quantity: I64
    flags: U8


class Needs(NamedTuple):
    """By supply line: the period it is needed in (horizon = never) and the demand it is for."""

    period: I16
    demand: I32


class Scratch(NamedTuple):
    """Work space of one item: grids by period and rows of demand and supply."""

    gross: I64
    receipts: I64
    counts: I32
    net: I64
    reach: I64
    cost: F64
    setup: F64
    limit_left: I64
    allocated: I64
    row_period: I16
    row_quantity: I64
    row_ref: I32
    period: I16
    quantity: I64
    ref: I32
    supply_period: I16
    supply_quantity: I64
    supply_ref: I32
    side: I64
