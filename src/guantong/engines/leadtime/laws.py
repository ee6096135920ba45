"""The learned laws: one source of lead times for promise, netting, safety stock and scorecards."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .drift import GRID, Drift
from .levels import Levels
from .normal import FloatArray, normal_chance
from .problem import IntArray, LeadTimeProblem, Series
from .season import Season
from .shape import Shape
from .survival import beta_process_pmf, pmf_quantile, remaining_pmf
from .yields import Yields

_ATOMS = 7
_SCALE_STEPS: FloatArray = np.array([-np.sqrt(3.0), 0.0, np.sqrt(3.0)])
_SCALE_WEIGHTS: FloatArray = np.array([1 / 6, 2 / 3, 1 / 6])
_OWN_WEIGHTS = (20.0, 60.0, 200.0, 1000.0, np.inf)


@dataclass(frozen=True)
class Forecast:
    """The lead time of one order to be placed, with what it rests on.

    ``pmf[d]``: chance of exactly d days, last cell d or more; ``orders``: receipts and open orders of the
    series; ``spread_days``: standard deviation; ``basis``: series, supplier or all suppliers; ``reasons``.
    """

    pmf: FloatArray
    orders: int
    spread_days: float
    basis: str
    reasons: tuple[str, ...]

    def quantile(self, chance: float) -> int:
        """Smallest number of days reached with at least this chance."""
        return int(pmf_quantile(self.pmf, np.array([chance]))[0])


@dataclass(frozen=True)
class LeadTimeLaws:
    """Everything learned from one problem; laws are computed when asked for.

    ``series`` lists the supplier × item pairs (``pair_supplier``, ``pair_item``); arrays named by pair are in
    that order. ``shared_share``: part of the noise (variance of log days) one supplier's orders of one week
    have in common; ``memory``: how much of it lasts into the next week. ``own_orders``: weight of the pooled law,
    in orders,
    against the series' own, by group.
    """

    problem: LeadTimeProblem
    series: Series
    levels: Levels
    season: Season
    drift: Drift
    shape: Shape
    shared_share: float
    memory: float
    orders: IntArray
    own_orders: FloatArray
    yields: Yields

    def pair_of(self, supplier: int, item: int) -> int:
        """Row of a supplier × item, −1 if never seen."""
        rows = np.flatnonzero((self.series.pair_supplier == supplier) & (self.series.pair_item == item))
        return int(rows[0]) if rows.size else -1

    def common_share(self, pair: int) -> float:
        """Part of the variance of a series' log lead time that orders placed together have in common.

        The weekly factor, and what is not known of the supplier's present level; −1 asks for a series never seen.
        """
        if pair < 0:
            variance, noise = self.levels.new_level_variance, self.levels.new_scale**2
        else:
            now = self.drift.now[self.series.pair_group[pair]]
            moving = float(now @ np.square(GRID) - np.square(now @ GRID))
            group = self.levels.group_level_variance[self.series.pair_group[pair]]
            variance = moving + min(float(group), float(self.levels.pair_level_variance[pair]))
            noise = float(self.levels.pair_scale[pair]) ** 2
        return float(min((self.shared_share * noise + variance) / (noise + variance), 0.95))

    def pmfs(self, pairs: IntArray, ordered_day: int | None = None, own: bool = True) -> FloatArray:
        """Laws of orders of known series placed on a day (default today); shape (pairs, horizon)."""
        pairs = np.asarray(pairs, dtype=np.int64)
        group = self.series.pair_group[pairs]
        levels = self.levels
        pooled = self._pooled(
            group,
            levels.pair_level[pairs],
            levels.pair_level_variance[pairs],
            levels.pair_scale[pairs],
            levels.pair_freedom[pairs],
            ordered_day,
        )
        if own:
            for row, pair in enumerate(pairs):
                weight = float(self.own_orders[group[row]])
                if np.isfinite(weight) and self.orders[pair]:
                    ended, gone = self.own_days(int(pair), ordered_day)
                    pooled[row] = beta_process_pmf(pooled[row], weight, ended, gone)
        return pooled

    def forecast(self, supplier: int, item: int, ordered_day: int | None = None) -> Forecast:
        """Law of one order, falling back to the supplier and then to all suppliers where there is no history."""
        pair = self.pair_of(supplier, item)
        day = self.problem.today if ordered_day is None else ordered_day
        place = int(np.searchsorted(self.series.group_supplier, supplier))
        known = place < self.series.group_supplier.size and self.series.group_supplier[place] == supplier
        levels = self.levels
        if pair >= 0:
            pmf, orders, basis = self.pmfs(np.array([pair]), ordered_day)[0], int(self.orders[pair]), "series"
        elif known:
            freedom = levels.group_freedom[[place]]
            pmf = self._pooled(
                np.array([place]),
                levels.group_level[[place]],
                levels.group_level_variance[[place]],
                levels.group_scale[[place]],
                freedom,
                ordered_day,
            )[0]
            orders, basis = 0, "supplier"
        else:
            group = np.array([self.series.group_supplier.size])
            pmf = self._pooled(
                group,
                np.array([levels.new_level]),
                np.array([levels.new_level_variance]),
                np.array([levels.new_scale]),
                np.array([levels.new_freedom]),
                ordered_day,
            )[0]
            orders, basis = 0, "all suppliers"
        days = np.arange(pmf.size)
        mean = float(pmf @ days)
        spread = float(np.sqrt(max(pmf @ np.square(days - mean), 0.0)))
        return Forecast(pmf, orders, spread, basis, self._reasons(place if known else -1, basis, orders, day))

    def remaining(self, supplier: int, item: int, ordered_day: int) -> FloatArray:
        """Days still to go of an order placed on ``ordered_day`` and open at the end of today, shape (horizon,)."""
        elapsed = self.problem.today - ordered_day
        if elapsed < 0:
            raise ValueError(f"ordered_day {ordered_day} is after today {self.problem.today}")
        return remaining_pmf(self.forecast(supplier, item, ordered_day).pmf, elapsed)

    def quantiles(self, chances: FloatArray, ordered_day: int | None = None) -> IntArray:
        """Lead-time quantiles in days of every series, shape (pairs, chances)."""
        chances = np.atleast_1d(np.asarray(chances, dtype=float))
        pairs = np.arange(self.series.pair_group.size)
        parts = [
            pmf_quantile(self.pmfs(part, ordered_day), chances) for part in np.array_split(pairs, pairs.size // 200 + 1)
        ]
        return np.concatenate(parts)

    def sample(self, pairs: IntArray, shared: IntArray, draws: int, seed: int) -> IntArray:
        """Joint lead times of orders placed today.

        Args:
            pairs: series of each order.
            shared: number of the factor each order shares, e.g. its supplier; orders of one number move together.
            draws: how many.
            seed: every draw follows from it; the factor of a number is the same whatever else is asked
                (common random numbers).

        Returns:
            Days, shape (draws, orders).
        """
        below = np.cumsum(self.pmfs(pairs), axis=1)
        result = np.empty((draws, len(pairs)), dtype=np.int64)
        for column, (pair, number) in enumerate(zip(pairs, shared, strict=True)):
            factor = np.random.default_rng([seed, 1, int(number)]).standard_normal(draws)
            own = np.random.default_rng([seed, 2, column, int(pair)]).standard_normal(draws)
            mixed = normal_chance(np.sqrt(self.shared_share) * factor + np.sqrt(1.0 - self.shared_share) * own)
            result[:, column] = np.minimum(np.searchsorted(below[column], mixed), below.shape[1] - 1)
        return result

    def own_days(self, pair: int, ordered_day: int | None = None) -> tuple[IntArray, IntArray]:
        """A series' own lead times, moved to the level and season of a day: (received, open so far)."""
        rows = np.flatnonzero(self.series.pair == pair)
        day = self.problem.today if ordered_day is None else ordered_day
        group = self.series.group[rows]
        then = self._offset(group, self.series.day[rows])
        change = self._offset(group, np.full(rows.size, day)) - then
        factor = np.exp(np.where(np.abs(change) < 0.02, 0.0, change))
        is_open = self.series.is_open[rows]
        # A moved day lies anywhere in the image of its cell; evenly spread parts avoid gaps and heaps of the lattice.
        part = (np.arange(1, rows.size + 1) * 0.6180339887498949) % 1.0
        ended = np.floor((self.series.days[rows] + part) * factor)[~is_open].astype(np.int64)
        gone = np.floor((self.series.days[rows] + 1) * factor)[is_open].astype(np.int64)
        return ended, np.maximum(gone - 1, 0)

    def _offset(self, group: IntArray, day: IntArray) -> FloatArray:
        return self.season.at(group, day) + self.drift.at(group, day)

    def _pooled(
        self,
        group: IntArray,
        level: FloatArray,
        variance: FloatArray,
        scale: FloatArray,
        freedom: FloatArray,
        ordered_day: int | None,
    ) -> FloatArray:
        day = self.problem.today if ordered_day is None else ordered_day
        known = group < self.series.group_supplier.size
        safe = np.where(known, group, 0)
        days = np.full(group.size, day)
        if self.series.group_supplier.size:
            moved = self.drift.at(safe, days) - self.drift.at(safe, np.full(group.size, self.problem.today))
            shift = np.where(known, self.season.at(safe, days) + moved, 0.0)
            posterior = np.where(known[:, None], self.drift.now[safe], (GRID[np.argmin(np.abs(GRID))] == GRID)[None, :])
        else:
            shift = np.zeros(group.size)
            posterior = np.repeat((GRID[np.argmin(np.abs(GRID))] == GRID)[None, :].astype(float), group.size, axis=0)
        atoms = _location_atoms(posterior, variance) + (level + shift)[:, None]
        edges = np.log(np.arange(1, self.problem.horizon_days + 1, dtype=float))
        below = np.zeros((group.size, edges.size))
        for step, weight in zip(_SCALE_STEPS, _SCALE_WEIGHTS, strict=True):
            wide = scale * np.exp(step / np.sqrt(2.0 * np.maximum(freedom, 1.0)))
            for atom in range(_ATOMS):
                standard = (edges - atoms[:, atom, None]) / wide[:, None]
                below += weight / _ATOMS * self.shape.chance(group[:, None], standard)
        below[:, -1] = 1.0
        return np.diff(below, axis=1, prepend=0.0)

    def _reasons(self, group: int, basis: str, orders: int, day: int) -> tuple[str, ...]:
        reasons = [f"{orders} orders of this series" if basis == "series" else f"no own history: law of the {basis}"]
        if group >= 0:
            change = float(self.drift.at(np.array([group]), np.array([day]))[0])
            if self.drift.changed_chance[group] > 0.5 and abs(change) > 0.05:
                reasons.append(f"level has moved: {100 * np.expm1(change):+.0f} % against its long-run level")
            season = float(self.season.at(np.array([group]), np.array([day]))[0])
            if abs(season) > 0.05:
                reasons.append(f"season: {100 * np.expm1(season):+.0f} % at this time of the year")
        return tuple(reasons)


def _location_atoms(posterior: FloatArray, variance: FloatArray) -> FloatArray:
    """Equally likely values of drift plus error of the level, shape (rows, atoms), keeping mean and variance."""
    mean = posterior @ GRID
    spread = posterior @ np.square(GRID) - np.square(mean)
    blur = np.exp(
        -0.5 * np.square(GRID[None, :, None] - GRID[None, None, :]) / np.maximum(variance, 4e-4)[:, None, None]
    )
    blur /= blur.sum(axis=1, keepdims=True)
    mass = np.einsum("pij,pj->pi", blur, posterior)
    top = np.cumsum(mass, axis=1)
    bounds = np.arange(_ATOMS + 1) / _ATOMS
    inside = np.clip(top[:, :, None], bounds[:-1], bounds[1:])
    before = np.concatenate([np.broadcast_to(bounds[:-1], (mass.shape[0], 1, _ATOMS)), inside[:, :-1]], axis=1)
    atoms = np.einsum("pga,g->pa", inside - before, GRID) * _ATOMS
    centred = atoms - atoms.mean(axis=1, keepdims=True)
    wanted = np.sqrt(np.maximum(spread, 0.0) + variance)
    given = np.sqrt(np.maximum(np.square(centred).mean(axis=1), 1e-12))
    return mean[:, None] + centred * np.where(given > 1e-4, wanted / given, 0.0)[:, None]


def own_weight(laws: LeadTimeLaws) -> LeadTimeLaws:
    """Choose by leave-one-out likelihood, supplier by supplier, how far a series' own days may bend the pooled law.

    A supplier that delivers on a few typical days (lumps) gets a small weight of the pooled law; a smooth one keeps it.
    """
    series, groups = laws.series, laws.series.group_supplier.size
    score = np.zeros((len(_OWN_WEIGHTS), groups))
    pairs = np.flatnonzero(laws.orders >= 3)
    for part in np.array_split(pairs, pairs.size // 200 + 1):
        for pair, pmf in zip(part, laws.pmfs(part, own=False), strict=True):
            ended, _ = laws.own_days(int(pair))
            if ended.size < 3:
                continue
            ended = np.minimum(ended, pmf.size - 1)
            same = np.bincount(ended, minlength=pmf.size)[ended] - 1
            base = np.maximum(pmf[ended], 1e-9)
            for option, weight in enumerate(_OWN_WEIGHTS):
                mixed = base if np.isinf(weight) else (weight * base + same) / (weight + ended.size - 1)
                score[option, series.pair_group[pair]] += float(np.log(np.maximum(mixed, 1e-12)).sum())
    share = np.full(len(_OWN_WEIGHTS), 1.0 / len(_OWN_WEIGHTS))
    relative = np.exp(score - score.max(axis=0)) if groups else np.ones_like(score)
    for _ in range(20):
        member = share[:, None] * relative
        member /= member.sum(axis=0)
        share = (member.sum(axis=1) + 0.2) / (groups + 0.2 * len(_OWN_WEIGHTS))
    chosen = np.array(_OWN_WEIGHTS)[member.argmax(axis=0)] if groups else np.zeros(0)
    return replace(laws, own_orders=np.append(chosen, np.inf))
