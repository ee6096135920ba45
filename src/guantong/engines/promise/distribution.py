"""Laws of days: sum, maximum, quantile, and the chance given a shared factor.

A law is an array over whole days 0 … horizon − 1; the last entry holds everything from there on. ``pmf``
holds chances of a day, ``below`` chances of at most a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from guantong.engines.leadtime.normal import normal_point

from .kernels import kernels

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LOST = 1e-7
_BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)


def law_of(chances: Mapping[int, float], horizon: int) -> FloatArray:
    """A pmf from chances by day.

    Raises:
        ValueError: a day is negative or a chance is not in [0, 1], or they do not sum to 1; names the day.
    """
    pmf = np.zeros(horizon)
    for day, chance in chances.items():
        if day < 0 or not 0.0 <= chance <= 1.0 + 1e-12:
            raise ValueError(f"day {day}: chance {chance} is not the chance of a day from 0 on")
        pmf[min(day, horizon - 1)] += chance
    if abs(pmf.sum() - 1.0) > 1e-6:
        raise ValueError(f"chances sum to {pmf.sum()}, not to 1")
    return pmf


def latest_of(laws: Sequence[FloatArray]) -> FloatArray:
    """Law of the latest of independent days (pmf in, pmf out): distribution functions multiply."""
    below = np.prod([np.cumsum(pmf) for pmf in laws], axis=0)
    return np.diff(below, prepend=0.0)


def sum_of(first: FloatArray, second: FloatArray) -> FloatArray:
    """Law of the sum of two independent days (pmf in, pmf out): convolution, the tail kept in the last day."""
    horizon = max(first.size, second.size)
    full = np.convolve(first, second)
    result = full[:horizon].copy()
    result[-1] += full[horizon:].sum()
    return result


def delay(below: FloatArray, step: FloatArray) -> FloatArray:
    """Chances of at most a day, after an independent step.

    Args:
        below: shape (points, horizon).
        step: pmf of the step, shape (days,) or (points, days).
    """
    horizon = below.shape[1]
    if below.shape[0] == 1 and step.ndim == 1:
        result = np.convolve(below[0], step)[None, :horizon]
    else:
        result = kernels().delay(np.ascontiguousarray(below), np.ascontiguousarray(np.atleast_2d(step)))
    result[:, -1] = 1.0
    return result


def trimmed(step: FloatArray) -> FloatArray:
    """A step without the days at its end that nothing comes on."""
    mass = step if step.ndim == 1 else step.max(axis=0)
    used = np.flatnonzero(mass > _LOST)
    return step[..., : int(used[-1]) + 1] if used.size else step


def given_factor(below: FloatArray, share: float, factor: FloatArray) -> FloatArray:
    """Chances of at most a day, given a shared normal factor (Gaussian copula; Vasicek 1987).

    Args:
        below: marginal chances, shape (horizon,).
        share: part of the variance that is the factor, in [0, 1).
        factor: values of the factor, shape (points,); above 0 is late.

    Returns:
        Shape (points, horizon); its mean over a standard normal factor is ``below``.
    """
    if share <= 0.0:
        return np.broadcast_to(below, (factor.size, below.size))
    own = np.sqrt(1.0 - share)
    result = kernels().chance(normal_point(below), 1.0 / own, np.sqrt(share) / own * factor)
    result[:, below >= 1.0] = 1.0
    result[:, below <= 0.0] = 0.0
    return result


def given_elapsed(below: FloatArray, elapsed_days: int, horizon: int) -> FloatArray:
    """Chances of at most so many days to go when ``elapsed_days`` are gone; (points, days) to (points, horizon)."""
    days = below.shape[1]
    gone = below[:, min(elapsed_days, days - 1), None]
    result = np.ones((below.shape[0], horizon))
    part = below[:, elapsed_days : elapsed_days + horizon]
    left = np.maximum(1.0 - gone, 1e-9)
    result[:, : part.shape[1]] = np.where(gone < 1.0 - 1e-9, (part - gone) / left, 1.0)
    result[:, 0] = 0.0
    return np.clip(result, 0.0, 1.0)


def lattice(points: int, dimensions: int) -> FloatArray:
    """Evenly spread points of the unit cube, shape (points, dimensions), deterministic.

    Halton (1960) for the first dozen dimensions, fixed random permutations beyond, where Halton's large bases
    line up; each coordinate is then replaced by its rank, so that every dimension by itself is exactly
    stratified.
    """
    index = np.arange(1, points + 1)
    spread = np.empty((points, dimensions))
    for place, base in enumerate(_BASES[:dimensions]):
        left, part, value = index.copy(), 1.0, np.zeros(points)
        while left.any():
            part /= base
            value += part * (left % base)
            left //= base
        spread[:, place] = value
    rng = np.random.default_rng(7)
    for place in range(len(_BASES), dimensions):
        spread[:, place] = rng.random(points)
    return (np.argsort(np.argsort(spread, axis=0), axis=0) + 0.5) / points


def quantile_day(below: FloatArray, chance: float) -> int:
    """Smallest day with at least this chance."""
    return min(int(np.searchsorted(below, chance - 1e-9)), below.size - 1)
