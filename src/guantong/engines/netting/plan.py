"""A plan that follows changes: only what a change touches is planned again.

The result after a change is bit for bit that of a full run of the changed problem. New rows are
appended and the old ones stay, so a change is taken back by putting old row pointers back: a
scenario costs what it touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

import numpy as np

from guantong.engines import BadInput, Stop
from guantong.engines.calendars import WorkingCalendar
from guantong.engines.netting.changes import ITEM_COLUMNS, SPARE_LINES, Change, Delta, LineTable, NewLine, whole
from guantong.engines.netting.columns import Table, check_firm, check_items, check_kinds, check_lines, read_tables
from guantong.engines.netting.forecast import consume_item
from guantong.engines.netting.prepare import firm_orders, prepare, routes
from guantong.engines.netting.prepared import OVERFLOW, Lines, Prepared
from guantong.engines.netting.problem import Demands, LotRule, Problem, Supplies
from guantong.engines.netting.result import Result
from guantong.engines.netting.run import enlist, new_wave, ripple
from guantong.engines.netting.solve import plan_all, refuse_overflow
from guantong.engines.netting.space import grown, new_scratch

FIRM_COLUMNS = ("firm_first", "firm_source", "firm_due", "firm_release", "firm_start", "firm_ref")


@contextmanager
def naming(places: list[int]) -> Iterator[None]:
    """Let a refusal of one of some picked rows name the row of the whole table."""
    try:
        yield
    except BadInput as refused:
        row = None if refused.row is None else places[refused.row]
        raise BadInput(refused.table, row, refused.column, refused.reason) from None


class Plan:
    """A problem with its plan, kept up to date by `change` and put back by `undo`.

    For one thread at a time. Replaced rows keep their memory until `compact`.
    """

    def __init__(self, problem: Problem, stop: Stop | None = None) -> None:
        self._base = problem
        self._tables = read_tables(problem)
        items = self._tables["items"]
        self._items = Table("items", items.rows, {name: column.copy() for name, column in items.columns.items()})
        self._lines_of = {side: LineTable(self._tables[side]) for side in ("demands", "supplies")}
        self.compact(stop)

    @property
    def problem(self) -> Problem:
        """The problem as changed so far; its arrays are valid until the next change."""
        demands, supplies = self._lines_of["demands"].table(), self._lines_of["supplies"].table()
        columns: dict[str, Any] = {name: self._items[name] for name in ITEM_COLUMNS}
        return replace(
            self._base,
            items=replace(self._base.items, **columns),
            demands=Demands(*(demands[column.name] for column in fields(Demands))),
            supplies=Supplies(*(supplies[column.name] for column in fields(Supplies))),
        )

    def result(self) -> Result:
        """The present plan; valid until the next change."""
        return Result(self.problem, self._prepared, self._lines, self._book)

    def compact(self, stop: Stop | None = None) -> None:
        """Plan everything anew; deltas of before can no longer be taken back."""
        problem = self.problem
        prepared, lines = prepare(problem)
        self._prepared: Prepared = prepared._replace(
            **{name: getattr(prepared, name).copy() for name in ITEM_COLUMNS.values()}
        )
        self._book = plan_all(prepared, lines, stop)
        refuse_overflow(self._book, problem)
        self._line_rows = {"demand": len(lines.demand_ref), "supply": len(lines.supply_ref)}
        self._lines: Lines = lines
        for short, rows in self._line_rows.items():
            self._make_room(short, rows + 1)
        self._new_scratch()
        self._wave = new_wave(len(prepared.on_hand), int(prepared.level.max(initial=0)) + 1)

    def _new_scratch(self) -> None:
        self._scratch = new_scratch(self._prepared, self._lines, SPARE_LINES)
        self._spare = SPARE_LINES

    def change(self, changes: Iterable[Change | NewLine]) -> Delta:
        """Make changes together and plan again what they touch.

        Raises `BadInput` for what the problem may not hold; the plan is then as it was.
        """
        delta = self._new_delta()
        items: set[int] = set()
        rows: dict[str, set[int]] = {"demands": set(), "supplies": set()}
        try:
            for change in changes:
                if change.table == "items":
                    items.add(self._change_item(change, delta))
                else:
                    rows[change.table].add(self._change_line(change, delta))
            self._check(items, rows)
        except (BadInput, KeyError):
            self._put_back(delta)
            raise
        for side in ("demands", "supplies"):
            items |= self._relist(side, rows[side], delta)
        items |= self._renew_firm(rows["supplies"], delta)
        for item in items:
            enlist(item, self._prepared, self._wave)
        while not ripple(self._prepared, self._lines, self._book, self._scratch, self._wave):
            self._book = grown(self._book)
        self._finish(delta)
        if (self._book.flags[delta.items] & OVERFLOW).any():
            self.undo(delta)
            raise BadInput("changes", None, "", "quantities leave the exact range of 63 bits")
        return delta

    def undo(self, delta: Delta) -> None:
        """Put back what a change replaced; the last change first."""
        book = self._book
        book.order_first[delta.items] = delta.order_first
        book.order_count[delta.items] = delta.order_count
        book.peg_first[delta.items] = delta.peg_first
        book.peg_count[delta.items] = delta.peg_count
        book.flags[delta.items] = delta.flags
        if (book.used == delta.used[1]).all():
            book.used[:] = delta.used[0]
        self._put_back(delta)

    def _new_delta(self) -> Delta:
        wave, used = self._wave, self._book.used
        rows = {side: lines.rows for side, lines in self._lines_of.items()}
        return Delta(
            wave.touched[:0],
            wave.old_order_first[:0],
            wave.old_order_count[:0],
            wave.old_peg_first[:0],
            wave.old_peg_count[:0],
            wave.old_flags[:0],
            used=(used.copy(), used.copy()),
            rows=rows,
        )

    def _finish(self, delta: Delta) -> None:
        """Move what the wave recorded into the delta, and make the wave ready for the next."""
        wave = self._wave
        count = int(wave.state[1])
        delta.items = wave.touched[:count].copy()
        delta.order_first = wave.old_order_first[:count].copy()
        delta.order_count = wave.old_order_count[:count].copy()
        delta.peg_first = wave.old_peg_first[:count].copy()
        delta.peg_count = wave.old_peg_count[:count].copy()
        delta.flags = wave.old_flags[:count].copy()
        delta.used = (delta.used[0], self._book.used.copy())
        wave.state[:] = 0

    def _column(self, owner: str, name: str) -> Any:
        if owner in self._lines_of:
            return self._lines_of[owner].columns[name]
        if owner == "items":
            return self._items[name]
        return getattr(self._prepared if owner == "prepared" else self._lines, name)

    def _set(self, owner: str, name: str, row: int, value: Any, delta: Delta) -> None:
        column = self._column(owner, name)
        delta.cells.append((owner, name, row, column[row].copy()))
        column[row] = value

    def _put_back(self, delta: Delta) -> None:
        for owner, name, row, value in reversed(delta.cells):
            self._column(owner, name)[row] = value
        for side, rows in delta.rows.items():
            self._lines_of[side].rows = rows
        if delta.firm:
            firm: dict[str, Any] = delta.firm
            self._prepared = self._prepared._replace(**firm)

    def _change_item(self, change: Change | NewLine, delta: Delta) -> int:
        if not isinstance(change, Change) or change.column not in ITEM_COLUMNS:
            raise BadInput("items", None, getattr(change, "column", ""), "cannot change under a plan")
        if not 0 <= change.row < self._items.rows:
            raise BadInput("items", change.row, change.column, "is no row of items")
        value: float = change.value
        if self._items[change.column].dtype.kind == "i":
            value = whole("items", change.row, change.column, value)
        self._set("items", change.column, change.row, value, delta)
        buffered = self._items["lot_rule"][change.row] == LotRule.DDMRP or self._items["phantom"][change.row]
        if change.column == "safety_stock" and buffered:
            value = 0
        name = ITEM_COLUMNS[change.column]
        limit = np.iinfo(np.int16).max if self._column("prepared", name).dtype == np.int16 else np.inf
        self._set("prepared", name, change.row, min(value, limit), delta)
        return change.row

    def _change_line(self, change: Change | NewLine, delta: Delta) -> int:
        lines = self._lines_of.get(change.table)
        if lines is None:
            raise BadInput(change.table, None, "", "only demands, supplies and items change under a plan")
        if isinstance(change, NewLine):
            self._spare -= 1
            return lines.append(change.columns)
        if not 0 <= change.row < lines.rows or change.column not in lines.columns or change.column == "item":
            raise BadInput(change.table, change.row, change.column, "cannot change under a plan")
        value = whole(change.table, change.row, change.column, change.value)
        self._set(change.table, change.column, change.row, value, delta)
        return change.row

    def _check(self, items: set[int], rows: dict[str, set[int]]) -> None:
        """Refuse what the problem could not hold, naming the row."""
        count = self._items.rows
        places = sorted(items)
        picked = {name: column[places] for name, column in self._items.columns.items()}
        with naming(places):
            check_items(Table("items", len(places), picked))
        for side, numbers in rows.items():
            places = sorted(numbers)
            lines = self._lines_of[side].table(places)
            with naming(places):
                check_lines(lines, count, self._base.history)
                if side == "supplies":
                    check_firm(lines, self._tables["sources"])
                else:
                    check_kinds(lines)

    def _relist(self, side: str, rows: set[int], delta: Delta) -> set[int]:
        """Write the changed items' lines again behind the others; returns the items."""
        by_item: dict[int, list[int]] = {}
        owner = self._lines_of[side].columns["item"]
        for row in rows:
            by_item.setdefault(int(owner[row]), []).append(row)
        for item, changed in by_item.items():
            self._relist_item(side, item, changed, delta)
        if self._spare <= 0:
            self._new_scratch()
        return set(by_item)

    def _relist_item(self, side: str, item: int, changed: list[int], delta: Delta) -> None:
        short = side[:-1] if side == "demands" else "supply"
        first = int(getattr(self._lines, f"{short}_first")[item])
        count = int(getattr(self._lines, f"{short}_count")[item])
        known = ~getattr(self._lines, f"{short}_ref")[first : first + count] >> 1
        numbers = np.union1d(known, changed).astype(np.int64)
        columns = self._lines_of[side].columns
        numbers = numbers[columns["period"][numbers] < self._prepared.horizon]
        numbers = numbers[np.argsort(columns["period"][numbers], kind="stable")]
        start = self._line_rows[short]
        end = start + len(numbers)
        self._make_room(short, end)
        values = {"period": columns["period"][numbers], "quantity": columns["quantity"][numbers]}
        if short == "demand":
            values |= {"open": values["quantity"], "kind": columns["kind"][numbers]}
        values["ref"] = ~(2 * numbers + (short == "supply"))
        for name, column in values.items():
            getattr(self._lines, f"{short}_{name}")[start:end] = column
        self._line_rows[short] = end
        self._set("lines", f"{short}_first", item, start, delta)
        self._set("lines", f"{short}_count", item, len(numbers), delta)
        if short == "demand":
            consume_item(item, self._prepared, self._lines)

    def _make_room(self, short: str, rows: int) -> None:
        if rows <= len(getattr(self._lines, f"{short}_ref")):
            return
        grown_columns = {}
        for name in Lines._fields:
            if name.startswith(short) and not name.endswith(("_first", "_count")):
                column = getattr(self._lines, name)
                larger = np.empty(2 * rows + SPARE_LINES, dtype=column.dtype)
                larger[: len(column)] = column
                grown_columns[name] = larger
        self._lines = self._lines._replace(**grown_columns)

    def _renew_firm(self, rows: set[int], delta: Delta) -> set[int]:
        """Build the firm orders again if a change may concern them; returns the items they touch."""
        prepared, supplies = self._prepared, self._lines_of["supplies"]
        owners = {int(supplies.columns["item"][row]) for row in rows}
        firm = {item for item in owners if prepared.firm_first[item] < prepared.firm_first[item + 1]}
        firm |= {int(supplies.columns["item"][row]) for row in rows if supplies.columns["source"][row] >= 0}
        if not firm:
            return set()
        tables = {**self._tables, "supplies": supplies.table()}
        route, legs = routes(self._base, tables["sources"], self._tables["items"]["phantom"] != 0)
        calendars = [WorkingCalendar.always(), *self._base.calendars]
        orders = firm_orders(tables, route, calendars, legs, self._base.period_days)
        delta.firm = {name: getattr(prepared, name) for name in FIRM_COLUMNS}
        self._prepared = prepared._replace(**{name: getattr(orders, name[5:]) for name in FIRM_COLUMNS})
        self._new_scratch()
        asks = prepared.asks_first
        return {int(child) for item in firm for child in prepared.asks_item[asks[item] : asks[item + 1]]}
