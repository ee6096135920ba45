"""Available-to-promise against its definition: try every quantity and look whether a promise breaks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines import promise as pm
from guantong.engines.promise.book import claims, unclaimed

SMALL = st.lists(st.integers(0, 9), min_size=1, max_size=7)


@given(st.integers(0, 10), st.data())
@settings(deadline=None)
def test_cumulative_atp_is_the_most_that_breaks_no_promise(on_hand: int, data: st.DataObject) -> None:
    supply = data.draw(SMALL)
    orders = data.draw(st.lists(st.integers(0, 9), min_size=len(supply), max_size=len(supply)))
    found = pm.cumulative_atp(on_hand, supply, orders)
    for bucket in range(len(supply)):
        balance = [on_hand + sum(supply[: t + 1]) - sum(orders[: t + 1]) for t in range(len(supply))]
        allowed = [q for q in range(-80, 100) if all(balance[t] - q >= 0 for t in range(bucket, len(supply)))]
        assert found[bucket] == max(allowed)


@given(st.integers(0, 10), st.data())
@settings(deadline=None)
def test_discrete_atp_sums_to_what_the_whole_plan_leaves(on_hand: int, data: st.DataObject) -> None:
    supply = data.draw(SMALL)
    orders = data.draw(st.lists(st.integers(0, 9), min_size=len(supply), max_size=len(supply)))
    found = pm.discrete_atp(on_hand, supply, orders)
    assert found.sum() == on_hand + sum(supply) - sum(orders)
    assert all(found[t] == 0 for t in range(1, len(supply)) if supply[t] == 0)


@given(st.integers(0, 10), st.data())
@settings(deadline=None)
def test_discrete_atp_is_negative_only_where_promises_exceed_all_supply_so_far(
    on_hand: int, data: st.DataObject
) -> None:
    supply = data.draw(SMALL)
    orders = data.draw(st.lists(st.integers(0, 4), min_size=len(supply), max_size=len(supply)))
    found = pm.discrete_atp(on_hand, supply, orders)
    if pm.cumulative_atp(on_hand, supply, orders)[0] >= 0:
        assert (found >= 0).all()


def test_a_negative_or_missing_bucket_is_named() -> None:
    with pytest.raises(ValueError, match="orders bucket 1"):
        pm.discrete_atp(0, [1, 2], [0, -1])
    with pytest.raises(ValueError, match="supply bucket 0"):
        pm.cumulative_atp(0, [float("nan")], [0])
    with pytest.raises(ValueError, match="2 buckets, orders 1"):
        pm.cumulative_atp(0, [1, 2], [0])


def test_nested_limits_keep_units_for_better_classes_only() -> None:
    assert pm.nested_limits(100, [30, 50, 0]).tolist() == [100, 70, 50]
    assert pm.nested_limits(40, [30, 50, 0]).tolist() == [40, 10, 0]


def test_a_class_takes_its_own_then_the_least_important_first() -> None:
    atp = pm.ClassAtp(np.array([[5.0, 0.0], [4.0, 0.0], [3.0, 2.0]]))
    assert atp.available(0, 1) == 14
    assert atp.available(2, 1) == 5
    after, taken = atp.take(0, 1, 9)
    assert taken.tolist() == [[5, 0], [0, 0], [2, 2]]
    assert after.available(1, 0) == 5
    assert pm.ClassAtp(atp.left, nested=False).available(0, 1) == 5


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 6)), max_size=12))
@settings(deadline=None)
def test_allocated_units_are_never_given_twice(requests: list[tuple[int, int, int]]) -> None:
    start = np.array([[3.0, 1, 0, 2], [2, 2, 0, 0], [4, 0, 1, 1]])
    atp, given_out = pm.ClassAtp(start), np.zeros_like(start)
    for rank, bucket, quantity in requests:
        before = atp.available(rank, bucket)
        atp, taken = atp.take(rank, bucket, quantity)
        assert taken.sum() == min(before, quantity)
        assert (taken[:rank] == 0).all()
        assert (taken[:, bucket + 1 :] == 0).all()
        given_out += taken
    assert (given_out <= start).all()
    assert np.allclose(given_out + atp.left, start)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=5), st.lists(st.integers(1, 9), min_size=1, max_size=4))
@settings(deadline=None)
def test_allocations_of_a_bucket_sum_to_it_exactly(units: list[int], weights: list[int]) -> None:
    shares = np.array(weights) / sum(weights)
    shared = pm.allocate(units, shares)
    assert (shared.sum(axis=0) == units).all()
    assert (np.abs(shared - shares[:, None] * np.array(units)) < 1).all()


ROWS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), min_size=1, max_size=6)


@given(ROWS, ROWS)
@settings(deadline=None)
def test_unclaimed_units_equal_the_claims_taken_one_by_one(
    supply: list[tuple[int, int]], demand: list[tuple[int, int]]
) -> None:
    supply = sorted(supply)
    days, units = (np.array([row[k] for row in supply]) for k in (0, 1))
    due, wanted = (np.array([row[k] for row in demand]) for k in (0, 1))
    left = unclaimed(days, units, due, wanted)
    taken = np.zeros_like(units)
    for _, place, part in claims(days, units, due, wanted):
        taken[place] += part
    assert (units - taken == left).all()
    assert (left >= 0).all()
    assert left.sum() == max(units.sum() - wanted.sum(), 0)


@given(ROWS, ROWS)
@settings(deadline=None)
def test_taking_unclaimed_units_makes_no_promise_later(
    supply: list[tuple[int, int]], demand: list[tuple[int, int]]
) -> None:
    supply = sorted(supply)
    days, units = (np.array([row[k] for row in supply]) for k in (0, 1))
    due, wanted = (np.array([row[k] for row in demand]) for k in (0, 1))
    left = unclaimed(days, units, due, wanted)

    def short_by(day: int, of: np.ndarray) -> int:
        # Units that promises due by any day up to this one lack: the greatest gap of a prefix.
        gaps = [int(wanted[due <= d].sum() - of[days <= d].sum()) for d in range(day + 1)]
        return max([0, *gaps])

    for day in range(13):
        assert short_by(day, units - left) == short_by(day, units)


@given(ROWS, ROWS)
@settings(deadline=None)
def test_no_larger_set_of_units_is_free_by_any_day(
    supply: list[tuple[int, int]], demand: list[tuple[int, int]]
) -> None:
    supply = sorted(supply)
    days, units = (np.array([row[k] for row in supply]) for k in (0, 1))
    due, wanted = (np.array([row[k] for row in demand]) for k in (0, 1))
    left = unclaimed(days, units, due, wanted)
    if (
        pm.cumulative_atp(
            0, [int(units[days == d].sum()) for d in range(13)], [int(wanted[due == d].sum()) for d in range(13)]
        )
        >= 0
    ).all():
        most = pm.cumulative_atp(
            0, [int(units[days == d].sum()) for d in range(13)], [int(wanted[due == d].sum()) for d in range(13)]
        )
        for day in range(13):
            assert left[days <= day].sum() == most[day]
