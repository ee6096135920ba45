"""Exception messages say what to do with which line, and why."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines import netting
from guantong.engines.netting import UNCOVERED, Message, demand_line, supply_line
from guantong.engines.tests import netting_oracle
from guantong.engines.tests.netting_cases import as_problem, random_tables


def messages(problem: netting.Problem, **dampening: int) -> list[tuple[Message, int, int, int, int, int]]:
    found = netting.exceptions(netting.solve(problem), **dampening)
    columns = (found.kind, found.reference, found.period, found.wanted, found.quantity, found.reason)
    return [(Message(row[0]), *row[1:]) for row in zip(*(column.tolist() for column in columns), strict=True)]


def one_item(horizon: int = 10, demands: object = None, supplies: object = None, **items: object) -> netting.Problem:
    rows = np.array(demands or [], dtype=np.int64).reshape(-1, 2)
    receipts = np.array(supplies or [], dtype=np.int64).reshape(-1, 2)
    lead = items.pop("lead", 1)
    return netting.Problem(
        horizon,
        netting.Items(1, **items),  # type: ignore[arg-type]
        netting.Sources([0], lead=lead),  # type: ignore[arg-type]
        demands=netting.Demands(np.zeros(len(rows), int), rows[:, 0], rows[:, 1]),
        supplies=netting.Supplies(np.zeros(len(receipts), int), receipts[:, 0], receipts[:, 1]),
        history=5,
    )


def test_a_receipt_needed_earlier_is_to_be_expedited_for_the_demand_that_needs_it() -> None:
    found = messages(one_item(demands=[(3, 5)], supplies=[(7, 5)]))
    assert found == [(Message.EXPEDITE, supply_line(0), 7, 3, 5, demand_line(0))]


def test_a_receipt_needed_later_is_to_be_deferred_and_one_never_needed_canceled() -> None:
    found = messages(one_item(demands=[(6, 5)], supplies=[(2, 5), (4, 3)]))
    assert [row[:4] for row in found] == [
        (Message.DEFER, supply_line(0), 2, 6),
        (Message.CANCEL, supply_line(1), 4, 10),
    ]


def test_dampening_silences_small_moves() -> None:
    assert messages(one_item(demands=[(6, 5)], supplies=[(5, 5)]), later=1) == []
    assert len(messages(one_item(demands=[(6, 5)], supplies=[(5, 5)]))) == 1


def test_past_due_receipts_demands_and_releases_are_named() -> None:
    found = messages(one_item(demands=[(-2, 5), (1, 4)], supplies=[(-1, 5)], lead=3))
    kinds = [(kind, reference) for kind, reference, *_ in found]
    assert kinds == [
        (Message.RECEIPT_PAST_DUE, supply_line(0)),
        (Message.DEMAND_PAST_DUE, demand_line(0)),
        (Message.RELEASE_PAST_DUE, 1),
    ]
    assert found[-1] == (Message.RELEASE_PAST_DUE, 1, -2, 0, 4, demand_line(1))


def test_a_demand_in_the_frozen_fence_is_served_late_by_a_named_order() -> None:
    found = messages(one_item(demands=[(1, 5)], fence=3, lead=0))
    assert found == [(Message.SERVED_LATE, demand_line(0), 3, 1, 5, 3)]


def test_a_demand_without_any_source_is_uncovered() -> None:
    problem = netting.Problem(
        5, netting.Items(1, on_hand=2), netting.Sources([]), demands=netting.Demands([0], [3], [5])
    )
    assert messages(problem) == [(Message.UNCOVERED, demand_line(0), 3, 3, 3, UNCOVERED)]


def test_lines_beyond_the_horizon_are_named() -> None:
    kinds = [row[0] for row in messages(one_item(demands=[(10, 5)], supplies=[(12, 5)]))]
    assert kinds == [Message.BEYOND_HORIZON, Message.BEYOND_HORIZON]


@given(st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_need_dates_equal_a_count_unit_by_unit(random: Random) -> None:
    tables = random_tables(random)
    plan = netting_oracle.solve(tables)
    result = netting.solve(as_problem(tables))
    found = netting.exceptions(result)
    advised = {
        int(reference): int(wanted)
        for kind, reference, wanted in zip(found.kind, found.reference, found.wanted, strict=True)
        if kind in (Message.EXPEDITE, Message.DEFER, Message.CANCEL)
    }
    for row, line in enumerate(tables.supplies):
        if line["period"] >= tables.horizon or line["quantity"] == 0:
            continue
        item = line["item"]
        supplies: list[tuple[Any, int]] = [("on hand", tables.items[item].get("on_hand", 0))]
        supplies += [(end, quantity) for _, quantity, end in netting_oracle.coming(tables, plan, item)]
        wishes = [-1] * int(result.prepared.safety_stock[item])
        wishes += [period for period in range(tables.horizon) for _ in range(plan.gross[item][period])]
        before = 0
        for end, quantity in supplies:
            if end == ("supply", row):
                break
            before += quantity
        needed = max(wishes[before], 0) if before < len(wishes) else tables.horizon
        assert advised.get(supply_line(row), max(line["period"], 0)) == needed
