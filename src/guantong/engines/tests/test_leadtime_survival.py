"""Product limit, its Bayesian smoothing and days to go, against enumeration and published examples."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines.leadtime import beta_process_pmf, kaplan_meier, pmf_quantile, remaining_pmf

PMFS = st.lists(st.floats(0.01, 1.0), min_size=3, max_size=12).map(lambda values: np.array(values) / sum(values))


def test_remission_times_of_freireich_give_the_published_curve() -> None:
    days = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], dtype=float)
    ended = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
    curve = kaplan_meier(days, ended)
    assert curve.days.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert np.allclose(curve.survival, [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], atol=6e-4)
    assert np.allclose(np.sqrt(curve.variance), [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], atol=6e-4)
    assert curve.quantile(0.5) == 23
    assert np.isnan(curve.quantile(0.9))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
@settings(deadline=None)
def test_without_open_orders_the_product_limit_is_the_empirical_curve(days: list[int]) -> None:
    values = np.array(days, dtype=float)
    curve = kaplan_meier(values, np.ones(values.size, dtype=bool))
    for day in range(31):
        assert curve.chance_beyond(day) == pytest.approx((values > day).mean())


def test_leaving_open_orders_out_makes_lead_times_look_too_short() -> None:
    rng = np.random.default_rng(3)
    lead = rng.integers(5, 60, 4000)
    age = rng.integers(0, 40, 4000)
    ended = lead <= age
    seen = np.where(ended, lead, age).astype(float)
    honest = kaplan_meier(seen, ended).quantile(0.4)
    survivors = float(np.quantile(seen[ended], 0.4))
    assert abs(honest - np.quantile(lead, 0.4)) <= 2
    assert survivors < np.quantile(lead, 0.4) - 5


def test_a_bad_duration_is_named_by_its_row() -> None:
    with pytest.raises(ValueError, match="row 2"):
        kaplan_meier(np.array([1.0, 2.0, -3.0]), np.ones(3, dtype=bool))
    with pytest.raises(ValueError, match="row 1"):
        kaplan_meier(np.array([1.0, np.nan]), np.ones(2, dtype=bool))


@given(PMFS)
@settings(deadline=None)
def test_a_law_without_data_stays_what_it_was(pmf: np.ndarray) -> None:
    none = np.zeros(0, dtype=np.int64)
    assert np.allclose(beta_process_pmf(pmf, 10.0, none, none), pmf, atol=1e-9)


@given(PMFS, st.lists(st.integers(0, 11), min_size=1, max_size=30))
@settings(deadline=None)
def test_a_law_updated_with_received_orders_is_the_dirichlet_mean(pmf: np.ndarray, days: list[int]) -> None:
    ended = np.minimum(np.array(days), pmf.size - 1)
    expected = (7.0 * pmf + np.bincount(ended, minlength=pmf.size)) / (7.0 + ended.size)
    assert np.allclose(beta_process_pmf(pmf, 7.0, ended, np.zeros(0, dtype=np.int64)), expected, atol=1e-9)


def test_with_much_data_the_prior_vanishes() -> None:
    rng = np.random.default_rng(1)
    lead, age = rng.integers(0, 20, 5000), rng.integers(0, 25, 5000)
    ended = lead <= age
    updated = beta_process_pmf(np.full(21, 1 / 21), 1e-6, lead[ended], age[~ended])
    curve = kaplan_meier(np.where(ended, lead, age + 0.5), ended)
    for day in range(19):
        assert 1 - np.cumsum(updated)[day] == pytest.approx(curve.chance_beyond(day), abs=1e-6)


@given(PMFS, st.integers(0, 10))
@settings(deadline=None)
def test_days_to_go_are_the_law_cut_at_the_days_gone(pmf: np.ndarray, elapsed: int) -> None:
    left = remaining_pmf(pmf, elapsed)
    assert left.sum() == pytest.approx(1.0)
    assert left[0] == 0.0
    beyond = pmf[elapsed + 1 :].sum()
    for more in range(1, pmf.size - elapsed):
        assert left[more] == pytest.approx(pmf[elapsed + more] / beyond)


def test_the_clock_is_not_restarted() -> None:
    pmf = np.zeros(30)
    pmf[10:20] = 0.1
    assert pmf_quantile(remaining_pmf(pmf, 15), np.array([0.5]))[0] == 2
    assert pmf_quantile(pmf, np.array([0.5]))[0] == 14


def test_an_order_older_than_its_law_is_expected_the_next_day() -> None:
    pmf = np.array([0.0, 0.5, 0.5, 0.0, 0.0])
    assert remaining_pmf(pmf, 3)[1] == 1.0


def test_quantiles_are_the_smallest_day_that_reaches_the_chance() -> None:
    for parts in product(range(4), repeat=4):
        if sum(parts) == 0:
            continue
        pmf = np.array(parts) / sum(parts)
        for chance in (0.1, 0.25, 0.5, 0.75, 1.0):
            reached = [sum(parts[: day + 1]) >= chance * sum(parts) - 1e-9 for day in range(4)]
            assert pmf_quantile(pmf, np.array([chance]))[0] == reached.index(True)
