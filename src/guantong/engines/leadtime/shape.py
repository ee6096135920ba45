"""Shape of the noise: the standardised law of log days, learned instead of assumed, and what it shares.

Standardised residuals of all suppliers give the common shape (product-limit estimate over cells, started
from the normal); each supplier's own residuals then move it as far as their number allows. The common
factor of one supplier's orders of one week is measured by the mean product of their residuals, less the mean
product of residuals far apart in time, which only a misjudged level can raise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .normal import FloatArray, normal_chance
from .problem import Series
from .survival import beta_process_pmf

EDGES: FloatArray = np.linspace(-6.0, 6.0, 161)
_STEP = float(EDGES[1] - EDGES[0])
_PRIOR_COMMON = 60.0
_PRIOR_OWN = 120.0


@dataclass(frozen=True)
class Shape:
    """``below[g, k]``: chance that the standardised noise of group g is below ``EDGES[k]``; last row: common shape."""

    below: FloatArray

    def chance(self, group: np.ndarray, standard: FloatArray) -> FloatArray:
        """Distribution function of the noise.

        Args:
            group: row of :attr:`below`, broadcastable against ``standard``.
            standard: standardised values.
        """
        place = np.clip((standard - EDGES[0]) / _STEP, 0.0, EDGES.size - 1.000001)
        left = place.astype(np.int64)
        part = place - left
        flat = self.below.ravel()
        start = group * EDGES.size + left
        return flat[start] * (1.0 - part) + flat[start + 1] * part

    def score(self) -> tuple[FloatArray, FloatArray, float]:
        """What a residual says about its location under the common shape.

        Returns:
            By cell of :data:`EDGES`: −d log density / dx, smoothed; its mean above the lower edge of the cell
            (for open orders); the Fisher information of a location (1 for the normal).
        """
        mass = _smoothed(np.diff(self.below[-1]), 0.3)
        middle = 0.5 * (EDGES[1:] + EDGES[:-1])
        slope = -np.gradient(np.log(np.maximum(mass / _STEP, 1e-4)), _STEP)
        inside = np.flatnonzero(np.abs(middle) < 2.5)
        slope = np.clip(slope[np.clip(np.arange(middle.size), inside[0], inside[-1])], -4.0, 4.0)
        slope = slope - float(mass @ slope) / float(mass.sum())
        beyond = np.cumsum((mass * slope)[::-1])[::-1]
        above = np.cumsum(mass[::-1])[::-1]
        # d slope / dx under the law: how far the mean score moves when the location does.
        information = max(float(mass @ np.gradient(slope, _STEP)), 0.5)
        return slope, beyond / np.maximum(above, 1e-6), information


def normal_shape(groups: int) -> Shape:
    """The standard normal for every group."""
    return Shape(np.repeat(normal_chance(EDGES)[None, :], groups + 1, axis=0))


def _standardised(mass: FloatArray) -> FloatArray:
    """Cumulative chances at the edges of a law with the cell masses, moved and stretched to mean 0 and variance 1."""
    middle = 0.5 * (EDGES[1:] + EDGES[:-1])
    mean = float(mass @ middle)
    spread = float(np.sqrt(max(float(mass @ np.square(middle - mean)), 1e-6)))
    below = np.concatenate([[0.0], np.cumsum(mass)])
    below /= below[-1]
    return np.interp(EDGES * spread + mean, EDGES, below, left=0.0, right=1.0)


def _smoothed(mass: FloatArray, spread: float) -> FloatArray:
    reach = math.ceil(4.0 * spread / _STEP)
    kernel = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) * _STEP / spread))
    return np.convolve(mass, kernel / kernel.sum(), mode="same")


def fit_shape(series: Series, standard: FloatArray) -> Shape:
    """Common and own shapes.

    Args:
        series: the orders.
        standard: (log days − location) / scale of each order, corrected for what fitting took away.
    """
    groups = series.group_supplier.size
    cell = np.clip(((standard - EDGES[0]) / _STEP).astype(np.int64), 0, EDGES.size - 2)
    normal = np.diff(normal_chance(EDGES))
    normal /= normal.sum()
    closed = ~series.is_open
    size = int(closed.sum())
    bandwidth = 0.5 * float(max(size, 1)) ** -0.2
    common = beta_process_pmf(normal, _PRIOR_COMMON, cell[closed], cell[~closed])
    common = _smoothed(common, max(bandwidth, 0.08))
    rows = []
    order = np.argsort(series.group, kind="stable")
    bounds = np.searchsorted(series.group[order], np.arange(groups + 1))
    for group in range(groups):
        member = order[bounds[group] : bounds[group + 1]]
        ended = member[closed[member]]
        own = beta_process_pmf(common, _PRIOR_OWN, cell[ended], cell[member[series.is_open[member]]])
        rows.append(_standardised(_smoothed(own, 0.15)))
    rows.append(_standardised(common))
    return Shape(np.stack(rows))


def location_values(series: Series, location: FloatArray, scale: FloatArray, shape: Shape) -> tuple[FloatArray, float]:
    """One scoring step under the learned shape (Le Cam; Bickel 1982): pseudo log days, and the precision they gain.

    The mean of these values estimates a level as well as maximum likelihood would, where the plain mean of a skewed
    or heavy-tailed law wastes orders.

    Returns:
        Values, shape (orders,); Fisher information of a location, 1 for the normal.
    """
    slope, excess, information = shape.score()
    cell = np.clip((((series.log_days - location) / scale - EDGES[0]) / _STEP).astype(np.int64), 0, EDGES.size - 2)
    step = np.where(series.is_open, excess[cell], slope[cell])
    return location + scale * step / information, information


def shared_share(series: Series, standard: FloatArray) -> tuple[float, float]:
    """Share of the noise common to one supplier's orders of one week, and how much of it lasts to the next week.

    Returns:
        (share in [0, 0.8], memory in [0, 0.95]); (0, 0) where too few weeks hold two orders.
    """
    week = (series.today - series.day) // 7
    if week.size == 0:
        return 0.0, 0.0
    weeks, groups = int(week.max()) + 1, series.group_supplier.size
    cell = series.group * weeks + week
    closed = ~series.is_open
    total = np.bincount(cell[closed], np.clip(standard[closed], -3, 3), minlength=groups * weeks).reshape(groups, weeks)
    square = np.bincount(cell[closed], np.square(np.clip(standard[closed], -3, 3)), minlength=groups * weeks)
    count = np.bincount(cell[closed], minlength=groups * weeks).astype(float).reshape(groups, weeks)
    within = float((np.square(total) - square.reshape(groups, weeks)).sum())
    pairs = float((count * (count - 1)).sum())
    if pairs < 200.0:
        return 0.0, 0.0

    def lagged(lag: int) -> tuple[float, float]:
        if lag >= weeks:
            return 0.0, 0.0
        return float((total[:, lag:] * total[:, :-lag]).sum()), float((count[:, lag:] * count[:, :-lag]).sum())

    far = np.array([lagged(lag) for lag in range(10, min(27, weeks))]).reshape(-1, 2).sum(axis=0)
    base = max(far[0] / far[1], 0.0) if far[1] > 0 else 0.0
    share = float(np.clip(within / pairs - base, 0.0, 0.8))
    near = lagged(1)
    next_week = near[0] / near[1] - base if near[1] > 0 else 0.0
    memory = float(np.clip(next_week / share, 0.0, 0.95)) if share > 0.03 else 0.0
    return share, memory
