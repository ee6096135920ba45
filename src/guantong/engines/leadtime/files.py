"""Lead times from documents of rows, and laws as documents.

Tables: `orders` (supplier, item, ordered_day, received_day: empty or −1 while open; optionally ordered_quantity and
accepted_quantity). Settings: today, horizon_days (365), year_days (365). Days are whole numbers. Suppliers and
items may be any text. The answer lists every supplier × item with quantiles, spread, sample size and reasons,
and every open order with the days it still takes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from guantong.engines import BadInput, Stop

from .fit import solve
from .laws import LeadTimeLaws
from .problem import IntArray, LeadTimeProblem
from .survival import pmf_quantile

Row = dict[str, Any]
Document = dict[str, Any]

CHANCES = (0.1, 0.5, 0.8, 0.9)


def run(document: Document, stop: Stop) -> Document:
    """Read, learn, answer.

    Raises:
        BadInput: a row or setting cannot be used; names it.
    """
    orders = rows_of(document, "orders")
    suppliers, supplier = keys_of("orders", orders, "supplier")
    items, item = keys_of("orders", orders, "item")
    received = [-1 if row.get("received_day") in (None, "") else row["received_day"] for row in orders]
    quantities = any("ordered_quantity" in row for row in orders)
    problem = LeadTimeProblem(
        supplier,
        item,
        whole_column("orders", orders, "ordered_day"),
        whole_column("orders", [{"received_day": value} for value in received], "received_day"),
        whole("settings", None, "today", document.get("today")),
        whole_column("orders", orders, "ordered_quantity") if quantities else None,
        whole_column("orders", orders, "accepted_quantity", 0) if quantities else None,
        whole("settings", None, "horizon_days", document.get("horizon_days", 365)),
        whole("settings", None, "year_days", document.get("year_days", 365)),
    )
    return answer(solve(problem, stop), suppliers, items)


def answer(laws: LeadTimeLaws, suppliers: list[str], items: list[str]) -> Document:
    """Laws as rows."""
    series = laws.series
    rows: list[Row] = []
    for pair, (supplier, item) in enumerate(zip(series.pair_supplier, series.pair_item, strict=True)):
        forecast = laws.forecast(int(supplier), int(item))
        rows.append(
            {
                "supplier": suppliers[int(supplier)],
                "item": items[int(item)],
                **quantile_cells(forecast.pmf),
                "spread_days": round(forecast.spread_days, 3),
                "orders": forecast.orders,
                "common_share": round(laws.common_share(pair), 4),
                "yield": round(laws.yields.rate(pair), 5),
                "reasons": "; ".join(forecast.reasons),
            }
        )
    open_rows: list[Row] = []
    problem = laws.problem
    for order in np.flatnonzero(problem.received_day < 0):
        supplier, item = int(problem.supplier[order]), int(problem.item[order])
        left = laws.remaining(supplier, item, int(problem.ordered_day[order]))
        open_rows.append(
            {
                "order": int(order),
                "supplier": suppliers[supplier],
                "item": items[item],
                "days_gone": problem.today - int(problem.ordered_day[order]),
                **quantile_cells(left),
            }
        )
    return {
        "lead_times": rows,
        "open_orders": open_rows,
        "shared_share": round(laws.shared_share, 4),
        "memory": round(laws.memory, 4),
    }


def quantile_cells(pmf: np.ndarray) -> Row:
    """Columns p10_days … p90_days of a law."""
    days = pmf_quantile(pmf, np.array(CHANCES))
    return {f"p{round(100 * chance)}_days": int(day) for chance, day in zip(CHANCES, days, strict=True)}


def rows_of(document: Document, table: str) -> list[Row]:
    """Rows of a table, none if it is missing."""
    rows = document.get(table, [])
    if not isinstance(rows, list):
        raise BadInput(table, None, "", "must be a list of rows")
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise BadInput(table, number, "", "must be an object of columns")
    return rows


def keys_of(table: str, rows: list[Row], column: str) -> tuple[list[str], IntArray]:
    """Names in a column, sorted, and the number of each row's name."""
    names = []
    for number, row in enumerate(rows):
        if row.get(column) in (None, ""):
            raise BadInput(table, number, column, "is missing")
        names.append(str(row[column]))
    known = sorted(set(names))
    place = {name: number for number, name in enumerate(known)}
    return known, np.array([place[name] for name in names], dtype=np.int64)


def whole(table: str, row: int | None, column: str, value: Any) -> int:
    """A whole number from a number or text."""
    number = decimal(table, row, column, value)
    if number != int(number):
        raise BadInput(table, row, column, f"{value!r} is not a whole number")
    return int(number)


def decimal(table: str, row: int | None, column: str, value: Any) -> float:
    """A finite number from a number or text."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadInput(table, row, column, "is missing" if value is None else f"{value!r} is not a number") from None
    if not np.isfinite(number):
        raise BadInput(table, row, column, f"{value!r} is not a finite number")
    return number


def whole_column(table: str, rows: list[Row], column: str, default: int | None = None) -> IntArray:
    """A column of whole numbers; a missing cell takes the default or is refused."""
    return np.array([whole(table, n, column, row.get(column, default)) for n, row in enumerate(rows)], dtype=np.int64)


def decimal_column(table: str, rows: list[Row], column: str, default: float | None = None) -> np.ndarray:
    """A column of finite numbers; a missing cell takes the default or is refused."""
    return np.array([decimal(table, n, column, row.get(column, default)) for n, row in enumerate(rows)], dtype=float)
