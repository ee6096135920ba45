"""Lead times of which some have not ended: product-limit estimate, its Bayesian smoothing, days to go.

A probability mass function over whole days is an array whose entry d is the chance of exactly d days; its
last entry holds everything from there on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .normal import FloatArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class SurvivalCurve:
    """Product-limit estimate at the days on which something ended.

    ``days`` ascending; ``at_risk`` and ``ended`` counts; ``survival[k]`` = chance of more than ``days[k]``
    days; ``variance`` of it by Greenwood's formula (0 once the curve has reached 0).
    """

    days: FloatArray
    at_risk: IntArray
    ended: IntArray
    survival: FloatArray
    variance: FloatArray

    def quantile(self, chance: float) -> float:
        """Smallest day by which at least ``chance`` has ended; NaN where the curve does not get there."""
        reached = np.flatnonzero(self.survival <= 1.0 - chance + 1e-12)
        return float(self.days[reached[0]]) if reached.size else float("nan")

    def chance_beyond(self, day: float) -> float:
        """Chance of lasting more than ``day`` days."""
        place = int(np.searchsorted(self.days, day, side="right"))
        return 1.0 if place == 0 else float(self.survival[place - 1])


def kaplan_meier(durations: FloatArray, ended: NDArray[np.bool_]) -> SurvivalCurve:
    """Product-limit estimate of Kaplan and Meier (1958) with Greenwood's variance.

    Args:
        durations: days observed, shape (n,); of an open order the days so far. At a tie the ending comes first.
        ended: true where the duration ended, false where it was still going on.

    Raises:
        ValueError: durations are negative or not finite, or the lengths differ; names the entry.
    """
    durations = np.asarray(durations, dtype=float)
    ended = np.asarray(ended, dtype=bool)
    if durations.shape != ended.shape:
        raise ValueError(f"{durations.size} durations but {ended.size} flags")
    wrong = np.flatnonzero(~np.isfinite(durations) | (durations < 0))
    if wrong.size:
        raise ValueError(f"duration row {wrong[0]}: {durations[wrong[0]]} is negative or not a number")
    days, count = np.unique(durations[ended], return_counts=True)
    at_risk = durations.size - np.searchsorted(np.sort(durations), days)
    survival = np.asarray(np.cumprod(1.0 - count / np.maximum(at_risk, 1)), dtype=float)
    left = at_risk - count
    terms = np.divide(count, at_risk * left, out=np.zeros(days.size), where=left > 0)
    return SurvivalCurve(
        days, at_risk, count, survival, np.asarray(np.square(survival) * np.cumsum(terms), dtype=float)
    )


def remaining_pmf(pmf: FloatArray, elapsed_days: int) -> FloatArray:
    """Days still to go, given that ``elapsed_days`` have gone and it has not come.

    Entry k of the result is the chance of k more days; entry 0 is 0, because today is over. The clock is
    not restarted. Where the law left no chance beyond ``elapsed_days``, the order is expected on the next
    day: the law has been contradicted and the caller should look at the order.

    Args:
        pmf: shape (horizon,) or (..., horizon).
        elapsed_days: whole days since the order, at least 0; −1 gives the unconditional law.

    Returns:
        Array of the same shape.
    """
    if elapsed_days < -1:
        raise ValueError(f"elapsed_days {elapsed_days} is negative")
    if elapsed_days == -1:
        return np.array(pmf, dtype=float)
    horizon = pmf.shape[-1]
    result = np.zeros_like(pmf, dtype=float)
    tail = pmf[..., elapsed_days + 1 :]
    result[..., 1 : 1 + tail.shape[-1]] = tail[..., : horizon - 1]
    total = result.sum(axis=-1, keepdims=True)
    result = np.divide(result, total, out=np.zeros_like(result), where=total > 1e-12)
    result[..., 1] += np.where(total[..., 0] > 1e-12, 0.0, 1.0)
    return result


def pmf_quantile(pmf: FloatArray, chances: FloatArray) -> IntArray:
    """Smallest day by which each chance is reached; shape (..., chances) of a pmf of shape (..., horizon)."""
    below = np.cumsum(pmf, axis=-1)
    chances = np.atleast_1d(np.asarray(chances, dtype=float))
    place = (below[..., None, :] < chances[:, None] - 1e-9).sum(axis=-1)
    return np.minimum(place, pmf.shape[-1] - 1)


def beta_process_pmf(prior_pmf: FloatArray, weight: float, ended_days: IntArray, open_days: IntArray) -> FloatArray:
    """A prior law updated with a series' own, partly open, lead times.

    Each day's hazard has a beta prior centred on the hazard of ``prior_pmf`` with the strength of ``weight``
    prior orders (Hjort 1990, beta process with the concentration of a Dirichlet process; Susarla and Van
    Ryzin 1976). With no data it returns the prior, with much data the product-limit estimate.

    Args:
        prior_pmf: shape (horizon,).
        weight: prior orders, positive.
        ended_days: whole days of received orders.
        open_days: whole days gone of open orders (alive after that day).

    Returns:
        Posterior mean law, shape (horizon,).
    """
    horizon = prior_pmf.size
    ended = np.bincount(np.minimum(ended_days, horizon - 1), minlength=horizon).astype(float)
    gone = np.bincount(np.minimum(open_days, horizon - 1), minlength=horizon).astype(float)
    at_risk = np.cumsum((ended + gone)[::-1])[::-1]
    ahead = np.cumsum(prior_pmf[::-1])[::-1]
    hazard = (weight * prior_pmf + ended) / np.maximum(weight * ahead + at_risk, 1e-300)
    hazard = np.clip(hazard, 0.0, 1.0)
    hazard[-1] = 1.0
    alive = np.concatenate([[1.0], np.cumprod(1.0 - hazard[:-1])])
    return alive * hazard
