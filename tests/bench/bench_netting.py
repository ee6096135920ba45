"""Netting at full size: a generated company, each measurement in a process of its own.

Alone: `python -m tests.bench.bench_netting weekly` (or daily, million, rich, incremental-weekly, ...)
prints one line of JSON. Seconds are those of `solve`, checking and preparation of the arrays
included, on memory never touched before; loading libraries and machine code is shown beside them.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

from guantong.engines import netting
from guantong.engines.calendars import WorkingCalendar
from guantong.engines.netting import Change, LotRule
from tests.bench import bench

LEVELS = 8
FAMILY = 250


def edges(rng: np.random.Generator, level: Any, first: Any, count: int, families: bool) -> tuple[Any, Any]:
    """Distinct pairs of parent and component on neighbouring levels.

    With families, 85 % of the components are of the parent's family: item numbers of a family lie
    side by side within each level.
    """
    items = len(level)
    child = rng.integers(first[1], items, count)
    above = level[child] - 1
    width = first[above + 1] - first[above]
    place = rng.random(count)
    if families:
        own = (child - first[level[child]]) / (first[level[child] + 1] - first[level[child]])
        share = FAMILY / items
        near = np.floor(own / share) * share + place * share
        place = np.where(rng.random(count) < 0.85, np.minimum(near, 0.999999), place)
    parent = first[above] + (place * width).astype(np.int64)
    key = np.unique(parent * items + child)
    return key // items, key % items


def rich_items(rng: np.random.Generator, rule: Any) -> tuple[Any, dict[str, Any]]:
    """Cost rules for 9 % of the items, and the columns that only the rich case has."""
    items = len(rule)
    cost = rng.random(items)
    rule = np.where(cost < 0.01, LotRule.WAGNER_WHITIN, np.where(cost < 0.05, LotRule.SILVER_MEAL, rule))
    rule = np.where((cost >= 0.05) & (cost < 0.09), LotRule.LEAST_UNIT_COST, rule)
    return rule, {
        "setup_cost": rng.uniform(50, 500, items),
        "holding_cost": rng.uniform(0.01, 0.2, items),
        "fence": np.where(rng.random(items) < 0.1, 2, 0),
        "consume_back": 2,
        "consume_forward": 1,
        "phantom": rng.random(items) < 0.03,
    }


def company(
    items: int = 100_000, daily: bool = False, families: bool = False, rich: bool = False, seed: int = 1
) -> netting.Problem:
    """Items, 4.55 bill lines an item, 7 demand and 3 supply lines an item, 8 levels, mixed lot rules.

    40 % lot for lot, 15 % fixed lots, 20 % minimum and multiple, 25 % periods; 20 % with a yield
    below 1, 20 % of the bill with component scrap, 30 % with safety stock, four calendars. `rich`
    adds cost rules, second sources, forecast, firm orders, fences, by-products and effectivity.
    """
    rng = np.random.default_rng(seed)
    horizon = 364 if daily else 52
    level = np.sort(np.concatenate((np.arange(LEVELS), rng.integers(0, LEVELS, items - LEVELS))))
    first = np.searchsorted(level, np.arange(LEVELS + 1))
    parent, child = edges(rng, level, first, 455 * items // 100, families)
    draw = rng.random(items)
    lots = rng.integers(2, 40, items) * 10
    rule = np.where(
        draw < 0.4, LotRule.LOT_FOR_LOT, np.where(draw < 0.55, LotRule.FIXED, np.where(draw < 0.75, 0, LotRule.PERIOD))
    )
    lumps = (draw >= 0.55) & (draw < 0.75)
    rule, extra = rich_items(rng, rule) if rich else (rule, {})
    table = netting.Items(
        items,
        on_hand=rng.integers(0, 200, items),
        safety_stock=np.where(rng.random(items) < 0.3, rng.integers(0, 50, items), 0),
        lot_rule=rule,
        lot_size=lots,
        period_cover=14 if daily else 4,
        **extra,
    )
    second = np.flatnonzero(rng.random(items) < (0.05 if rich else 0))
    owner = np.concatenate((np.arange(items), second))
    sources = netting.Sources(
        owner,
        lead=rng.integers(2, 25, len(owner)) if daily else rng.integers(1, 6, len(owner)),
        calendar=rng.integers(0, 4, len(owner)),
        minimum=np.where(lumps, rng.integers(1, 20, items) * 10, 0)[owner],
        multiple=np.where(lumps, rng.integers(1, 10, items) * 5, 1)[owner],
        yield_numerator=np.where(rng.random(len(owner)) < 0.2, 95, 100),
        yield_denominator=100,
    )
    scrapped = rng.random(len(parent)) < 0.2
    bill = netting.Bill(
        parent,
        child,
        numerator=rng.integers(1, 4, len(parent)) * np.where(scrapped, 100, 1),
        denominator=np.where(scrapped, 97, 1),
        valid_to=np.where(rng.random(len(parent)) < (0.05 if rich else 0), horizon // 2, 32_000),
    )
    demands, supplies = 7 * items, 3 * items
    wanted = rng.integers(0, items, demands)
    coming = rng.integers(0, items, supplies)
    firm = np.where(rng.random(supplies) < (0.1 if rich else 0), coming, -1)
    made = rng.integers(0, first[1], items // 100 if rich else 0)
    return netting.Problem(
        horizon,
        table,
        sources,
        bill,
        netting.Demands(
            wanted,
            rng.integers(0, horizon, demands),
            rng.integers(1, 50, demands),
            (rng.random(demands) < (0.4 if rich else 0)).astype(np.int64),
        ),
        netting.Supplies(coming, rng.integers(0, horizon, supplies), rng.integers(1, 100, supplies), source=firm),
        netting.Outputs(made, rng.integers(first[1], items, len(made)), denominator=10),
        calendars=[calendar(rng, horizon, daily) for _ in range(4)],
    )


def calendar(rng: np.random.Generator, horizon: int, daily: bool) -> WorkingCalendar:
    """Five-day weeks and ten holidays, or two closed weeks."""
    pattern = [True] * 5 + [False] * 2 if daily else [True]
    return WorkingCalendar.weekly(
        pattern, horizon + 200, first=-100, closed=rng.integers(0, horizon, 10 if daily else 2)
    )


def peak() -> float:
    """Most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_full(**size: Any) -> dict[str, float]:
    """One full run, after loading the machine code on a tiny problem."""
    began = time.perf_counter()
    netting.solve(company(60))
    loaded = time.perf_counter() - began
    problem = company(**size)
    before = peak()
    began, cpu = time.perf_counter(), time.process_time()
    result = netting.solve(problem)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    counts = {"orders": int(result.book.used[0]), "pegs": int(result.book.used[1])}
    sizes = {"lines": len(problem.bill.source), "peak_mb": peak(), "grown_mb": peak() - before}  # type: ignore[arg-type]
    return {"seconds": seconds, "cpu": cpu, "load_code": loaded, **counts, **sizes, "load": os.getloadavg()[0]}


def run_changes(daily: bool, families: bool, changes: int = 100) -> dict[str, float]:
    """Single changes, each undone: top demand +20 %, any demand +1, any demand later, receipt later."""
    problem = company(daily=daily, families=families)
    plan = netting.Plan(problem)
    rng = np.random.default_rng(7)
    demand, supply = problem.demands, problem.supplies
    top = np.flatnonzero(plan.result().low_level_code[np.asarray(demand.item)] == 0)
    answer: dict[str, float] = {}
    step = 7 if daily else 1
    for kind in ("warm-up", "top +20 %", "demand +1", "demand later", "receipt later"):
        times, cpu, items = [], [], []
        for _ in range(changes if kind != "warm-up" else 5):
            row = int(rng.choice(top)) if kind == "top +20 %" else int(rng.integers(len(demand.item)))  # type: ignore[arg-type]
            quantity, period = int(demand.quantity[row]), int(demand.period[row])  # type: ignore[index]
            change = {
                "top +20 %": Change("demands", row, "quantity", quantity + max(quantity // 5, 1)),
                "demand later": Change("demands", row, "period", period + step),
            }.get(kind, Change("demands", row, "quantity", quantity + 1))
            if kind == "receipt later":
                row = int(rng.integers(len(supply.item)))  # type: ignore[arg-type]
                change = Change("supplies", row, "period", int(supply.period[row]) + step)  # type: ignore[index]
            began, began_cpu = time.perf_counter(), time.process_time()
            delta = plan.change([change])
            times.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - began_cpu) * 1000)
            items.append(len(delta.items))
            plan.undo(delta)
        if kind != "warm-up":
            for name, share in (("p50", 50), ("p95", 95), ("max", 100)):
                answer[f"{kind} {name} ms"] = float(np.percentile(times, share))
            answer[f"{kind} p95 cpu ms"] = float(np.percentile(cpu, 95))
            answer[f"{kind} p95 items"] = float(np.percentile(items, 95))
    answer["p95"] = max(value for name, value in answer.items() if name.endswith("p95 ms"))
    return {**answer, "load": os.getloadavg()[0]}


CASES: dict[str, Any] = {
    "weekly": lambda: run_full(),
    "daily": lambda: run_full(daily=True),
    "million": lambda: run_full(items=1_000_000),
    "rich": lambda: run_full(rich=True),
    "rich-daily": lambda: run_full(rich=True, daily=True),
    "numpy": lambda: run_full(),
    "incremental-weekly": lambda: run_changes(daily=False, families=True),
    "incremental-daily": lambda: run_changes(daily=True, families=True),
    "incremental-worst-weekly": lambda: run_changes(daily=False, families=False),
    "incremental-worst-daily": lambda: run_changes(daily=True, families=False),
}


def fresh(case: str) -> dict[str, float]:
    """Run one case in a process of its own; everything it says about itself."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "NUMBA_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    if case == "numpy":
        environment["GUANTONG_NUMBA"] = "0"
    command = [sys.executable, "-m", "tests.bench.bench_netting", case]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


@bench("netting.weekly", unit="s", target="< 1")
def weekly() -> list[float]:
    """100,000 items, 52 weeks, full pegging."""
    return [fresh("weekly")["seconds"] for _ in range(3)]


@bench("netting.weekly-memory", unit="MB", target="< 1024")
def weekly_memory() -> float:
    """Peak of the whole process, the problem's own arrays included."""
    return fresh("weekly")["peak_mb"]


@bench("netting.daily", unit="s", target="< 3")
def daily() -> list[float]:
    """100,000 items, 364 days, full pegging."""
    return [fresh("daily")["seconds"] for _ in range(3)]


@bench("netting.daily-memory", unit="MB", target="< 2048")
def daily_memory() -> float:
    """Peak of the whole process."""
    return fresh("daily")["peak_mb"]


@bench("netting.rich-weekly", unit="s", target="< 2")
def rich() -> list[float]:
    """The weekly case with cost rules, second sources, forecast, firm orders, fences and by-products."""
    return [fresh("rich")["seconds"] for _ in range(3)]


@bench("netting.million", unit="s", target="< 15")
def million() -> float:
    """1,000,000 items, 52 weeks."""
    return fresh("million")["seconds"]


@bench("netting.numpy-only", unit="s", target="< 10")
def numpy_only() -> float:
    """The weekly case without numba."""
    return fresh("numpy")["seconds"]


@bench("netting.change-weekly", unit="ms", target="< 100")
def change_weekly() -> float:
    """p95 of the worst of four kinds of change, bill with product families."""
    return fresh("incremental-weekly")["p95"]


@bench("netting.change-daily", unit="ms", target="< 200")
def change_daily() -> float:
    """The same on the daily grid."""
    return fresh("incremental-daily")["p95"]


@bench("netting.change-weekly-worst-bill", unit="ms")
def change_weekly_worst() -> float:
    """The same on a bill without families, where a change reaches a third of all items."""
    return fresh("incremental-worst-weekly")["p95"]


if __name__ == "__main__":
    print(json.dumps({name: round(value, 3) for name, value in CASES[sys.argv[1]]().items()}))
