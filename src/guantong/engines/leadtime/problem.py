"""What the lead-time engine is given, and the refusal of rows that make no sense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guantong.engines import BadInput

from .normal import FloatArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class LeadTimeProblem:
    """Purchase (or work) orders known at the end of ``today``.

    All arrays have one entry per order line, shape (orders,).

    Attributes:
        supplier: key of the supplier, integer.
        item: key of the item, integer.
        ordered_day: day number the order was placed.
        received_day: day number the last needed unit came, −1 while open.
        today: day number; an order open today is known to last longer than ``today − ordered_day`` days.
        ordered_quantity: units ordered, to learn the yield; None if yields are not wanted.
        accepted_quantity: good units received, ignored while open.
        horizon_days: length of the day grid; longer lead times are kept together in its last cell.
        year_days: length of a year in the unit of the day numbers (365 calendar days, about 250 working days).
    """

    supplier: IntArray
    item: IntArray
    ordered_day: IntArray
    received_day: IntArray
    today: int
    ordered_quantity: IntArray | None = None
    accepted_quantity: IntArray | None = None
    horizon_days: int = 365
    year_days: int = 365


def _whole(table: str, field: str, values: Any, size: int | None = None) -> IntArray:
    array = np.asarray(values)
    if array.ndim != 1:
        raise BadInput(table, 0, field, f"one dimension expected, {array.ndim} given")
    if size is not None and array.size != size:
        raise BadInput(table, min(array.size, size), field, f"{size} entries expected, {array.size} given")
    if array.dtype.kind not in "iuf":
        raise BadInput(table, 0, field, f"whole numbers expected, {array.dtype} given")
    if array.dtype.kind == "f":
        bad = np.flatnonzero(~np.isfinite(array) | (array != np.floor(array)))
        if bad.size:
            raise BadInput(table, int(bad[0]), field, f"a whole number expected, {array[bad[0]]} given")
    return array.astype(np.int64)


def _refuse(table: str, field: str, wrong: NDArray[np.bool_], reason: str) -> None:
    rows = np.flatnonzero(wrong)
    if rows.size:
        raise BadInput(table, int(rows[0]), field, reason)


def checked(problem: LeadTimeProblem) -> LeadTimeProblem:
    """The problem with all arrays as 64-bit integers.

    Raises:
        BadInput: a value is missing, negative, not whole, or a date lies in the future; names the row.
    """
    size = np.asarray(problem.supplier).size
    table = "orders"
    supplier = _whole(table, "supplier", problem.supplier)
    item = _whole(table, "item", problem.item, size)
    ordered = _whole(table, "ordered_day", problem.ordered_day, size)
    received = _whole(table, "received_day", problem.received_day, size)
    _refuse(table, "ordered_day", ordered > problem.today, f"is after today ({problem.today})")
    _refuse(table, "received_day", received > problem.today, f"is after today ({problem.today})")
    _refuse(table, "received_day", (received >= 0) & (received < ordered), "is before ordered_day (negative lead time)")
    _refuse(table, "received_day", (received < 0) & (received != -1), "is negative; −1 means open")
    quantity, accepted = problem.ordered_quantity, problem.accepted_quantity
    if quantity is not None and accepted is not None:
        quantity = _whole(table, "ordered_quantity", quantity, size)
        accepted = _whole(table, "accepted_quantity", accepted, size)
        _refuse(table, "ordered_quantity", quantity < 0, "is negative")
        _refuse(table, "accepted_quantity", accepted < 0, "is negative")
        _refuse(
            table,
            "accepted_quantity",
            (accepted > quantity) & (received >= 0),
            "exceeds ordered_quantity: mixed units?",
        )
    elif quantity is not None or accepted is not None:
        raise BadInput(table, 0, "accepted_quantity", "ordered and accepted quantity come together or not at all")
    if problem.horizon_days < 2 or problem.year_days < 30:
        raise BadInput(table, 0, "horizon_days", "a horizon of 2 days and a year of 30 are the least")
    return LeadTimeProblem(
        supplier,
        item,
        ordered,
        received,
        int(problem.today),
        quantity,
        accepted,
        int(problem.horizon_days),
        int(problem.year_days),
    )


@dataclass(frozen=True)
class Series:
    """Orders on the log scale, grouped; what every estimator of the engine works on.

    ``log_days`` is log(days + ½) of a received order (a lead time of d whole days lies in [d, d + 1)); of an
    open one log(elapsed + 1), which the lead time exceeds. ``pair`` numbers supplier × item, ``group`` the
    supplier; ``pair_group`` maps one to the other.
    """

    pair: IntArray
    group: IntArray
    day: IntArray
    days: IntArray
    is_open: NDArray[np.bool_]
    log_days: FloatArray
    pair_group: IntArray
    pair_supplier: IntArray
    pair_item: IntArray
    group_supplier: IntArray
    today: int


def to_series(problem: LeadTimeProblem) -> Series:
    """Group the orders of a checked problem by supplier and by supplier × item."""
    group_supplier, group = np.unique(problem.supplier, return_inverse=True)
    keys = np.stack([problem.supplier, problem.item], axis=1)
    pairs, pair = np.unique(keys, axis=0, return_inverse=True)
    is_open = problem.received_day < 0
    days = np.where(is_open, problem.today, problem.received_day) - problem.ordered_day
    log_days = np.log(np.where(is_open, days + 1.0, days + 0.5))
    pair_group = np.searchsorted(group_supplier, pairs[:, 0]) if pairs.size else np.zeros(0, dtype=np.int64)
    return Series(
        pair.ravel(),
        group.ravel(),
        problem.ordered_day,
        days,
        is_open,
        log_days,
        pair_group,
        pairs[:, 0],
        pairs[:, 1],
        group_supplier,
        problem.today,
    )
