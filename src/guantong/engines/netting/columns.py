"""Columns of a problem as checked arrays; a row that cannot be used is refused by name."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guantong.engines import BadInput
from guantong.engines.calendars import FAR
from guantong.engines.netting.prepared import MAX_QUANTITY
from guantong.engines.netting.problem import Column, DemandKind, LotRule, Problem

Mask = NDArray[np.bool_]

MAX_SHARE = 10_000
NO_RELEASE = -32_768

COSTS = ("setup_cost", "holding_cost")
TABLES = ("items", "sources", "bill", "demands", "supplies", "outputs")


@dataclass(frozen=True)
class Table:
    """One table of the problem as arrays of equal length, addressed by column name."""

    name: str
    rows: int
    columns: dict[str, NDArray[Any]]

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self.columns[column]

    def refuse(self, column: str, wrong: Mask, reason: str) -> None:
        """Raise `BadInput` for the first row where `wrong` holds."""
        if wrong.any():
            row = int(np.argmax(wrong))
            value = self.columns[column][row] if column in self.columns else ""
            raise BadInput(self.name, row, column, f"{value} {reason}".strip())

    def at_least(self, least: float, *columns: str) -> None:
        """Refuse values below `least`."""
        for column in columns:
            self.refuse(column, self[column] < least, f"is below {least}")

    def at_most(self, most: float, *columns: str) -> None:
        """Refuse values above `most`."""
        for column in columns:
            self.refuse(column, self[column] > most, f"is above {most}")

    def refers(self, column: str, rows: int, to: str, least: int = 0) -> None:
        """Refuse numbers that are no row of the table `to` (`least` -1 allows "none")."""
        values = self[column]
        self.refuse(column, (values < least) | (values >= rows), f"is no row of {to}")


def as_column(table: str, name: str, value: Column, rows: int) -> NDArray[Any]:
    """One column as a contiguous array of int64 (float64 for costs), refusing what is no number."""
    wanted: type = np.float64 if name in COSTS else np.int64
    array = np.asarray(value)
    if array.ndim == 0:
        array = np.full(rows, array)
    if array.shape != (rows,):
        raise BadInput(table, None, name, f"has {array.shape} values for {rows} rows")
    if array.dtype.kind in "biu" or (array.dtype.kind == "f" and wanted is np.float64):
        exact: NDArray[Any] = np.ascontiguousarray(array, dtype=wanted)
    else:
        exact = _converted(table, name, array, wanted)
    if wanted is np.float64 and not np.isfinite(exact).all():
        row = int(np.argmin(np.isfinite(exact)))
        raise BadInput(table, row, name, f"{exact[row]} is not a finite number")
    return exact


def _converted(table: str, name: str, array: NDArray[Any], wanted: type) -> NDArray[Any]:
    try:
        number = array.astype(np.float64)
    except (TypeError, ValueError):
        row = next(k for k, value in enumerate(array.tolist()) if not _is_number(value))
        raise BadInput(table, row, name, f"{array.tolist()[row]!r} is not a number") from None
    wrong = ~np.isfinite(number)
    if wanted is np.int64:
        wrong |= (number != np.floor(number)) | (np.abs(number) > 2**53)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadInput(table, row, name, f"{array[row]} is not a whole number")
    return np.ascontiguousarray(number, dtype=wanted)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def read_table(problem: Problem, name: str) -> Table:
    """All columns of one table, scalars spread over its rows."""
    source = getattr(problem, name)
    names = [column.name for column in fields(source) if column.name != "count"]
    rows = source.count if name == "items" else len(getattr(source, names[0]))
    columns = {column: as_column(name, column, getattr(source, column), rows) for column in names}
    return Table(name, rows, columns)


def read_tables(problem: Problem) -> dict[str, Table]:
    """Every table of the problem, checked; raises `BadInput` naming table, row and column."""
    if not 1 <= problem.horizon <= FAR:
        raise BadInput("problem", None, "horizon", f"{problem.horizon} is not in 1..{FAR}")
    if problem.period_days < 1 or problem.history < 0:
        raise BadInput("problem", None, "period_days", "must be positive, history not negative")
    tables = {name: read_table(problem, name) for name in TABLES}
    check_items(tables["items"])
    check_sources(tables["sources"], tables["items"].rows, problem)
    check_bill(tables["bill"], tables["outputs"], tables["sources"].rows, tables["items"].rows)
    check_lines(tables["demands"], tables["items"].rows, problem.history)
    check_lines(tables["supplies"], tables["items"].rows, problem.history)
    check_firm(tables["supplies"], tables["sources"])
    check_kinds(tables["demands"])
    return tables


def check_items(items: Table) -> None:
    """Refuse items with negative quantities or times and unknown rules."""
    quantities = ("on_hand", "safety_stock", "top_of_yellow", "top_of_green", "spike_threshold")
    items.at_least(0, *quantities, "fence", "consume_back", "consume_forward", "spike_horizon")
    items.at_least(0, "setup_cost", "holding_cost")
    items.at_least(1, "lot_size", "period_cover")
    items.at_most(MAX_QUANTITY, *quantities, "lot_size")
    items.at_most(FAR, "fence", "period_cover", "consume_back", "consume_forward", "spike_horizon")
    items.refers("lot_rule", max(LotRule) + 1, "the lot rules")
    wrong = items["top_of_green"] < items["top_of_yellow"]
    items.refuse("top_of_green", wrong, "is below top_of_yellow")


def check_sources(sources: Table, items: int, problem: Problem) -> None:
    """Refuse sources of unknown items, impossible yields and lots, negative times."""
    sources.refers("item", items, "items")
    sources.refers("calendar", len(problem.calendars), "calendars", least=-1)
    sources.at_least(0, "lead", "minimum", "share", "valid_from")
    sources.at_least(-1, "limit")
    sources.at_least(1, "multiple", "yield_numerator", "yield_denominator")
    sources.at_most(MAX_QUANTITY, "minimum", "multiple", "yield_denominator", "limit")
    sources.at_most(FAR, "lead", "valid_from")
    sources.at_most(MAX_SHARE, "share")
    above = sources["yield_numerator"] > sources["yield_denominator"]
    sources.refuse("yield_numerator", above, "is above the denominator: a yield is at most 1")
    if sources.rows * problem.horizon >= 2**31:
        raise BadInput("sources", None, "", "sources x horizon must stay below 2**31 order numbers")
    for extra in problem.legs:
        wrong = not 0 <= extra.source < sources.rows or extra.leg.lead < 0
        if wrong or not 0 <= extra.leg.calendar < len(problem.calendars):
            raise BadInput("legs", None, "source", f"{extra} names no source or calendar")


def check_bill(bill: Table, outputs: Table, sources: int, items: int) -> None:
    """Refuse lines of unknown sources or items, and negative or zero usage."""
    bill.refers("source", sources, "sources")
    bill.refers("component", items, "items")
    bill.at_least(0, "numerator", "fixed", "valid_from")
    bill.at_least(1, "denominator")
    bill.at_most(MAX_QUANTITY, "numerator", "denominator", "fixed")
    nothing = (bill["numerator"] == 0) & (bill["fixed"] == 0)
    bill.refuse("numerator", nothing, "uses nothing")
    outputs.refers("source", sources, "sources")
    outputs.refers("item", items, "items")
    outputs.at_least(1, "numerator", "denominator")
    outputs.at_most(MAX_QUANTITY, "numerator", "denominator")


def check_lines(lines: Table, items: int, history: int) -> None:
    """Refuse lines of unknown items, negative quantities and times before the history."""
    lines.refers("item", items, "items")
    lines.at_least(0, "quantity")
    lines.at_most(MAX_QUANTITY, "quantity")
    reason = "is before period 0" if history == 0 else f"is more than {history} periods past due"
    lines.refuse("period", lines["period"] < -history, reason)


def check_kinds(demands: Table) -> None:
    """Refuse unknown kinds of demand."""
    demands.refers("kind", max(DemandKind) + 1, "the kinds of demand")


def check_firm(supplies: Table, sources: Table) -> None:
    """Refuse firm planned orders whose source makes another item, or that start after they end."""
    supplies.refers("source", sources.rows, "sources", least=-1)
    firm = np.flatnonzero(supplies["source"] >= 0)
    wrong = np.zeros(supplies.rows, dtype=np.bool_)
    wrong[firm] = sources["item"][supplies["source"][firm]] != supplies["item"][firm]
    supplies.refuse("source", wrong, "does not supply this item")
    release = supplies["release"]
    wrong = (release != NO_RELEASE) & (release > supplies["period"]) & (supplies["source"] >= 0)
    supplies.refuse("release", wrong, "is after the receipt")
