"""The engine against the slow second netting, on random tiny problems with every option."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines import netting
from guantong.engines.tests import netting_oracle
from guantong.engines.tests.netting_cases import as_plan, as_problem, random_tables


@given(st.randoms(use_true_random=False))
@settings(max_examples=400, deadline=None)
def test_orders_pegs_and_gross_equal_the_oracle_on_every_option(random: Random) -> None:
    tables = random_tables(random)
    expected = netting_oracle.solve(tables)
    found = as_plan(netting.solve(as_problem(tables)))
    assert found.orders == expected.orders
    assert found.gross == expected.gross
    assert found.pegs == expected.pegs


@pytest.mark.parametrize("rule", range(7))
@given(random=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_each_lot_rule_alone_equals_the_oracle(rule: int, random: Random) -> None:
    tables = random_tables(random, (rule,))
    expected = netting_oracle.solve(tables)
    found = as_plan(netting.solve(as_problem(tables)))
    assert found.orders == expected.orders
    assert found.pegs == expected.pegs
