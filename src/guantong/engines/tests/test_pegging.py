"""Pegging through all levels: sums, both directions, dates."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines import BadInput, netting
from guantong.engines.netting import ON_HAND, SAFETY_STOCK, SURPLUS, UNCOVERED, demand_line, supply_line
from guantong.engines.pegging import Pegging
from guantong.engines.tests.netting_cases import as_problem, random_tables


def solved(random: Random) -> netting.Result:
    return netting.solve(as_problem(random_tables(random)))


def ends(result: netting.Result) -> list[tuple[int, int]]:
    """All last wishes: demand ends of pegs that are not orders passed on: (item, reference)."""
    found = set()
    for item in range(len(result.low_level_code)):
        for demand in result.pegs(item).demand.tolist():
            if demand < 0:
                found.add((item, demand))
    pegging = Pegging(result)
    return [(item, demand) for item, demand in sorted(found) if not pegging.passes_on(demand)]


def chain() -> netting.Result:
    """Bike (2 wheels) <- wheel (bought): 3 wheels on hand, a receipt of 4 in period 2, the rest ordered."""
    return netting.solve(
        netting.Problem(
            10,
            netting.Items(2, on_hand=[0, 3]),
            netting.Sources([0, 1], lead=[1, 2]),
            netting.Bill([0], [1], numerator=2),
            netting.Demands([0, 0], [3, 6], [3, 2]),
            netting.Supplies([1], [2], [4]),
            item_names=["bike", "wheel"],
        )
    )


@given(st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_traces_of_all_demands_share_out_every_peg_exactly(random: Random) -> None:
    result = solved(random)
    pegging = Pegging(result)
    shares: dict[tuple[int, int, int], int] = defaultdict(int)
    for item, demand in ends(result):
        for use in pegging.trace(demand, item):
            shares[(use.item, use.demand, use.supply)] += use.quantity
    pegs: dict[tuple[int, int, int], int] = defaultdict(int)
    for item in range(len(result.low_level_code)):
        rows = result.pegs(item)
        for demand, supply, quantity in zip(rows.demand, rows.supply, rows.quantity, strict=True):
            pegs[(item, int(demand), int(supply))] += int(quantity)
    assert shares == pegs


@given(st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_peg_sums_equal_the_grid(random: Random) -> None:
    result = solved(random)
    for item in range(len(result.low_level_code)):
        grid, pegs = netting.item_grid(result, item), result.pegs(item)
        on_orders: dict[int, int] = {}
        for supply, quantity in zip(pegs.supply.tolist(), pegs.quantity.tolist(), strict=True):
            on_orders[supply] = on_orders.get(supply, 0) + quantity
        orders = result.orders(item)
        assert all(on_orders[n] == q for n, q in zip(orders.number.tolist(), orders.quantity.tolist(), strict=True))
        assert on_orders.get(ON_HAND, 0) == result.prepared.on_hand[item]
        real = pegs.demand > UNCOVERED
        assert pegs.quantity[real].sum() == grid.gross_requirements.sum()
        missing = pegs.quantity[real & (pegs.supply == UNCOVERED)].sum()
        assert missing == max(0, -int(grid.projected_available[-1]))


@given(st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_a_lost_supply_hurts_at_least_the_demands_whose_trace_holds_it(random: Random) -> None:
    result = solved(random)
    pegging = Pegging(result)
    served: dict[tuple[int, int], set[tuple[int, int]]] = defaultdict(set)
    for item, demand in ends(result):
        for use in pegging.trace(demand, item):
            if use.supply not in (UNCOVERED,):
                served[(use.item, use.supply)].add((item, demand))
    for (item, supply), expected in served.items():
        hurt = {(h.item, h.reference) for h in pegging.hurt_by_loss(supply, item)}
        assert expected <= hurt


@given(st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_a_delay_hurts_exactly_the_demands_whose_date_moves_when_the_receipt_does(random: Random) -> None:
    tables = random_tables(random)
    result = netting.solve(as_problem(tables))
    before = Pegging(result)
    lines = [(i, d) for i, d in ends(result) if d > UNCOVERED]
    for row, line in enumerate(tables.supplies):
        if line.get("source", -1) >= 0 or line["period"] >= tables.horizon or line["quantity"] == 0:
            continue
        late = max(line["period"], 0) + random.randint(1, 6)
        moved = as_problem(tables)
        moved.supplies.period[row] = late  # type: ignore[index]
        after = Pegging(netting.Result(moved, result.prepared, result.lines, result.book))
        expected = {
            (i, d): after.demand_ready(d, i)
            for i, d in lines
            if after.demand_ready(d, i) > max(before.demand_ready(d, i), before.wanted(d))
        }
        hurts = before.hurt_by_delay(supply_line(row), late)
        assert {(h.item, h.reference): h.ready for h in hurts} == expected


@given(st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_no_demand_is_ready_before_its_supplies_and_its_critical_path_starts_at_its_date(random: Random) -> None:
    result = solved(random)
    pegging = Pegging(result)
    for item, demand in ends(result):
        if demand <= UNCOVERED:
            continue
        ready = pegging.demand_ready(demand, item)
        for use in pegging.supplies_of(item, demand):
            assert pegging.ready(use.supply, item) <= ready
        path = pegging.critical_path(demand, item)
        assert path[0].ready == ready


def test_a_trace_names_every_supply_with_its_share() -> None:
    pegging = Pegging(chain())
    first = {(use.item, use.supply): use.quantity for use in pegging.trace(demand_line(0))}
    assert first == {(0, 3): 3, (1, ON_HAND): 3, (1, supply_line(0)): 3}
    second = {(use.item, use.supply): use.quantity for use in pegging.trace(demand_line(1))}
    assert second == {(0, 6): 2, (1, supply_line(0)): 1, (1, 10 + 5): 3}


def test_who_is_hurt_by_a_late_receipt_is_named_with_the_new_date() -> None:
    pegging = Pegging(chain())
    hurts = pegging.hurt_by_delay(supply_line(0), 4)
    assert [(h.reference, h.period, h.ready) for h in hurts] == [(demand_line(0), 3, 5)]
    assert pegging.hurt_by_delay(supply_line(0), 2) == []


def test_a_partly_lost_receipt_hurts_its_last_units_first() -> None:
    pegging = Pegging(chain())
    hurts = pegging.hurt_by_loss(supply_line(0), quantity=1)
    assert [(h.reference, h.quantity) for h in hurts] == [(demand_line(1), 1)]
    with pytest.raises(BadInput, match="not within"):
        pegging.hurt_by_loss(supply_line(0), quantity=5)


def test_what_a_demand_waits_for_leaves_out_stock_and_starts_with_the_latest() -> None:
    pegging = Pegging(chain())
    waits = [(use.item, use.supply) for use in pegging.waits_for(demand_line(1))]
    assert waits == [(0, 6), (1, 15), (1, supply_line(0))]


def test_the_critical_path_follows_the_component_that_is_ready_last() -> None:
    problem = netting.Problem(
        6,
        netting.Items(3),
        netting.Sources([0, 1, 2], lead=[1, 1, 9]),
        netting.Bill([0, 0], [1, 2]),
        netting.Demands([0], [3], [5]),
    )
    pegging = Pegging(netting.solve(problem))
    path = pegging.critical_path(demand_line(0))
    assert [(step.item, step.ready, step.slack) for step in path] == [(0, 10, -7), (2, 9, -7)]
    assert pegging.demand_ready(demand_line(0)) == 10


def test_safety_stock_and_surplus_are_served_last() -> None:
    result = netting.solve(
        netting.Problem(
            4,
            netting.Items(1, on_hand=10, safety_stock=4),
            netting.Sources([0]),
            demands=netting.Demands([0], [3], [5]),
        )
    )
    pegs = result.pegs(0)
    assert pegs.demand.tolist() == [demand_line(0), SAFETY_STOCK, SURPLUS]
    assert pegs.quantity.tolist() == [5, 4, 1]
    assert np.all(pegs.supply == ON_HAND)
