"""Finite capacity: on which day work that may start on day s is finished."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


def finish_days(free: IntArray, units: int) -> IntArray:
    """First day by whose end ``units`` fit into the free capacity, for every day the work may start.

    Work may be split over days and starts on the day the material is there.

    Args:
        free: free capacity units by day, whole and not negative, shape (horizon,).
        units: capacity units the work needs.

    Returns:
        Day by start day, never falling; ``horizon`` where the horizon does not suffice.
    """
    if units <= 0:
        return np.arange(free.size)
    done = np.cumsum(free)
    before = np.concatenate([[0], done[:-1]])
    return np.searchsorted(done, before + units)


def latest_starts(finish: IntArray, horizon: int) -> IntArray:
    """Latest start day that is finished by each day; −1 where none is."""
    return np.searchsorted(finish, np.arange(horizon), side="right") - 1


def used_by_day(free: IntArray, start: int, units: int) -> IntArray:
    """Capacity units taken on each day by work started on ``start``; the horizon may leave some undone."""
    taken = np.zeros_like(free)
    if units <= 0 or start >= free.size:
        return taken
    done = np.minimum(np.cumsum(free[start:]), units)
    taken[start:] = np.diff(done, prepend=0)
    return taken


def capable_to_promise(
    quantity: int, material_day: int, free_per_day: Mapping[int, int], transport_days: int = 0
) -> tuple[int, int]:
    """Capable-to-promise of one operation with certain dates.

    Args:
        quantity: units to make, one capacity unit each.
        material_day: first day on which work may start.
        free_per_day: free capacity units by day number; days not named have none.
        transport_days: days from the end of production to delivery.

    Returns:
        (day production is finished, day of delivery).

    Raises:
        ValueError: the named days do not hold the quantity, or a value is negative; names it.
    """
    for day, units in free_per_day.items():
        if units < 0:
            raise ValueError(f"free capacity of day {day} is negative")
    if quantity < 0 or transport_days < 0:
        raise ValueError("quantity and transport_days must not be negative")
    left = quantity
    if left == 0:
        return material_day, material_day + transport_days
    for day in sorted(free_per_day):
        if day < material_day:
            continue
        left -= free_per_day[day]
        if left <= 0:
            return day, day + transport_days
    raise ValueError(f"{left} of {quantity} units do not fit into the named days from day {material_day} on")
