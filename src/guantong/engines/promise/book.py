"""The network made ready for questions: children and supplies by item, and what promises given leave over.

A promise already given claims the latest units that still come by its due day (judged at 80 %), so that early
units stay free for new orders as far as look-ahead allows; what cannot come by then claims the earliest
units left. What remains may be promised again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .distribution import FloatArray, IntArray
from .ledger import Ledger
from .problem import Network

_JUDGED_AT = 0.8


@dataclass(frozen=True)
class Rows:
    """Row numbers of a table by value: rows of value number k are ``order[start[k]:start[k + 1]]``."""

    order: IntArray
    start: IntArray

    def of(self, number: int) -> IntArray:
        """Row numbers of one value."""
        return self.order[self.start[number] : self.start[number + 1]]


def _rows(values: IntArray, keys: IntArray) -> Rows:
    place = np.searchsorted(keys, values)
    order = np.argsort(place, kind="stable")
    return Rows(order, np.searchsorted(place[order], np.arange(keys.size + 1)))


@dataclass(frozen=True)
class Book:
    """A prepared network. ``keys`` are the sorted item keys; all numbers of items are places in it.

    ``below``: distribution function of each law; ``item_row``: row in the items table of each number.
    """

    network: Network
    keys: IntArray
    item_row: IntArray
    children: Rows
    supplies: Rows
    demands: Rows
    sources: Rows
    substitutes: Rows
    protected: Rows
    below: FloatArray
    horizon: int

    def number(self, key: int) -> int:
        """Number of an item key."""
        return int(np.searchsorted(self.keys, key))

    def judged_days(self, rows: IntArray) -> IntArray:
        """Day by which each supply row comes with 80 %, 0 if on hand."""
        supplies = self.network.supplies
        days = np.zeros(rows.size, dtype=np.int64)
        for place, row in enumerate(rows):
            law = int(supplies.law[row])
            if law >= 0:
                elapsed = int(-supplies.ordered_day[row])
                below = self.below[law]
                gone = below[min(elapsed, below.size - 1)]
                day = int(np.searchsorted(below, gone + _JUDGED_AT * (1.0 - gone) - 1e-12))
                days[place] = max(day - elapsed, 1)
        return days

    def left_over(self, number: int) -> tuple[IntArray, IntArray, IntArray]:
        """Supply rows of an item in order of arrival, the day each is judged to come, and its unclaimed units."""
        supplies, demands = self.network.supplies, self.network.demands
        rows = self.supplies.of(number)
        if rows.size:
            rows = rows[supplies.site[rows] == self.network.site]
        days = self.judged_days(rows)
        order = np.argsort(days, kind="stable")
        rows, days = rows[order], days[order]
        wanted = self.demands.of(number)
        units = supplies.quantity[rows]
        if wanted.size == 0 or rows.size == 0:
            return rows, days, units.copy()
        return rows, days, unclaimed(days, units, demands.due_day[wanted], demands.quantity[wanted])


def unclaimed(days: IntArray, units: IntArray, due: IntArray, wanted: IntArray) -> IntArray:
    """Units of each supply left when every demand has claimed the latest ones that come by its due day.

    The claims carried back from later demands form a queue seen backwards in time, so that all are found with
    one running minimum (Lindley 1952). Demands that find nothing early enough take the earliest units left.

    Args:
        days: day of each supply, ascending.
        units: units of each supply.
        due: due day of each demand, any order.
        wanted: units of each demand.

    Returns:
        Units by supply; their sum is the supply less the demand, or 0 if that is negative.
    """
    moment = np.concatenate([days * 2, due * 2 + 1])
    change = np.concatenate([-units, wanted])
    # Backwards in time; of two supplies of one day the later row is claimed first, as in claims().
    order = np.argsort(moment, kind="stable")[::-1]
    total = np.cumsum(change[order])
    low = np.minimum(np.minimum.accumulate(total), 0)
    carried = total - low
    freed = np.concatenate([[0], low[:-1]]) - low
    left = np.zeros(moment.size, dtype=np.int64)
    left[order] = freed
    result = left[: days.size]
    late = int(carried[-1])
    if late > 0:
        done = np.minimum(np.cumsum(result), late)
        result = result - np.diff(done, prepend=0)
    return result


def claims(days: IntArray, units: IntArray, due: IntArray, wanted: IntArray) -> list[tuple[int, int, int]]:
    """The claims behind :func:`unclaimed` one by one: (demand, supply, units), latest due day first."""
    left = units.copy()
    result: list[tuple[int, int, int]] = []
    missing: list[tuple[int, int]] = []
    for demand in np.argsort(-due, kind="stable"):
        need = int(wanted[demand])
        place = int(np.searchsorted(days, due[demand], side="right")) - 1
        while need and place >= 0:
            taken = min(need, int(left[place]))
            if taken:
                result.append((int(demand), place, taken))
                left[place] -= taken
                need -= taken
            place -= 1
        if need:
            missing.append((int(demand), need))
    for demand, need in reversed(missing):
        for place in range(days.size):
            taken = min(need, int(left[place]))
            if taken:
                result.append((demand, place, taken))
                left[place] -= taken
                need -= taken
    return result


def open_book(network: Network) -> Book:
    """Sort a checked network for questions; the cost is one sort per table."""
    keys = np.sort(network.items.key)
    below = np.cumsum(network.laws, axis=1)
    below[:, -1] = 1.0
    return Book(
        network,
        keys,
        np.argsort(network.items.key, kind="stable"),
        _rows(network.bill.parent, keys),
        _rows(network.supplies.item, keys),
        _rows(network.demands.item, keys),
        _rows(network.sources.item, keys),
        _rows(network.substitutes.item, keys),
        _rows(network.protected.item, keys),
        np.minimum(below, 1.0),
        network.free_capacity.shape[1],
    )


def open_ledger(book: Book) -> Ledger:
    """A ledger of all units no promise claims and all free capacity."""
    supply = np.zeros(book.network.supplies.item.size, dtype=np.int64)
    for number in range(book.keys.size):
        rows, _, units = book.left_over(number)
        supply[rows] = units
    elsewhere = book.network.supplies.site != book.network.site
    supply[elsewhere] = book.network.supplies.quantity[elsewhere]
    return Ledger(supply, book.network.free_capacity)
