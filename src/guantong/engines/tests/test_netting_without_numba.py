"""Without a compiler the plan is the same, bit for bit, and the same functions run in plain Python."""

from __future__ import annotations

import os
import subprocess
import sys
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines import netting
from guantong.engines.netting.prepare import prepare
from guantong.engines.netting.result import Result
from guantong.engines.netting.solve import plan_all
from guantong.engines.tests.netting_cases import as_problem, random_tables
from guantong.engines.tests.test_netting_incremental import same


@given(st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_the_vectorised_plan_equals_the_compiled_one(random: Random) -> None:
    problem = as_problem(random_tables(random, random.choice(((0, 1, 2), (0, 1, 2, 3, 4, 5, 6)))))
    prepared, lines = prepare(problem)
    vectorised = Result(problem, prepared, lines, plan_all(prepared, lines, None, compiled=False))
    same(netting.solve(problem), vectorised)


SCRIPT = """
from random import Random
from guantong.engines import netting
from guantong.engines.netting.jit import COMPILED
from guantong.engines.tests import netting_oracle
from guantong.engines.tests.netting_cases import as_plan, as_problem, random_tables
assert not COMPILED
for seed in range(60):
    tables = random_tables(Random(seed))
    found, expected = as_plan(netting.solve(as_problem(tables))), netting_oracle.solve(tables)
    assert found.orders == expected.orders and found.pegs == expected.pegs, seed
"""


def test_with_numba_switched_off_the_plan_equals_the_oracle() -> None:
    environment = {**os.environ, "GUANTONG_NUMBA": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, env=environment)
