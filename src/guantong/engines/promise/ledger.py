"""Holds: which units and capacity are spoken for. Two askers never get the same unit.

A ledger is a value; placing a hold returns a new ledger or refuses. Whoever stores ledgers must store one
after the other (compare and swap on ``version``, or under a lock): of two askers who saw the same unit, the
second is refused and asks again. Answers themselves reserve nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


class Taken(RuntimeError):
    """The units or the capacity are no longer free; ``what``, ``row`` and ``missing`` say which and how many."""

    def __init__(self, what: str, row: int, missing: int, day: int = -1) -> None:
        on_day = f" on day {day}" if day >= 0 else ""
        super().__init__(f"{what} {row}{on_day}: {missing} more held than there are")
        self.what, self.row, self.missing, self.day = what, row, missing, day


@dataclass(frozen=True)
class Hold:
    """Units of supply rows and capacity a promise needs.

    ``key``: unique name of the hold; ``supply`` and ``quantity``: rows and units; ``work_center``, ``day``,
    ``units``: capacity; ``until_day``: last day it counts (quotes lapse), None for a firm order.
    """

    key: str
    supply: tuple[int, ...] = ()
    quantity: tuple[int, ...] = ()
    work_center: tuple[int, ...] = ()
    day: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    until_day: int | None = None


@dataclass(frozen=True)
class Ledger:
    """Units by supply row and capacity by work center and day that may be held, and the holds on them."""

    supply: IntArray
    capacity: IntArray
    holds: tuple[Hold, ...] = ()
    version: int = 0

    def held(self) -> tuple[IntArray, IntArray]:
        """Units held by supply row, and capacity held by work center and day."""
        supply = np.zeros_like(self.supply)
        capacity = np.zeros_like(self.capacity)
        for hold in self.holds:
            np.add.at(supply, np.array(hold.supply, dtype=np.int64), hold.quantity)
            np.add.at(
                capacity, (np.array(hold.work_center, dtype=np.int64), np.array(hold.day, dtype=np.int64)), hold.units
            )
        return supply, capacity

    def free(self) -> tuple[IntArray, IntArray]:
        """What may still be held."""
        supply, capacity = self.held()
        return self.supply - supply, self.capacity - capacity

    def place(self, hold: Hold) -> Ledger:
        """The ledger with one more hold.

        Raises:
            Taken: it needs more than is free; the ledger is unchanged.
            ValueError: its key is in use, a quantity is not positive, or a row does not exist.
        """
        if any(other.key == hold.key for other in self.holds):
            raise ValueError(f"hold {hold.key!r} exists")
        if len(hold.supply) != len(hold.quantity) or not len(hold.work_center) == len(hold.day) == len(hold.units):
            raise ValueError(f"hold {hold.key!r}: rows and quantities differ in number")
        if any(units <= 0 for units in (*hold.quantity, *hold.units)):
            raise ValueError(f"hold {hold.key!r}: a quantity is not positive")
        if any(not 0 <= row < self.supply.size for row in hold.supply):
            raise ValueError(f"hold {hold.key!r}: unknown supply row")
        centers, days = self.capacity.shape
        if any(not (0 <= c < centers and 0 <= d < days) for c, d in zip(hold.work_center, hold.day, strict=True)):
            raise ValueError(f"hold {hold.key!r}: unknown work center or day")
        after = replace(self, holds=(*self.holds, hold), version=self.version + 1)
        supply, capacity = after.free()
        if (supply < 0).any():
            row = int(np.argmax(supply < 0))
            raise Taken("supply row", row, int(-supply[row]))
        if (capacity < 0).any():
            center, day = (int(part) for part in np.argwhere(capacity < 0)[0])
            raise Taken("work center", center, int(-capacity[center, day]), day)
        return after

    def release(self, key: str) -> Ledger:
        """The ledger without a hold.

        Raises:
            KeyError: there is none of that name.
        """
        left = tuple(hold for hold in self.holds if hold.key != key)
        if len(left) == len(self.holds):
            raise KeyError(key)
        return replace(self, holds=left, version=self.version + 1)

    def lapse(self, today: int) -> Ledger:
        """The ledger without holds whose last day is before ``today``."""
        left = tuple(hold for hold in self.holds if hold.until_day is None or hold.until_day >= today)
        return self if len(left) == len(self.holds) else replace(self, holds=left, version=self.version + 1)
