"""Season of a supplier: a smooth yearly wave of the log level, pooled over suppliers.

How much season there is, is read off the agreement between years: the product of a supplier's deviations in
the same part of two years is not raised by noise or by a level that shifted once. The wave is the posterior
mean of a Gaussian process on a circle (Rasmussen and Williams 2006, ch. 4), first common, then own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .normal import FloatArray
from .problem import IntArray, Series

BINS = 24
_REACH_BINS = 3.0
_LEAST_YEARS = 1.4


@dataclass(frozen=True)
class Season:
    """``wave[g, b]``: what part b of the year adds to the log days of group g; ``spread``: its standard deviation."""

    wave: FloatArray
    spread: float
    year_days: int

    def at(self, group: IntArray, day: IntArray) -> FloatArray:
        """The wave on given days, linear between the middles of the parts."""
        place = (np.asarray(day) % self.year_days) / self.year_days * BINS - 0.5
        low = np.floor(place).astype(np.int64)
        part = place - low
        return (1.0 - part) * self.wave[group, low % BINS] + part * self.wave[group, (low + 1) % BINS]


def no_season(groups: int, year_days: int) -> Season:
    """A season that adds nothing."""
    return Season(np.zeros((groups, BINS)), 0.0, year_days)


def _kernel() -> FloatArray:
    steps = np.abs(np.arange(BINS)[:, None] - np.arange(BINS))
    apart = np.minimum(steps, BINS - steps)
    kernel = np.exp(-0.5 * np.square(apart / _REACH_BINS))
    centred = kernel - kernel.mean()
    return centred / centred[0, 0]


def _yearly_means(series: Series, residual: FloatArray, year_days: int, groups: int) -> tuple[FloatArray, FloatArray]:
    """Mean and count of residuals by (year before today, group, bin), each year's own mean of a group removed."""
    back = (series.today - series.day) // year_days
    years = int(back.max()) + 1 if back.size else 1
    part = (series.day % year_days) * BINS // year_days
    year_group = back * groups + series.group
    total = np.bincount(year_group, residual, minlength=years * groups)
    members = np.bincount(year_group, minlength=years * groups)
    clean = residual - (total / np.maximum(members, 1))[year_group]
    cell = year_group * BINS + part
    sums = np.bincount(cell, clean, minlength=years * groups * BINS).astype(float).reshape(years, groups, BINS)
    counts = np.bincount(cell, minlength=years * groups * BINS).reshape(years, groups, BINS).astype(float)
    return sums / np.maximum(counts, 1.0), counts


def _agreement(means: FloatArray, counts: FloatArray) -> tuple[float, float]:
    """Variance of own plus common wave (same group, two years) and of the common wave (two groups)."""
    weight = np.sqrt(counts)
    own_top, own_low, common_top, common_low = 0.0, 1e-12, 0.0, 1e-12
    for early in range(means.shape[0]):
        for late in range(means.shape[0]):
            if early == late:
                continue
            value = means[early] * means[late]
            mass = weight[early] * weight[late]
            own_top += float((mass * value).sum())
            own_low += float(mass.sum())
            cross = (weight[early] * means[early]).sum(axis=0) * (weight[late] * means[late]).sum(axis=0)
            cross_mass = weight[early].sum(axis=0) * weight[late].sum(axis=0)
            common_top += float(cross.sum()) - float((mass * value).sum())
            common_low += float(cross_mass.sum()) - float(mass.sum())
    both = max(own_top / own_low, 0.0)
    common = min(max(common_top / max(common_low, 1e-12), 0.0), both)
    return both, common


def fit_season(
    series: Series, residual: FloatArray, variance: FloatArray, shared_share: float, year_days: int
) -> Season:
    """Posterior mean season of every group.

    Args:
        series: the orders.
        residual: log days minus level and drift, open orders filled in.
        variance: noise variance of the groups, shape (groups,).
        shared_share: part of that noise common to one supplier's orders of a week.
        year_days: length of the year.

    Returns:
        No season where the history is shorter than 1.4 years or the years do not agree.
    """
    groups = series.group_supplier.size
    if series.day.size == 0 or series.today - int(series.day.min()) < _LEAST_YEARS * year_days:
        return no_season(groups, year_days)
    means, counts = _yearly_means(series, residual, year_days, groups)
    both, common = _agreement(means, counts)
    if both < 1e-4 or both < 0.02 * float(np.median(variance)):
        return no_season(groups, year_days)
    kernel = _kernel()
    per_bin_weeks = max(year_days / BINS / 7.0, 1.0)
    base = variance[:, None] / np.maximum(counts, 1e-9)
    noise = base * (1.0 - shared_share) + shared_share * variance[:, None] / np.minimum(
        np.maximum(counts, 1.0), per_bin_weeks
    )
    precision = np.where(counts > 0, 1.0 / np.maximum(noise, 1e-9), 0.0)
    group_precision = precision.sum(axis=0)
    group_mean = (precision * means).sum(axis=0) / np.maximum(group_precision, 1e-12)
    own = max(both - common, 1e-4)
    shared = _posterior_wave(
        (group_mean / (1.0 / np.maximum(group_precision, 1e-9) + own)).sum(axis=0)
        / np.maximum((1.0 / (1.0 / np.maximum(group_precision, 1e-9) + own)).sum(axis=0), 1e-12),
        (1.0 / (1.0 / np.maximum(group_precision, 1e-9) + own)).sum(axis=0),
        max(common, 1e-6) * kernel,
    )
    wave = np.stack(
        [shared + _posterior_wave(group_mean[g] - shared, group_precision[g], own * kernel) for g in range(groups)]
    )
    return Season(wave - wave.mean(axis=1, keepdims=True), float(np.sqrt(both)), year_days)


def _posterior_wave(value: FloatArray, precision: FloatArray, prior: FloatArray) -> FloatArray:
    """Posterior mean of a wave with prior covariance ``prior`` seen with independent noise."""
    seen = precision > 1e-9
    if not seen.any():
        return np.zeros(value.size)
    gain = prior[:, seen] @ np.linalg.inv(prior[np.ix_(seen, seen)] + np.diag(1.0 / precision[seen]))
    return np.asarray(gain @ value[seen])
