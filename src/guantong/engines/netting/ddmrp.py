"""Demand Driven MRP: buffer zones, net flow and the order they recommend.

Source: C. Ptak and C. Smith, Demand Driven Material Requirements Planning, 3rd edition. Formulas:
red base = ADU x DLT x lead-time factor; red safety = red base x variability factor; yellow = ADU x
DLT; green = the largest of ADU x DLT x lead-time factor, minimum order and ADU x order cycle. Net
flow = on hand + open supply - qualified demand (past due, today, and spikes ahead). Quantities
are in any one unit, ADU a day, DLT and cycle in days.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class Buffer:
    """Zones of one buffer, as quantities."""

    red_base: float
    red_safety: float
    yellow: float
    green: float

    @property
    def red(self) -> float:
        """Top of red: the safety embedded in the buffer."""
        return self.red_base + self.red_safety

    @property
    def top_of_yellow(self) -> float:
        """An order is due when the net flow is at or below this."""
        return self.red + self.yellow

    @property
    def top_of_green(self) -> float:
        """Orders go up to here."""
        return self.top_of_yellow + self.green


@dataclass(frozen=True)
class Recommendation:
    """Where a buffer stands: the smaller `priority_percent`, the more urgent."""

    net_flow_position: float
    order_quantity: float
    priority_percent: float


def buffer_zones(
    average_daily_usage: float,
    lead_time: float,
    lead_time_factor: float,
    variability_factor: float,
    minimum_order: float = 0.0,
    order_cycle: float = 0.0,
) -> Buffer:
    """Zones from a buffer profile; raises ValueError for negative or not finite input."""
    given = (average_daily_usage, lead_time, lead_time_factor, variability_factor, minimum_order, order_cycle)
    if not all(isfinite(value) and value >= 0 for value in given):
        raise ValueError("a buffer needs finite values that are not negative")
    usage_over_lead = average_daily_usage * lead_time
    red_base = usage_over_lead * lead_time_factor
    green = max(red_base, minimum_order, average_daily_usage * order_cycle)
    return Buffer(red_base, red_base * variability_factor, usage_over_lead, green)


def recommend(buffer: Buffer, on_hand: float, open_supply: float, qualified_demand: float) -> Recommendation:
    """Net flow of a buffer, the quantity to order now (0: none) and its planning priority."""
    position = on_hand + open_supply - qualified_demand
    top = buffer.top_of_green
    quantity = top - position if position <= buffer.top_of_yellow else 0.0
    return Recommendation(position, quantity, 100.0 * position / top if top else 0.0)
