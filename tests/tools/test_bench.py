"""The harness of the measurements."""

from __future__ import annotations

import json

import pytest

from tests import bench as harness
from tests.bench import Bench, Skip, bench, milliseconds, runner


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "RESULTS", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [("< 50", 49, True), ("< 50", 50, False), (">= 1_000", 1000, True), ("", 1, None)],
)
def test_a_target_is_compared_with_the_value(target, value, met):
    assert Bench("x", "ms", target, lambda: 1).meets(value) is met


def test_a_result_keeps_the_median_and_all_that_is_needed_to_judge_it(results, capsys):
    assert runner.run_one(Bench("x.y", "ms", "< 50", lambda: [1, 2, 90]), 10, keep=True)
    kept = json.loads((results / "x.y.json").read_text())
    assert (kept["value"], kept["p95"], kept["met"], kept["samples"]) == (2, 90, True, 3)
    assert {"commit", "machine", "load", "db", "when", "command"} <= kept.keys()


def test_a_missed_target_and_a_failure_are_not_well(results, capsys):
    assert not runner.run_one(Bench("x", "ms", "< 50", lambda: 51), 10, keep=False)
    assert not runner.run_one(Bench("x", "ms", "< 50", list), 10, keep=False)


def test_a_measurement_that_lacks_something_is_left_out(results, capsys):
    def lacking() -> float:
        raise Skip("no server")

    assert runner.run_one(Bench("x", "ms", "", lacking), 10, keep=True)
    assert "left out: no server" in capsys.readouterr().out
    assert list(results.iterdir()) == []


def test_a_measurement_gets_a_data_folder_of_its_own(results, monkeypatch):
    import os

    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    seen = []

    def look() -> float:
        seen.append((os.environ["GUANTONG_DATA"], os.environ.get("DATABASE_URL")))
        return 1

    runner.run_one(Bench("x", "ms", "", look), 10, keep=False)
    assert "gtbench-" in seen[0][0]
    assert seen[0][1] is None
    assert os.environ["DATABASE_URL"] == "postgresql://somewhere/else"


@pytest.mark.parametrize(("name", "target"), [("Upper", ""), ("a/b", ""), ("fine", "fast")])
def test_a_bad_name_or_target_is_refused(name, target):
    with pytest.raises(ValueError, match=r"must read like|also a file's name"):
        bench(name, target=target)


def test_timing_leaves_the_first_calls_out():
    calls = []
    assert len(milliseconds(lambda: calls.append(1), times=3, warm_up=2)) == 3
    assert len(calls) == 5


def test_percentiles_are_samples():
    assert runner.percentile([5, 1, 3, 2, 4], 0.95) == 5
    assert runner.percentile(range(1, 101), 0.95) == 95


def test_two_measurements_cannot_share_a_name(monkeypatch):
    monkeypatch.setattr(harness, "BENCHES", {"a": Bench("a", "ms", "", float)})
    with pytest.raises(ValueError, match="Two measurements"):
        bench("a")(lambda: 1)
