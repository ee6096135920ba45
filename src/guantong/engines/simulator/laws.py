"""Laws of a lead time on the logarithmic scale, with mean 0 and variance 1.

A lead time is ``exp(location + scale * error)`` days. Three families of error are known exactly, so that
an experiment can compare an estimate with the truth:

* ``lognormal``: the error is standard normal;
* ``weibull``: the error is a smallest-extreme-value variable, the lead time is Weibull (light upper tail);
* ``loglogistic``: the error is logistic, the lead time has a heavy upper tail.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LAWS: tuple[str, ...] = ("lognormal", "weibull", "loglogistic")

_EULER = 0.5772156649015329
_NORMAL = NormalDist()


def normal_chance(values: FloatArray) -> FloatArray:
    """Standard normal distribution function of each value, by the exact error function."""
    flat = np.asarray(values, dtype=float).ravel()
    return np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in flat]).reshape(np.shape(values))


def error_quantile(law: str, chances: FloatArray) -> FloatArray:
    """Quantiles of the standardised error of a law.

    Args:
        law: one of :data:`LAWS`.
        chances: probabilities strictly between 0 and 1, any shape.

    Returns:
        Values of mean 0 and variance 1, the shape of ``chances``.

    Raises:
        ValueError: the law is unknown.
    """
    chances = np.asarray(chances, dtype=float)
    if law == "lognormal":
        return np.array([_NORMAL.inv_cdf(float(c)) for c in chances.ravel()]).reshape(chances.shape)
    if law == "weibull":
        return (np.log(-np.log1p(-chances)) + _EULER) * math.sqrt(6.0) / math.pi
    if law == "loglogistic":
        return np.log(chances / (1.0 - chances)) * math.sqrt(3.0) / math.pi
    raise ValueError(f"unknown law {law!r}: one of {', '.join(LAWS)}")


def correlated_chances(shared: FloatArray, own: FloatArray, share: float) -> FloatArray:
    """Uniform variables that hold a shared normal factor (Gaussian copula).

    Args:
        shared: standard normal factor of the group of each observation.
        own: standard normal noise of each observation, same shape.
        share: part of the variance that is the factor, in [0, 1).

    Returns:
        Chances, kept away from 0 and 1 by 1e-9.
    """
    mixed = math.sqrt(share) * shared + math.sqrt(1.0 - share) * own
    return np.clip(normal_chance(mixed), 1e-9, 1.0 - 1e-9)
