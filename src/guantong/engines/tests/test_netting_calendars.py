"""Working calendars against stepping day by day."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines.calendars import Leg, WorkingCalendar, offset_tables


def step(calendar: WorkingCalendar, day: int, lead: int, way: int) -> int:
    """Walk to a worked day, then over `lead` more of them."""

    def works(at: int) -> bool:
        place = at - calendar.first
        return not 0 <= place < len(calendar.working) or bool(calendar.working[place])

    while not works(day):
        day += way
    while lead:
        day += way
        lead -= works(day)
    return day


@given(st.lists(st.booleans(), max_size=25), st.integers(-8, 8), st.integers(-20, 40), st.integers(0, 9))
@settings(max_examples=400, deadline=None)
def test_both_directions_equal_walking_day_by_day(mask: list[bool], first: int, day: int, lead: int) -> None:
    calendar = WorkingCalendar(np.array(mask, dtype=bool), first)
    assert int(calendar.back(day, lead)) == step(calendar, day, lead, -1)
    assert int(calendar.forward(day, lead)) == step(calendar, day, lead, 1)
    assert int(calendar.forward(calendar.back(day, lead), lead)) <= day


def test_a_week_with_a_holiday_and_a_make_up_sunday() -> None:
    week = [True] * 5 + [False] * 2
    calendar = WorkingCalendar.weekly(week, 21, closed=[2], opened=[6])
    assert np.flatnonzero(calendar.working)[:7].tolist() == [0, 1, 3, 4, 6, 7, 8]
    assert calendar.worked_between(0, 7) == 5
    assert int(calendar.back(7, 2)) == 4


def test_legs_run_in_the_calendar_of_their_own_party() -> None:
    mondays_off = WorkingCalendar.weekly([False] + [True] * 6, 60, first=-30, first_weekday=5)
    always = WorkingCalendar.always()
    back, forward = offset_tables([always, mondays_off], [[Leg(0, 2), Leg(1, 1)]], 20)
    for due in range(20):
        assert back[0, due] == step(always, step(mondays_off, due, 1, -1), 2, -1)
        assert forward[0, due] == step(mondays_off, step(always, due, 2, 1), 1, 1)


@pytest.mark.parametrize("lead", [0, 1, 5, 9])
def test_weekly_periods_start_early_enough_and_end_late_enough(lead: int) -> None:
    calendar = WorkingCalendar.weekly([True] * 5 + [False] * 2, 300, first=-100, first_weekday=5)
    back, forward = offset_tables([calendar], [[Leg(0, lead)]], 12, period_days=7)
    for period in range(12):
        start = int(back[0, period]) * 7
        assert int(calendar.forward(start, lead)) <= period * 7
        assert int(forward[0, period]) * 7 >= int(calendar.forward(period * 7, lead))


def test_random_calendars_never_promise_before_work_is_done() -> None:
    random = Random(5)
    for _ in range(50):
        calendar = WorkingCalendar(np.array([random.random() < 0.5 for _ in range(40)]), -5)
        days = np.arange(-10, 50)
        assert (calendar.back(calendar.forward(days, 3), 3) >= days).all()
