"""A slow second netting, written from the definitions, to hold the fast one against.

Quantities are expanded to single units wherever that is the plainest way to say what is meant, so
problems must be tiny. It shares no code with the engine: its input is the problem's tables as
lists of plain rows, its output dictionaries of Python numbers.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any

Row = dict[str, Any]
Order = tuple[int, int, int, int, int]  # source, due, release, quantity, start quantity
Peg = tuple[Any, Any, int]


@dataclass
class Tables:
    """A problem as rows; missing keys mean the engine's defaults."""

    horizon: int
    items: list[Row]
    sources: list[Row]
    bill: list[Row]
    demands: list[Row]
    supplies: list[Row] = field(default_factory=list)
    outputs: list[Row] = field(default_factory=list)
    working: list[list[bool]] = field(default_factory=list)  # calendars, day 0 first


@dataclass
class Plan:
    """Orders and pegs by item; demand and supply ends are tuples such as ("order", source, due)."""

    orders: dict[int, list[Order]] = field(default_factory=dict)
    pegs: dict[int, list[Peg]] = field(default_factory=dict)
    gross: dict[int, list[int]] = field(default_factory=dict)


def works(tables: Tables, calendar: int, day: int) -> bool:
    """Whether a day is worked; days outside of the calendar are."""
    if calendar < 0 or not 0 <= day < len(tables.working[calendar]):
        return True
    return tables.working[calendar][day]


def start_day(tables: Tables, source: Row, due: int) -> int:
    """Step back day by day until the lead time is worked off."""
    day = due
    while not works(tables, source.get("calendar", -1), day):
        day -= 1
    left = lead_of(tables, source)
    while left:
        day -= 1
        left -= works(tables, source.get("calendar", -1), day)
    return day


def ready_day(tables: Tables, source: Row, start: int) -> int:
    """Step forward day by day until the lead time is worked off."""
    day = start
    while not works(tables, source.get("calendar", -1), day):
        day += 1
    left = lead_of(tables, source)
    while left:
        day += 1
        left -= works(tables, source.get("calendar", -1), day)
    return day


def lead_of(tables: Tables, source: Row) -> int:
    """Lead time of a source; phantoms have none."""
    return 0 if tables.items[source["item"]].get("phantom") else source.get("lead", 0)


def started(source: Row, quantity: int) -> int:
    """What must be started to receive `quantity`."""
    good = Fraction(source.get("yield_numerator", 1), source.get("yield_denominator", 1))
    return ceil(quantity / good)


def open_demands(tables: Tables, item: int) -> list[tuple[int, int, Any]]:
    """Own demand lines (period, open quantity, end) after forecast consumption."""
    row = tables.items[item]
    lines = [
        (line["period"], line["quantity"], number, line.get("kind", 0))
        for number, line in enumerate(tables.demands)
        if line["item"] == item and line["period"] < tables.horizon
    ]
    left = {number: quantity for _, quantity, number, _ in lines}
    steps = [0]
    steps += [-k for k in range(1, row.get("consume_back", 0) + 1)]
    steps += list(range(1, row.get("consume_forward", 0) + 1))
    for period, quantity, _, _ in sorted((x for x in lines if x[3] == 0), key=lambda x: (x[0], x[2])):
        for _unit in range(quantity):
            for step in steps:
                near = [x for x in lines if x[3] == 1 and x[0] == period + step and left[x[2]] > 0]
                if near:
                    left[min(near, key=lambda x: x[2])[2]] -= 1
                    break
    ordered = sorted(lines, key=lambda x: (x[0], x[2]))
    return [(max(p, 0), left[n], ("demand", n)) for p, _, n, _ in ordered if left[n] > 0]


def dependent(tables: Tables, plan: Plan, item: int) -> list[tuple[int, int, Any]]:
    """What planned, then firm, orders of the parents ask for."""
    planned: list[Any] = []
    firm: list[Any] = []
    for use in tables.bill:
        if use["component"] != item:
            continue
        per = Fraction(use.get("numerator", 1), use.get("denominator", 1))
        parent = tables.sources[use["source"]]["item"]

        def asked(release: int, start: int, end: Any, use: Row = use, per: Fraction = per) -> Any:
            period = max(release, 0)
            inside = use.get("valid_from", 0) <= period < use.get("valid_to", 32_000)
            need = use.get("fixed", 0) + ceil(start * per)
            return [(period, need, end)] if inside and start and period < tables.horizon else []

        for source, due, release, _, start in plan.orders[parent]:
            if source == use["source"]:
                planned += asked(release, start, ("order", source, due))
        for number, line in enumerate(tables.supplies):
            if line["item"] == parent and line.get("source", -1) == use["source"]:
                row = tables.sources[use["source"]]
                release = line.get("release", -32_768)
                if release == -32_768:
                    release = start_day(tables, row, line["period"])
                firm += asked(release, started(row, line["quantity"]), ("supply", number))
    return planned + firm


def coming(tables: Tables, plan: Plan, item: int) -> list[tuple[int, int, Any]]:
    """Receipts by period, then by-products of planned, then of firm orders, by line of output."""
    rows: list[tuple[int, int, Any]] = [
        (max(line["period"], 0), line["quantity"], ("supply", number))
        for number, line in sorted(enumerate(tables.supplies), key=lambda x: (x[1]["period"], x[0]))
        if line["item"] == item and line["period"] < tables.horizon and line["quantity"]
    ]
    for output in tables.outputs:
        if output["item"] != item:
            continue
        per = Fraction(output.get("numerator", 1), output.get("denominator", 1))
        parent = tables.sources[output["source"]]["item"]
        for source, due, _, _, start in plan.orders[parent]:
            if source == output["source"] and floor(start * per):
                rows.append((due, floor(start * per), ("order", source, due)))
        for number, line in enumerate(tables.supplies):
            if line["item"] == parent and line.get("source", -1) == output["source"]:
                start = started(tables.sources[output["source"]], line["quantity"])
                if floor(start * per) and line["period"] < tables.horizon:
                    rows.append((max(line["period"], 0), floor(start * per), ("supply", number)))
    return sorted(rows, key=lambda x: x[0])


def net_ahead(gross: list[int], receipts: list[int], period: int, net: int) -> list[int]:
    """Net requirements from `period` on if each were ordered exactly when it arises."""
    series, available = [net], 0
    for later in range(period + 1, len(gross)):
        available += receipts[later] - gross[later]
        series.append(max(0, -available))
        available = max(available, 0)
    return series


def best_reach(net: list[int], setup: float, holding: float) -> int:
    """Periods covered by the first lot of the cheapest plan, by trying all set-up patterns."""
    best: tuple[float, int] | None = None
    for pattern in itertools.product((0, 1), repeat=len(net) - 1):
        starts = [0, *(k + 1 for k, chosen in enumerate(pattern) if chosen)]
        cost = 0.0
        for start, end in zip(starts, [*starts[1:], len(net)], strict=True):
            if sum(net[start:end]) == 0:
                continue
            cost += setup + sum(holding * (k - start) * net[k] for k in range(start, end))
        reach = starts[1] if len(starts) > 1 else len(net)
        if best is None or cost < best[0] - 1e-9 or (abs(cost - best[0]) <= 1e-9 and reach < best[1]):
            best = (cost, reach)
    assert best is not None
    return best[1]


def wanted(item: Row, net: list[int]) -> int:
    """Quantity of a lot whose first period needs net[0], by the item's rule."""
    rule = item.get("lot_rule", 0)
    setup, holding = item.get("setup_cost", 0.0), item.get("holding_cost", 0.0)
    if rule == 2:
        return sum(net[: item.get("period_cover", 1)])
    if rule == 5:
        return sum(net[: best_reach(net, setup, holding)])
    if rule in (3, 4):
        best = None
        for count in range(1, len(net) + 1):
            cost = setup + sum(holding * k * net[k] for k in range(count))
            rate = cost / (count if rule == 3 else sum(net[:count]))
            if best is not None and rate > best:
                return sum(net[: count - 1])
            best = rate
        return sum(net)
    return net[0]


class Allotment:
    """Which source gives the next order, and how much."""

    def __init__(self, tables: Tables, item: int) -> None:
        self.tables = tables
        self.row = tables.items[item]
        numbers = [n for n, s in enumerate(tables.sources) if s["item"] == item]
        self.order = sorted(numbers, key=lambda n: (tables.sources[n].get("priority", 0), n))
        self.given: dict[int, int] = defaultdict(int)

    def lot_terms(self, number: int) -> tuple[int, int]:
        """Minimum and multiple of a source."""
        source = self.tables.sources[number]
        if self.row.get("phantom"):
            return 0, 1
        multiple = source.get("multiple", 1)
        if self.row.get("lot_rule", 0) == 1:
            size = self.row.get("lot_size", 1)
            multiple = next(k for k in itertools.count(1) if k % size == 0 and k % multiple == 0)
        return source.get("minimum", 0), multiple

    def left(self, number: int) -> int | None:
        """What a source may still give, None for no limit."""
        limit = self.tables.sources[number].get("limit", -1)
        return None if limit < 0 else limit - self.given[number]

    def choose(self, due: int) -> int | None:
        """The source of the next order due in a period."""
        fit = []
        for number in self.order:
            source = self.tables.sources[number]
            inside = source.get("valid_from", 0) <= due < source.get("valid_to", 32_000)
            left = self.left(number)
            enough = left is None or left >= self.lot_terms(number)[1]
            if inside and enough and source.get("share", 1):
                fit.append(number)
        if not fit:
            return None
        first = self.tables.sources[fit[0]].get("priority", 0)
        equal = [n for n in fit if self.tables.sources[n].get("priority", 0) == first]
        return min(equal, key=lambda n: (Fraction(self.given[n], self.tables.sources[n].get("share", 1)), n))

    def take(self, number: int, want: int) -> int:
        """Quantity of an order of `want`, after minimum, multiple and limit."""
        minimum, multiple = self.lot_terms(number)
        quantity = ceil(Fraction(max(want, minimum), multiple)) * multiple
        left = self.left(number)
        if left is not None:
            quantity = min(quantity, left // multiple * multiple)
        self.given[number] += quantity
        return quantity


def net_item(tables: Tables, item: int, gross: list[int], receipts: list[int]) -> list[Order]:
    """Planned orders of one item by gross-to-net."""
    row = tables.items[item]
    rule_row = {**row, "lot_rule": 0} if row.get("phantom") else row
    safety = 0 if row.get("phantom") else row.get("safety_stock", 0)
    allotment = Allotment(tables, item)
    available = row.get("on_hand", 0)
    orders: list[Order] = []
    for period in range(tables.horizon):
        available += receipts[period]
        net = gross[period] + safety - available
        if net > 0 and period >= row.get("fence", 0):
            want = wanted(rule_row, net_ahead(gross, receipts, period, net))
            while want > 0:
                number = allotment.choose(period)
                if number is None:
                    break
                quantity = allotment.take(number, want)
                source = tables.sources[number]
                release = start_day(tables, source, period)
                orders.append((number, period, release, quantity, started(source, quantity)))
                want -= quantity
                available += quantity
        available -= gross[period]
    return orders


def buffer_item(tables: Tables, item: int, gross: list[int], receipts: list[int]) -> list[Order]:
    """Planned orders of one item by its DDMRP buffer."""
    row = tables.items[item]
    allotment = Allotment(tables, item)
    orders: list[Order] = []
    for period in range(tables.horizon):
        number = allotment.choose(period)
        stock = row.get("on_hand", 0) + sum(receipts[: period + 1]) - sum(gross[:period])
        stock += sum(order[3] for order in orders)
        stock += sum(receipts[period + 1 :])
        spikes = gross[period + 1 : period + 1 + row.get("spike_horizon", 0)]
        spikes = [spike for spike in spikes if spike > row.get("spike_threshold", 0)]
        position = stock - gross[period] - sum(spikes)
        if number is None or position > row["top_of_yellow"] or position >= row["top_of_green"]:
            continue
        source = tables.sources[number]
        due = ready_day(tables, source, period)
        last = orders[-1][1] if orders else -1
        if last < due < tables.horizon and due >= row.get("fence", 0):
            quantity = allotment.take(number, row["top_of_green"] - position)
            orders.append((number, due, period, quantity, started(source, quantity)))
    return orders


def peg(demands: list[Any], supplies: list[Any], safety: int) -> list[Peg]:
    """Match unit by unit, first with first; leftovers to safety stock, then to nobody."""
    wants = [end for _, quantity, end in demands for _ in range(quantity)]
    wants += ["safety"] * safety
    haves = [end for _, quantity, end in supplies for _ in range(quantity)]
    pairs = list(itertools.zip_longest(wants, haves))
    pairs = [(w if w is not None else "surplus", h if h is not None else "uncovered") for w, h in pairs]
    return [(w, h, len(list(run))) for (w, h), run in itertools.groupby(pairs)]


def plan_order(tables: Tables) -> list[int]:
    """Items so that whatever asks for an item comes before it."""
    before: dict[int, set[int]] = defaultdict(set)
    for use in tables.bill:
        before[use["component"]].add(tables.sources[use["source"]]["item"])
    for output in tables.outputs:
        before[output["item"]].add(tables.sources[output["source"]]["item"])
    done: list[int] = []
    while len(done) < len(tables.items):
        done += [i for i in range(len(tables.items)) if i not in done and before[i] <= set(done)]
    return done


def solve(tables: Tables) -> Plan:
    """Plan and peg everything."""
    plan = Plan()
    for item in plan_order(tables):
        demands = open_demands(tables, item) + dependent(tables, plan, item)
        demands.sort(key=lambda x: x[0])
        supplies = coming(tables, plan, item)
        gross = [sum(q for p, q, _ in demands if p == t) for t in range(tables.horizon)]
        receipts = [sum(q for p, q, _ in supplies if p == t) for t in range(tables.horizon)]
        row = tables.items[item]
        buffered = row.get("lot_rule", 0) == 6 and not row.get("phantom")
        orders = (buffer_item if buffered else net_item)(tables, item, gross, receipts)
        plan.orders[item] = orders
        plan.gross[item] = gross
        stock = [(-1, row.get("on_hand", 0), "on hand")]
        planned = [(due, quantity, ("order", s, due)) for s, due, _, quantity, _ in orders]
        queue = sorted(stock + supplies + planned, key=lambda x: x[0])
        safety = 0 if row.get("phantom") or buffered else row.get("safety_stock", 0)
        plan.pegs[item] = peg(demands, queue, safety)
    return plan
