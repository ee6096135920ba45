"""How many can be built, exactly, through shared parts."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from guantong.engines import BadInput, netting
from guantong.engines.netting import UNCOVERED
from guantong.engines.netting.buildable import Builder, without_buying
from guantong.engines.tests.netting_cases import as_problem, random_tables


def table_problem(**changes: object) -> netting.Problem:
    """A table of 1 top and 4 legs; a leg and a top both need screws (2 and 8); 3 tops, 4 legs, 60 screws."""
    problem = netting.Problem(
        6,
        netting.Items(4, on_hand=[0, 3, 4, 60]),
        netting.Sources([0, 2, 1, 3], lead=[1, 1, 1, 1]),
        netting.Bill([0, 0, 0, 1], [1, 2, 3, 3], numerator=[1, 4, 8, 2]),
    )
    return replace(problem, **changes)  # type: ignore[arg-type]


def test_a_shared_part_is_counted_once_over_all_levels() -> None:
    # Three tables: 12 legs of which 8 are made with 16 screws, and 24 screws more. The fourth lacks a top.
    answer = Builder(table_problem()).buildable(0, 5)
    assert answer.quantity == 3
    assert answer.short_of == [(1, 1)]


def test_what_is_asked_already_is_subtracted() -> None:
    asked = netting.Demands([0, 3], [4, 2], [1, 25])
    answer = Builder(table_problem(demands=asked)).buildable(0, 5)
    # One table of the order and 25 screws leave 60 - 25 - 8 = 27 screws and no leg: 16 a table.
    assert answer.quantity == 1
    assert answer.short_of == [(3, 5)]


def test_nothing_counts_that_had_to_start_in_the_past() -> None:
    assert Builder(table_problem()).buildable(0, 0).quantity == 0
    assert Builder(table_problem()).buildable(0, 1).quantity == 1
    assert Builder(table_problem()).buildable(0, 2).quantity == 3


def test_an_unknown_period_or_item_is_refused() -> None:
    with pytest.raises(BadInput, match="not within the horizon"):
        Builder(table_problem()).buildable(0, 6)
    with pytest.raises(BadInput, match="item: 9 is no row of items"):
        Builder(table_problem()).buildable(9, 3)


@given(st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_answer_is_the_last_quantity_that_a_full_netting_covers(random: Random) -> None:
    tables = random_tables(random, (0,))
    tables.demands, tables.outputs = [], []
    for row in (*tables.items, *tables.sources):
        row.update(phantom=False, fence=0)
        for column in ("limit", "valid_from", "valid_to", "share"):
            row.pop(column, None)
    problem = as_problem(tables)
    item, period = random.randrange(len(tables.items)), random.randrange(tables.horizon)
    base = without_buying(problem)

    def lacking(quantity: int) -> int:
        result = netting.solve(replace(base, demands=netting.Demands([item], [period], [quantity])))
        orders, pegs = result.orders(), result.pegs()
        return int(pegs.quantity[pegs.supply == UNCOVERED].sum() + orders.quantity[orders.release < 0].sum())

    now = lacking(0)
    assume(lacking(30) > now)
    expected = next(q for q in range(31) if lacking(q + 1) > now)
    assert Builder(problem).buildable(item, period).quantity == expected
    assert np.all(np.asarray(problem.items.on_hand) >= 0)
