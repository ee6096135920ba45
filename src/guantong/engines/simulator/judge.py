"""Judges the learning and promising engines on simulated companies: what they could know, what was true.

Uses the engines like any caller; holds no law of its own. Baselines are tuned on the very orders they are
judged on, which favours them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guantong.engines import leadtime
from guantong.engines.leadtime import LeadTimeLaws, LeadTimeProblem
from guantong.engines.promise import (
    Bill,
    Demands,
    Items,
    Network,
    Question,
    Sources,
    Supplies,
    open_book,
)
from guantong.engines.promise.calibration import NO_RECALIBRATION, Recalibration, crps, pit, recalibration
from guantong.engines.promise.distribution import quantile_day, sum_of
from guantong.engines.promise.evaluation import Evaluation
from guantong.engines.promise.plan import Planner

from .company import ASSEMBLY, NEW_ORDER, ON_HAND, Company, CompanySpec, Makes, capacity_finish, simulate_company
from .histories import IntArray
from .laws import FloatArray

HORIZON = 400
_REFIT_DAYS = 14


@dataclass(frozen=True)
class Judged:
    """One simulated company's customer orders, in order of asking.

    ``true_days`` from question to delivery; ``promised[k]``: P50, P80, P90 in days; ``score``: CRPS in days;
    ``mean_days``, ``static_days``: roll-up of mean and of quoted lead times; ``risk`` see the simulator;
    ``lower``, ``upper``: transform of the uncorrected laws; ``promised_raw``: P50, P80, P90 of those.
    """

    seed: int
    true_days: IntArray
    promised: IntArray
    promised_raw: IntArray
    score: FloatArray
    mean_days: FloatArray
    static_days: FloatArray
    risk: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True)
class _Known:
    """What was learned at one refit: laws of series, work centers and lanes, and the means baselines use."""

    laws: LeadTimeLaws
    pmfs: FloatArray
    row: dict[tuple[int, int], int]
    make: LeadTimeLaws
    make_pmfs: FloatArray
    lane_pmfs: FloatArray
    pair_mean: dict[tuple[int, int], float]
    make_mean: FloatArray
    lane_mean: FloatArray


def _learn(company: Company, day: int) -> _Known:
    bought = company.purchases
    seen = bought.ordered_day <= day
    received = np.where(bought.received_day <= day, bought.received_day, -1)
    laws = leadtime.solve(
        LeadTimeProblem(
            bought.supplier[seen],
            bought.item[seen],
            bought.ordered_day[seen],
            received[seen],
            day,
            bought.ordered_quantity[seen],
            bought.accepted_quantity[seen],
            HORIZON,
        )
    )
    series = laws.series
    row = {(int(s), int(i)): k for k, (s, i) in enumerate(zip(series.pair_supplier, series.pair_item, strict=True))}
    make, make_pmfs, make_mean = _learn_runs(company.makes, day)
    _, lane_pmfs, lane_mean = _learn_runs(company.shipments, day)
    closed = np.flatnonzero(seen & (received >= 0))
    days = received[closed] - bought.ordered_day[closed]
    number = np.array([row[int(s), int(i)] for s, i in zip(bought.supplier[closed], bought.item[closed], strict=True)])
    count = np.bincount(number, minlength=len(row))
    mean = np.bincount(number, days, minlength=len(row)) / np.maximum(count, 1)
    by_supplier = np.bincount(bought.supplier[closed], days) / np.maximum(np.bincount(bought.supplier[closed]), 1)
    means = {key: float(mean[k] if count[k] >= 3 else by_supplier[key[0]]) for key, k in row.items()}
    pmfs = laws.pmfs(np.arange(len(row)))
    return _Known(laws, pmfs, row, make, make_pmfs, lane_pmfs, means, make_mean, lane_mean)


def _learn_runs(runs: Makes, day: int) -> tuple[LeadTimeLaws, FloatArray, FloatArray]:
    seen = runs.started_day <= day
    ended = runs.started_day + runs.lasted_days
    laws = leadtime.solve(
        LeadTimeProblem(
            runs.work_center[seen],
            np.zeros(int(seen.sum()), dtype=np.int64),
            runs.started_day[seen],
            np.where(ended <= day, ended, -1)[seen],
            day,
            horizon_days=HORIZON,
        )
    )
    closed = seen & (ended <= day)
    mean = np.bincount(runs.work_center[closed], runs.lasted_days[closed]) / np.bincount(runs.work_center[closed])
    return laws, laws.pmfs(np.arange(mean.size)), mean


def _leaf_law(known: _Known, supplier: int, item: int, need: int, ordered: int) -> tuple[FloatArray, float]:
    """Law of when enough good units are there, and the part of it that is common."""
    pair = known.row.get((supplier, item), -1)
    pmf = known.pmfs[pair] if pair >= 0 else known.laws.forecast(supplier, item).pmf
    enough = known.laws.yields.chance_of_enough(pair, ordered, need)
    if enough < 0.9995:
        pmf = enough * pmf + (1.0 - enough) * sum_of(pmf, pmf)
    return pmf / pmf.sum(), known.laws.common_share(pair)


@dataclass(frozen=True)
class _Lines:
    """Laws, factors, supplies and sources one customer order meets, in the making."""

    laws: list[FloatArray]
    shares: list[float]
    factors: dict[tuple[int, int], int]
    supplies: list[tuple[int, int, int, int, int]]
    sources: list[tuple[int, int, int]]


def _lines(company: Company, known: _Known, order: int) -> _Lines:
    orders, bought = company.orders, company.purchases
    centers = range(len(known.make_pmfs))
    shares = [known.make.common_share(center) for center in centers] + [0.0] * len(known.lane_pmfs)
    lines = _Lines([*known.make_pmfs, *known.lane_pmfs], shares, {(-1, center): center for center in centers}, [], [])
    first, asked = int(orders.first_node[order]), int(orders.asked_day[order])
    for row in range(first, int(orders.first_node[order + 1])):
        node, kind, need = row - first, int(orders.node_kind[row]), int(orders.node_need[row])
        if kind == ASSEMBLY:
            continue
        purchase = int(orders.node_purchase[row])
        came = purchase >= 0 and bought.received_day[purchase] <= asked
        if kind == ON_HAND or (came and bought.accepted_quantity[purchase] >= need):
            lines.supplies.append((node, need, -1, 0, -1))
            continue
        supplier, item = int(bought.supplier[purchase]), int(bought.item[purchase])
        law, share = _leaf_law(known, supplier, item, need, int(bought.ordered_quantity[purchase]))
        lines.laws.append(law)
        lines.shares.append(share)
        # A lot that came short was ordered again on the day it came.
        placed = int(bought.received_day[purchase]) if came else int(bought.ordered_day[purchase])
        factor = lines.factors.setdefault((supplier, placed // 7), len(lines.factors))
        if kind == NEW_ORDER:
            lines.sources.append((node, len(lines.laws) - 1, factor))
        else:
            lines.supplies.append((node, need, len(lines.laws) - 1, placed - asked, factor))
    return lines


def network_of(company: Company, known: _Known, order: int) -> Network:
    """The network one customer order meets on the day it is asked, from what is known then.

    Every assembly gets a work center row of its own: in the simulated company runs of one order do not compete.
    """
    lines = _lines(company, known, order)
    rows = slice(company.orders.first_node[order], company.orders.first_node[order + 1])
    asked = int(company.orders.asked_day[order])
    center, made = company.orders.node_work_center[rows], company.orders.node_kind[rows] == ASSEMBLY
    nodes = np.arange(made.size)
    supply = np.array(lines.supplies, dtype=np.int64).reshape(-1, 5).T
    source = np.array(lines.sources, dtype=np.int64).reshape(-1, 3).T
    no_site, one_each = np.zeros(supply.shape[1], dtype=np.int64), np.ones(nodes.size - 1, dtype=np.int64)
    no_preference, ones, never = np.zeros(source.shape[1], dtype=np.int64), np.ones(source.shape[1]), -1
    run_law = np.where(made, center, never)
    return Network(
        Items(nodes, np.where(made, nodes, never), made.astype(np.int64), run_law, run_law),
        Bill(company.orders.node_parent[rows][1:], nodes[1:], one_each, one_each),
        Supplies(supply[0], supply[1], supply[2], supply[3], supply[4], no_site, no_site - 1, no_site.astype(float)),
        Demands(),
        Sources(source[0], source[0], source[1], source[2], no_preference, ones, ones, ones, no_preference - 1, ones),
        np.stack(lines.laws),
        np.array(lines.shares),
        np.zeros(len(lines.factors)),
        np.ones(len(lines.factors)),
        company.free_capacity[np.maximum(center, 0), asked : asked + HORIZON],
    )


def _rolled_up(company: Company, known: _Known, order: int, quoted: bool) -> float:
    """Days by certain lead times: the longest path, with the true capacity calendar."""
    orders, bought = company.orders, company.purchases
    rows = np.arange(orders.first_node[order], orders.first_node[order + 1])
    asked = int(orders.asked_day[order])
    ready = np.zeros(rows.size)
    for node in range(rows.size - 1, -1, -1):
        row, kind = rows[node], orders.node_kind[rows[node]]
        if kind == ASSEMBLY:
            center = int(orders.node_work_center[row])
            start = asked + int(np.ceil(ready[node]))
            end = capacity_finish(company.free_capacity[center], start, int(orders.quantity[order])) - asked
            ready[node] = end + (3.0 if quoted else known.make_mean[center])
        elif kind != ON_HAND:
            purchase = int(orders.node_purchase[row])
            if bought.received_day[purchase] > asked:
                supplier, item = int(bought.supplier[purchase]), int(bought.item[purchase])
                days = (
                    company.quoted_lead_time_days[supplier, item % 1000]
                    if quoted
                    else known.pair_mean.get((supplier, item), float(np.mean(list(known.pair_mean.values()))))
                )
                ready[node] = max(float(bought.ordered_day[purchase]) + float(days) - asked, 1.0)
        if node:
            above = int(orders.node_parent[row])
            ready[above] = max(ready[above], ready[node])
    return float(ready[0] + (3.5 if quoted else known.lane_mean[orders.transport_lane[order]]))


def judge_company(spec: CompanySpec, seed: int, points: int = 64) -> Judged:
    """Promise every customer order of one company from what is known on its day, then look at the truth.

    The laws are learned anew every 14 days; the correction uses only orders promised before, open ones as open.
    """
    company = simulate_company(spec, seed)
    orders = company.orders
    true_days = orders.delivered_day - orders.asked_day
    size = true_days.size
    below = np.empty((size, HORIZON))
    lower, upper = np.empty(size), np.empty(size)
    promised, raw = np.empty((size, 3), dtype=np.int64), np.empty((size, 3), dtype=np.int64)
    mean_days, static_days = np.empty(size), np.empty(size)
    known, learned, correct = None, -(10**6), NO_RECALIBRATION
    for order in range(size):
        asked = int(orders.asked_day[order])
        if known is None or asked - learned >= _REFIT_DAYS:
            known, learned = _learn(company, asked), asked
            correct = _corrected(
                orders.asked_day[:order], true_days[:order], asked, below[:order], lower[:order], upper[:order]
            )
        law = _promise(company, known, order, points)
        below[order] = law
        lower[order], upper[order] = (part[0] for part in pit(law, true_days[order : order + 1]))
        raw[order] = [quantile_day(law, chance) for chance in (0.5, 0.8, 0.9)]
        fixed = correct.apply(law)
        promised[order] = [quantile_day(fixed, chance) for chance in (0.5, 0.8, 0.9)]
        below[order] = law
        mean_days[order] = _rolled_up(company, known, order, quoted=False)
        static_days[order] = _rolled_up(company, known, order, quoted=True)
    return Judged(
        seed,
        true_days,
        promised,
        raw,
        crps(below, np.minimum(true_days, HORIZON - 1)),
        mean_days,
        static_days,
        orders.risk,
        lower,
        upper,
    )


def _promise(company: Company, known: _Known, order: int, points: int) -> FloatArray:
    network = network_of(company, known, order)
    book = open_book(network)
    lane = len(known.make_pmfs) + int(company.orders.transport_lane[order])
    question = Question(0, int(company.orders.quantity[order]), 0, transport_law=lane)
    planner = Planner(book, 0, None, question.class_rank)
    evaluation = Evaluation(book, planner, points)
    return evaluation.delivered(evaluation.complete(planner.plan(question.quantity))[0], lane)


def _corrected(
    asked_day: IntArray, true_days: IntArray, today: int, below: FloatArray, lower: FloatArray, upper: FloatArray
) -> Recalibration:
    if asked_day.size == 0:
        return NO_RECALIBRATION
    ended: NDArray[np.bool_] = asked_day + true_days <= today
    gone = np.minimum(today - asked_day, below.shape[1] - 1)
    used = below[np.arange(asked_day.size), gone]
    return recalibration(np.where(ended, lower, used), np.where(ended, upper, used), ended)
