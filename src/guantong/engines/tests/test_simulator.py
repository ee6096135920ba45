"""The simulator is reproducible, its truth is exact, and its laws are frozen."""

from __future__ import annotations

import numpy as np
import pytest

from guantong.engines import simulator as sim

FROZEN_HASH = "4022b06c6530115e1d4e325368f7ab7296fda3ac28963d2ac9dd8ac42826c692"


def test_the_laws_of_the_frozen_version_have_not_been_touched() -> None:
    assert sim.VERSION == "1.0"
    assert sim.source_hash() == FROZEN_HASH


def test_evaluation_seeds_are_at_least_twenty_and_disjoint_from_tuning_seeds() -> None:
    assert len(set(sim.EVALUATION_SEEDS)) >= 20
    assert not set(sim.EVALUATION_SEEDS) & set(sim.TUNING_SEEDS)


@pytest.mark.parametrize("law", sim.LAWS)
def test_every_error_law_has_mean_zero_and_variance_one(law: str) -> None:
    chances = (np.arange(200_000) + 0.5) / 200_000
    errors = sim.error_quantile(law, chances)
    assert abs(errors.mean()) < 1e-3
    assert abs(errors.var() - 1.0) < 1e-2


def test_an_unknown_law_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'cauchy'"):
        sim.error_quantile("cauchy", np.array([0.5]))


@pytest.mark.parametrize("law", sim.LAWS)
def test_receipts_follow_the_stated_law(law: str) -> None:
    spec = sim.HistorySpec(law=law, suppliers=40, orders_per_year=60.0, shared_share=0.3)
    history = sim.generate_history(spec, seed=5)
    series = {key: row for row, key in enumerate(history.series_item)}
    rows = np.array([series[item] for item in history.item])
    seen = np.where(history.received_day >= 0, history.received_day - history.ordered_day, 10**6)
    settled = history.ordered_day < history.cut_day - 300
    for chance in (0.1, 0.5, 0.9):
        bound = history.true_lead_time_days(np.array([chance]))[:, 0][rows]
        below = (seen <= bound)[settled].mean()
        at_or_below = (seen <= bound - 1)[settled].mean()
        assert at_or_below - 0.01 < chance < below + 0.01


def test_an_order_is_open_exactly_when_it_comes_after_the_cut() -> None:
    history = sim.generate_history(sim.HistorySpec(), seed=3)
    received = history.received_day[history.received_day >= 0]
    assert received.max() <= history.cut_day
    assert (history.received_day < 0).any()
    assert (history.accepted_quantity <= history.ordered_quantity).all()


def test_a_shift_slows_only_late_orders() -> None:
    plain = sim.generate_history(sim.HistorySpec(shift_age_days=200), seed=4)
    late = sim.generate_history(sim.HistorySpec(shift_factor=1.8, shift_share=1.0, shift_age_days=200), seed=4)
    ratio = np.exp(late.location - plain.location)
    assert np.allclose(ratio, 1.8)
    early = plain.ordered_day < 300
    assert (plain.received_day[early] == late.received_day[early]).all()


def test_the_same_seed_gives_the_same_company_and_another_seed_another() -> None:
    spec = sim.CompanySpec(customer_orders=40)
    first, again, other = (sim.simulate_company(spec, seed) for seed in (1, 1, 2))
    assert (first.orders.delivered_day == again.orders.delivered_day).all()
    assert (first.orders.delivered_day != other.orders.delivered_day).any()


def test_no_customer_order_is_delivered_before_any_part_it_waits_for() -> None:
    company = sim.simulate_company(sim.CompanySpec(customer_orders=60), seed=6)
    orders = company.orders
    for order in range(60):
        rows = slice(orders.first_node[order], orders.first_node[order + 1])
        bought = orders.node_purchase[rows]
        parts = company.purchases.received_day[bought[bought >= 0]]
        assert orders.delivered_day[order] >= max(orders.asked_day[order], parts.max(initial=0))


def test_every_tree_has_the_stated_components_and_levels() -> None:
    spec = sim.CompanySpec(customer_orders=30)
    orders = sim.simulate_company(spec, seed=7).orders
    for order in range(30):
        parent = orders.node_parent[orders.first_node[order] : orders.first_node[order + 1]]
        assert parent.size == spec.components + 1
        depth = np.zeros(parent.size, dtype=int)
        for node in range(1, parent.size):
            assert parent[node] < node
            depth[node] = depth[parent[node]] + 1
        assert depth.max() == spec.levels - 1


def test_capacity_finish_equals_a_day_by_day_count() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        free = rng.integers(0, 6, 60)
        start, quantity = int(rng.integers(0, 10)), int(rng.integers(1, 40))
        done, day = 0, start
        while done + free[day] < quantity:
            done += int(free[day])
            day += 1
        assert sim.capacity_finish(free, start, quantity) == day


def test_lots_that_fall_short_occur_but_are_rare() -> None:
    company = sim.simulate_company(sim.CompanySpec(), seed=8)
    waits = company.orders.node_purchase >= 0
    good = company.purchases.accepted_quantity[company.orders.node_purchase[waits]]
    short = (good < company.orders.node_need[waits]).mean()
    assert 0.001 < short < 0.1
