"""Random tiny netting problems with every option, for the engine and for the oracle."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from guantong.engines import netting
from guantong.engines.calendars import WorkingCalendar
from guantong.engines.netting import prepared as refs
from guantong.engines.tests.netting_oracle import Plan, Row, Tables


def random_item(random: Random, rules: tuple[int, ...]) -> Row:
    """One item with any of the rules."""
    yellow = random.randint(0, 12)
    return {
        "on_hand": random.choice((0, 0, 5, 12)),
        "safety_stock": random.choice((0, 0, 3)),
        "lot_rule": random.choice(rules),
        "lot_size": random.choice((1, 4, 6)),
        "period_cover": random.randint(1, 4),
        "setup_cost": round(random.uniform(1, 40), 3),
        "holding_cost": round(random.uniform(0.1, 2), 3),
        "fence": random.choice((0, 0, 0, 2)),
        "phantom": random.random() < 0.1,
        "consume_back": random.randint(0, 2),
        "consume_forward": random.randint(0, 2),
        "top_of_yellow": yellow,
        "top_of_green": yellow + random.randint(0, 8),
        "spike_threshold": random.randint(0, 6),
        "spike_horizon": random.randint(0, 3),
    }


def random_source(random: Random, item: int, horizon: int, calendars: int) -> Row:
    """One source of an item; most are plain."""
    row: Row = {"item": item, "lead": random.randint(0, 3), "calendar": random.randint(-1, calendars - 1)}
    if random.random() < 0.4:
        row["minimum"] = random.randint(0, 9)
        row["multiple"] = random.randint(1, 5)
    if random.random() < 0.3:
        row["yield_numerator"] = random.randint(3, 5)
        row["yield_denominator"] = 5
    if random.random() < 0.3:
        row["priority"] = random.randint(0, 1)
        row["share"] = random.randint(0, 3)
    if random.random() < 0.2:
        row["limit"] = random.randint(0, 30)
    if random.random() < 0.2:
        row["valid_from"] = random.randint(0, horizon // 2)
        row["valid_to"] = random.randint(horizon // 2, horizon)
    return row


def random_use(random: Random, source: int, component: int, horizon: int) -> Row:
    """One line of a bill."""
    row: Row = {
        "source": source,
        "component": component,
        "numerator": random.randint(1, 4),
        "denominator": random.choice((1, 1, 3)),
        "fixed": random.choice((0, 0, 0, 2)),
    }
    if random.random() < 0.15:
        row["valid_from"] = random.randint(0, horizon)
        row["valid_to"] = random.randint(0, horizon + 2)
    return row


def random_tables(random: Random, rules: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)) -> Tables:
    """A tiny problem: a few items on an acyclic bill, numbered in random order."""
    horizon = random.randint(1, 8)
    count = random.randint(1, 5)
    names = list(range(count))
    random.shuffle(names)
    working = [[random.random() < 0.7 for _ in range(horizon + 6)] for _ in range(random.randint(0, 2))]
    items: list[Row] = [random_item(random, rules) for _ in range(count)]
    sources: list[Row] = []
    for item in range(count):
        for _ in range(random.choice((0, 1, 1, 1, 1, 2, 3))):
            sources.append(random_source(random, item, horizon, len(working)))
    random.shuffle(sources)
    bill, outputs = [], []
    for number, source in enumerate(sources):
        below = names[names.index(source["item"]) + 1 :]
        for component in below:
            if random.random() < 0.5:
                bill.append(random_use(random, number, component, horizon))
            if random.random() < 0.1:
                outputs.append(
                    {"source": number, "item": component, "numerator": random.randint(1, 3), "denominator": 2}
                )
    demands = [
        {
            "item": random.randrange(count),
            "period": random.randint(-2, horizon),
            "quantity": random.randint(0, 9),
            "kind": random.choice((0, 0, 1, 2)),
        }
        for _ in range(random.randint(0, 6))
    ]
    supplies: list[Row] = []
    for _ in range(random.randint(0, 3)):
        row = {"item": random.randrange(count), "period": random.randint(-2, horizon), "quantity": random.randint(0, 9)}
        ways = [n for n, s in enumerate(sources) if s["item"] == row["item"]]
        if ways and random.random() < 0.5:
            row["source"] = random.choice(ways)
            if random.random() < 0.5:
                row["release"] = row["period"] - random.randint(0, 3)
        supplies.append(row)
    return Tables(horizon, items, sources, bill, demands, supplies, outputs, working)


def columns(rows: list[Row], defaults: dict[str, Any]) -> dict[str, Any]:
    """Rows as arrays by column."""
    floats = ("setup_cost", "holding_cost")
    return {
        name: np.array([row.get(name, value) for row in rows], dtype=float if name in floats else np.int64)
        for name, value in defaults.items()
    }


def defaults_of(table: type, *needed: str) -> dict[str, Any]:
    """Default value of each column of a table."""
    fields = table.__dataclass_fields__  # type: ignore[attr-defined]
    return {n: (0 if n in needed else f.default) for n, f in fields.items() if n != "count"}


def as_problem(tables: Tables) -> netting.Problem:
    """The same problem for the engine."""
    return netting.Problem(
        tables.horizon,
        netting.Items(len(tables.items), **columns(tables.items, defaults_of(netting.Items))),
        netting.Sources(**columns(tables.sources, defaults_of(netting.Sources, "item"))),
        netting.Bill(**columns(tables.bill, defaults_of(netting.Bill, "source", "component"))),
        netting.Demands(**columns(tables.demands, defaults_of(netting.Demands, "item", "period", "quantity"))),
        netting.Supplies(**columns(tables.supplies, defaults_of(netting.Supplies, "item", "period", "quantity"))),
        netting.Outputs(**columns(tables.outputs, defaults_of(netting.Outputs, "source", "item"))),
        calendars=[WorkingCalendar(np.array(mask, dtype=bool)) for mask in tables.working],
        history=2,
    )


def end_name(reference: int, result: netting.Result) -> Any:
    """A peg's end in the oracle's words."""
    markers = {
        refs.ON_HAND: "on hand",
        refs.SURPLUS: "surplus",
        refs.SAFETY_STOCK: "safety",
        refs.UNCOVERED: "uncovered",
    }
    if reference in markers:
        return markers[reference]
    if reference >= 0:
        return ("order", *divmod(reference, result.prepared.horizon))
    line = ~reference
    return ("supply" if line & 1 else "demand", line >> 1)


def as_plan(result: netting.Result) -> Plan:
    """An engine's result in the oracle's words."""
    plan = Plan()
    for item in range(len(result.low_level_code)):
        orders, pegs = result.orders(item), result.pegs(item)
        rows = zip(orders.source, orders.due, orders.release, orders.quantity, orders.start_quantity, strict=True)
        plan.orders[item] = [tuple(int(value) for value in row) for row in rows]  # type: ignore[misc]
        plan.pegs[item] = [
            (end_name(int(d), result), end_name(int(s), result), int(q))
            for d, s, q in zip(pegs.demand, pegs.supply, pegs.quantity, strict=True)
        ]
        plan.gross[item] = netting.item_grid(result, item).gross_requirements.tolist()
    return plan
