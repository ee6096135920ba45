"""Measures of calibration against their definitions, and corrections that do what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines.promise import calibration as cal

CHANCES = st.lists(st.tuples(st.floats(0.01, 0.99), st.integers(0, 1)), min_size=2, max_size=30)


@given(CHANCES)
@settings(deadline=None)
def test_brier_equals_its_definition_and_a_constant_base_rate_has_no_skill(rows: list[tuple[float, int]]) -> None:
    chance, outcome = (np.array([row[k] for row in rows], dtype=float) for k in (0, 1))
    assert cal.brier(chance, outcome) == pytest.approx(sum((p - o) ** 2 for p, o in rows) / len(rows))
    if 0 < outcome.mean() < 1:
        assert cal.brier_skill(np.full(len(rows), outcome.mean()), outcome) == pytest.approx(0.0, abs=1e-9)


@given(st.lists(st.integers(1, 5), min_size=2, max_size=8), st.integers(0, 7))
@settings(deadline=None)
def test_crps_of_a_law_equals_that_of_its_outcomes_as_a_sample(parts: list[int], truth: int) -> None:
    sample = [day for day, part in enumerate(parts) for _ in range(part)]
    below = np.minimum(np.cumsum(parts) / sum(parts), 1.0)
    below = np.concatenate([below, np.ones(10)])
    expected = np.mean([abs(x - truth) for x in sample]) - 0.5 * np.mean([abs(x - y) for x in sample for y in sample])
    assert cal.crps(below, np.array([truth]))[0] == pytest.approx(expected)
    assert cal.crps_of_sample(sample, truth) == pytest.approx(expected)


def test_crps_of_a_sure_day_is_the_absolute_error() -> None:
    below = (np.arange(40) >= 12).astype(float)
    assert cal.crps(below, np.array([30]))[0] == 18


def test_right_laws_have_a_flat_transform_and_narrow_ones_do_not() -> None:
    rng = np.random.default_rng(1)
    size, horizon = 4000, 80
    pmf = rng.dirichlet(np.ones(horizon), size)
    below = np.cumsum(pmf, axis=1)
    days = np.array([np.searchsorted(row, rng.random()) for row in below])
    flat = cal.pit_histogram(*cal.pit(below, days))
    assert np.abs(flat - 0.1).max() < 0.02
    narrow = np.clip((below - 0.5) * 2 + 0.5, 0, 1)
    edges = cal.pit_histogram(*cal.pit(narrow, days))
    assert edges[0] > 0.2
    assert edges[-1] > 0.2


def test_coverage_counts_kept_dates_and_bounds_the_share() -> None:
    found = cal.coverage([5] * 10, [1, 2, 3, 4, 5, 5, 5, 5, 6, 7], 0.8)
    assert found.kept == 0.8
    assert found.low < 0.5 < found.high
    low, high = cal.wilson(0.8, 10)
    assert (low, high) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)


def test_the_reliability_table_holds_every_order_once() -> None:
    chance = np.array([0.05, 0.12, 0.15, 0.95, 1.0, 0.9])
    rows = cal.reliability(chance, np.array([0, 0, 1, 1, 1, 0]))
    assert [(row.orders, row.kept) for row in rows] == [(1, 0.0), (2, 0.5), (3, pytest.approx(2 / 3))]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5)), min_size=1, max_size=7))
@settings(deadline=None)
def test_isotonic_is_the_nearest_rising_function(rows: list[tuple[int, int]]) -> None:
    value, target = (np.array([row[k] for row in rows], dtype=float) for k in (0, 1))
    fitted = cal.isotonic(value, target)
    order = np.argsort(value, kind="stable")
    assert (np.diff(fitted[order]) >= -1e-9).all()
    # Min–max formula: the fit at x is the largest lower average over the smallest upper one.
    points = np.unique(value)
    for x, found in zip(value, fitted, strict=True):
        averages = [
            [target[(value >= low) & (value <= high)].mean() for high in points[points >= x]]
            for low in points[points <= x]
        ]
        assert found == pytest.approx(max(min(row) for row in averages))


def test_conformal_margin_keeps_the_level_on_average() -> None:
    rng = np.random.default_rng(4)
    kept = [rng.normal() <= cal.conformal_margin(rng.normal(size=19), 0.9) for _ in range(4000)]
    assert 0.89 <= np.mean(kept) <= 0.915
    assert cal.conformal_margin([1.0, 2.0], 0.9) == float("inf")
    assert cal.conformal_margin([3.0, 1.0, 2.0, 4.0], 0.8) == 4.0


def biased_promises(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    days = rng.lognormal(3.0, 0.4, size).astype(int)
    grid = np.arange(200)
    scores = (np.log(grid + 1) - 2.8) / 0.3
    below = np.array([0.5 * (1 + np.tanh(0.8 * s)) for s in scores])
    below[-1] = 1.0
    return np.repeat(below[None, :], size, axis=0), days


def test_recalibration_corrects_laws_that_are_too_early() -> None:
    rng = np.random.default_rng(2)
    below, days = biased_promises(rng, 3000)
    lower, upper = cal.pit(below, days)
    corrected = cal.recalibration(lower, upper, np.ones(3000, dtype=bool), weight=10.0).apply(below[0])
    fresh = biased_promises(rng, 5000)[1]
    raw = (fresh <= np.searchsorted(below[0], 0.8)).mean()
    fixed = (fresh <= np.searchsorted(corrected, 0.8)).mean()
    assert raw < 0.7
    assert fixed == pytest.approx(0.8, abs=0.03)


def test_orders_still_open_are_not_taken_as_early() -> None:
    rng = np.random.default_rng(3)
    truth = rng.random(4000)
    seen = rng.random(4000)
    ended = truth <= seen
    reached = np.where(ended, truth, seen)
    honest = cal.recalibration(reached, reached, ended, weight=10.0)
    careless = cal.recalibration(reached[ended], reached[ended], np.ones(int(ended.sum()), dtype=bool), weight=10.0)
    assert abs(honest.apply(np.array([0.5]))[0] - 0.5) < 0.04
    assert careless.apply(np.array([0.5]))[0] > 0.6


def test_without_history_nothing_is_corrected() -> None:
    none = np.zeros(0)
    same = cal.recalibration(none, none, none.astype(bool))
    assert np.allclose(same.apply(np.array([0.1, 0.8])), [0.1, 0.8])


def test_a_value_that_is_no_chance_is_named() -> None:
    with pytest.raises(ValueError, match="row 1"):
        cal.brier([0.5, 1.5], [0, 1])
    with pytest.raises(ValueError, match="2 chances but 1"):
        cal.log_loss([0.5, 0.5], [1])
