"""After a change the plan equals a full run of the changed problem, bit for bit."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines import BadInput, netting
from guantong.engines.netting import Change, NewLine, Plan
from guantong.engines.tests.netting_cases import as_problem, random_tables


def same(left: netting.Result, right: netting.Result) -> None:
    """Every order, peg and flag of every item is equal."""
    for item in range(len(left.low_level_code)):
        for kind in ("orders", "pegs"):
            one, other = getattr(left, kind)(item), getattr(right, kind)(item)
            for column in one.__dataclass_fields__:
                assert np.array_equal(getattr(one, column), getattr(other, column)), (item, kind, column)
    assert np.array_equal(left.book.flags, right.book.flags)


def state(plan: Plan) -> list[bytes]:
    """Everything a plan answers, as bytes."""
    result = plan.result()
    parts = []
    for item in range(len(result.low_level_code)):
        for rows in (result.orders(item), result.pegs(item)):
            parts += [getattr(rows, column).tobytes() for column in rows.__dataclass_fields__]
    problem = plan.problem
    lines = [problem.demands.period, problem.demands.quantity, problem.supplies.quantity, problem.items.on_hand]
    return parts + [np.asarray(column).tobytes() for column in lines]


def random_change(random: Random, problem: netting.Problem) -> Change | NewLine | None:
    """One change of a random kind."""
    kind = random.randrange(6)
    items = problem.items.count
    if kind == 0:
        column = random.choice(("on_hand", "safety_stock", "fence", "period_cover"))
        return Change("items", random.randrange(items), column, random.randint(1, 9))
    table = "demands" if kind < 4 else "supplies"
    rows = len(getattr(problem, table).item)
    if kind in (1, 4) or rows == 0:
        values = {
            "item": random.randrange(items),
            "period": random.randint(-2, problem.horizon),
            "quantity": random.randint(0, 9),
        }
        return NewLine(table, values)
    return Change(table, random.randrange(rows), random.choice(("quantity", "period")), random.randint(0, 9))


@given(st.randoms(use_true_random=False))
@settings(max_examples=250, deadline=None)
def test_after_each_of_many_changes_the_plan_equals_a_full_run(random: Random) -> None:
    plan = Plan(as_problem(random_tables(random)))
    for _ in range(random.randint(1, 5)):
        changes = [random_change(random, plan.problem) for _ in range(random.randint(1, 3))]
        try:
            plan.change([change for change in changes if change])
        except BadInput:
            pass
        same(plan.result(), netting.solve(plan.problem))


@given(st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_undoing_changes_in_reverse_order_restores_every_byte(random: Random) -> None:
    plan = Plan(as_problem(random_tables(random)))
    before, deltas = [state(plan)], []
    for _ in range(random.randint(1, 4)):
        change = random_change(random, plan.problem)
        try:
            deltas.append(plan.change([change] if change else []))
        except BadInput:
            assert state(plan) == before[-1]
            continue
        before.append(state(plan))
    for delta in reversed(deltas):
        assert state(plan) == before.pop()
        plan.undo(delta)
    assert state(plan) == before.pop()


def test_only_items_below_a_change_are_planned_again() -> None:
    problem = netting.Problem(
        8,
        netting.Items(4),
        netting.Sources([0, 1, 2, 3], lead=1),
        netting.Bill([0, 2], [1, 3]),
        netting.Demands([0, 2], [6, 6], [5, 5]),
    )
    delta = Plan(problem).change([Change("demands", 0, "quantity", 6)])
    assert delta.items.tolist() == [0, 1]


def test_a_change_that_alters_no_order_stops_at_its_item() -> None:
    problem = netting.Problem(
        8,
        netting.Items(2, on_hand=[100, 0]),
        netting.Sources([0, 1], lead=1),
        netting.Bill([0], [1]),
        netting.Demands([0], [6], [5]),
    )
    delta = Plan(problem).change([Change("demands", 0, "quantity", 6)])
    assert delta.items.tolist() == [0]


def test_a_refused_change_names_its_row_and_leaves_the_plan_as_it_was() -> None:
    problem = netting.Problem(
        8, netting.Items(1), netting.Sources([0]), demands=netting.Demands([0, 0], [1, 2], [3, 4])
    )
    plan = Plan(problem)
    before = state(plan)
    with pytest.raises(BadInput, match=r"demands row 1, quantity: -3"):
        plan.change([Change("demands", 0, "quantity", 9), Change("demands", 1, "quantity", -3)])
    assert state(plan) == before
