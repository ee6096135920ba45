"""The law of the day a plan is complete, exact given the common factors and averaged over them.

Given the factors (one per supplier or shipment, one per work center), leaves are independent: the chances of
"all there by day t" multiply, a run waits for capacity by a monotone map of days and then convolves with its
make time. The average over the factors uses a few dozen evenly spread points, the same for every way out
(common random numbers). An item used by several parents is drawn as one day per point, so that it is late for
all of them or for none. Laws of subtrees are remembered by what they are made of: a way out recomputes
only what it changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

import numpy as np

from guantong.engines.leadtime.normal import normal_chance, normal_point

from .book import Book
from .distribution import FloatArray, IntArray, delay, given_elapsed, given_factor, lattice, sum_of, trimmed
from .kernels import kernels
from .plan import ON_HAND, ORDER, RECEIPT, Node, Plan, Planner

_FACTOR_GRID: FloatArray = np.linspace(-6.0, 6.0, 81)
_ALWAYS: IntArray = np.zeros(0, dtype=np.int64)
_NO_STEP: FloatArray = np.zeros((1, 0))


class Evaluation:
    """Laws of plans of one question.

    ``points``: number of factor points; 1 treats everything as independent (fast, for ranking).
    """

    def __init__(self, book: Book, planner: Planner, points: int) -> None:
        self.book, self.planner, self.points = book, planner, points
        self.factor_rows, open_rows = self._factors_met() if points > 1 else ([], {})
        edges = planner.edges.values()
        uses = Counter(child for below in edges for child, _, _ in below)
        self.drawn = [number for number, count in uses.items() if count > 1]
        self.even = (
            lattice(points, max(len(self.factor_rows) + len(self.drawn), 1)) if points > 1 else np.full((1, 1), 0.5)
        )
        self.factors = np.zeros((len(self.factor_rows), points))
        for place, factor in enumerate(self.factor_rows if points > 1 else ()):
            self.factors[place] = self._posterior(factor, open_rows.get(factor, []), self.even[:, place])
        self.kernels = kernels()
        self.known: dict[Hashable, int] = {}
        self.laws: dict[int, FloatArray] = {}
        self.plain: dict[tuple[int, int], FloatArray] = {}
        self.steps: dict[tuple[int, int], FloatArray] = {}

    def _factors_met(self) -> tuple[list[int], dict[int, list[int]]]:
        """Factors the closure and its substitutes can meet, the most used first (it gets the most even points), and
        the open receipts of each."""
        network, book = self.book.network, self.book
        numbers = list(self.planner.items)
        for number in self.planner.items:
            lines = book.substitutes.of(number)
            numbers.extend(book.number(int(other)) for other in network.substitutes.substitute[lines])
        met = Counter(network.items.make_factor[book.item_row[self.planner.items]].tolist())
        open_rows: dict[int, list[int]] = {}
        for number in numbers:
            met.update(network.sources.factor[book.sources.of(number)].tolist())
            for row in book.supplies.of(number).tolist():
                factor = int(network.supplies.factor[row])
                if network.supplies.law[row] >= 0 and factor >= 0:
                    open_rows.setdefault(factor, []).append(row)
                    met[factor] += 1
        return [factor for factor, _ in met.most_common() if factor >= 0], open_rows

    def _posterior(self, factor: int, open_rows: list[int], chances: FloatArray) -> FloatArray:
        """Quantiles of a factor, given that these receipts are still open after their days gone."""
        network = self.book.network
        mean, spread = network.factor_mean[factor], network.factor_spread[factor]
        weight = np.exp(-0.5 * np.square((_FACTOR_GRID - mean) / max(spread, 1e-3)))
        laws = network.supplies.law[open_rows]
        days = np.minimum(-network.supplies.ordered_day[open_rows], self.book.below.shape[1] - 1)
        gone, share = self.book.below[laws, days], network.law_share[laws]
        speaks = (share > 0.0) & (gone > 1e-6) & (gone < 1.0 - 1e-9)
        if speaks.any():
            score, part = normal_point(gone[speaks]), share[speaks]
            standard = (np.sqrt(part) * _FACTOR_GRID[:, None] - score) / np.sqrt(1.0 - part)
            weight = weight * np.maximum(normal_chance(standard), 1e-9).prod(axis=1)
        total = np.cumsum(weight)
        return np.interp(chances * total[-1], total - 0.5 * weight, _FACTOR_GRID)

    def _law(self, law: int, factor: int) -> FloatArray:
        if (law, factor) not in self.plain:
            self.plain[law, factor] = self._given(self.book.below[law], law, factor)
        return self.plain[law, factor]

    def _given(self, below: FloatArray, law: int, factor: int) -> FloatArray:
        share = float(self.book.network.law_share[law])
        if self.points == 1 or factor < 0 or share <= 0.0:
            return below[None, :]
        return given_factor(below, share, self.factors[self.factor_rows.index(factor)])

    def _step(self, law: int, factor: int) -> FloatArray:
        """Chances of each day of a make time, within the horizon."""
        if (law, factor) not in self.steps:
            below = self._law(law, factor)[:, : self.book.horizon]
            step = trimmed(np.diff(below, axis=1, prepend=0.0))
            self.steps[law, factor] = np.ascontiguousarray(step)
        return self.steps[law, factor]

    def _fit(self, below: FloatArray) -> FloatArray:
        horizon = self.book.horizon
        if below.shape[1] >= horizon:
            result = below[:, :horizon].copy()
        else:
            result = np.ones((below.shape[0], horizon))
            result[:, : below.shape[1]] = below
        result[:, -1] = 1.0
        return np.broadcast_to(result, (self.points, horizon))

    def piece(self, key: tuple[int | float | str, ...]) -> FloatArray | None:
        """Chances that a piece is there by each day, shape (points, horizon); None if it is there now."""
        kind, law, gone, factor, enough = key
        if kind == ON_HAND:
            return None
        name = self._name(key)
        if name not in self.laws:
            below = self._law(int(law), int(factor))
            if kind == RECEIPT:
                result = given_elapsed(below, int(gone), self.book.horizon)
            elif kind == ORDER and float(enough) < 0.9995:
                pmf = self.book.network.laws[int(law)]
                again = float(enough) * pmf + (1.0 - float(enough)) * sum_of(pmf, pmf)
                result = self._given(np.minimum(np.cumsum(again), 1.0), int(law), int(factor))
            else:
                result = below
            self.laws[name] = np.ascontiguousarray(self._fit(result))
        return self.laws[name]

    def _name(self, key: Hashable) -> int:
        return self.known.setdefault(key, len(self.known))

    def complete(self, plan: Plan) -> tuple[FloatArray, list[int]]:
        """Chances that the root is there by each day, shape (points, horizon), and the name of each node's law."""
        names: list[int] = []
        for place in range(len(plan.nodes)):
            names.append(self._node_name(plan.nodes[place], names))
        return self.laws[names[-1]], names

    def changed(self, plan: Plan, names: list[int], at: int, skip: int = -1, endless: bool = False) -> FloatArray:
        """Law of the root if one thing of node ``at`` held nothing up.

        Args:
            plan: the plan, and ``names`` of its laws.
            at: the node.
            skip: piece of it taken as there already (−1: none).
            endless: its run is taken as needing no capacity.
        """
        names = list(names)
        touched = {at}
        names[at] = self._node_name(plan.nodes[at], names, skip, endless)
        for place in range(at + 1, len(plan.nodes)):
            if not touched.isdisjoint(plan.nodes[place].children):
                touched.add(place)
                names[place] = self._node_name(plan.nodes[place], names)
        return self.laws[names[-1]]

    def _node_name(self, node: Node, names: list[int], skip: int = -1, endless: bool = False) -> int:
        parts: list[int] = []
        for at, piece in enumerate(node.pieces):
            if at != skip and piece.key[0] != ON_HAND:
                self.piece(piece.key)
                parts.append(self._name(piece.key))
        run: Hashable = None
        if node.made:
            children = tuple(names[child] for child in node.children)
            center = -1 if endless else node.work_center
            run = (children, center, node.units, node.earlier, node.make_law, node.make_factor)
        name = self._name((tuple(sorted(parts)), run, node.item if node.parents > 1 else -1))
        if name not in self.laws:
            self.laws[name] = self._node(node, parts, names, endless)
        return name

    def _node(self, node: Node, parts: list[int], names: list[int], endless: bool) -> FloatArray:
        children = [names[child] for child in node.children] if node.made else []
        start, step = _ALWAYS, _NO_STEP
        if node.made and node.work_center >= 0 and not endless:
            start = self.planner.latest_starts(node.work_center, node.units, node.earlier)
        if node.made and node.make_law >= 0:
            step = self._step(node.make_law, node.make_factor)
        laws = np.empty((len(children) + len(parts), self.points, self.book.horizon))
        for place, name in enumerate((*children, *parts)):
            laws[place] = self.laws[name]
        result = self.kernels.complete(laws, len(children), start, step)
        if node.parents > 1 and self.points > 1:
            chance = self.even[:, len(self.factor_rows) + self.drawn.index(node.item), None]
            result = (result >= chance).astype(float)
            result[:, -1] = 1.0
        return result

    def delivered(self, below: FloatArray, transport_law: int) -> FloatArray:
        """Chances of delivery by each day, averaged over the factors, shape (horizon,)."""
        law = below.mean(axis=0) if self.points > 1 else below[0]
        if transport_law >= 0:
            law = delay(law[None, :], self._step(transport_law, -1)[0])[0]
        return law
