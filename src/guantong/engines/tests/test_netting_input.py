"""What netting refuses, and how it can be watched and canceled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from guantong.engines import BadInput, Cancelled, netting
from guantong.engines.calendars import Leg, WorkingCalendar
from guantong.engines.netting import ExtraLeg


def two_items(**changes: Any) -> netting.Problem:
    problem = netting.Problem(
        6,
        netting.Items(2),
        netting.Sources([0, 1], lead=1),
        netting.Bill([0], [1]),
        netting.Demands([0], [4], [3]),
        item_names=["desk", "leg"],
    )
    return replace(problem, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"demands": netting.Demands([0, 2], [1, 1], [1, 1])}, "demands row 1, item: 2 is no row of items"),
        ({"demands": netting.Demands([0], [1], [float("nan")])}, "demands row 0, quantity: nan is not a whole number"),
        ({"demands": netting.Demands([0], [1], ["many"])}, "demands row 0, quantity: 'many' is not a number"),
        ({"demands": netting.Demands([0], [-1], [1])}, "demands row 0, period: -1 is before period 0"),
        ({"sources": netting.Sources([0, 1], lead=[1, -1])}, "sources row 1, lead: -1 is below 0"),
        ({"sources": netting.Sources([0, 1], yield_numerator=[1, 0])}, "sources row 1, yield_numerator: 0 is below 1"),
        (
            {"items": netting.Items(2, holding_cost=[1.0, np.inf])},
            "items row 1, holding_cost: inf is not a finite number",
        ),
        ({"items": netting.Items(2, lot_rule=[0, 9])}, "items row 1, lot_rule: 9 is no row of the lot rules"),
        ({"bill": netting.Bill([0], [1], denominator=[0])}, "bill row 0, denominator: 0 is below 1"),
        ({"bill": netting.Bill([0, 1], [1, 0])}, "cycle: desk -> leg -> desk"),
        ({"horizon": 0}, "horizon: 0 is not in 1"),
        ({"demands": netting.Demands([0], [4], [10**15])}, "demands row 0, quantity: 1000000000000000 is above"),
        (
            {"bill": netting.Bill([0], [1], numerator=10**14), "demands": netting.Demands([0], [4], [10**9])},
            "items row 1: quantities of leg leave the exact range",
        ),
        (
            {"supplies": netting.Supplies([1], [3], [2], source=[0])},
            "supplies row 0, source: 0 does not supply this item",
        ),
    ],
)
def test_bad_input_is_refused_by_row(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput) as refused:
        netting.solve(two_items(**changes))
    assert message in str(refused.value)


def test_a_cycle_through_many_items_names_all_of_them_once() -> None:
    problem = netting.Problem(
        4,
        netting.Items(5),
        netting.Sources(np.arange(5)),
        netting.Bill([0, 1, 2, 3, 1], [1, 2, 3, 1, 4]),
        item_names=list("abcde"),
    )
    with pytest.raises(BadInput, match=r"cycle: b -> c -> d -> b \(3 items"):
        netting.solve(problem)


def test_progress_rises_and_stop_cancels() -> None:
    seen: list[float] = []

    def watch(done: float, step: str) -> bool:
        seen.append(done)
        return len(seen) > 1

    with pytest.raises(Cancelled):
        netting.solve(two_items(), watch)
    assert seen == sorted(seen)


def test_the_seed_changes_nothing_and_the_input_is_left_as_it_was() -> None:
    problem = two_items(demands=netting.Demands(np.array([0, 0]), np.array([4, 2]), np.array([3, 5]), np.array([0, 1])))
    before = problem.demands.quantity.copy()  # type: ignore[union-attr]
    one, other = netting.solve(problem, seed=1), netting.solve(problem, seed=2)
    assert np.array_equal(one.pegs().quantity, other.pegs().quantity)
    assert np.array_equal(problem.demands.quantity, before)


def test_a_lead_time_may_run_through_the_calendars_of_several_parties() -> None:
    calendars = [
        WorkingCalendar.weekly([True] * 5 + [False] * 2, 60, first=-28),
        WorkingCalendar.weekly([False] + [True] * 6, 60, first=-28),
    ]
    problem = replace(
        two_items(demands=netting.Demands([0], [14], [3])),
        horizon=21,
        sources=netting.Sources([0, 1], lead=[2, 1], calendar=[0, -1]),
        calendars=calendars,
        legs=[ExtraLeg(0, Leg(1, 1))],
    )
    orders = netting.solve(problem).orders(0)
    # Due Monday 14: the carrier rests on Mondays, so it arrives on Sunday 13 and leaves on Saturday 12.
    # The maker rests at the weekend: ready for Friday 11, two working days before is Wednesday 9.
    assert orders.release.tolist() == [9]


def test_weekly_periods_count_lead_times_in_days() -> None:
    problem = replace(two_items(), sources=netting.Sources([0, 1], lead=[3, 10]), period_days=7)
    result = netting.solve(problem)
    assert result.orders(0).release.tolist() == [3]
    assert result.orders(1).release.tolist() == [1]
