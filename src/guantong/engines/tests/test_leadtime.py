"""The lead-time engine: pooling, days gone, yields, refusals and what it says when it knows nothing."""

from __future__ import annotations

from dataclasses import replace
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines import BadInput, Cancelled
from guantong.engines import leadtime as lt
from guantong.engines import simulator as sim


def problem_of(history: sim.History) -> lt.LeadTimeProblem:
    return lt.LeadTimeProblem(
        history.supplier,
        history.item,
        history.ordered_day,
        history.received_day,
        history.cut_day,
        history.ordered_quantity,
        history.accepted_quantity,
    )


@pytest.fixture(scope="module")
def small() -> tuple[sim.History, lt.LeadTimeLaws]:
    history = sim.generate_history(sim.HistorySpec(suppliers=12, items_per_supplier=6), seed=4)
    return history, lt.solve(problem_of(history))


def test_every_law_is_a_law(small: tuple[sim.History, lt.LeadTimeLaws]) -> None:
    _, laws = small
    pmfs = laws.pmfs(np.arange(laws.series.pair_group.size))
    assert (pmfs >= 0).all()
    assert np.allclose(pmfs.sum(axis=1), 1.0)


def test_quantiles_never_fall_with_the_chance(small: tuple[sim.History, lt.LeadTimeLaws]) -> None:
    _, laws = small
    assert (np.diff(laws.quantiles(np.linspace(0.05, 0.95, 10)), axis=1) >= 0).all()


def test_the_order_of_rows_does_not_matter() -> None:
    history = sim.generate_history(sim.HistorySpec(suppliers=5, items_per_supplier=4), seed=9)
    problem = problem_of(history)
    order = np.random.default_rng(1).permutation(history.supplier.size)
    shuffled = replace(
        problem,
        **{
            name: getattr(problem, name)[order]
            for name in ("supplier", "item", "ordered_day", "received_day", "ordered_quantity", "accepted_quantity")
        },
    )
    one, two = lt.solve(problem), lt.solve(shuffled)
    assert np.allclose(one.pmfs(np.arange(20)), two.pmfs(np.arange(20)), atol=1e-6)


def test_few_receipts_are_drawn_to_the_supplier_and_many_are_believed() -> None:
    rng = np.random.default_rng(2)
    rows = []
    for item in range(10):
        for _ in range(30):
            rows.append((1, item, int(rng.integers(0, 500)), int(rng.integers(18, 23))))
    rows += [(1, 90, 100, 60), (1, 90, 200, 60)]
    rows += [(1, 91, int(rng.integers(0, 500)), int(rng.integers(58, 63))) for _ in range(60)]
    table = np.array(rows)
    problem = lt.LeadTimeProblem(table[:, 0], table[:, 1], table[:, 2], table[:, 2] + table[:, 3], 700)
    laws = lt.solve(problem)
    assert 18 <= laws.forecast(1, 0).quantile(0.5) <= 22
    assert 25 < laws.forecast(1, 90).quantile(0.5) <= 60
    assert 57 <= laws.forecast(1, 91).quantile(0.5) <= 63
    assert laws.forecast(1, 90).spread_days > 0


def test_a_new_item_gets_the_law_of_its_supplier_and_a_new_supplier_that_of_all(
    small: tuple[sim.History, lt.LeadTimeLaws],
) -> None:
    _, laws = small
    known = laws.forecast(3, 999)
    unknown = laws.forecast(999, 999)
    assert (known.basis, unknown.basis) == ("supplier", "all suppliers")
    assert known.orders == unknown.orders == 0
    assert "no own history" in known.reasons[0]
    assert unknown.spread_days > 0


def test_days_gone_shift_the_rest_and_never_restart_the_clock(small: tuple[sim.History, lt.LeadTimeLaws]) -> None:
    history, laws = small
    supplier, item = int(history.series_supplier[0]), int(history.series_item[0])
    fresh = lt.pmf_quantile(laws.forecast(supplier, item).pmf, np.array([0.8]))[0]
    gone = 8
    left = lt.pmf_quantile(laws.remaining(supplier, item, laws.problem.today - gone), np.array([0.8]))[0]
    assert fresh - gone <= left + 1
    assert left < fresh


def test_orders_of_one_number_move_together_and_others_do_not(small: tuple[sim.History, lt.LeadTimeLaws]) -> None:
    _, laws = small
    laws = replace(laws, shared_share=0.5)
    pairs = np.array([0, 1, 6])
    days = np.log(laws.sample(pairs, np.array([1, 1, 2]), 4000, seed=3) + 0.5)
    together = np.corrcoef(days.T)
    assert together[0, 1] == pytest.approx(0.5, abs=0.07)
    assert abs(together[0, 2]) < 0.05
    below = np.cumsum(laws.pmfs(pairs), axis=1)
    assert (np.exp(days[:, 0]) - 0.5 <= np.searchsorted(below[0], 0.8)).mean() == pytest.approx(0.8, abs=0.04)


def test_the_same_factor_is_drawn_whatever_else_is_asked(small: tuple[sim.History, lt.LeadTimeLaws]) -> None:
    _, laws = small
    alone = laws.sample(np.array([0]), np.array([7]), 50, seed=1)
    beside = laws.sample(np.array([0, 5]), np.array([7, 8]), 50, seed=1)
    assert (alone[:, 0] == beside[:, 0]).all()


def test_nothing_known_at_all_still_gives_a_wide_law() -> None:
    none = np.zeros(0, dtype=np.int64)
    laws = lt.solve(lt.LeadTimeProblem(none, none, none, none, 100))
    forecast = laws.forecast(1, 1)
    assert forecast.basis == "all suppliers"
    assert forecast.spread_days > 2
    assert forecast.pmf.sum() == pytest.approx(1.0)


def test_a_single_open_order_does_not_break_the_fit() -> None:
    one = np.array([1])
    laws = lt.solve(lt.LeadTimeProblem(one, one, np.array([90]), np.array([-1]), 100))
    assert laws.forecast(1, 1).pmf.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("field", "row", "value", "words"),
    [
        ("received_day", 1, 5, "orders row 1, received_day: is before ordered_day"),
        ("received_day", 2, 999, "orders row 2, received_day: is after today"),
        ("ordered_day", 0, 999, "orders row 0, ordered_day: is after today"),
        ("accepted_quantity", 2, 50, "orders row 2, accepted_quantity: exceeds ordered_quantity: mixed units?"),
        ("ordered_quantity", 1, -1, "orders row 1, ordered_quantity: is negative"),
        ("received_day", 0, -7, "orders row 0, received_day: is negative"),
    ],
)
def test_a_bad_row_is_named(field: str, row: int, value: int, words: str) -> None:
    columns = {
        "supplier": np.array([1, 1, 1]),
        "item": np.array([1, 2, 3]),
        "ordered_day": np.array([10, 11, 12]),
        "received_day": np.array([20, 21, 22]),
        "ordered_quantity": np.array([9, 9, 9]),
        "accepted_quantity": np.array([9, 9, 8]),
    }
    columns[field][row] = value
    given: dict[str, Any] = dict(columns)
    with pytest.raises(BadInput, match=words.replace("?", r"\?")):
        lt.solve(lt.LeadTimeProblem(**given, today=100))


def test_a_missing_number_is_named() -> None:
    column = np.array([1.0, np.nan])
    whole = np.array([1, 1])
    with pytest.raises(BadInput, match="orders row 1, ordered_day"):
        lt.solve(lt.LeadTimeProblem(whole, whole, column, whole, 100))


def test_it_stops_when_told_and_says_how_far_it_is() -> None:
    history = sim.generate_history(sim.HistorySpec(suppliers=3, items_per_supplier=2), seed=1)
    seen: list[float] = []

    def note(done: float, step: str) -> bool:
        seen.append(done)
        return False

    lt.solve(problem_of(history), stop=note)
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] <= seen[-1] <= 1.0
    with pytest.raises(Cancelled):
        lt.solve(problem_of(history), stop=lambda done, step: True)


@given(st.integers(1, 12), st.integers(0, 12), st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_chance_of_enough_good_units_equals_enumeration(size: int, least: int, good: int, bad: int) -> None:
    total = 0.0
    grid = (np.arange(20000) + 0.5) / 20000
    density = grid ** (good - 1) * (1 - grid) ** (bad - 1)
    density /= density.sum()
    for k in range(min(least, size + 1), size + 1):
        total += float((density * comb(size, k) * grid**k * (1 - grid) ** (size - k)).sum())
    expected = total if least <= size else 0.0
    assert lt.beta_binomial_at_least(size, least, good, bad) == pytest.approx(expected, abs=1e-4)


def test_yields_come_close_to_the_truth_and_the_lot_size_holds_the_need() -> None:
    history = sim.generate_history(sim.HistorySpec(suppliers=30, items_per_supplier=10), seed=8)
    laws = lt.solve(problem_of(history))
    truth = dict(zip(history.series_item.tolist(), history.accept_rate.tolist(), strict=True))
    learned = np.array([laws.yields.rate(k) for k in range(laws.series.pair_item.size)])
    true = np.array([truth[int(item)] for item in laws.series.pair_item])
    assert np.abs(learned - true).mean() < 0.6 * np.abs(true.mean() - true).mean()
    lot = laws.yields.quantity_for(0, 100, 0.9)
    assert laws.yields.chance_of_enough(0, lot, 100) >= 0.9
    assert laws.yields.chance_of_enough(0, lot - 1, 100) < 0.9


def test_a_moved_level_is_said_in_words() -> None:
    spec = sim.HistorySpec(suppliers=10, items_per_supplier=10, shift_factor=2.0, shift_share=0.5, shift_age_days=150)
    history = sim.generate_history(spec, seed=2)
    laws = lt.solve(problem_of(history))
    words = [laws.forecast(s, 1000 * s).reasons for s in range(10)]
    moved = [any("level has moved" in reason for reason in reasons) for reasons in words]
    truth = np.exp(history.location.reshape(10, 10)[:, 0]) if history.location.size else None
    assert truth is not None
    assert 3 <= sum(moved) <= 8


def test_a_supplier_with_two_typical_days_keeps_both() -> None:
    rng = np.random.default_rng(6)
    size = 400
    ordered = rng.integers(0, 900, size)
    lead = np.where(rng.random(size) < 0.5, 10, 30)
    laws = lt.solve(
        lt.LeadTimeProblem(np.ones(size, dtype=int), rng.integers(0, 4, size), ordered, ordered + lead, 1000)
    )
    pmf = laws.forecast(1, 0).pmf
    assert pmf[10] > 0.25
    assert pmf[30] > 0.25
