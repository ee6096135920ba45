"""Promises from documents of rows, and answers as documents.

Tables: `items` (item; work_center, capacity_units, make_law), `bill` (parent, component, quantity as a fraction or
decimal), `supplies` (item, quantity; law and days_gone of an open order, factor, site, quicker_law, quicker_cost),
`demands` (item, quantity, due_day, class_rank, order), `sources` (item, supplier, law; factor, preference, unit_cost,
order_cost, enough_chance, quicker_law, quicker_cost), `substitutes` (item, substitute, ratio, unit_cost), `protected`
(item, class_rank, quantity), `laws` (law, day, chance, one row a day; share on any row of a law), `capacity`
(work_center, day, units), `questions` (item, quantity, wanted_day, level, class_rank, transport_law).
Settings: horizon_days (256), site, transfer_law, transfer_cost, shipment_cost, ways_out (6). Days count from
today; quantities are whole numbers of one unit per item. Names may be any text. Every question is answered
after the holds of those before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from guantong.engines import BadInput, Stop, checkpoint
from guantong.engines.leadtime.files import (
    Document,
    Row,
    decimal,
    decimal_column,
    rows_of,
    whole,
    whole_column,
)

from .answer import Promise, PromiseProblem, solve
from .book import open_book, open_ledger
from .distribution import law_of
from .problem import (
    Bill,
    Demands,
    FloatArray,
    IntArray,
    Items,
    Network,
    Protected,
    Question,
    Sources,
    Substitutes,
    Supplies,
    check_network,
)


@dataclass(frozen=True)
class Names:
    """Numbers of the names that occur in a document."""

    items: dict[str, int]
    laws: dict[str, int]
    centers: dict[str, int]
    factors: dict[str, int]
    sites: dict[str, int]
    suppliers: dict[str, int]

    def column(self, kind: str, table: str, rows: list[Row], column: str, empty: int | None = None) -> IntArray:
        """Numbers of a column of names; an empty cell is ``empty``, or refused if that is None."""
        known: dict[str, int] = getattr(self, kind)
        result = []
        for number, row in enumerate(rows):
            value = row.get(column)
            if value in (None, ""):
                if empty is None:
                    raise BadInput(table, number, column, "is missing")
                result.append(empty)
            elif str(value) in known:
                result.append(known[str(value)])
            else:
                raise BadInput(table, number, column, f"unknown {kind[:-1]} {value}")
        return np.array(result, dtype=np.int64)


def run(document: Document, stop: Stop) -> Document:
    """Read, answer each question in turn, hold what it takes.

    Raises:
        BadInput: a row or setting cannot be used; names it.
    """
    names = names_of(document)
    network = network_of(document, names)
    check_network(network)
    book = open_book(network)
    ledger = open_ledger(book)
    rows = rows_of(document, "questions")
    items = list(names.items)
    ways = whole("settings", None, "ways_out", document.get("ways_out", 6))
    answers: list[Row] = []
    found: Document = {"promises": answers, "held_by": [], "ways_out": [], "holds": []}
    transport = names.column("laws", "questions", rows, "transport_law", -1)
    asked = names.column("items", "questions", rows, "item")
    for number, row in enumerate(rows):
        checkpoint(stop, number / len(rows), f"question {number}")
        question = Question(
            int(asked[number]),
            whole("questions", number, "quantity", row.get("quantity")),
            whole("questions", number, "wanted_day", row.get("wanted_day", 0)),
            decimal("questions", number, "level", row.get("level", 0.9)),
            int(transport[number]),
            whole("questions", number, "class_rank", row.get("class_rank", 0)),
        )
        promise = solve(PromiseProblem(network, question, ledger, ways, hold_key=f"question {number}"), book=book)
        if not promise.unmet:
            ledger = ledger.place(promise.hold)
        add_answer(found, number, promise, items)
    return found


def names_of(document: Document) -> Names:
    """All names of a document, numbered in the order they first occur."""

    def numbered(*columns: tuple[str, str]) -> dict[str, int]:
        values: Iterable[Any] = (row.get(column) for table, column in columns for row in rows_of(document, table))
        return {
            name: number for number, name in enumerate(dict.fromkeys(str(v) for v in values if v not in (None, "")))
        }

    home = str(document.get("site", ""))
    sites = {home: 0}
    for row in rows_of(document, "supplies"):
        sites.setdefault(str(row.get("site", home)), len(sites))
    factors = numbered(("supplies", "factor"), ("sources", "factor"), ("items", "make_factor"))
    return Names(
        numbered(("items", "item")),
        numbered(("laws", "law")),
        numbered(("capacity", "work_center")),
        factors,
        sites,
        numbered(("sources", "supplier")),
    )


def laws_of(rows: list[Row], names: Names, horizon: int) -> tuple[FloatArray, FloatArray]:
    """Laws by row number of :class:`Names`, and the share each has in common."""
    tables: list[dict[int, float]] = [{} for _ in names.laws]
    share = np.zeros(max(len(names.laws), 1))
    for number, row in enumerate(rows):
        law = names.laws[str(row["law"])] if row.get("law") not in (None, "") else -1
        if law < 0:
            raise BadInput("laws", number, "law", "is missing")
        day = whole("laws", number, "day", row.get("day"))
        if day < 0:
            raise BadInput("laws", number, "day", f"{day} is negative")
        tables[law][day] = tables[law].get(day, 0.0) + decimal("laws", number, "chance", row.get("chance"))
        if row.get("share") not in (None, ""):
            share[law] = decimal("laws", number, "share", row["share"])
    first = {name: next(n for n, row in enumerate(rows) if str(row.get("law")) == name) for name in names.laws}
    days = max([horizon, *(max(table) + 1 for table in tables)])
    pmfs = []
    for name, table in zip(names.laws, tables, strict=True):
        try:
            pmfs.append(law_of(table, days))
        except ValueError as wrong:
            raise BadInput("laws", first[name], "chance", f"law {name}: {wrong}") from None
    return np.stack(pmfs) if pmfs else np.eye(1, days), share


def capacity_of(rows: list[Row], names: Names, horizon: int) -> IntArray:
    """Free capacity by work center and day; days not named have none."""
    free = np.zeros((len(names.centers), horizon), dtype=np.int64)
    center = names.column("centers", "capacity", rows, "work_center")
    for number, row in enumerate(rows):
        day = whole("capacity", number, "day", row.get("day"))
        units = whole("capacity", number, "units", row.get("units"))
        if day < 0 or units < 0:
            raise BadInput("capacity", number, "day" if day < 0 else "units", "is negative")
        if day < horizon:
            free[center[number], day] += units
    return free


@dataclass(frozen=True)
class Columns:
    """Columns of one table of a document as arrays."""

    names: Names
    table: str
    rows: list[Row]

    def key(self, kind: str, column: str, empty: int | None = None) -> IntArray:
        """Numbers of names; an empty cell is ``empty``, or refused if that is None."""
        return self.names.column(kind, self.table, self.rows, column, empty)

    def whole(self, column: str, default: int | None = None) -> IntArray:
        """Whole numbers."""
        return whole_column(self.table, self.rows, column, default)

    def decimal(self, column: str, default: float = 0.0) -> FloatArray:
        """Finite numbers."""
        return decimal_column(self.table, self.rows, column, default)

    def ratio(self, column: str) -> tuple[IntArray, IntArray]:
        """Numerators and denominators of exact ratios, 1 where empty."""
        parts = []
        for number, row in enumerate(self.rows):
            try:
                parts.append(Fraction(str(row.get(column, 1))))
            except (ValueError, ZeroDivisionError):
                raise BadInput(self.table, number, column, f"{row.get(column)!r} is not a number") from None
        top = np.array([part.numerator for part in parts], dtype=np.int64)
        return top, np.array([part.denominator for part in parts], dtype=np.int64)


def items_of(table: Columns) -> Items:
    """The table of items; a name that appears twice is refused with the network."""
    return Items(
        table.key("items", "item"),
        table.key("centers", "work_center", -1),
        table.whole("capacity_units", 1),
        table.key("laws", "make_law", -1),
        table.key("factors", "make_factor", -1),
    )


def supplies_of(table: Columns) -> Supplies:
    """The table of supplies; an empty site is the home site."""
    home = next(iter(table.names.sites))
    sites = [table.names.sites[str(row.get("site", home))] for row in table.rows]
    return Supplies(
        table.key("items", "item"),
        table.whole("quantity"),
        table.key("laws", "law", -1),
        -table.whole("days_gone", 0),
        table.key("factors", "factor", -1),
        np.array(sites, dtype=np.int64),
        table.key("laws", "quicker_law", -1),
        table.decimal("quicker_cost"),
    )


def sources_of(table: Columns) -> Sources:
    """The table of sources."""
    return Sources(
        table.key("items", "item"),
        table.key("suppliers", "supplier", -1),
        table.key("laws", "law"),
        table.key("factors", "factor", -1),
        table.whole("preference", 0),
        table.decimal("unit_cost"),
        table.decimal("order_cost"),
        table.decimal("enough_chance", 1.0),
        table.key("laws", "quicker_law", -1),
        table.decimal("quicker_cost"),
    )


def network_of(document: Document, names: Names) -> Network:
    """The network of a document."""

    def table(name: str) -> Columns:
        return Columns(names, name, rows_of(document, name))

    horizon = whole("settings", None, "horizon_days", document.get("horizon_days", 256))
    laws, share = laws_of(rows_of(document, "laws"), names, horizon)
    transfer = document.get("transfer_law")
    if transfer is not None and str(transfer) not in names.laws:
        raise BadInput("settings", None, "transfer_law", f"unknown law {transfer}")
    factors = max(len(names.factors), 1)
    bill, demands, substitutes, protected = map(table, ("bill", "demands", "substitutes", "protected"))
    due, rank, order = demands.whole("due_day"), demands.whole("class_rank", 0), demands.whole("order", 0)
    replaced = substitutes.key("items", "item"), substitutes.key("items", "substitute")
    return Network(
        items_of(table("items")),
        Bill(bill.key("items", "parent"), bill.key("items", "component"), *bill.ratio("quantity")),
        supplies_of(table("supplies")),
        Demands(demands.key("items", "item"), demands.whole("quantity"), due, rank, order),
        sources_of(table("sources")),
        laws,
        share,
        np.zeros(factors),
        np.ones(factors),
        capacity_of(rows_of(document, "capacity"), names, horizon),
        Substitutes(*replaced, *substitutes.ratio("ratio"), substitutes.decimal("unit_cost")),
        Protected(protected.key("items", "item"), protected.whole("class_rank"), protected.whole("quantity")),
        0,
        names.laws[str(transfer)] if transfer is not None else -1,
        decimal("settings", None, "transfer_cost", document.get("transfer_cost", 0)),
        decimal("settings", None, "shipment_cost", document.get("shipment_cost", 0)),
    )


def add_answer(found: Document, number: int, promise: Promise, items: list[str]) -> None:
    """One promise as rows of the answer's tables."""
    dates = promise.dates
    found["promises"].append(
        {
            "question": number,
            "p50_day": dates.p50,
            "p80_day": dates.p80,
            "p90_day": dates.p90,
            "promised_day": dates.promised,
            "wanted_chance": round(dates.wanted_chance, 6),
            "cost": round(promise.cost, 2),
            "within_horizon": promise.within_horizon,
            "reasons": "; ".join(promise.reasons),
        }
    )
    for holdup in promise.held_by:
        found["held_by"].append(
            {
                "question": number,
                "item": items[holdup.item],
                "kind": holdup.kind,
                "row": holdup.row,
                "quantity": holdup.quantity,
                "days": holdup.days,
                "chance_gain": round(holdup.chance_gain, 6),
            }
        )
    for way in promise.ways_out:
        found["ways_out"].append(
            {
                "question": number,
                "kind": way.kind,
                "item": items[way.item] if way.item >= 0 else "",
                "reason": way.reason,
                "first_quantity": way.first_quantity,
                "p50_day": way.dates.p50,
                "p80_day": way.dates.p80,
                "p90_day": way.dates.p90,
                "promised_day": way.dates.promised,
                "wanted_chance": round(way.dates.wanted_chance, 6),
                "cost": round(way.cost, 2),
                "moves": "; ".join(
                    f"order {move.order}: {move.quantity} units, "
                    f"on time {move.chance_before:.0%} -> {move.chance_after:.0%}"
                    for move in way.moved
                ),
            }
        )
    for row, quantity in zip(promise.hold.supply, promise.hold.quantity, strict=True):
        found["holds"].append({"question": number, "supply": row, "quantity": quantity})
