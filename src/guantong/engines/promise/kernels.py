"""Inner loops, compiled where numba is installed; the same over whole arrays where it is not.

Both give the same numbers to rounding; nothing is compiled before the first question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from guantong.engines.leadtime.normal import NORMAL_REACH, NORMAL_STEP, NORMAL_TABLE, normal_chance

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

NOTHING = 1e-15
"""Chances below this are taken as 0: products of tails otherwise become subnormal numbers, which are slow."""


@dataclass(frozen=True)
class Kernels:
    """``delay(below, step)``: each row convolved with a step of shape (1, days) or (points, days), cut at the horizon.
    ``chance(score, slope, shift)``: normal chance of ``slope * score[t] - shift[p]``, shape (points, days).
    ``complete(laws, children, start, step)``: see :func:`complete_by_arrays`."""

    delay: Callable[[FloatArray, FloatArray], FloatArray]
    chance: Callable[[FloatArray, float, FloatArray], FloatArray]
    complete: Callable[[FloatArray, int, IntArray, FloatArray], FloatArray]


def delay_by_arrays(below: FloatArray, step: FloatArray) -> FloatArray:
    """Convolution of each row of ``below`` with ``step``."""
    horizon = below.shape[1]
    result = np.zeros_like(below)
    for day in range(min(step.shape[1], horizon)):
        result[:, day:] += step[:, day, None] * below[:, : horizon - day]
    return result


def chance_by_arrays(score: FloatArray, slope: float, shift: FloatArray) -> FloatArray:
    """Normal chance of a score under shifts."""
    return normal_chance(slope * score[None, :] - shift[:, None])


def complete_by_arrays(laws: FloatArray, children: int, start: IntArray, step: FloatArray) -> FloatArray:
    """Law of when an item is complete.

    Args:
        laws: chances of at most each day of children (first) and of other pieces, shape (laws, points, horizon).
        children: how many of them are children: the run waits for these.
        start: latest start that is finished by each day (−1 none); empty if the run needs no capacity.
        step: pmf of the make time, shape (1, days) or (points, days); no days if there is none.

    Returns:
        Chances, shape (points, horizon); the last day is 1.
    """
    result = laws[:children].prod(axis=0)
    if start.size:
        result = np.where(start >= 0, result[:, np.maximum(start, 0)], 0.0)
    result[result < NOTHING] = 0.0
    if step.shape[1]:
        result = delay_by_arrays(result, step)
    result[:, -1] = 1.0
    return np.asarray(result * laws[children:].prod(axis=0))


@cache
def kernels() -> Kernels:
    """Compiled loops if numba is there, else loops over arrays."""
    try:
        import numba
    except ImportError:
        return Kernels(delay_by_arrays, chance_by_arrays, complete_by_arrays)
    compiled = numba.njit(cache=True)
    delay, chance_of, complete = compiled(_delay), compiled(_chance), compiled(_complete)
    return Kernels(delay, lambda score, slope, shift: chance_of(score, slope, shift, NORMAL_TABLE), complete)


def _delay(below: FloatArray, step: FloatArray) -> FloatArray:
    points, horizon = below.shape
    days = min(step.shape[1], horizon)
    result = np.zeros_like(below)
    for point in range(points):
        row = point if step.shape[0] > 1 else 0
        for day in range(days):
            weight = step[row, day]
            if weight > 1e-12:
                for at in range(day, horizon):
                    result[point, at] += weight * below[point, at - day]
    return result


def _chance(score: FloatArray, slope: float, shift: FloatArray, table: FloatArray) -> FloatArray:
    result = np.empty((shift.size, score.size))
    top = table.size - 1.000001
    for point in range(shift.size):
        for at in range(score.size):
            place = (slope * score[at] - shift[point] + NORMAL_REACH) / NORMAL_STEP
            place = min(max(place, 0.0), top)
            left = int(place)
            part = place - left
            result[point, at] = table[left] * (1.0 - part) + table[left + 1] * part
    return result


def _complete(laws: FloatArray, children: int, start: IntArray, step: FloatArray) -> FloatArray:
    count, points, horizon = laws.shape
    days = min(step.shape[1], horizon)
    result = np.ones((points, horizon))
    ready = np.empty(horizon)
    run = np.empty(horizon)
    for point in range(points):
        ready[:] = 1.0
        for law in range(children):
            for at in range(horizon):
                ready[at] *= laws[law, point, at]
        for at in range(horizon):
            day = start[at] if start.size else at
            run[at] = ready[day] if day >= 0 and ready[day] >= NOTHING else 0.0
        if days:
            row = point if step.shape[0] > 1 else 0
            result[point, :] = 0.0
            for day in range(days):
                weight = step[row, day]
                if weight > 1e-12:
                    for at in range(day, horizon):
                        result[point, at] += weight * run[at - day]
        else:
            result[point, :] = run
        result[point, horizon - 1] = 1.0
        for law in range(children, count):
            for at in range(horizon):
                result[point, at] *= laws[law, point, at]
    return result
