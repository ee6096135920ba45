"""From a checked problem to the arrays the loops work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guantong.engines import BadInput
from guantong.engines.calendars import FAR, Leg, WorkingCalendar, offset_tables
from guantong.engines.netting.columns import NO_RELEASE, Table, read_tables
from guantong.engines.netting.levels import group, low_level_codes, refuse_cycle
from guantong.engines.netting.ordering import sort_lines
from guantong.engines.netting.prepared import MAX_QUANTITY, Lines, Prepared
from guantong.engines.netting.problem import LotRule, Problem


def cut(values: NDArray[np.int64]) -> NDArray[np.int16]:
    """Periods as int16, later ones cut to `FAR`."""
    return np.minimum(values, FAR).astype(np.int16)


def routes(problem: Problem, sources: Table, phantom: NDArray[np.bool_]) -> tuple[NDArray[np.int32], list[list[Leg]]]:
    """The route (chain of lead-time legs) of each source, and the distinct routes.

    Calendar number 0 of the routes is "always"; the problem's calendars follow.
    """
    lead = np.where(phantom[sources["item"]], 0, sources["lead"])
    key = (sources["calendar"] + 1) * (FAR + 1) + lead
    distinct, place = np.unique(key, return_inverse=True)
    legs = [[Leg(int(k) // (FAR + 1), int(k) % (FAR + 1))] for k in distinct]
    route: NDArray[np.int32] = place.astype(np.int32)
    extras: dict[int, list[Leg]] = {}
    for extra in problem.legs:
        leg = Leg(extra.leg.calendar + 1, extra.leg.lead)
        extras.setdefault(extra.source, []).append(leg)
    known: dict[tuple[Leg, ...], int] = {}
    for source, added in extras.items():
        chain = tuple(legs[route[source]] + added)
        if chain not in known:
            known[chain] = len(legs)
            legs.append(list(chain))
        route[source] = known[chain]
    return route, legs


def single_sources(
    first: NDArray[np.int64], order: NDArray[np.int32], sources: Table, horizon: int
) -> NDArray[np.uint8]:
    """1 for items with exactly one source that is always valid and unlimited."""
    always = (
        (sources["valid_from"] <= 0)
        & (sources["valid_to"] >= horizon)
        & (sources["limit"] < 0)
        & (sources["share"] > 0)
    )
    single = np.diff(first) == 1
    single[single] = always[order[first[:-1][single]]]
    return single.astype(np.uint8)


def started(quantity: NDArray[np.int64], good: NDArray[np.int64], of: NDArray[np.int64]) -> NDArray[np.int64]:
    """ceil(quantity * of / good), exact also where the product leaves 63 bits."""
    if (quantity.max(initial=0)) * int(of.max(initial=1)) < 2**62:
        return -(-quantity * of // good)
    return np.array([-(-int(q) * int(d) // int(n)) for q, d, n in zip(quantity, of, good, strict=True)], dtype=np.int64)


@dataclass(frozen=True)
class Firm:
    """Firm planned orders by item, in order of line."""

    first: NDArray[np.int64]
    source: NDArray[np.int32]
    due: NDArray[np.int16]
    release: NDArray[np.int16]
    start: NDArray[np.int64]
    ref: NDArray[np.int32]


def firm_orders(
    tables: dict[str, Table],
    route: NDArray[np.int32],
    calendars: Sequence[WorkingCalendar],
    legs: list[list[Leg]],
    period_days: int,
) -> Firm:
    """Supply lines with a source, with start quantity and release period."""
    supplies, sources = tables["supplies"], tables["sources"]
    lines = np.flatnonzero(supplies["source"] >= 0)
    first, place = group(supplies["item"][lines], tables["items"].rows)
    lines = lines[place]
    source = supplies["source"][lines]
    due = supplies["period"][lines]
    release = supplies["release"][lines].copy()
    unknown = np.flatnonzero(release == NO_RELEASE)
    ways = route[source[unknown]]
    for way in np.unique(ways):
        rows = unknown[ways == way]
        day = due[rows] * period_days
        for leg in reversed(legs[way]):
            day = calendars[leg.calendar].back(day, leg.lead)
        release[rows] = day // period_days
    quantity = supplies["quantity"][lines]
    start = started(quantity, sources["yield_numerator"][source], sources["yield_denominator"][source])
    return Firm(
        first,
        source.astype(np.int32),
        cut(np.maximum(due, -FAR)),
        cut(np.maximum(release, -FAR)),
        start,
        (~(2 * lines + 1)).astype(np.int32),
    )


def asked_items(tables: dict[str, Table]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """By item: the items that its sources ask for or yield beside it."""
    bill, outputs, sources = tables["bill"], tables["outputs"], tables["sources"]
    parent = np.concatenate((sources["item"][bill["source"]], sources["item"][outputs["source"]]))
    child = np.concatenate((bill["component"], outputs["item"]))
    first, order = group(parent, tables["items"].rows)
    return first, child[order].astype(np.int32)


def level_codes(
    tables: dict[str, Table], first: NDArray[np.int64], child: NDArray[np.int32], problem: Problem
) -> NDArray[np.int32]:
    """Low-level codes; raises `BadInput` naming the items of a cycle and a line of it."""
    level = low_level_codes(first, child, tables["items"].rows)
    if not isinstance(level, list):
        return level
    bill, sources = tables["bill"], tables["sources"]
    parent = sources["item"][bill["source"]]
    after = level[1 % len(level)]
    lines = np.flatnonzero((parent == level[0]) & (bill["component"] == after))
    names = [problem.item_name(item) for item in level]
    refuse_cycle(level, names, int(lines[0]) if len(lines) else None)
    raise AssertionError("unreachable")


def item_columns(items: Table, phantom: NDArray[np.bool_]) -> dict[str, Any]:
    """Columns of `Prepared` that are plain columns of the items; phantoms have no rule and no stock to keep."""
    unbuffered = phantom | (items["lot_rule"] == LotRule.DDMRP)
    same = ("on_hand", "setup_cost", "holding_cost", "top_of_yellow", "top_of_green", "spike_threshold")
    short = ("fence", "spike_horizon", "consume_back", "consume_forward")
    return {
        **{name: items[name] for name in same},
        **{name: cut(items[name]) for name in short},
        "safety_stock": np.where(unbuffered, 0, items["safety_stock"]),
        "rule": np.where(phantom, 0, items["lot_rule"]).astype(np.int16),
        "cover": cut(items["period_cover"]),
    }


def prepare(problem: Problem) -> tuple[Prepared, Lines]:
    """Check, group and sort a problem; raises `BadInput` naming the row that is wrong."""
    tables = read_tables(problem)
    items, sources, bill, outputs = (tables[name] for name in ("items", "sources", "bill", "outputs"))
    asks_first, asks_item = asked_items(tables)
    level = level_codes(tables, asks_first, asks_item, problem)
    phantom = items["phantom"] != 0
    route, legs = routes(problem, sources, phantom)
    calendars = [WorkingCalendar.always(), *problem.calendars]
    back, forward = offset_tables(calendars, legs, problem.horizon, problem.period_days)
    by_priority = np.argsort(sources["priority"], kind="stable") if sources["priority"].any() else None
    owner = sources["item"] if by_priority is None else sources["item"][by_priority]
    source_first, order = group(owner, items.rows)
    item_source = order if by_priority is None else by_priority[order].astype(np.int32)
    used_first, used = group(bill["component"], items.rows)
    yields_first, yields = group(outputs["item"], items.rows)
    firm = firm_orders(tables, route, calendars, legs, problem.period_days)
    single = single_sources(source_first, item_source, sources, problem.horizon)
    used_source = bill["source"][used].astype(np.int32)
    multiple, minimum = lot_sizes(items, sources, phantom)
    prepared = Prepared(
        horizon=problem.horizon,
        **item_columns(items, phantom),
        single=single,
        item_source_first=source_first,
        item_source=item_source,
        source_item=sources["item"].astype(np.int32),
        source_minimum=minimum,
        source_multiple=multiple,
        yield_numerator=sources["yield_numerator"],
        yield_denominator=sources["yield_denominator"],
        source_priority=sources["priority"].astype(np.int32),
        source_share=sources["share"],
        source_limit=sources["limit"],
        source_from=cut(sources["valid_from"]),
        source_to=cut(sources["valid_to"]),
        source_route=route,
        back=back,
        forward=forward,
        used_first=used_first,
        used_source=used_source,
        used_numerator=bill["numerator"][used],
        used_denominator=bill["denominator"][used],
        used_fixed=bill["fixed"][used],
        used_from=cut(bill["valid_from"][used]),
        used_to=cut(bill["valid_to"][used]),
        used_single=single[sources["item"][used_source]],
        yields_first=yields_first,
        yields_source=outputs["source"][yields].astype(np.int32),
        yields_numerator=outputs["numerator"][yields],
        yields_denominator=outputs["denominator"][yields],
        firm_first=firm.first,
        firm_source=firm.source,
        firm_due=firm.due,
        firm_release=firm.release,
        firm_start=firm.start,
        firm_ref=firm.ref,
        asks_first=asks_first,
        asks_item=asks_item,
        level=level,
    )
    return prepared, sort_lines(tables["demands"], tables["supplies"], items.rows, problem.horizon)


def lot_sizes(items: Table, sources: Table, phantom: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Multiple and minimum of each source; a fixed lot size of the item is a multiple too."""
    owner = sources["item"]
    fixed = np.where(items["lot_rule"] == LotRule.FIXED, items["lot_size"], 1)[owner]
    multiple = sources["multiple"]
    common = np.lcm(multiple, fixed)
    wrong = (common <= 0) | (common > MAX_QUANTITY)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadInput("sources", row, "multiple", "has no usable common multiple with the lot size")
    straight = phantom[owner]
    return np.where(straight, 1, common), np.where(straight, 0, sources["minimum"])
