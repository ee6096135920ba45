"""Purchase histories with a known lead-time law: what a lead-time estimator is judged on.

Every supplier × item series has a log-location and a spread drawn once; all orders a supplier gets in one
week share part of their noise. On top of this a history may be seasonal, may have shifted a known number of
days before the cut, or may drift slowly. No queue and no rejects here, so that the law at the cut is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .laws import FloatArray, correlated_chances, error_quantile

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class HistorySpec:
    """The law of one generated history.

    ``shift_factor`` multiplies the lead time of a ``shift_share`` of suppliers for orders placed within
    ``shift_age_days`` of the cut; ``season_swing`` is the half range of the yearly log-wave;
    ``drift_per_year`` is the standard deviation of a yearly random-walk step of the log level;
    ``shared_share`` is the part of the noise that one supplier's orders of one week have in common.
    """

    law: str = "lognormal"
    suppliers: int = 60
    items_per_supplier: int = 15
    history_days: int = 730
    orders_per_year: float = 10.0
    shared_share: float = 0.3
    season_swing: float = 0.0
    shift_factor: float = 1.0
    shift_share: float = 0.4
    shift_age_days: int = 65
    drift_per_year: float = 0.0


@dataclass(frozen=True)
class History:
    """Orders known at the cut, and the law at the cut.

    Arrays over orders: ``supplier``, ``item``, ``ordered_day``, ``received_day`` (−1 where still open),
    ``ordered_quantity``, ``accepted_quantity`` (0 where open). Arrays over series (row = supplier ×
    ``items_per_supplier`` + item number): ``series_supplier``, ``series_item``, ``location`` and ``scale``
    of the log lead time at ``cut_day``, ``accept_rate``.
    """

    spec: HistorySpec
    cut_day: int
    supplier: IntArray
    item: IntArray
    ordered_day: IntArray
    received_day: IntArray
    ordered_quantity: IntArray
    accepted_quantity: IntArray
    series_supplier: IntArray
    series_item: IntArray
    location: FloatArray
    scale: FloatArray
    accept_rate: FloatArray

    def true_lead_time_days(self, chances: FloatArray) -> IntArray:
        """Exact quantiles of the lead time in whole days of an order placed on the cut day.

        Args:
            chances: probabilities strictly between 0 and 1.

        Returns:
            Days, shape (series, chances).
        """
        error = error_quantile(self.spec.law, np.asarray(chances, dtype=float))
        return np.floor(np.exp(self.location[:, None] + self.scale[:, None] * error)).astype(np.int64)


def generate_history(spec: HistorySpec, seed: int) -> History:
    """Draw one history.

    Args:
        spec: the law.
        seed: every draw follows from it.

    Returns:
        Orders placed before the cut; those not received by the end of the cut day are open.
    """
    rng = np.random.default_rng(seed)
    series = spec.suppliers * spec.items_per_supplier
    series_supplier = np.repeat(np.arange(spec.suppliers), spec.items_per_supplier)
    level = np.log(22.0) + 0.45 * rng.standard_normal(spec.suppliers)
    base = level[series_supplier] + 0.25 * rng.standard_normal(series)
    scale = 0.35 * np.exp(0.25 * rng.standard_normal(spec.suppliers))[series_supplier]
    scale = scale * np.exp(0.10 * rng.standard_normal(series))
    swing = spec.season_swing * rng.uniform(0.3, 1.0, spec.suppliers)
    phase = 365.0 * (0.15 + 0.08 * rng.standard_normal(spec.suppliers))
    shifted = rng.random(spec.suppliers) < spec.shift_share
    walk = _level_walk(rng, spec)
    rate = spec.orders_per_year * np.exp(0.5 * rng.standard_normal(series)) / 365.0
    count = rng.poisson(rate * spec.history_days)
    pair = np.repeat(np.arange(series), count)
    cut_day = spec.history_days
    ordered = np.sort(rng.integers(0, cut_day, pair.size))
    pair = rng.permutation(pair)

    def shape(day: IntArray, of: IntArray) -> FloatArray:
        wave = swing[of] * np.cos(2.0 * np.pi * (day - phase[of]) / 365.0)
        late = shifted[of] & (day >= cut_day - spec.shift_age_days)
        return wave + late * np.log(spec.shift_factor) + walk[of, np.minimum(day // 7, walk.shape[1] - 1)]

    supplier = series_supplier[pair]
    weekly = rng.standard_normal((spec.suppliers, spec.history_days // 7 + 2))
    own = rng.standard_normal(pair.size)
    chances = correlated_chances(weekly[supplier, ordered // 7], own, spec.shared_share)
    error = error_quantile(spec.law, chances)
    lead = np.floor(np.exp(base[pair] + shape(ordered, supplier) + scale[pair] * error)).astype(np.int64)
    received = np.where(ordered + lead <= cut_day, ordered + lead, -1)
    accept_rate = rng.beta(40.0, 2.0, series)
    quantity = rng.integers(5, 200, pair.size)
    accepted = rng.binomial(
        quantity, np.clip(rng.beta(60 * accept_rate[pair], 60 * (1 - accept_rate[pair]) + 1e-9), 0, 1)
    )
    now = np.full(series, cut_day)
    return History(
        spec,
        cut_day,
        supplier,
        pair % spec.items_per_supplier + 1000 * supplier,
        ordered,
        received,
        quantity,
        np.where(received >= 0, accepted, 0),
        series_supplier,
        np.arange(series) % spec.items_per_supplier + 1000 * series_supplier,
        base + shape(now, series_supplier),
        scale,
        accept_rate,
    )


def _level_walk(rng: np.random.Generator, spec: HistorySpec) -> FloatArray:
    weeks = spec.history_days // 7 + 1
    steps = rng.standard_normal((spec.suppliers, weeks)) * spec.drift_per_year / np.sqrt(52.0)
    return np.cumsum(steps, axis=1)
