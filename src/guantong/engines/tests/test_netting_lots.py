"""Lot rules: optimal is optimal, heuristics cover, and one run plans every level."""

from __future__ import annotations

from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines import netting
from guantong.engines.netting import ddmrp

NETS = st.lists(st.integers(0, 60), min_size=1, max_size=8)
COSTS = st.floats(1, 200)


@given(NETS, COSTS, st.floats(0.1, 3))
@settings(max_examples=200, deadline=None)
def test_wagner_whitin_costs_no_more_than_any_other_rule(demand: list[int], setup: float, holding: float) -> None:
    net = np.array(demand)
    setups = np.full(len(net), setup)
    best = netting.cost_of(net, netting.plan_lots("wagner_whitin", net, setup, holding), setups, holding)
    for rule in ("silver_meal", "least_unit_cost", "lot_for_lot"):
        assert best <= netting.cost_of(net, netting.plan_lots(rule, net, setup, holding), setups, holding) + 1e-6


@given(st.lists(st.integers(0, 60), min_size=1, max_size=7), st.data())
@settings(max_examples=150, deadline=None)
def test_wagner_whitin_equals_trying_every_pattern_of_setups(demand: list[int], data: st.DataObject) -> None:
    net = np.array(demand)
    setups = np.array(data.draw(st.lists(COSTS, min_size=len(net), max_size=len(net))))
    found = netting.cost_of(net, netting.plan_lots("wagner_whitin", net, setups, 1.0), setups, 1.0)
    best = np.inf
    for pattern in product((False, True), repeat=len(net)):
        receipts = np.zeros(len(net), dtype=np.int64)
        last = -1
        for period, needed in enumerate(demand):
            last = period if pattern[period] else last
            if needed and last < 0:
                break
            if needed:
                receipts[last] += needed
        else:
            best = min(best, netting.cost_of(net, receipts, setups, 1.0))
    assert found == pytest.approx(best)


def test_a_plan_that_leaves_a_gap_is_refused() -> None:
    with pytest.raises(ValueError, match="period 1 is not covered"):
        netting.cost_of(np.array([1, 2]), np.array([2, 0]), np.ones(2), 1.0)


def test_one_run_plans_every_level_of_a_deep_bill() -> None:
    depth = 300
    order = list(range(depth))
    Random(3).shuffle(order)
    problem = netting.Problem(
        4,
        netting.Items(depth),
        netting.Sources(np.arange(depth)),
        netting.Bill(order[:-1], order[1:]),
        netting.Demands([order[0]], [2], [7]),
    )
    result = netting.solve(problem)
    assert result.low_level_code[order].tolist() == list(range(depth))
    assert result.orders().quantity.tolist() == [7] * depth


def test_two_suppliers_share_orders_in_proportion() -> None:
    problem = netting.Problem(
        12,
        netting.Items(1),
        netting.Sources([0, 0], share=[3, 1]),
        demands=netting.Demands(np.zeros(12, int), np.arange(12), np.full(12, 10)),
    )
    assert np.bincount(netting.solve(problem).orders().source).tolist() == [9, 3]


def test_a_site_is_served_over_its_transfer_lane() -> None:
    problem = netting.Problem(
        10,
        netting.Items(2, on_hand=[0, 4]),
        netting.Sources([0, 1], lead=[2, 3]),
        netting.Bill([0], [1]),
        netting.Demands([0], [8], [6]),
    )
    result = netting.solve(problem)
    assert result.orders(0).release.tolist() == [6]
    assert (result.orders(1).due.tolist(), result.orders(1).quantity.tolist()) == ([6], [2])


def test_buffer_zones_refuse_what_is_not_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        ddmrp.buffer_zones(float("nan"), 1, 1, 1)
