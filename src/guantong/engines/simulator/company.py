"""A company that buys, assembles and ships, with every true date known.

Suppliers differ in speed, spread and law; their level drifts and sometimes jumps; all orders of one
supplier share a weekly factor that lasts (autoregressive); rare market shocks slow many suppliers at once;
a supplier works off a limited number of orders a week, the rest queue; a received lot may hold rejects, and
a lot short of the need is ordered again on the day it came. A customer order is a tree of components: some
leaves are on hand, some wait for an order already open, the others are ordered on the day of the question.
Assembly starts when all parts are there, uses the free capacity of its work center, then takes a random
queue time that shares a weekly factor of the work center; transport follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .histories import IntArray
from .laws import LAWS, FloatArray, correlated_chances, error_quantile

ON_HAND, OPEN_ORDER, NEW_ORDER, ASSEMBLY = 0, 1, 2, 3


@dataclass(frozen=True)
class CompanySpec:
    """Size and law of a simulated company; times in days, spreads on the log scale."""

    suppliers: int = 120
    items_per_supplier: int = 10
    history_days: int = 730
    ask_days: int = 182
    customer_orders: int = 1000
    orders_per_year: float = 12.0
    orders_per_year_while_asked: float = 2.0
    work_centers: int = 6
    components: int = 20
    levels: int = 5
    factor_share: float = 0.3
    factor_memory: float = 0.6
    jump_chance_per_year: float = 0.25
    drift_per_year: float = 0.10
    season_swing: float = 0.15
    market_shocks_per_year: float = 0.7
    market_shock_log: float = 0.25
    supplier_load: float = 0.75
    on_hand_chance: float = 0.45
    open_order_chance: float = 0.25


@dataclass(frozen=True)
class Purchases:
    """Purchase orders of the company, each a row, with the truth of when each came.

    An item number is 1000 × supplier + number of the item at that supplier.
    """

    supplier: IntArray
    item: IntArray
    ordered_day: IntArray
    received_day: IntArray
    ordered_quantity: IntArray
    accepted_quantity: IntArray


@dataclass(frozen=True)
class Makes:
    """Past and future assembly runs: queue and make time in days at each work center, by start day."""

    work_center: IntArray
    started_day: IntArray
    lasted_days: IntArray


@dataclass(frozen=True)
class CustomerOrders:
    """Customer orders asked for and when each was truly delivered.

    Nodes of all trees lie in one table; order ``k`` owns rows ``first_node[k]:first_node[k + 1]``, its root
    first, every child after its parent. ``node_purchase`` is the row in :class:`Purchases` a leaf waits for
    (−1 if on hand or an assembly); ``node_need`` the quantity needed of it; ``risk`` the largest true
    log-spread among the suppliers the order waits for (0 if none).
    """

    asked_day: IntArray
    delivered_day: IntArray
    transport_lane: IntArray
    quantity: IntArray
    risk: FloatArray
    first_node: IntArray
    node_parent: IntArray
    node_kind: IntArray
    node_purchase: IntArray
    node_need: IntArray
    node_work_center: IntArray


@dataclass(frozen=True)
class Company:
    """One simulated company: what it can see and what is true."""

    spec: CompanySpec
    seed: int
    purchases: Purchases
    makes: Makes
    shipments: Makes
    orders: CustomerOrders
    free_capacity: IntArray
    quoted_lead_time_days: FloatArray


class _World:
    """Random state of the suppliers and work centers; draws lead times when asked."""

    def __init__(self, spec: CompanySpec, rng: np.random.Generator) -> None:
        self.spec, self.rng = spec, rng
        count = spec.suppliers
        self.weeks = (spec.history_days + spec.ask_days) // 7 + 150
        self.law = rng.integers(0, len(LAWS), count)
        self.level = np.log(16.0) + 0.45 * rng.standard_normal(count)
        self.pair = 0.25 * rng.standard_normal((count, spec.items_per_supplier))
        self.spread = np.clip(0.30 * np.exp(0.45 * rng.standard_normal(count)), 0.08, 0.9)
        self.factor = _autoregressive(rng, count, self.weeks, spec.factor_memory)
        self.center_factor = _autoregressive(rng, spec.work_centers, self.weeks, spec.factor_memory)
        self.shape = self._levels() + self._market()
        self.accept = rng.beta(60.0, 2.5, (count, spec.items_per_supplier))
        self.center_level = np.log(3.0) + 0.3 * rng.standard_normal(spec.work_centers)
        self.lane_level = np.log(3.5) + 0.4 * rng.standard_normal(4)
        weight = np.exp(0.8 * rng.standard_normal(count * spec.items_per_supplier))
        self.use = weight / weight.sum()

    def _levels(self) -> FloatArray:
        spec, rng, count = self.spec, self.rng, self.spec.suppliers
        step = rng.standard_normal((count, self.weeks)) * spec.drift_per_year / np.sqrt(52.0)
        jump = rng.random((count, self.weeks)) < spec.jump_chance_per_year / 52.0
        size = np.where(rng.random((count, self.weeks)) < 0.65, 1.0, -0.7) * rng.uniform(0.2, 0.6, (count, self.weeks))
        walk = np.cumsum(step + jump * size, axis=1)
        swing = spec.season_swing * rng.uniform(0.0, 1.0, count)
        phase = 52.0 * (0.12 + 0.1 * rng.standard_normal(count))
        wave = np.cos(2 * np.pi * (np.arange(self.weeks)[None, :] - phase[:, None]) / 52.0)
        return np.clip(walk, -0.8, 0.9) + swing[:, None] * wave

    def _market(self) -> FloatArray:
        spec, rng = self.spec, self.rng
        effect = np.zeros((spec.suppliers, self.weeks))
        for start in np.flatnonzero(rng.random(self.weeks) < spec.market_shocks_per_year / 52.0):
            touched = rng.random(spec.suppliers) < 0.5
            end = start + int(rng.integers(3, 10))
            effect[touched, start:end] += spec.market_shock_log
        return effect

    def work_days(self, supplier: IntArray, number: IntArray, day: IntArray) -> IntArray:
        """Days the supplier needs once it starts on an order placed on ``day``."""
        week = np.minimum(day // 7, self.weeks - 1)
        chances = correlated_chances(
            self.factor[supplier, week], self.rng.standard_normal(supplier.size), self.spec.factor_share
        )
        error = np.zeros(supplier.size)
        for number_of_law, law in enumerate(LAWS):
            chosen = self.law[supplier] == number_of_law
            error[chosen] = error_quantile(law, chances[chosen])
        location = self.level[supplier] + self.pair[supplier, number] + self.shape[supplier, week]
        return np.floor(np.exp(location + self.spread[supplier] * error)).astype(np.int64)

    def accepted(self, supplier: IntArray, number: IntArray, quantity: IntArray) -> IntArray:
        """Good units of a lot: the lot's own rate scatters around the rate of the series."""
        rate = self.accept[supplier, number]
        lot_rate = self.rng.beta(80.0 * rate, 80.0 * (1.0 - rate) + 1e-9)
        return self.rng.binomial(quantity, np.clip(lot_rate, 0.0, 1.0)).astype(np.int64)

    def make_days(self, center: IntArray, day: IntArray) -> IntArray:
        """Queue time of one assembly run started on ``day``."""
        week = np.minimum(day // 7, self.weeks - 1)
        noise = np.sqrt(0.3) * self.center_factor[center, week] + np.sqrt(0.7) * self.rng.standard_normal(center.size)
        return np.floor(np.exp(self.center_level[center] + 0.45 * noise)).astype(np.int64)

    def lane_days(self, lane: IntArray) -> IntArray:
        """Transport time of one shipment."""
        return np.floor(np.exp(self.lane_level[lane] + 0.35 * self.rng.standard_normal(lane.size))).astype(np.int64)


def _autoregressive(rng: np.random.Generator, rows: int, weeks: int, memory: float) -> FloatArray:
    noise = rng.standard_normal((rows, weeks))
    values = np.empty_like(noise)
    values[:, 0] = noise[:, 0]
    for week in range(1, weeks):
        values[:, week] = memory * values[:, week - 1] + np.sqrt(1.0 - memory**2) * noise[:, week]
    return values


def _queue_waits(supplier: IntArray, day: IntArray, load: float) -> IntArray:
    """Whole days each order waits for a free slot; slots come evenly, at 1/load times the mean rate."""
    waits = np.zeros(supplier.size, dtype=np.int64)
    order = np.lexsort((day, supplier))
    span = max(int(day.max()) - int(day.min()), 1)
    for rows in np.split(order, np.flatnonzero(np.diff(supplier[order])) + 1):
        gap = load * span / max(rows.size, 1)
        free = 0.0
        for row in rows:
            start = max(float(day[row]), free)
            free = start + gap
            waits[row] = int(start - day[row])
    return waits


def _tree(rng: np.random.Generator, components: int, levels: int) -> tuple[IntArray, IntArray]:
    """Parents and depths of a random tree: a chain of assemblies makes sure that all levels exist."""
    parent = [-1]
    depth = [0]
    for node in range(1, levels):
        parent.append(node - 1)
        depth.append(node)
    assemblies = list(range(levels - 1))
    while len(parent) < components + 1:
        above = int(assemblies[int(rng.integers(0, len(assemblies)))])
        parent.append(above)
        depth.append(depth[above] + 1)
        if depth[-1] < levels - 1 and rng.random() < 0.15:
            assemblies.append(len(parent) - 1)
    return np.array(parent), np.array(depth)


def _draw_orders(world: _World) -> tuple[list[np.ndarray], dict[str, IntArray]]:
    """Trees of all customer orders, and the columns of their nodes (dates still unknown)."""
    spec, rng = world.spec, world.rng
    asked = np.sort(spec.history_days + rng.integers(0, spec.ask_days, spec.customer_orders))
    parents, kinds, centers, owner = [], [], [], []
    for order in range(spec.customer_orders):
        parent, _ = _tree(rng, spec.components, spec.levels)
        is_leaf = ~np.isin(np.arange(parent.size), parent)
        draw = rng.random(parent.size)
        kind = np.where(draw < spec.on_hand_chance, ON_HAND, NEW_ORDER)
        kind = np.where(
            (draw >= spec.on_hand_chance) & (draw < spec.on_hand_chance + spec.open_order_chance), OPEN_ORDER, kind
        )
        parents.append(parent)
        kinds.append(np.where(is_leaf, kind, ASSEMBLY))
        centers.append(np.where(is_leaf, -1, rng.integers(0, spec.work_centers, parent.size)))
        owner.append(np.full(parent.size, order))
    pair = rng.choice(world.use.size, sum(map(len, parents)), p=world.use)
    nodes = {
        "kind": np.concatenate(kinds),
        "center": np.concatenate(centers),
        "owner": np.concatenate(owner),
        "supplier": pair // spec.items_per_supplier,
        "number": pair % spec.items_per_supplier,
        "asked": asked,
    }
    return parents, nodes


def _draw_purchases(world: _World, nodes: dict[str, IntArray], need: IntArray) -> tuple[Purchases, IntArray]:
    """Background and own purchases through the suppliers' queues; the row each leaf waits for."""
    spec, rng = world.spec, world.rng
    pairs = spec.suppliers * spec.items_per_supplier
    share = world.use * pairs / 365.0
    before = rng.poisson(spec.orders_per_year * spec.history_days * share)
    while_asked = rng.poisson(spec.orders_per_year_while_asked * spec.ask_days * share)
    pair = np.repeat(np.arange(pairs), before + while_asked)
    background = pair.size
    day = np.concatenate(
        [
            np.where(
                np.arange(total) < early_count,
                rng.integers(0, spec.history_days, total),
                rng.integers(spec.history_days, spec.history_days + spec.ask_days, total),
            )
            for early_count, total in zip(before, before + while_asked, strict=True)
        ]
    )
    waiting = np.flatnonzero((nodes["kind"] == NEW_ORDER) | (nodes["kind"] == OPEN_ORDER))
    early = np.where(nodes["kind"][waiting] == OPEN_ORDER, rng.integers(1, 15, waiting.size), 0)
    supplier = np.concatenate([pair // spec.items_per_supplier, nodes["supplier"][waiting]])
    number = np.concatenate([pair % spec.items_per_supplier, nodes["number"][waiting]])
    ordered = np.concatenate([day, nodes["asked"][nodes["owner"][waiting]] - early])
    quantity = np.concatenate([rng.integers(10, 200, background), np.ceil(need[waiting] * 1.12 + 1).astype(np.int64)])
    received = (
        ordered + _queue_waits(supplier, ordered, spec.supplier_load) + world.work_days(supplier, number, ordered)
    )
    accepted = world.accepted(supplier, number, quantity)
    row = np.full(nodes["kind"].size, -1)
    row[waiting] = background + np.arange(waiting.size)
    return Purchases(supplier, number + 1000 * supplier, ordered, received, quantity, accepted), row


def _good_days(world: _World, purchases: Purchases, rows: IntArray, need: IntArray) -> IntArray:
    """Day on which enough good units are there: a short lot is ordered again until it suffices."""
    day = purchases.received_day[rows].copy()
    good = purchases.accepted_quantity[rows].copy()
    supplier = purchases.supplier[rows]
    number = purchases.item[rows] % 1000
    while True:
        short = np.flatnonzero(good < need)
        if short.size == 0:
            return day
        day[short] += world.work_days(supplier[short], number[short], day[short])
        lot = np.ceil((need[short] - good[short]) * 1.12 + 1).astype(np.int64)
        good[short] += world.accepted(supplier[short], number[short], lot)


def capacity_finish(free: IntArray, start_day: int, quantity: int) -> int:
    """First day by whose end ``quantity`` units fit into the free capacity from ``start_day`` on."""
    done = np.cumsum(free[start_day:])
    return start_day + int(np.searchsorted(done, quantity))


def simulate_company(spec: CompanySpec, seed: int) -> Company:
    """Draw one company with its history, its customer orders and their true delivery days.

    Args:
        spec: size and law.
        seed: every draw follows from it.

    Returns:
        The company; dates beyond ``history_days + ask_days`` are part of the truth and must be hidden by
        whoever uses it as a history (an order is known on day d if it was ordered by d, received if
        ``received_day <= d``).
    """
    rng = np.random.default_rng(seed)
    world = _World(spec, rng)
    parents, nodes = _draw_orders(world)
    quantity = rng.integers(5, 60, spec.customer_orders)
    need = quantity[nodes["owner"]]
    purchases, row = _draw_purchases(world, nodes, need)
    waiting = np.flatnonzero(row >= 0)
    ready = np.repeat(nodes["asked"], [len(p) for p in parents])
    ready[waiting] = np.maximum(ready[waiting], _good_days(world, purchases, row[waiting], need[waiting]))
    horizon = spec.history_days + spec.ask_days + 1500
    free = rng.poisson(25.0, (spec.work_centers, horizon)) * (np.arange(horizon) % 7 < 5)
    first = np.concatenate([[0], np.cumsum([len(p) for p in parents])])
    lane = rng.integers(0, 4, spec.customer_orders)
    delivered = np.empty(spec.customer_orders, dtype=np.int64)
    for order, parent in enumerate(parents):
        base = first[order]
        for node in range(len(parent) - 1, -1, -1):
            at = base + node
            if nodes["kind"][at] == ASSEMBLY:
                center = int(nodes["center"][at])
                built = capacity_finish(free[center], int(ready[at]), int(quantity[order]))
                ready[at] = built + world.make_days(np.array([center]), np.array([built]))[0]
            if node:
                ready[base + parent[node]] = max(ready[base + parent[node]], ready[at])
        delivered[order] = ready[base]
    delivered = delivered + world.lane_days(lane)
    risk_node = np.where(row >= 0, world.spread[nodes["supplier"]], 0.0)
    orders = CustomerOrders(
        nodes["asked"],
        delivered,
        lane,
        quantity,
        np.maximum.reduceat(risk_node, first[:-1]),
        first,
        np.concatenate(parents),
        nodes["kind"],
        row,
        need,
        nodes["center"],
    )
    quoted = np.exp(world.level[:, None] + world.pair)
    return Company(spec, seed, purchases, *_past_runs(world), orders, free, quoted)


def _past_runs(world: _World) -> tuple[Makes, Makes]:
    """Assembly runs and shipments of the whole period, to learn make and transport times from."""
    spec, rng = world.spec, world.rng
    days = spec.history_days + spec.ask_days
    center = rng.integers(0, spec.work_centers, 300 * spec.work_centers)
    started = np.sort(rng.integers(0, days, center.size))
    lane = rng.integers(0, 4, 1200)
    shipped = np.sort(rng.integers(0, days, lane.size))
    return (
        Makes(center, started, world.make_days(center, started)),
        Makes(lane, shipped, world.lane_days(lane)),
    )
