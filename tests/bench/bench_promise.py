"""How fast a promise is, how well promises are kept, and how near learned lead times come to the truth.

Runs alone too: ``python tests/bench/bench_promise.py [speed|lead-times|calibration] [seeds]``. The calibration
takes minutes a company; under the harness it runs two companies, alone all twenty evaluation seeds.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time

import numpy as np

from guantong.engines import promise as pm
from guantong.engines.simulator import EVALUATION_SEEDS, LAWS, CompanySpec, HistorySpec
from guantong.engines.simulator.judge import judge_company
from guantong.engines.simulator.judge_lead_times import judge_lead_times
from guantong.engines.simulator.report import report
from tests.bench import bench

LAW_COUNT, LANE = 60, 67


def lead_time_law(center: float, spread: float, days: int = 365) -> np.ndarray:
    """A log-normal law of whole days."""
    below = [0.5 * math.erfc(-(math.log(day) - math.log(center)) / spread / math.sqrt(2)) for day in range(1, days + 1)]
    below[-1] = 1.0
    return np.diff(below, prepend=0.0)


def tree(rng: np.random.Generator, components: int = 20) -> np.ndarray:
    """Parents of a random tree of five levels, the root first."""
    parents, assemblies = [-1, 0, 1, 2, 3], [0, 1, 2, 3]
    while len(parents) <= components:
        parents.append(int(rng.choice(assemblies)))
        if len(assemblies) < 7 and rng.random() < 0.2:
            assemblies.append(len(parents) - 1)
    return np.array(parents)


def network(seed: int, open_orders: int = 10_000, items: int = 2_000, horizon: int = 256) -> pm.Network:
    """A company of 2,000 items with 10,000 open orders; item 0 has 20 components on five levels, three sources each,
    substitutes, another site and suppliers that hurry for money."""
    rng = np.random.default_rng(seed)
    parent = tree(rng)
    keys = np.arange(items)
    made = np.isin(keys, parent)
    center = np.where(made, rng.integers(0, 6, items), -1)
    laws = [lead_time_law(rng.uniform(8, 40), rng.uniform(0.15, 0.5)) for _ in range(LAW_COUNT)]
    laws += [lead_time_law(2.5, 0.4)] * 6 + [lead_time_law(3.0, 0.3), lead_time_law(4.0, 0.3)]
    share = np.full(len(laws), 0.3)
    share[LANE] = 0.0
    rows = 4_000
    item = np.concatenate([np.repeat(np.arange(40), 10), rng.integers(0, items, rows - 400)])
    law = np.where(rng.random(rows) < 0.4, -1, rng.integers(0, LAW_COUNT, rows))
    on_order = law >= 0
    demanded = np.concatenate([np.repeat(np.arange(21), 15), rng.integers(0, items, open_orders - 315)])
    bought = np.repeat(keys[~made], 3)
    source_law = rng.integers(0, LAW_COUNT, bought.size)
    return pm.Network(
        pm.Items(keys, center, made.astype(int), np.where(made, 60 + center, -1), np.where(made, 20 + center, -1)),
        pm.Bill(
            parent[1:],
            np.arange(1, parent.size),
            rng.integers(1, 3, parent.size - 1),
            np.ones(parent.size - 1, dtype=int),
        ),
        pm.Supplies(
            item,
            rng.integers(1, 30, rows),
            law,
            np.where(on_order, -rng.integers(1, 15, rows), 0),
            np.where(on_order, law % 20, -1),
            (rng.random(rows) < 0.1).astype(int),
            np.where(on_order & (rng.random(rows) < 0.5), 66, -1),
            rng.uniform(50, 200, rows),
        ),
        pm.Demands(
            demanded,
            rng.integers(1, 25, open_orders),
            rng.integers(0, 90, open_orders),
            rng.integers(0, 3, open_orders),
            np.arange(open_orders),
        ),
        pm.Sources(
            bought,
            source_law % 20,
            source_law,
            source_law % 20,
            np.tile([0, 1, 2], bought.size // 3),
            rng.uniform(1, 9, bought.size),
            np.full(bought.size, 20.0),
            np.full(bought.size, 0.97),
            np.where(rng.random(bought.size) < 0.5, 66, -1),
            rng.uniform(50, 200, bought.size),
        ),
        np.stack(laws),
        share,
        np.zeros(26),
        np.ones(26),
        rng.poisson(25, (6, horizon)) * (np.arange(horizon) % 7 < 5),
        pm.Substitutes(
            np.arange(10, 15), np.arange(30, 35), np.ones(5, dtype=int), np.ones(5, dtype=int), np.full(5, 0.5)
        ),
        transfer_law=LANE,
        transfer_cost=30.0,
    )


def asked(book_known: bool, ways_out: int, rounds: int = 5) -> list[float]:
    """Milliseconds per question over eight companies; opening the books counted unless they are known."""
    samples: list[float] = []
    for seed in range(9):
        company = network(seed)
        book = pm.open_book(company) if book_known else None
        for turn in range(rounds):
            question = pm.Question(0, 10 + 7 * turn, 60, 0.9, LANE)
            began = time.perf_counter()
            pm.solve(pm.PromiseProblem(company, question, ways_out=ways_out), book=book)
            if seed:
                samples.append((time.perf_counter() - began) * 1000)
    return samples


def p95(samples: list[float]) -> list[float]:
    """The 95th percentile as the only sample, so that it is what the target is compared with."""
    return [float(np.percentile(samples, 95))]


@bench("promise.ways-out-p95", unit="ms", target="< 100")
def with_ways_out() -> list[float]:
    """20 components, 5 levels, 10,000 open orders: law, reasons, ways out; checking and sorting all rows included."""
    return p95(asked(book_known=False, ways_out=6))


@bench("promise.law-only", unit="ms", target="< 30")
def law_only() -> list[float]:
    """The same question on books opened before, without ways out."""
    return asked(book_known=True, ways_out=0)


@bench("leadtime.learn", unit="s", target="< 2")
def learn() -> list[float]:
    """Learning 900 series from about 20,000 orders."""
    from guantong.engines import leadtime
    from guantong.engines.simulator import generate_history
    from guantong.engines.simulator.judge_lead_times import problem_of

    problem = problem_of(generate_history(HistorySpec(), 1))
    samples = []
    for _ in range(4):
        began = time.perf_counter()
        leadtime.solve(problem)
        samples.append(time.perf_counter() - began)
    return samples[1:]


@bench("leadtime.gap-closed", unit="share", target=">= 0.5")
def gap_closed() -> list[float]:
    """Part of the gap from empirical quantiles to the truth closed for series of 0–20 receipts, worst generator."""
    specs = [*(HistorySpec(law=law) for law in LAWS), HistorySpec(season_swing=0.4)]
    return [min(judge_lead_times(spec, EVALUATION_SEEDS[:2]).gap_closed(0, 20) for spec in specs)]


@bench("promise.p80-kept-error", unit="points", target="<= 3")
def p80_error() -> list[float]:
    """Distance of the share of kept P80 dates from 80 % over two simulated companies."""
    found = report([judge_company(CompanySpec(), seed) for seed in EVALUATION_SEEDS[:2]])
    return [abs(100 * found["kept"][1] - 80)]


def lead_time_table(seeds: tuple[int, ...]) -> None:
    """All published lead-time figures."""
    stationary = [HistorySpec(law=law) for law in LAWS]
    seasonal = [HistorySpec(law=law, season_swing=0.4) for law in LAWS]
    shifts = [HistorySpec(shift_factor=1.8, shift_age_days=age) for age in (20, 35, 50, 65, 95, 125)]
    for spec in [*stationary, *seasonal, *shifts, HistorySpec(drift_per_year=0.3)]:
        scores = judge_lead_times(spec, seeds)
        shift = f"shift {spec.shift_factor} age {spec.shift_age_days}"
        name = f"{spec.law} season {spec.season_swing} {shift} drift {spec.drift_per_year}"
        for least, most in ((0, 4), (5, 9), (10, 14), (15, 20), (0, 20), (0, 10**6)):
            mean = {key: round(value, 3) for key, value in scores.mean(least, most).items()}
            print(
                f"{name} receipts {least}-{most}: {mean} gap closed {scores.gap_closed(least, most):.2f} "
                f"against empirical {scores.against_empirical(least, most):+.3f} covered {scores.covered.mean():.3f}",
                flush=True,
            )
    for law in LAWS:
        scores = judge_lead_times(HistorySpec(law=law, suppliers=30, orders_per_year=60.0), seeds)
        print(f"{law} more than 50 receipts: against empirical {scores.against_empirical(51):+.4f}", flush=True)


def main(words: list[str]) -> int:
    """Run alone."""
    what, count = (words or ["speed"])[0], int(words[1]) if len(words) > 1 else len(EVALUATION_SEEDS)
    print(f"load {os.getloadavg()}")
    if what == "speed":
        for function in (with_ways_out, law_only, learn):
            samples = function()
            print(f"{function.__name__}: median {np.median(samples):.3g}, p95 {np.percentile(samples, 95):.3g}")
    elif what == "lead-times":
        lead_time_table(EVALUATION_SEEDS[:count])
    else:
        judged = []
        for seed in EVALUATION_SEEDS[:count]:
            judged.append(judge_company(CompanySpec(), seed))
            kept = (judged[-1].true_days[:, None] <= judged[-1].promised_raw).mean(axis=0)
            print(f"company {seed}: P50, P80, P90 kept {np.round(kept, 3)}", flush=True)
        print(json.dumps(report(judged), indent=1))
    print(f"load {os.getloadavg()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
