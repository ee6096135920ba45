"""Judges lead-time laws on generated histories, where the true law at the cut is known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from guantong.engines import leadtime
from guantong.engines.leadtime import LeadTimeLaws, LeadTimeProblem

from .histories import History, HistorySpec, IntArray, generate_history
from .laws import FloatArray

CHANCES: FloatArray = np.array([0.1, 0.5, 0.9])
_OUTCOMES: FloatArray = (np.arange(40) + 0.5) / 40
METHODS = ("static", "last five", "empirical", "engine", "oracle")


@dataclass(frozen=True)
class LeadTimeScores:
    """Scores by series. ``receipts`` of each; ``loss[m]``: sum of the pinball losses at 10, 50 and 90 % in
    days, expected under the true law, of each of :data:`METHODS`; ``covered``: chance that the
    engine's 80 % interval holds the next order, an outcome on its bound counted half (days are whole)."""

    receipts: IntArray
    loss: FloatArray
    covered: FloatArray

    def mean(self, least: int = 0, most: int = 10**9) -> dict[str, float]:
        """Mean loss by method over series with so many receipts."""
        inside = (self.receipts >= least) & (self.receipts <= most)
        return {name: float(self.loss[place, inside].mean()) for place, name in enumerate(METHODS)}

    def gap_closed(self, least: int = 0, most: int = 10**9) -> float:
        """Part of the way from the empirical quantiles to the oracle that the engine goes."""
        mean = self.mean(least, most)
        return (mean["empirical"] - mean["engine"]) / (mean["empirical"] - mean["oracle"])

    def against_empirical(self, least: int = 0, most: int = 10**9) -> float:
        """Relative loss against the empirical quantiles; negative is better."""
        mean = self.mean(least, most)
        return mean["engine"] / mean["empirical"] - 1.0


def problem_of(history: History, with_open: bool = True) -> LeadTimeProblem:
    """What a buyer knows at the cut; without the open orders if told so."""
    rows = np.ones(history.supplier.size, dtype=bool) if with_open else history.received_day >= 0
    return LeadTimeProblem(
        history.supplier[rows],
        history.item[rows],
        history.ordered_day[rows],
        history.received_day[rows],
        history.cut_day,
        history.ordered_quantity[rows],
        history.accepted_quantity[rows],
    )


def judge_lead_times(spec: HistorySpec, seeds: tuple[int, ...], with_open: bool = True) -> LeadTimeScores:
    """Learn each history and score an order placed on the cut day.

    The static baseline knows the median of each series' own receipts of the first year (typed once); the
    last-five one the mean of the latest five; both, like the empirical quantiles, use the pooled quantiles
    where a series has no receipt.
    """
    receipts, losses, covered = [], [], []
    for seed in seeds:
        history = generate_history(spec, seed)
        laws = leadtime.solve(problem_of(history, with_open))
        truth = history.true_lead_time_days(_OUTCOMES)
        engine = _engine_quantiles(laws, history)
        count, baselines = _baselines(history)
        oracle = history.true_lead_time_days(CHANCES).astype(float)
        losses.append(np.stack([_loss(found, truth) for found in (*baselines, engine, oracle)]))
        receipts.append(count)
        low, high = engine[:, :1], engine[:, 2:]
        within = 0.5 * ((truth >= low) & (truth <= high)) + 0.5 * ((truth > low) & (truth < high))
        covered.append(within.mean(axis=1))
    return LeadTimeScores(np.concatenate(receipts), np.concatenate(losses, axis=1), np.concatenate(covered))


def _engine_quantiles(laws: LeadTimeLaws, history: History) -> FloatArray:
    rows = {int(item): place for place, item in enumerate(laws.series.pair_item)}
    known = laws.quantiles(CHANCES).astype(float)
    result = np.empty((history.series_item.size, CHANCES.size))
    for place, (supplier, item) in enumerate(zip(history.series_supplier, history.series_item, strict=True)):
        if int(item) in rows:
            result[place] = known[rows[int(item)]]
        else:
            forecast = laws.forecast(int(supplier), int(item))
            result[place] = [forecast.quantile(float(chance)) for chance in CHANCES]
    return result


def _baselines(history: History) -> tuple[IntArray, tuple[FloatArray, FloatArray, FloatArray]]:
    received = history.received_day >= 0
    lead = history.received_day - history.ordered_day
    pooled = np.quantile(lead[received], CHANCES)
    size = history.series_item.size
    static, last, empirical = (np.repeat(pooled[None, :], size, axis=0) for _ in range(3))
    count = np.zeros(size, dtype=np.int64)
    for place, item in enumerate(history.series_item):
        rows = np.flatnonzero((history.item == item) & received)
        count[place] = rows.size
        first = rows[history.ordered_day[rows] < 365]
        static[place] = np.median(lead[first]) if first.size else pooled[1]
        if rows.size:
            latest = rows[np.argsort(history.ordered_day[rows], kind="stable")][-5:]
            last[place] = lead[latest].mean()
            empirical[place] = np.quantile(lead[rows], CHANCES)
        else:
            last[place] = pooled[1]
    return count, (static, last, empirical)


def _loss(found: FloatArray, truth: IntArray) -> FloatArray:
    miss = truth[:, None, :] - found[:, :, None]
    weight = CHANCES[None, :, None]
    return np.asarray(np.maximum(weight * miss, (weight - 1.0) * miss).mean(axis=2).sum(axis=1))
