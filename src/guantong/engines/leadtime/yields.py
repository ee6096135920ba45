"""Share of good units: a beta-binomial law per series, pooled through the supplier.

The rate of a series is beta around that of its supplier, that one around the common rate; the rate of a
single lot scatters around the rate of its series. All three spreads come from moments (Kleinman 1973).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .normal import FloatArray
from .problem import LeadTimeProblem, Series


@dataclass(frozen=True)
class Yields:
    """Learned yields. ``good`` and ``bad`` are the parameters of the beta law of the next lot's rate, by pair;
    ``new_good`` and ``new_bad`` those of a series never seen; ``lots`` counts what they rest on."""

    good: FloatArray
    bad: FloatArray
    lots: FloatArray
    new_good: float
    new_bad: float

    def rate(self, pair: int) -> float:
        """Expected share of good units of the next lot; −1 asks for a series never seen."""
        good, bad = self._law(pair)
        return good / (good + bad)

    def chance_of_enough(self, pair: int, ordered_quantity: int, needed_quantity: int) -> float:
        """Chance that a lot of ``ordered_quantity`` holds at least ``needed_quantity`` good units."""
        if needed_quantity > ordered_quantity:
            return 0.0
        good, bad = self._law(pair)
        return beta_binomial_at_least(ordered_quantity, needed_quantity, good, bad)

    def quantity_for(self, pair: int, needed_quantity: int, chance: float) -> int:
        """Smallest lot that holds the need with at least this chance; at most twenty times the need."""
        low, high = needed_quantity, max(20 * needed_quantity, 20)
        while low < high:
            middle = (low + high) // 2
            if self.chance_of_enough(pair, middle, needed_quantity) >= chance:
                high = middle
            else:
                low = middle + 1
        return low

    def _law(self, pair: int) -> tuple[float, float]:
        return (self.new_good, self.new_bad) if pair < 0 else (float(self.good[pair]), float(self.bad[pair]))


def beta_binomial_at_least(size: int, least: int, good: float, bad: float) -> float:
    """Chance of at least ``least`` successes of ``size`` when the rate is beta(good, bad).

    The shorter side is summed.
    """
    if least <= 0:
        return 1.0
    if least > size:
        return 0.0
    above = size - least + 1 <= least
    counts = range(least, size + 1) if above else range(least)
    base = (
        math.lgamma(size + 1)
        + math.lgamma(good + bad)
        - math.lgamma(good)
        - math.lgamma(bad)
        - math.lgamma(size + good + bad)
    )
    total = sum(
        math.exp(
            base - math.lgamma(k + 1) - math.lgamma(size - k + 1) + math.lgamma(k + good) + math.lgamma(size - k + bad)
        )
        for k in counts
    )
    return min(max(total if above else 1.0 - total, 0.0), 1.0)


def fit_yields(problem: LeadTimeProblem, series: Series) -> Yields:
    """Learn yields from received lots; without quantities, or with none received, everything is taken as good."""
    pairs, groups = series.pair_group.size, series.group_supplier.size
    if problem.ordered_quantity is None or problem.accepted_quantity is None:
        return Yields(np.full(pairs, 1e6), np.full(pairs, 1e-3), np.zeros(pairs), 1e6, 1e-3)
    used = ~series.is_open & (problem.ordered_quantity > 0)
    if not used.any():
        return Yields(np.full(pairs, 1e6), np.full(pairs, 1e-3), np.zeros(pairs), 1e6, 1e-3)
    size = problem.ordered_quantity[used].astype(float)
    rate = problem.accepted_quantity[used] / size
    pair, group = series.pair[used], series.group[used]
    lots = np.bincount(pair, minlength=pairs).astype(float)
    common = float(np.clip((rate * size).sum() / size.sum(), 1e-4, 1 - 1e-4))
    binomial = common * (1 - common)
    pair_mean = np.bincount(pair, rate, minlength=pairs) / np.maximum(lots, 1)
    inside = np.square(rate - pair_mean[pair]) * (lots / np.maximum(lots - 1, 1))[pair]
    many = lots[pair] > 1
    lot_spread = max(float(np.mean(inside[many] - binomial / size[many])) if many.any() else 0.0, 1e-3 * binomial)
    lot_noise = np.bincount(pair, lot_spread + binomial / size, minlength=pairs) / np.maximum(lots, 1)
    mean_noise = lot_noise / np.maximum(lots, 1)
    pair_group = series.pair_group
    seen = lots > 0
    group_lots = np.bincount(group, minlength=groups).astype(float)
    group_mean = np.bincount(group, rate, minlength=groups) / np.maximum(group_lots, 1)
    between = np.square(pair_mean - group_mean[pair_group])[seen] - mean_noise[seen]
    pair_spread = max(float(between.mean()), 1e-3 * binomial)
    group_noise = (lot_spread + pair_spread) / np.maximum(group_lots, 1) + pair_spread / np.maximum(
        np.bincount(pair_group[seen], minlength=groups), 1
    )
    group_spread = max(float(np.mean((np.square(group_mean - common) - group_noise)[group_lots > 0])), 1e-3 * binomial)
    group_rate = common + group_spread / (group_spread + group_noise) * (group_mean - common) * (group_lots > 0)
    keep = np.where(seen, pair_spread / (pair_spread + mean_noise), 0.0)
    mean = group_rate[pair_group] + keep * (pair_mean - group_rate[pair_group])
    spread = keep * np.where(seen, mean_noise, 0.0) + np.where(seen, 0.0, pair_spread) + lot_spread
    good, bad = _beta_of(np.clip(mean, 1e-4, 1 - 1e-4), spread)
    new_good, new_bad = _beta_of(np.array([common]), np.array([pair_spread + group_spread + lot_spread]))
    return Yields(good, bad, lots, float(new_good[0]), float(new_bad[0]))


def _beta_of(mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    strength = np.maximum(mean * (1 - mean) / np.maximum(variance, 1e-12) - 1.0, 0.5)
    return mean * strength, (1 - mean) * strength
