"""Netting problems as documents of named rows, and plans as documents.

Tables: items (item, site, unit, decimals and the columns of `Items`), sources (source, item, site
and those of `Sources`; yield as a fraction), bill (source, or parent for every source of an item;
component, quantity, scrap, ...), outputs, demands, supplies, units, calendars (calendar, pattern,
closed, opened). Settings: horizon, period_days, start (a date; then periods may be dates).
An item at a site is called item@site. Quantities are decimal text, kept exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np

from guantong.engines import BadInput, Stop
from guantong.engines.calendars import FAR, WorkingCalendar
from guantong.engines.netting.messages import Message, exceptions
from guantong.engines.netting.prepared import ON_HAND, SAFETY_STOCK, SURPLUS, UNCOVERED
from guantong.engines.netting.problem import (
    Bill,
    DemandKind,
    Demands,
    Items,
    LotRule,
    Outputs,
    Problem,
    Sources,
    Supplies,
)
from guantong.engines.netting.result import Result
from guantong.engines.netting.solve import solve

Row = dict[str, Any]
Document = dict[str, Any]

QUANTITIES = {
    "on_hand": 0,
    "safety_stock": 0,
    "lot_size": None,
    "top_of_yellow": 0,
    "top_of_green": 0,
    "spike_threshold": 0,
}
MARKERS = {ON_HAND: "on hand", SURPLUS: "surplus", SAFETY_STOCK: "safety stock", UNCOVERED: "uncovered"}
TABLES = ("items", "sources", "bill", "outputs", "demands", "supplies", "units", "calendars")
HISTORY = 10_000


def run(document: Document, stop: Stop) -> Document:
    """Read, plan, and answer with orders, pegs and exceptions; raises `BadInput` naming the row."""
    reader = Reader(document)
    return reader.answer(solve(reader.problem(), stop))


def number(table: str, row: int, column: str, value: Any) -> Fraction:
    """An exact number; raises `BadInput` for NaN, infinity and text that is none."""
    if isinstance(value, bool):
        return Fraction(int(value))
    try:
        return Fraction(str(value).strip())
    except (ValueError, ZeroDivisionError):
        raise BadInput(table, row, column, f"{value!r} is not a finite number") from None


def whole(table: str, row: int, column: str, value: Any) -> int:
    """A whole number."""
    exact = number(table, row, column, value)
    if exact.denominator != 1:
        raise BadInput(table, row, column, f"{value} is not a whole number")
    return int(exact)


class Reader:
    """One document, its names resolved to rows."""

    def __init__(self, document: Document) -> None:
        self.document = document
        for name in TABLES:
            rows = document.get(name, [])
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise BadInput(name, None, "", "must be a list of rows")
        self.start = self._date("settings", 0, "start", document["start"]) if document.get("start") else None
        self.days = whole("settings", 0, "period_days", document.get("period_days", 1))
        self.items = self.rows("items")
        self.names = [self.name("items", k, row, "item") for k, row in enumerate(self.items)]
        self.item_row = self._index("items", "item", self.names)
        self.scale = [10 ** whole("items", k, "decimals", row.get("decimals", 0)) for k, row in enumerate(self.items)]
        self.sources = self.rows("sources")
        named = [str(row.get("source", f"source {k}")) for k, row in enumerate(self.sources)]
        self.source_row = self._index("sources", "source", named)
        self.source_names = named
        self.source_item = [self.item("sources", k, row) for k, row in enumerate(self.sources)]
        self.sources_of: dict[int, list[int]] = {}
        for source, owner in enumerate(self.source_item):
            self.sources_of.setdefault(owner, []).append(source)
        self.calendar_row: dict[str, int] = {}
        self.units = {
            (self.item("units", k, row), str(row.get("unit"))): number("units", k, "numerator", row.get("numerator", 1))
            / number("units", k, "denominator", row.get("denominator", 1))
            for k, row in enumerate(self.rows("units"))
        }

    def rows(self, table: str) -> list[Row]:
        """The rows of a table; none if it is left out."""
        return self.document.get(table, [])

    @staticmethod
    def _index(table: str, column: str, names: Sequence[str]) -> dict[str, int]:
        index: dict[str, int] = {}
        for row, name in enumerate(names):
            if name in index:
                raise BadInput(table, row, column, f"{name} stands in row {index[name]} already")
            index[name] = row
        return index

    @staticmethod
    def name(table: str, number_: int, row: Row, column: str) -> str:
        """What an item at its site is called."""
        if column not in row:
            raise BadInput(table, number_, column, "is missing")
        return f"{row[column]}@{row['site']}" if row.get("site") else str(row[column])

    def item(self, table: str, row_number: int, row: Row, column: str = "item") -> int:
        """The item that a row names."""
        name = self.name(table, row_number, row, column)
        if name not in self.item_row:
            raise BadInput(table, row_number, column, f"{name} is no known item")
        return self.item_row[name]

    def source(self, table: str, row_number: int, row: Row) -> int:
        """The source that a row names."""
        name = str(row.get("source"))
        if name not in self.source_row:
            raise BadInput(table, row_number, "source", f"{name} is no known source")
        return self.source_row[name]

    def quantity(self, table: str, row_number: int, row: Row, column: str, item: int, default: Any = None) -> int:
        """A quantity in smallest units of its item, from the unit of the row."""
        if column not in row and default is None:
            raise BadInput(table, row_number, column, "is missing")
        exact = number(table, row_number, column, row.get(column, default))
        if table != "items":
            exact *= self._unit(table, row_number, row, item)
        exact *= self.scale[item]
        if exact.denominator != 1:
            digits = len(str(self.scale[item])) - 1
            raise BadInput(
                table, row_number, column, f"{row[column]} has more than {digits} decimals of {self.names[item]}"
            )
        return int(exact)

    def period(self, table: str, row_number: int, row: Row, column: str, default: int | None = None) -> int:
        """A period, from its number or a date."""
        if column not in row:
            if default is None:
                raise BadInput(table, row_number, column, "is missing")
            return default
        value = row[column]
        if isinstance(value, date) or (isinstance(value, str) and value.count("-") == 2):
            if self.start is None:
                raise BadInput(table, row_number, column, "is a date, but settings have no start")
            return (self._date(table, row_number, column, value) - self.start).days // self.days
        return whole(table, row_number, column, value)

    @staticmethod
    def _date(table: str, row: int, column: str, value: Any) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            raise BadInput(table, row, column, f"{value!r} is no date like 2026-01-31") from None

    def problem(self) -> Problem:
        """The problem; raises `BadInput` naming the row that cannot be used."""
        horizon = whole("settings", 0, "horizon", self.document.get("horizon", 0))
        calendars = self._calendars(horizon)
        return Problem(
            horizon,
            self._items(),
            self._sources(),
            self._bill(),
            self._demands(),
            self._supplies(),
            self._outputs(),
            calendars=calendars,
            period_days=self.days,
            history=HISTORY if self.start else whole("settings", 0, "history", self.document.get("history", 0)),
            item_names=self.names,
        )

    def _calendars(self, horizon: int) -> list[WorkingCalendar]:
        calendars = []
        days = (horizon + FAR // 20) * self.days
        weekday = self.start.weekday() if self.start else 0
        for row_number, row in enumerate(self.rows("calendars")):
            name = self.name("calendars", row_number, row, "calendar")
            self.calendar_row[name] = row_number
            pattern = [sign == "1" for sign in str(row.get("pattern", "1111111"))]
            if not any(pattern):
                raise BadInput(
                    "calendars", row_number, "pattern", "works on no day; write seven of 0 and 1, Monday first"
                )
            back = 7 * 60
            calendars.append(
                WorkingCalendar.weekly(
                    pattern,
                    days + back,
                    first=-back,
                    first_weekday=weekday,
                    closed=self._days(row_number, row, "closed"),
                    opened=self._days(row_number, row, "opened"),
                )
            )
        return calendars

    def _days(self, row_number: int, row: Row, column: str) -> Iterable[int]:
        value = row.get(column, [])
        texts = value.replace(";", " ").split() if isinstance(value, str) else value
        for text in texts:
            if self.start and str(text).count("-") == 2:
                yield (self._date("calendars", row_number, column, text) - self.start).days
            else:
                yield whole("calendars", row_number, column, text)

    def _items(self) -> Items:
        columns: dict[str, list[Any]] = {}
        for name, default in QUANTITIES.items():
            columns[name] = [
                self.quantity("items", k, row, name, k, default if default is not None else Fraction(1, self.scale[k]))
                for k, row in enumerate(self.items)
            ]
        for name in ("fence", "consume_back", "consume_forward", "spike_horizon"):
            columns[name] = [whole("items", k, name, row.get(name, 0)) for k, row in enumerate(self.items)]
        columns["period_cover"] = [
            whole("items", k, "period_cover", row.get("period_cover", 1)) for k, row in enumerate(self.items)
        ]
        for name in ("setup_cost", "holding_cost"):
            columns[name] = [float(number("items", k, name, row.get(name, 0))) for k, row in enumerate(self.items)]
        columns["holding_cost"] = [
            cost / scale for cost, scale in zip(columns["holding_cost"], self.scale, strict=True)
        ]
        columns["phantom"] = [str(row.get("phantom", "0")).lower() in ("1", "true", "yes") for row in self.items]
        columns["lot_rule"] = [self._member(LotRule, "items", k, row, "lot_rule") for k, row in enumerate(self.items)]
        return Items(len(self.items), **columns)

    @staticmethod
    def _member(kinds: Any, table: str, row_number: int, row: Row, column: str) -> int:
        text = str(row.get(column, 0)).strip()
        if text.isdigit():
            return int(text)
        name = text.upper().replace("-", "_").replace(" ", "_")
        if name not in kinds.__members__:
            known = ", ".join(kind.name.lower() for kind in kinds)
            raise BadInput(table, row_number, column, f"{text!r} is none of {known}")
        return int(kinds[name])

    def _sources(self) -> Sources:
        columns: dict[str, list[Any]] = {"item": self.source_item}
        for name, default in (("lead", 0), ("priority", 0), ("share", 1)):
            columns[name] = [whole("sources", k, name, row.get(name, default)) for k, row in enumerate(self.sources)]
        for name, least in (("valid_from", 0), ("valid_to", FAR)):
            columns[name] = [self.period("sources", k, row, name, least) for k, row in enumerate(self.sources)]
        for name, low in (("minimum", 0), ("limit", -1), ("multiple", 1)):
            columns[name] = [
                self.quantity("sources", k, row, name, item) if name in row else low
                for k, (row, item) in enumerate(zip(self.sources, self.source_item, strict=True))
            ]
        shares = [number("sources", k, "yield", row.get("yield", 1)) for k, row in enumerate(self.sources)]
        columns["yield_numerator"] = [share.numerator for share in shares]
        columns["yield_denominator"] = [share.denominator for share in shares]
        columns["calendar"] = [self._calendar(k, row) for k, row in enumerate(self.sources)]
        return Sources(**{name: np.array(values, dtype=np.int64) for name, values in columns.items()})

    def _calendar(self, row_number: int, row: Row) -> int:
        name = row.get("calendar")
        if name is None:
            return -1
        if str(name) not in self.calendar_row:
            raise BadInput("sources", row_number, "calendar", f"{name} is no known calendar")
        return self.calendar_row[str(name)]

    def _bill(self) -> Bill:
        lines: list[tuple[int, ...]] = []
        for k, row in enumerate(self.rows("bill")):
            component = self.item("bill", k, {**row, "site": row.get("component_site")}, "component")
            per = number("bill", k, "quantity", row.get("quantity", 1)) * self._unit("bill", k, row, component)
            scrap = number("bill", k, "scrap", row.get("scrap", 0))
            if not 0 <= scrap < 1:
                raise BadInput("bill", k, "scrap", f"{row['scrap']} is not from 0 to below 1")
            per *= Fraction(self.scale[component]) / (1 - scrap)
            fixed = self.quantity("bill", k, row, "fixed", component, 0)
            times = (self.period("bill", k, row, "valid_from", 0), self.period("bill", k, row, "valid_to", FAR))
            for source in self._makers("bill", k, row):
                exact = per / self.scale[self.source_item[source]]
                lines.append((source, component, exact.numerator, exact.denominator, fixed, *times))
        return Bill(*self._columns(lines, 7))

    def _outputs(self) -> Outputs:
        lines: list[tuple[int, ...]] = []
        for k, row in enumerate(self.rows("outputs")):
            item = self.item("outputs", k, row)
            per = number("outputs", k, "quantity", row.get("quantity", 1)) * self._unit("outputs", k, row, item)
            for source in self._makers("outputs", k, row):
                exact = per * self.scale[item] / self.scale[self.source_item[source]]
                lines.append((source, item, exact.numerator, exact.denominator))
        return Outputs(*self._columns(lines, 4))

    def _demands(self) -> Demands:
        lines: list[tuple[int, ...]] = []
        for k, row in enumerate(self.rows("demands")):
            item = self.item("demands", k, row)
            kind = self._member(DemandKind, "demands", k, row, "kind")
            period = self.period("demands", k, row, "period")
            lines.append((item, period, self.quantity("demands", k, row, "quantity", item), kind))
        return Demands(*self._columns(lines, 4))

    def _supplies(self) -> Supplies:
        lines: list[tuple[int, ...]] = []
        for k, row in enumerate(self.rows("supplies")):
            item = self.item("supplies", k, row)
            source = self.source("supplies", k, row) if "source" in row else -1
            times = (self.period("supplies", k, row, "period"), self.period("supplies", k, row, "release", -32_768))
            lines.append((item, times[0], self.quantity("supplies", k, row, "quantity", item), source, times[1]))
        return Supplies(*self._columns(lines, 5))

    def _unit(self, table: str, row_number: int, row: Row, item: int) -> Fraction:
        """Factor from the unit of a row to that of an item."""
        unit, own = row.get("unit"), self.items[item].get("unit")
        if unit is None or unit == own:
            return Fraction(1)
        if (item, str(unit)) not in self.units:
            raise BadInput(table, row_number, "unit", f"mixed units: {unit} for {self.names[item]}, kept in {own}")
        return self.units[(item, str(unit))]

    @staticmethod
    def _columns(lines: list[tuple[int, ...]], count: int) -> Any:
        try:
            return np.array(lines, dtype=np.int64).reshape(-1, count).T.copy()
        except OverflowError:
            raise BadInput("problem", None, "", "a number is too large for 63 bits") from None

    def _makers(self, table: str, row_number: int, row: Row) -> list[int]:
        """Sources that a line of a bill belongs to."""
        if "source" in row:
            return [self.source(table, row_number, row)]
        parent = self.item(table, row_number, row, "parent")
        if parent not in self.sources_of:
            raise BadInput(table, row_number, "parent", f"{self.names[parent]} has no source")
        return self.sources_of[parent]

    def answer(self, result: Result) -> Document:
        """A plan as tables of named rows."""
        orders = result.orders()
        item = result.prepared.source_item[orders.source]
        columns = (
            orders.number,
            item,
            orders.source,
            orders.due,
            orders.release,
            orders.quantity,
            orders.start_quantity,
        )
        order_rows = [
            {
                "order": order,
                "item": self.names[at],
                "source": self.source_names[source],
                "due": due,
                "release": release,
                "quantity": self.text(quantity, at),
                "start_quantity": self.text(start, at),
            }
            for order, at, source, due, release, quantity, start in zip(*(c.tolist() for c in columns), strict=True)
        ]
        return {"orders": order_rows, "pegs": self._pegs(result), "exceptions": self._exceptions(result)}

    def _pegs(self, result: Result) -> list[Row]:
        rows = []
        for item, name in enumerate(self.names):
            pegs = result.pegs(item)
            for demand, supply, quantity in zip(
                pegs.demand.tolist(), pegs.supply.tolist(), pegs.quantity.tolist(), strict=True
            ):
                ends = {"demand": self.end(demand), "supply": self.end(supply)}
                rows.append({"item": name, **ends, "quantity": self.text(quantity, item)})
        return rows

    def _exceptions(self, result: Result) -> list[Row]:
        found = exceptions(result)
        columns = [getattr(found, name).tolist() for name in found.__dataclass_fields__]
        return [
            {
                "message": Message(kind).name.lower(),
                "item": self.names[item],
                "about": self.end(reference),
                "period": period,
                "wanted": wanted if wanted < result.prepared.horizon else "never",
                "quantity": self.text(quantity, item),
                "reason": self.end(reason),
            }
            for kind, item, reference, period, wanted, quantity, reason in zip(*columns, strict=True)
        ]

    def text(self, quantity: int, item: int) -> str:
        """A quantity in the item's unit, as exact decimal text."""
        scale = self.scale[item]
        if scale == 1:
            return str(quantity)
        digits = len(str(scale)) - 1
        return f"{quantity // scale}.{quantity % scale:0{digits}d}"

    @staticmethod
    def end(reference: int) -> str:
        """The end of a peg in words; rows count from 0."""
        if reference in MARKERS:
            return MARKERS[reference]
        if reference >= 0:
            return f"order {reference}"
        line = ~reference
        return f"{'supplies' if line & 1 else 'demands'} row {line >> 1}"
