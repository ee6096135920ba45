"""The law of the delivery day against every outcome written out, and against draws where factors are shared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines import promise as pm
from guantong.engines.leadtime.normal import normal_chance, normal_point
from guantong.engines.promise import kernels
from guantong.engines.promise.distribution import delay, given_elapsed, given_factor, lattice
from guantong.engines.tests.promise_cases import HORIZON, Case, enumerate_tree

LAWS = st.dictionaries(st.integers(0, 9), st.integers(1, 5), min_size=1, max_size=3).map(
    lambda table: {day: part / sum(table.values()) for day, part in table.items()}
)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_random_tree_equals_enumeration(data: st.DataObject) -> None:
    case = Case()
    children = {0: [1, 2], 1: [3, 4]} if data.draw(st.booleans()) else {0: [1, 2, 3]}
    leaves = [item for item in range(5) if item not in children and any(item in below for below in children.values())]
    lead = {item: data.draw(LAWS) for item in leaves}
    make = {item: data.draw(LAWS) for item in children}
    capacity = {
        item: data.draw(st.lists(st.integers(0, 4), min_size=30, max_size=30).map(lambda d: [*d, *[3] * 30]))
        for item in children
    }
    quantity = data.draw(st.integers(1, 6))
    for item in sorted({*children, *leaves}):
        if item in children:
            case.capacity.append(capacity[item])
            case.item(item, len(case.capacity) - 1, 1, case.law(make[item]))
        else:
            case.item(item)
            case.source(item, case.law(lead[item]))
    for parent, below in children.items():
        for child in below:
            case.part(parent, child)
    answer = case.ask(0, quantity, points=4)
    expected = np.cumsum(enumerate_tree(children, lead, make, capacity, quantity))
    assert np.allclose(answer.below[:-1], expected[:-1], atol=1e-6)


@given(LAWS, LAWS)
@settings(deadline=None)
def test_the_latest_and_the_sum_equal_enumeration(one: dict[int, float], two: dict[int, float]) -> None:
    latest, total = np.zeros(HORIZON), np.zeros(HORIZON)
    for first, p in one.items():
        for second, q in two.items():
            latest[max(first, second)] += p * q
            total[first + second] += p * q
    laws = [pm.law_of(one, HORIZON), pm.law_of(two, HORIZON)]
    assert np.allclose(pm.latest_of(laws), latest)
    assert np.allclose(pm.sum_of(*laws), total)


@given(LAWS, st.integers(0, 12))
@settings(deadline=None)
def test_days_gone_cut_the_law_and_the_rest_is_rescaled(law: dict[int, float], gone: int) -> None:
    below = np.cumsum(pm.law_of(law, HORIZON))[None, :]
    rest = given_elapsed(below, gone, HORIZON)[0]
    later = {day: part for day, part in law.items() if day > gone}
    if later:
        for day in range(20):
            expected = sum(part for d, part in later.items() if d <= gone + day) / sum(later.values())
            assert rest[day] == pytest.approx(expected, abs=1e-9)
    else:
        assert rest[0] == 0.0
        assert rest[1] == 1.0


def test_averaging_over_the_factor_gives_the_law_back() -> None:
    below = np.cumsum(pm.law_of({3: 0.2, 5: 0.5, 11: 0.3}, HORIZON))
    factor = normal_point(lattice(400, 1)[:, 0])
    assert np.allclose(given_factor(below, 0.4, factor).mean(axis=0), below, atol=2e-3)


def draws(rng: np.random.Generator, below: np.ndarray, factor: np.ndarray, share: float) -> np.ndarray:
    mixed = np.sqrt(share) * factor + np.sqrt(1 - share) * rng.standard_normal(factor.size)
    return np.searchsorted(below, normal_chance(mixed))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_parts_of_one_supplier_come_late_together(share: float) -> None:
    rng = np.random.default_rng(5)
    table = dict.fromkeys(range(4, 28), 1 / 24)
    case = Case()
    case.item(0)
    law = case.law(table, share)
    for part in range(1, 9):
        case.item(part)
        case.part(0, part)
        case.source(part, law, factor=0 if part < 6 else 1)
    answer = case.ask(0, points=128)
    below = np.cumsum(pm.law_of(table, HORIZON))
    factors = rng.standard_normal((2, 200_000))
    latest = np.max([draws(rng, below, factors[0 if part < 6 else 1], share) for part in range(1, 9)], axis=0)
    truth = np.array([(latest <= day).mean() for day in range(HORIZON)])
    assert np.abs(answer.below - truth)[:-1].max() < 0.012
    alone = np.cumsum(pm.law_of(table, HORIZON)) ** 8
    assert np.abs(alone - truth).max() > 0.03


def test_a_chain_at_one_work_center_is_riskier_than_independent_steps() -> None:
    table = {1: 0.5, 3: 0.3, 8: 0.2}
    case = Case(capacity=[[1000] * HORIZON])
    law = case.law(table, 0.6)
    for item in range(5):
        case.item(item, 0 if item < 4 else -1, 1, law if item < 4 else -1, 0)
        if item:
            case.part(item - 1, item)
    case.stock(4, 5)
    shared = case.ask(0, points=256)
    rng = np.random.default_rng(2)
    factor = rng.standard_normal(200_000)
    below = np.cumsum(pm.law_of(table, HORIZON))
    total = np.sum([draws(rng, below, factor, 0.6) for _ in range(4)], axis=0)
    for day in (6, 10, 14, 18, 22):
        assert shared.below[day] == pytest.approx(np.mean(total <= day), abs=0.012)
    alone = np.zeros(HORIZON)
    alone[0] = 1.0
    for _ in range(4):
        alone = pm.sum_of(alone, pm.law_of(table, HORIZON))
    assert shared.dates.p90 > pm.quantile_day(np.cumsum(alone), 0.9)


def test_an_item_used_twice_is_late_for_both_or_for_none() -> None:
    case = Case()
    law = case.law({2: 0.5, 10: 0.5})
    slow = case.law({4: 0.5, 8: 0.5})
    for item in range(4):
        case.item(item)
    for parent in (1, 2):
        case.part(0, parent)
        case.part(parent, 3)
    case.source(3, law)
    case.bill.append((1, 4, 1, 1))
    case.item(4)
    case.source(4, slow)
    answer = case.ask(0, points=256)
    assert answer.below[3] == pytest.approx(0.0, abs=0.01)
    assert answer.below[4] == pytest.approx(0.25, abs=0.02)
    assert answer.below[8] == pytest.approx(0.5, abs=0.02)


def test_an_open_receipt_tells_about_its_supplier() -> None:
    table = dict.fromkeys(range(1, 31), 1 / 30)

    def asked(gone: int) -> pm.Promise:
        case = Case()
        law = case.law(table, 0.6)
        for item in range(3):
            case.item(item)
        case.part(0, 1)
        case.part(0, 2)
        case.receipt(1, 1, law, gone, factor=0)
        case.source(2, law, factor=0)
        return case.ask(0, points=256)

    rng = np.random.default_rng(1)
    factor = rng.standard_normal(400_000)
    below = np.cumsum(pm.law_of(table, HORIZON))
    open_lead, fresh = draws(rng, below, factor, 0.6), draws(rng, below, factor, 0.6)
    still = open_lead > 20
    truth = np.maximum(open_lead[still] - 20, fresh[still])
    answer = asked(20)
    for day in (10, 15, 20, 25, 29):
        assert answer.below[day] == pytest.approx((truth <= day).mean(), abs=0.02)


@given(st.integers(1, 5), st.integers(2, 40), st.integers(1, 60))
@settings(max_examples=30, deadline=None)
def test_compiled_and_array_kernels_agree(points: int, horizon: int, days: int) -> None:
    rng = np.random.default_rng(points * horizon + days)
    below = np.sort(rng.random((points, horizon)), axis=1)
    step = rng.dirichlet(np.ones(days), points)
    compiled = kernels.kernels()
    assert np.allclose(compiled.delay(below, step), kernels.delay_by_arrays(below, step))
    assert np.allclose(delay(below, step)[:, :-1], kernels.delay_by_arrays(below, step)[:, :-1])
    score = rng.standard_normal(horizon)
    shift = rng.standard_normal(points)
    assert np.allclose(compiled.chance(score, 1.3, shift), kernels.chance_by_arrays(score, 1.3, shift), atol=1e-12)
    laws = np.sort(rng.random((3, points, horizon)), axis=2)
    start = np.sort(rng.integers(-1, horizon, horizon))
    for children in range(4):
        for capacity in (start, np.zeros(0, dtype=np.int64)):
            for make in (step, np.zeros((1, 0))):
                found = compiled.complete(laws, children, capacity, make)
                assert np.allclose(found, kernels.complete_by_arrays(laws, children, capacity, make))
