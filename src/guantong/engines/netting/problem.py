"""What netting is asked: tables of arrays, one row a thing, rows referring to rows by number.

Quantities are int64 in the smallest unit of their item (the caller scales: 1.25 kg kept to the
gram is 1250), so every sum is exact. Conversions are rationals `numerator / denominator` from
smallest unit to smallest unit. Times are period numbers from 0, the first period planned; a
period is `period_days` days and everything is due at its start. Columns may be given as one
value for all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guantong.engines.calendars import Leg, WorkingCalendar

Column = NDArray[Any] | Sequence[Any] | int | float | bool


class LotRule(IntEnum):
    """How much to order once there is a net requirement."""

    LOT_FOR_LOT = 0
    FIXED = 1
    PERIOD = 2
    SILVER_MEAL = 3
    LEAST_UNIT_COST = 4
    WAGNER_WHITIN = 5
    DDMRP = 6


class DemandKind(IntEnum):
    """Where an independent demand comes from; only forecast is consumed by orders."""

    ORDER = 0
    FORECAST = 1
    OTHER = 2


@dataclass(frozen=True)
class Items:
    """What is stocked where: one row per item and site (a "stocking point").

    on_hand, safety_stock: quantity. lot_rule: `LotRule`. lot_size: quantity of `FIXED`.
    period_cover: periods one lot of `PERIOD` covers. setup_cost per order and holding_cost per
    smallest unit and period, for the three cost rules. fence: first period in which a planned
    order may be due; earlier shortages wait for it. phantom: never stocked on purpose, ordered
    lot for lot without lead time. consume_back, consume_forward: periods in which a sales order
    may consume forecast. top_of_yellow, top_of_green, spike_threshold (quantities) and
    spike_horizon (periods): buffer of `DDMRP`.
    """

    count: int
    on_hand: Column = 0
    safety_stock: Column = 0
    lot_rule: Column = 0
    lot_size: Column = 1
    period_cover: Column = 1
    setup_cost: Column = 0.0
    holding_cost: Column = 0.0
    fence: Column = 0
    phantom: Column = False
    consume_back: Column = 0
    consume_forward: Column = 0
    top_of_yellow: Column = 0
    top_of_green: Column = 0
    spike_threshold: Column = 0
    spike_horizon: Column = 0


@dataclass(frozen=True)
class Sources:
    """The ways to get an item: make, buy, transfer from another site, take a substitute.

    A transfer or a substitute is a source whose bill holds the other stocking point. Among the
    sources valid at the due period (valid_from <= due < valid_to) the lowest priority number
    wins; equal priorities split by `share`, order by order: the next order goes to the source
    furthest below its share. `limit` is the most a source gives over the horizon (-1: no limit),
    then the next one fills in. lead: working periods (days, see `Problem.period_days`) in
    `calendar` (-1: every day works); `Problem.legs` adds legs. minimum, multiple: order quantity.
    yield_numerator / yield_denominator: good share of what is started, in (0, 1].
    """

    item: Column
    lead: Column = 0
    calendar: Column = -1
    minimum: Column = 0
    multiple: Column = 1
    yield_numerator: Column = 1
    yield_denominator: Column = 1
    priority: Column = 0
    share: Column = 1
    limit: Column = -1
    valid_from: Column = 0
    valid_to: Column = 32_000


@dataclass(frozen=True)
class Bill:
    """Components of a source: fixed + ceil(start quantity * numerator / denominator).

    Component scrap belongs into the rational: quantity per / (1 - scrap). The line holds for
    orders that start in valid_from <= period < valid_to (a past-due start counts as 0).
    """

    source: Column
    component: Column
    numerator: Column = 1
    denominator: Column = 1
    fixed: Column = 0
    valid_from: Column = 0
    valid_to: Column = 32_000


@dataclass(frozen=True)
class Outputs:
    """By- and co-products of a source: floor(start quantity * numerator / denominator), at due."""

    source: Column
    item: Column
    numerator: Column = 1
    denominator: Column = 1


@dataclass(frozen=True)
class Demands:
    """Independent demand lines; `kind` is a `DemandKind`."""

    item: Column
    period: Column
    quantity: Column
    kind: Column = 0


@dataclass(frozen=True)
class Supplies:
    """Scheduled receipts, and firm planned orders where `source` is not -1.

    A firm planned order keeps its period and quantity whatever the plan says, and asks for the
    components of its source at `release` (-32768: offset from its period by the lead time).
    """

    item: Column
    period: Column
    quantity: Column
    source: Column = -1
    release: Column = -32_768


@dataclass(frozen=True)
class ExtraLeg:
    """A further leg of a source's lead time, after those before it: carrier, dock, inspection."""

    source: int
    leg: Leg


def no_rows() -> NDArray[np.int64]:
    """The column of an empty table."""
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Problem:
    """One netting problem. `history`: periods before 0 in which lines may lie (past due)."""

    horizon: int
    items: Items
    sources: Sources
    bill: Bill = field(default_factory=lambda: Bill(no_rows(), no_rows()))
    demands: Demands = field(default_factory=lambda: Demands(no_rows(), no_rows(), no_rows()))
    supplies: Supplies = field(default_factory=lambda: Supplies(no_rows(), no_rows(), no_rows()))
    outputs: Outputs = field(default_factory=lambda: Outputs(no_rows(), no_rows()))
    calendars: Sequence[WorkingCalendar] = ()
    legs: Sequence[ExtraLeg] = ()
    period_days: int = 1
    history: int = 0
    item_names: Sequence[str] | None = None

    def item_name(self, item: int) -> str:
        """What to call an item in a message."""
        return self.item_names[item] if self.item_names is not None else f"item {item}"
