"""Whether and how far a supplier's level has moved: a hidden level on a grid, filtered week by week.

The level of every supplier is a Markov chain on a grid of log offsets: it stays, walks, or jumps (rarely).
A week's orders speak through their own likelihood, an open order by its chance to be still open, so that
the slow ones among recent orders are not missing; the factor all orders of a week share is integrated out.
Forward–backward recursion (Rabiner 1989) is exact on the grid. Which motion fits is learned over all
suppliers (empirical Bayes mixture), so that a stationary world is not charged for the possibility of drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .normal import FloatArray, log_normal_above, log_normal_density
from .problem import Series

GRID: FloatArray = np.arange(-1.2, 1.5001, 0.06)
_MOTIONS: tuple[tuple[float, float, float], ...] = (
    (0.0, 0.0, 1e-6),
    (0.0, 0.004, 0.05),
    (0.0, 0.015, 0.05),
    (0.03, 0.0, 0.15),
    (0.03, 0.006, 0.15),
    (0.07, 0.004, 0.15),
)
"""(weekly walk, weekly chance of a jump, standard deviation of the first level) of each kind of motion."""
_JUMP_SPREAD = 0.45
_MOST_WEEKS = 156


@dataclass(frozen=True)
class Drift:
    """Level offset of every group by week.

    ``mean[g, w]``: posterior mean in week w; ``now[g, k]``: posterior over :data:`GRID` this week;
    ``moving_chance[g]``: chance that the level is of a kind that moves at all; ``changed_chance[g]``: chance
    that the level of this week differs by more than 10 % from that of 26 weeks ago; ``motion_weight``: share
    of suppliers by kind of motion.
    """

    mean: FloatArray
    now: FloatArray
    moving_chance: FloatArray
    changed_chance: FloatArray
    motion_weight: FloatArray
    today: int

    def at(self, group: np.ndarray, day: np.ndarray) -> FloatArray:
        """Posterior mean offset on given days; before the first week that of the first."""
        last = self.mean.shape[1] - 1
        week = np.clip(last - (self.today - np.asarray(day)) // 7, 0, last)
        return self.mean[group, week]


def no_drift(groups: int, today: int) -> Drift:
    """A level that never moves."""
    now = np.zeros((groups, GRID.size))
    now[:, int(np.argmin(np.abs(GRID)))] = 1.0
    zero = np.zeros(groups)
    return Drift(np.zeros((groups, 1)), now, zero, zero, np.ones(1), today)


def _transition(walk: float, jump: float) -> FloatArray:
    apart = GRID[:, None] - GRID
    stay = np.eye(GRID.size)
    if walk > 0.0:
        # A step finer than the grid: match the variance by the chance of one cell up or down.
        step = GRID[1] - GRID[0]
        move = min(walk**2 / step**2, 0.9)
        stay = (1.0 - move) * np.eye(GRID.size) + 0.5 * move * (np.eye(GRID.size, k=1) + np.eye(GRID.size, k=-1))
        stay[0, 0] += 0.5 * move
        stay[-1, -1] += 0.5 * move
        if walk > step:
            stay = np.exp(-0.5 * np.square(apart / walk))
            stay /= stay.sum(axis=1, keepdims=True)
    far = np.exp(-0.5 * np.square(GRID / _JUMP_SPREAD))[None, :].repeat(GRID.size, axis=0)
    far /= far.sum(axis=1, keepdims=True)
    return (1.0 - jump) * stay + jump * far


def _weekly_log_likelihood(
    series: Series, location: FloatArray, scale: FloatArray, shared_share: float, weeks: int
) -> FloatArray:
    """Log likelihood of every offset by (week, group), the week's shared factor integrated out."""
    groups = series.group_supplier.size
    week = weeks - 1 - (series.today - series.day) // 7
    used = np.flatnonzero(week >= 0)
    own_scale = scale[used] * np.sqrt(1.0 - shared_share)
    standard = ((series.log_days[used] - location[used])[:, None] - GRID) / own_scale[:, None]
    open_rows = series.is_open[used]
    single = np.empty_like(standard)
    single[open_rows] = log_normal_above(standard[open_rows])
    # A few wild rows must not move a level: three in a hundred may come from a law three times as wide.
    closed = standard[~open_rows]
    single[~open_rows] = np.logaddexp(
        log_normal_density(closed) + np.log(0.97), log_normal_density(closed / 3.0) + np.log(0.01)
    )
    cell = week[used] * groups + series.group[used]
    order = np.argsort(cell, kind="stable")
    total = np.zeros((weeks * groups, GRID.size))
    if used.size:
        starts = np.flatnonzero(np.concatenate([[True], np.diff(cell[order]) != 0]))
        total[cell[order][starts]] = np.add.reduceat(single[order], starts, axis=0)
    if shared_share > 0.0:
        blur_scale = float(np.median(scale)) * np.sqrt(shared_share)
        blur = np.exp(-0.5 * np.square((GRID[:, None] - GRID) / max(blur_scale, 0.02)))
        blur /= blur.sum(axis=1, keepdims=True)
        top = total.max(axis=1, keepdims=True)
        total = np.log(np.exp(total - top) @ blur.T + 1e-300) + top
    return total.reshape(weeks, groups, GRID.size)


def _filter(
    likelihood: FloatArray, motion: tuple[float, float, float]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Log evidence by group, smoothed mean by (group, week), posterior now, chance of a change in half a year."""
    weeks, groups, _ = likelihood.shape
    walk, jump, first = motion
    moves = _transition(walk, jump)
    state = np.exp(-0.5 * np.square(GRID / max(first, 0.02)))
    state = np.repeat((state / state.sum())[None, :], groups, axis=0)
    top = likelihood.max(axis=2)
    weights = np.exp(likelihood - top[:, :, None])
    evidence = np.zeros(groups)
    forward = np.empty((weeks, groups, GRID.size))
    for week in range(weeks):
        state = (state @ moves if week else state) * weights[week]
        total = state.sum(axis=1, keepdims=True)
        state = state / np.maximum(total, 1e-300)
        evidence += np.log(np.maximum(total[:, 0], 1e-300)) + top[week]
        forward[week] = state
    backward = np.ones((groups, GRID.size))
    mean = np.empty((groups, weeks))
    for week in range(weeks - 1, -1, -1):
        smooth = forward[week] * backward
        mean[:, week] = (smooth @ GRID) / np.maximum(smooth.sum(axis=1), 1e-300)
        backward = (backward * weights[week]) @ moves.T
        backward /= np.maximum(backward.max(axis=1, keepdims=True), 1e-300)
    then = mean[:, max(weeks - 27, 0)]
    changed = (state * (np.abs(GRID[None, :] - then[:, None]) > 0.1)).sum(axis=1)
    return evidence, mean, state, changed


def fit_drift(series: Series, location: FloatArray, scale: FloatArray, shared_share: float) -> Drift:
    """Filter every supplier's level.

    Args:
        series: the orders, open ones included.
        location: level and season of each order's log days, without drift.
        scale: standard deviation of each order's log days.
        shared_share: part of the noise a supplier's orders of one week have in common.
    """
    groups = series.group_supplier.size
    if series.day.size == 0:
        return no_drift(groups, series.today)
    weeks = min((series.today - int(series.day.min())) // 7 + 1, _MOST_WEEKS)
    likelihood = _weekly_log_likelihood(series, location, scale, shared_share, weeks)
    results = [_filter(likelihood, motion) for motion in _MOTIONS]
    evidence = np.stack([result[0] for result in results])
    share = np.full(len(results), 1.0)
    share[0] = 4.0
    share /= share.sum()
    relative = np.exp(evidence - evidence.max(axis=0))
    for _ in range(30):
        member = share[:, None] * relative
        member /= member.sum(axis=0)
        share = (member.sum(axis=1) + np.array([2.0] + [0.1] * (len(results) - 1))) / (
            groups + 2.0 + 0.1 * (len(results) - 1)
        )
    mean = np.einsum("kg,kgw->gw", member, np.stack([result[1] for result in results]))
    now = np.einsum("kg,kgz->gz", member, np.stack([result[2] for result in results]))
    changed = np.einsum("kg,kg->g", member, np.stack([result[3] for result in results]))
    return Drift(mean, now, 1.0 - member[0], changed * (1.0 - member[0]), share, series.today)
