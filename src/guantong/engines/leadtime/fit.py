"""Learn lead-time laws: alternate levels, season and drift, then the shape of the noise."""

from __future__ import annotations

import numpy as np

from guantong.engines import Stop, checkpoint

from .drift import Drift, fit_drift, no_drift
from .laws import LeadTimeLaws, own_weight
from .levels import Levels, expected_log_days, first_levels, fit_levels, orders_per_pair
from .normal import FloatArray
from .problem import LeadTimeProblem, Series, checked, to_series
from .season import Season, fit_season, no_season
from .shape import fit_shape, normal_shape, shared_share
from .yields import fit_yields

_ROUNDS = 3


def solve(
    problem: LeadTimeProblem,
    stop: Stop | None = None,
    seed: int = 0,
) -> LeadTimeLaws:
    """Learn the lead time of every supplier × item, and its yield.

    Args:
        problem: orders received and still open.
        stop: told (part done, step) between steps; true cancels.
        seed: unused, the fit draws nothing; kept so that all engines are called alike.

    Returns:
        Laws from which quantiles, samples, days to go and chances of enough good units follow.

    Raises:
        BadInput: a row cannot be used; names it.
        Cancelled: ``stop`` said so.
    """
    problem = checked(problem)
    series = to_series(problem)
    groups = series.group_supplier.size

    season, drift = no_season(groups, problem.year_days), no_drift(groups, problem.today)
    levels, share, memory = first_levels(series), 0.0, 0.0
    for turn in range(_ROUNDS if series.day.size else 0):
        checkpoint(stop, turn / (_ROUNDS + 1), "levels")
        offset = season.at(series.group, series.day) + drift.at(series.group, series.day)
        for _ in range(4 if turn == 0 else 2):
            levels = fit_levels(series, offset, levels, share)
        share, memory = shared_share(series, standardised(series, levels, offset))
        checkpoint(stop, (turn + 0.3) / (_ROUNDS + 1), "season")
        season = _season(series, levels, drift, share, problem.year_days)
        checkpoint(stop, (turn + 0.6) / (_ROUNDS + 1), "drift")
        location = levels.pair_level[series.pair] + season.at(series.group, series.day)
        drift = fit_drift(series, location, levels.pair_scale[series.pair], share)
    checkpoint(stop, _ROUNDS / (_ROUNDS + 1), "shape")
    offset = season.at(series.group, series.day) + drift.at(series.group, series.day)
    shape = normal_shape(groups)
    if series.day.size:
        levels = fit_levels(series, offset, levels, share)
        for _ in range(2):
            shape = fit_shape(series, standardised(series, levels, offset))
            levels = fit_levels(series, offset, levels, share, shape)
    laws = LeadTimeLaws(
        problem,
        series,
        levels,
        season,
        drift,
        shape,
        share,
        memory,
        orders_per_pair(series),
        np.full(groups + 1, np.inf),
        fit_yields(problem, series),
    )
    checkpoint(stop, 0.9, "own laws")
    return own_weight(laws)


def _season(series: Series, levels: Levels, drift: Drift, share: float, year_days: int) -> Season:
    moved = drift.at(series.group, series.day)
    location = levels.pair_level[series.pair] + moved
    filled, _ = expected_log_days(series, location, levels.pair_scale[series.pair])
    return fit_season(series, filled - location, np.square(levels.group_scale), share, year_days)


def standardised(series: Series, levels: Levels, offset: FloatArray) -> FloatArray:
    """Residual of every order in units of its spread, undoing what fitting its own level took away."""
    count = np.maximum(orders_per_pair(series), 1)
    taken = np.clip(levels.pair_level_variance / np.square(levels.pair_scale), 0.0, 1.0 / count)
    left = np.sqrt(1.0 - np.minimum(taken, 0.7))[series.pair]
    residual = series.log_days - levels.pair_level[series.pair] - offset
    return residual / (levels.pair_scale[series.pair] * left)
