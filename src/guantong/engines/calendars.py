"""Working calendars of parties and resources, and lead times counted in them.

Every engine counts lead time through this one module. A calendar says for each day whether its
party or resource works; weekly patterns, holidays and make-up working days all end up as days.

Conventions. A requirement is due at the start of its day. `back(day, n)` is the latest day on
which n working days of work can start so that it is ready for `day`: work of n days, started on
working day k, is ready on working day k + n. `forward` is its inverse: the earliest day on which
work started on or after `day` is ready, so `forward(back(day, n), n) <= day`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Days = NDArray[np.int64]

FAR = 32_000
"""Largest period number that the int16 offset tables can hold; later (earlier) is cut to it."""


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days are worked, from day `first` on; days outside of the mask all count as worked.

    `working` is a boolean array, one entry a day. Give it enough days before 0 and after the
    horizon (longest lead time), because outside of it no holiday is known.
    """

    working: NDArray[np.bool_]
    first: int = 0
    _worked: Days = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        working = np.asarray(self.working, dtype=np.bool_)
        object.__setattr__(self, "working", working)
        object.__setattr__(self, "_worked", np.flatnonzero(working) + self.first)

    @classmethod
    def weekly(
        cls,
        pattern: Sequence[bool],
        days: int,
        *,
        first: int = 0,
        first_weekday: int = 0,
        closed: Iterable[int] = (),
        opened: Iterable[int] = (),
    ) -> WorkingCalendar:
        """A repeating week with exceptions.

        `pattern` has one entry a weekday, Monday first; `first_weekday` is the weekday of day
        `first` (0 = Monday). `closed` are holidays and `opened` make-up working days, both as
        day numbers; a day in both is opened.
        """
        week = np.asarray(pattern, dtype=np.bool_)
        mask = week[(np.arange(days) + first_weekday) % len(week)]
        for exceptions, value in ((closed, False), (opened, True)):
            numbers = np.asarray(list(exceptions), dtype=np.int64) - first
            mask[numbers[(numbers >= 0) & (numbers < days)]] = value
        return cls(mask, first)

    @classmethod
    def always(cls) -> WorkingCalendar:
        """Every day is worked."""
        return cls(np.ones(0, dtype=np.bool_))

    def back(self, day: ArrayLike, lead: int) -> Days:
        """Latest start day of `lead` working days of work that must be ready for `day`."""
        days = np.asarray(day, dtype=np.int64)
        inside = np.searchsorted(self._worked, days, side="right") - 1
        beyond = np.maximum(days - self._end + 1, 0)
        before = np.maximum(self.first - 1 - days, 0)
        return self._day(inside + beyond - before - lead)

    def forward(self, day: ArrayLike, lead: int) -> Days:
        """Earliest ready day of `lead` working days of work started on or after `day`."""
        days = np.asarray(day, dtype=np.int64)
        inside = np.searchsorted(self._worked, days, side="left")
        beyond = np.maximum(days - self._end, 0)
        before = np.maximum(self.first - days, 0)
        return self._day(inside + beyond - before + lead)

    def worked_between(self, start: int, end: int) -> int:
        """Number of worked days in start <= day < end."""
        span = np.array([start, end], dtype=np.int64)
        ordinal = (
            np.searchsorted(self._worked, span, side="left")
            + np.maximum(span - self._end, 0)
            - np.maximum(self.first - span, 0)
        )
        return int(ordinal[1] - ordinal[0])

    @property
    def _end(self) -> int:
        return self.first + len(self.working)

    def _day(self, ordinal: NDArray[np.int64]) -> Days:
        count = len(self._worked)
        inside = np.clip(ordinal, 0, max(count - 1, 0))
        day = self._worked[inside] if count else np.zeros_like(ordinal)
        day = np.where(ordinal < 0, self.first + ordinal, day)
        return np.where(ordinal >= count, self._end + ordinal - count, day)


@dataclass(frozen=True)
class Leg:
    """One stretch of a lead time: `lead` working days counted in one calendar."""

    calendar: int
    lead: int


def offset_tables(
    calendars: Sequence[WorkingCalendar],
    routes: Sequence[Sequence[Leg]],
    periods: int,
    period_days: int = 1,
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Tables (routes, periods) of start period by due period, and of ready period by start period.

    A route is a chain of legs in the order of time (supplier makes, carrier drives, dock
    receives), each in the calendar of its own party. A period is `period_days` days long;
    period p starts on day p * period_days. Starts before period 0 are negative: past due.
    """
    first_day = np.arange(periods, dtype=np.int64) * period_days
    back = np.empty((len(routes), periods), dtype=np.int16)
    forward = np.empty((len(routes), periods), dtype=np.int16)
    for number, legs in enumerate(routes):
        start = ready = first_day
        for leg in reversed(legs):
            start = calendars[leg.calendar].back(start, leg.lead)
        for leg in legs:
            ready = calendars[leg.calendar].forward(ready, leg.lead)
        back[number] = np.clip(start // period_days, -FAR, FAR)
        forward[number] = np.clip(-(-ready // period_days), -FAR, FAR)
    return back, forward
