"""Level and spread of every series, pooled through its supplier to all suppliers.

Levels: two-stage empirical Bayes (Efron and Morris 1975; Gelman and Hill 2007, ch. 12). Spreads: the variance
of a series is drawn towards that of its supplier, that one towards the common variance, with prior degrees
of freedom from the excess scatter of log variances (Smyth 2004). Open orders enter by the expected value
and variance of a normal beyond its bound (EM for censored data, Dempster, Laird and Rubin 1977).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .normal import FloatArray, digamma, excess_over, trigamma, trigamma_inverse
from .problem import IntArray, Series
from .shape import Shape, location_values

_MOST_FREEDOM = 500.0


@dataclass(frozen=True)
class Levels:
    """Level and spread of log days.

    Per series (pair): ``pair_level``, its posterior variance ``pair_level_variance``, ``pair_scale`` (standard
    deviation of log days) and ``pair_freedom`` (degrees of freedom behind it). The same per group (supplier),
    for a new item of it, and for a supplier never seen.
    """

    pair_level: FloatArray
    pair_level_variance: FloatArray
    pair_scale: FloatArray
    pair_freedom: FloatArray
    group_level: FloatArray
    group_level_variance: FloatArray
    group_scale: FloatArray
    group_freedom: FloatArray
    new_level: float
    new_level_variance: float
    new_scale: float
    new_freedom: float


def first_levels(series: Series) -> Levels:
    """A start without pooling: one level and one spread for all."""
    log_days = series.log_days
    level = float(np.median(log_days)) if log_days.size else np.log(10.0)
    scale = max(float(np.std(log_days)), 0.1) if log_days.size else 0.5
    pairs, groups = series.pair_group.size, series.group_supplier.size
    return Levels(
        np.full(pairs, level),
        np.full(pairs, scale**2),
        np.full(pairs, scale),
        np.full(pairs, 5.0),
        np.full(groups, level),
        np.full(groups, scale**2),
        np.full(groups, scale),
        np.full(groups, 5.0),
        level,
        scale**2,
        scale,
        5.0,
    )


def expected_log_days(series: Series, location: FloatArray, scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log days of every order with those of open orders replaced by their expectation; and the variance of that."""
    bound = (series.log_days - location) / scale
    excess = excess_over(bound)
    filled = np.where(series.is_open, location + scale * excess, series.log_days)
    spare = np.where(series.is_open, np.square(scale) * np.maximum(1.0 + bound * excess - np.square(excess), 0.0), 0.0)
    return filled, spare


def fit_levels(
    series: Series, offset: FloatArray, before: Levels, shared_share: float, shape: Shape | None = None
) -> Levels:
    """One round: fill open orders, then pool levels and spreads.

    Args:
        series: the orders.
        offset: what season and drift add to each order's log days.
        before: the previous round.
        shared_share: part of the noise one supplier's orders of one week have in common; it limits what many
            orders of one supplier can say about its level.
        shape: learned shape of the noise; None takes the normal.
    """
    pair, pair_group = series.pair, series.pair_group
    pairs, groups = pair_group.size, series.group_supplier.size
    scale = before.pair_scale[pair]
    filled, spare = expected_log_days(series, before.pair_level[pair] + offset, scale)
    value = filled - offset
    count = np.bincount(pair, minlength=pairs).astype(float)
    informed, information = value, 1.0
    if shape is not None:
        pseudo, information = location_values(series, before.pair_level[pair] + offset, scale, shape)
        informed = pseudo - offset
    mean = np.bincount(pair, informed, minlength=pairs) / np.maximum(count, 1.0)
    noise = np.square(before.pair_scale) / np.maximum(count * information, 1e-9)
    weeks = np.unique(series.group * 100_000 + series.day // 7) // 100_000
    week_count = np.maximum(np.bincount(weeks, minlength=groups), 1)
    group_noise = shared_share * np.square(before.group_scale) / week_count
    tau_pair, tau_group, level = 0.1, 0.2, before.new_level
    for _ in range(8):
        weight = np.where(count > 0, 1.0 / (noise + tau_pair), 0.0)
        total = np.bincount(pair_group, weight, minlength=groups)
        raw = np.bincount(pair_group, weight * mean, minlength=groups) / np.maximum(total, 1e-12)
        raw_variance = 1.0 / np.maximum(total, 1e-12) + group_noise
        group_weight = 1.0 / (raw_variance + tau_group)
        level = float((group_weight * raw).sum() / group_weight.sum())
        keep = tau_group / (tau_group + raw_variance)
        group_level = level + keep * (raw - level)
        group_variance = keep * raw_variance
        pair_keep = np.where(count > 0, tau_pair / (tau_pair + noise), 0.0)
        effect = pair_keep * (mean - group_level[pair_group])
        pair_variance = pair_keep * np.where(count > 0, noise, 0.0) + np.where(count > 0, 0.0, tau_pair)
        tau_pair = max(float(np.mean(np.square(effect) + pair_variance)), 1e-6)
        tau_group = max(float(np.mean(np.square(group_level - level) + group_variance)), 1e-6)
    pair_level = group_level[pair_group] + effect
    pair_level_variance = pair_variance + np.square(1.0 - pair_keep) * group_variance[pair_group]
    lost = np.clip(pair_keep, 0.0, 1.0)
    square = np.square(value - pair_level[pair]) + spare
    scales = _pooled_scales(square, series, count, lost)
    return Levels(
        pair_level,
        pair_level_variance,
        *scales[:2],
        group_level,
        group_variance + tau_pair,
        *scales[2:4],
        level,
        tau_group + tau_pair,
        *scales[4:],
    )


def _pooled_scales(
    square: FloatArray, series: Series, count: FloatArray, lost: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, float, float]:
    pair_group = series.pair_group
    groups = series.group_supplier.size
    pair_sum = np.bincount(series.pair, square, minlength=pair_group.size).astype(float)
    freedom = np.maximum(count - lost, 0.0)
    group_sum = np.bincount(pair_group, pair_sum, minlength=groups).astype(float)
    group_freedom = np.bincount(pair_group, freedom, minlength=groups).astype(float)
    common = max(float(group_sum.sum() / max(group_freedom.sum(), 1e-9)), 1e-6)
    between_groups = prior_freedom(group_sum, group_freedom, np.full(groups, common))
    pooled = (between_groups * common + group_sum) / (between_groups + group_freedom)
    between_pairs = prior_freedom(pair_sum, freedom, pooled[pair_group])
    pair_variance = (between_pairs * pooled[pair_group] + pair_sum) / (between_pairs + freedom)
    behind_group = 1.0 / (1.0 / between_pairs + 1.0 / (between_groups + group_freedom))
    behind_pair = 1.0 / (1.0 / (between_pairs + freedom) + 0.3 / (between_groups + group_freedom)[pair_group])
    new_freedom = 1.0 / (1.0 / between_pairs + 1.0 / between_groups)
    return np.sqrt(pair_variance), behind_pair, np.sqrt(pooled), behind_group, float(np.sqrt(common)), new_freedom


def prior_freedom(sums: FloatArray, freedom: FloatArray, expected: FloatArray) -> float:
    """Degrees of freedom the prior of a variance is worth, from how much log variances scatter beyond chance.

    Args:
        sums: sum of squares of each member.
        freedom: degrees of freedom of each member; members below 2 are left out.
        expected: variance each member is drawn to.

    Returns:
        Between 1 and 500; 500 where members do not differ beyond chance, 20 with fewer than 4 members.
    """
    used = freedom >= 2.0
    if used.sum() < 4:
        return 20.0
    half = freedom[used] / 2.0
    log_ratio = np.log(np.maximum(sums[used] / freedom[used], 1e-9) / expected[used]) - digamma(half) + np.log(half)
    weight = 1.0 / trigamma(half)
    centre = float((weight * log_ratio).sum() / weight.sum())
    excess = float((weight * (np.square(log_ratio - centre) - trigamma(half))).sum() / weight.sum())
    if excess <= float(trigamma(np.array([_MOST_FREEDOM / 2.0]))[0]):
        return _MOST_FREEDOM
    return float(np.clip(2.0 * trigamma_inverse(excess), 1.0, _MOST_FREEDOM))


def orders_per_pair(series: Series) -> IntArray:
    """Orders of each series, open ones included."""
    return np.bincount(series.pair, minlength=series.pair_group.size)
