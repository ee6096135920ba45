"""What may change under a plan, and how a change is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guantong.engines import BadInput
from guantong.engines.netting.columns import NO_RELEASE, Table

ITEM_COLUMNS = {
    "on_hand": "on_hand",
    "safety_stock": "safety_stock",
    "period_cover": "cover",
    "fence": "fence",
    "setup_cost": "setup_cost",
    "holding_cost": "holding_cost",
    "top_of_yellow": "top_of_yellow",
    "top_of_green": "top_of_green",
}
"""Columns of items that may change under a plan, with their names in `Prepared`."""

LINE_DEFAULTS = {"kind": 0, "source": -1, "release": NO_RELEASE}
SPARE_LINES = 4_096


@dataclass(frozen=True)
class Change:
    """A new value in one cell of "demands", "supplies" or "items".

    A line may change in every column but item (set its quantity to 0 and add another), an item in
    those of `ITEM_COLUMNS`.
    """

    table: str
    row: int
    column: str
    value: float


@dataclass(frozen=True)
class NewLine:
    """A further row of "demands" or "supplies", by column; kind, source and release have defaults."""

    table: str
    columns: dict[str, int]


@dataclass
class Delta:
    """What a change replaced: enough to show it and to take it back.

    `items` are the items planned again, upper levels first; the rows of their orders and pegs
    before the change follow. `used` are the rows taken before and after. `cells` are single old
    values as (owner, column, row, value), `firm` the old firm orders, if they changed.
    """

    items: NDArray[np.int32]
    order_first: NDArray[np.int64]
    order_count: NDArray[np.int32]
    peg_first: NDArray[np.int64]
    peg_count: NDArray[np.int32]
    flags: NDArray[np.uint8]
    used: tuple[NDArray[np.int64], NDArray[np.int64]]
    cells: list[tuple[str, str, int, Any]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    firm: dict[str, NDArray[Any]] = field(default_factory=dict)


class LineTable:
    """Lines of a problem with room for more."""

    def __init__(self, table: Table) -> None:
        self.name = table.name
        self.rows = table.rows
        room = np.zeros(SPARE_LINES, dtype=np.int64)
        self.columns = {name: np.concatenate((rows, room)) for name, rows in table.columns.items()}

    def table(self, rows: Sequence[int] | None = None) -> Table:
        """All lines, or some."""
        if rows is None:
            return Table(self.name, self.rows, {name: values[: self.rows] for name, values in self.columns.items()})
        picked = np.array(rows, dtype=np.int64)
        return Table(self.name, len(rows), {name: values[picked] for name, values in self.columns.items()})

    def append(self, values: dict[str, int]) -> int:
        """Add a line; returns its row."""
        unknown = set(values) - set(self.columns)
        missing = set(self.columns) - set(values) - set(LINE_DEFAULTS)
        if unknown or missing:
            raise BadInput(self.name, self.rows, ", ".join(sorted(unknown | missing)), "is unknown or missing")
        row = self.rows
        if row == len(self.columns["item"]):
            room = np.zeros(row + SPARE_LINES, dtype=np.int64)
            self.columns = {name: np.concatenate((rows, room)) for name, rows in self.columns.items()}
        for name, rows in self.columns.items():
            rows[row] = whole(self.name, row, name, values.get(name, LINE_DEFAULTS.get(name, 0)))
        self.rows += 1
        return row


def whole(table: str, row: int, column: str, value: float) -> int:
    """A whole number; raises `BadInput` for anything else."""
    if value != value or value in (float("inf"), float("-inf")) or value != int(value):
        raise BadInput(table, row, column, f"{value} is not a whole number")
    return int(value)
