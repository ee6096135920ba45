"""How good promises were: coverage, Brier, log loss, CRPS, PIT, reliability; and how to correct them.

``below`` is always a law of days as chances of at most each day, shape (orders, horizon) or (horizon,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guantong.engines.leadtime import beta_process_pmf

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_CELLS = 40


def _chances(values: ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=float)
    wrong = np.flatnonzero(~((array >= 0.0) & (array <= 1.0)))
    if wrong.size:
        raise ValueError(f"row {wrong[0]}: {array.ravel()[wrong[0]]} is not a chance")
    return array


def _pair(chances: ArrayLike, outcomes: ArrayLike) -> tuple[FloatArray, FloatArray]:
    chance, outcome = _chances(chances), _chances(outcomes)
    if chance.shape != outcome.shape or chance.size == 0:
        raise ValueError(f"{chance.size} chances but {outcome.size} outcomes")
    return chance, outcome


def brier(chances: ArrayLike, outcomes: ArrayLike) -> float:
    """Mean squared distance of promised chance and outcome, 0 best (Brier 1950)."""
    chance, outcome = _pair(chances, outcomes)
    return float(np.mean(np.square(chance - outcome)))


def brier_skill(chances: ArrayLike, outcomes: ArrayLike) -> float:
    """1 − Brier / Brier of always promising the share that was on time; NaN if all outcomes are alike."""
    chance, outcome = _pair(chances, outcomes)
    base = float(np.mean(np.square(outcome - outcome.mean())))
    return 1.0 - brier(chance, outcome) / base if base > 0 else float("nan")


def log_loss(chances: ArrayLike, outcomes: ArrayLike) -> float:
    """Mean negative log of the chance given to what happened; chances are kept 1e-15 away from 0 and 1."""
    chance, outcome = _pair(chances, outcomes)
    chance = np.clip(chance, 1e-15, 1 - 1e-15)
    return float(-np.mean(outcome * np.log(chance) + (1 - outcome) * np.log1p(-chance)))


def crps(below: FloatArray, days: IntArray) -> FloatArray:
    """Continuous ranked probability score of each order in days, 0 best (Matheson and Winkler 1976).

    The sum over days of the squared distance of the law and the step at the true day; of a law that is one
    sure day it is the absolute error.
    """
    below = np.atleast_2d(below)
    grid = np.arange(below.shape[1])
    return np.square(below - (grid >= np.atleast_1d(days)[:, None])).sum(axis=1)


def crps_of_sample(sample: ArrayLike, truth: float) -> float:
    """CRPS of equally likely values: mean distance to the truth less half the mean distance among themselves."""
    values = np.sort(np.asarray(sample, dtype=float))
    size = values.size
    among = 2.0 * float((values * (2 * np.arange(1, size + 1) - size - 1)).sum()) / size**2
    return float(np.abs(values - truth).mean()) - 0.5 * among


def pit(below: FloatArray, days: IntArray) -> tuple[FloatArray, FloatArray]:
    """Chance before and chance up to the true day of each order; uniform between the two if the laws are right
    (probability integral transform for whole days, Czado, Gneiting and Held 2009)."""
    below = np.atleast_2d(below)
    days = np.minimum(np.atleast_1d(days), below.shape[1] - 1)
    rows = np.arange(below.shape[0])
    upper = below[rows, days]
    lower = np.where(days > 0, below[rows, np.maximum(days - 1, 0)], 0.0)
    return lower, upper


def pit_histogram(lower: FloatArray, upper: FloatArray, bins: int = 10) -> FloatArray:
    """Share of orders by bin of the transform, each order spread evenly from its lower to its upper value."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    width = np.maximum(upper - lower, 1e-12)
    reached = np.clip((edges[None, :] - lower[:, None]) / width[:, None], 0.0, 1.0)
    reached[:, 0], reached[:, -1] = 0.0, 1.0
    return np.diff(reached.mean(axis=0))


@dataclass(frozen=True)
class Coverage:
    """How often a date promised at ``level`` was kept; ``low`` and ``high`` bound the share at 95 % (Wilson)."""

    level: float
    kept: float
    orders: int
    low: float
    high: float


def coverage(promised_days: ArrayLike, days: ArrayLike, level: float) -> Coverage:
    """Share of orders delivered by the promised day."""
    promised, true = np.asarray(promised_days), np.asarray(days)
    if promised.shape != true.shape or promised.size == 0:
        raise ValueError(f"{promised.size} promised days but {true.size} true days")
    kept = float((true <= promised).mean())
    return Coverage(level, kept, promised.size, *wilson(kept, promised.size))


def wilson(share: float, count: int, score: float = 1.959963984540054) -> tuple[float, float]:
    """Confidence interval of a share (Wilson 1927)."""
    square = score * score / count
    centre = (share + square / 2) / (1 + square)
    half = score / (1 + square) * np.sqrt(share * (1 - share) / count + square / (4 * count))
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))


@dataclass(frozen=True)
class ReliabilityRow:
    """Orders with a promised chance in [``from_chance``, ``to_chance``): its mean, and the share that was on time."""

    from_chance: float
    to_chance: float
    orders: int
    promised: float
    kept: float
    low: float
    high: float


def reliability(chances: ArrayLike, outcomes: ArrayLike, bins: int = 10) -> tuple[ReliabilityRow, ...]:
    """Reliability table over equal bins of the promised chance; empty bins are left out."""
    chance, outcome = _pair(chances, outcomes)
    place = np.minimum((chance * bins).astype(int), bins - 1)
    rows = []
    for number in range(bins):
        inside = place == number
        if inside.any():
            kept = float(outcome[inside].mean())
            count = int(inside.sum())
            rows.append(
                ReliabilityRow(
                    number / bins, (number + 1) / bins, count, float(chance[inside].mean()), kept, *wilson(kept, count)
                )
            )
    return tuple(rows)


def isotonic(values: ArrayLike, targets: ArrayLike, weights: ArrayLike | None = None) -> FloatArray:
    """Rising function of ``values`` nearest to ``targets`` by weighted squares, at each value (pool adjacent
    violators, Ayer et al. 1955); equal values get one result."""
    value, target = np.asarray(values, dtype=float), np.asarray(targets, dtype=float)
    weight = np.ones(value.size) if weights is None else np.asarray(weights, dtype=float)
    _points, place = np.unique(value, return_inverse=True)
    mass = np.bincount(place, weight)
    level = np.bincount(place, weight * target) / mass
    blocks: list[list[float]] = []
    for height, size in zip(level, mass, strict=True):
        blocks.append([height, size, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            above = blocks.pop()
            below = blocks[-1]
            total = below[1] + above[1]
            blocks[-1] = [(below[0] * below[1] + above[0] * above[1]) / total, total, below[2] + above[2]]
    fitted = np.repeat([block[0] for block in blocks], [int(block[2]) for block in blocks])
    return np.asarray(fitted[place])


@dataclass(frozen=True)
class Recalibration:
    """A rising map of chances, [0, 1] to [0, 1], by points."""

    stated: FloatArray
    true: FloatArray
    orders: int

    def apply(self, below: FloatArray) -> FloatArray:
        """Corrected law (or chances)."""
        return np.interp(below, self.stated, self.true)


NO_RECALIBRATION = Recalibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 0)


def recalibration(
    lower: FloatArray, upper: FloatArray, ended: NDArray[np.bool_], weight: float = 500.0
) -> Recalibration:
    """Learn from past promises how often a stated chance was true (Kuleshov et al. 2018), open ones included.

    The share of orders that came by the day to which the law gave chance u. Orders still open (which tend to be
    the late ones) count as long as they were seen; the stated chances are the prior, worth ``weight`` orders, also
    where no order has been seen to the end.

    Args:
        lower, upper: transform of each past order (:func:`pit`); of an open order the chance used up so far, twice.
        ended: false where the order is still open.
        weight: orders the stated chances are worth.
    """
    count = int(ended.sum())
    if ended.size == 0:
        return NO_RECALIBRATION
    gone = np.floor(upper[~ended] * _CELLS + 1e-9).astype(np.int64) - 1
    gone = gone[gone >= 0]
    mass = np.zeros(_CELLS)
    # An order lies anywhere between its lower and upper value: four evenly spread places stand for it.
    for part in (0.125, 0.375, 0.625, 0.875):
        place = np.minimum(((lower + part * (upper - lower))[ended] * _CELLS).astype(np.int64), _CELLS - 1)
        mass += beta_process_pmf(np.full(_CELLS, 1.0 / _CELLS), weight, place, gone) / 4.0
    stated = np.linspace(0.0, 1.0, _CELLS + 1)
    return Recalibration(stated, np.minimum(np.concatenate([[0.0], np.cumsum(mass)]), 1.0), count)


def conformal_margin(errors: ArrayLike, level: float) -> float:
    """Days to add to a prediction so that the next order keeps it with at least ``level`` (split conformal, Vovk et
    al. 2005): the ⌈(n + 1)·level⌉-th smallest of true less predicted; infinite if n is too small."""
    ordered = np.sort(np.asarray(errors, dtype=float))
    place = int(np.ceil((ordered.size + 1) * level - 1e-12))
    return float(ordered[place - 1]) if place <= ordered.size else float("inf")
