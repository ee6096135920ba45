"""What a promise is computed from: bill, stock and receipts, promises given, sources, capacity, laws.

All quantities of one item are whole numbers in one unit (scale decimals before). Days are whole days counted
from today (day 0 is today); an order placed before today has a negative ``ordered_day``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guantong.engines import BadInput

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def _ints() -> IntArray:
    return np.zeros(0, dtype=np.int64)


def _floats() -> FloatArray:
    return np.zeros(0)


@dataclass(frozen=True)
class Items:
    """Items that may be made or bought.

    ``key`` unique; ``work_center`` row of :class:`Network` ``free_capacity`` (−1: bought, or made without a
    bottleneck); ``capacity_units`` per unit made; ``make_law`` row of the laws for the time after the capacity
    is used (−1: none) and ``make_factor`` its common factor (−1: none).
    """

    key: IntArray
    work_center: IntArray
    capacity_units: IntArray
    make_law: IntArray
    make_factor: IntArray


@dataclass(frozen=True)
class Bill:
    """One unit of ``parent`` takes ``per_numerator / per_denominator`` units of ``child``, scrap included."""

    parent: IntArray = field(default_factory=_ints)
    child: IntArray = field(default_factory=_ints)
    per_numerator: IntArray = field(default_factory=_ints)
    per_denominator: IntArray = field(default_factory=_ints)


@dataclass(frozen=True)
class Supplies:
    """Units on hand or on their way.

    ``law``: −1 on hand; otherwise the row of the law of the whole lead time since ``ordered_day`` (order
    not received yet). ``factor``: common factor of the lead time (−1 none). ``site``: where it lies or will
    come to; units of another site than the question's are only used as a way out, after ``transfer_law``.
    ``quicker_law`` (−1 none): law of the days to go from today if it is hurried for ``quicker_cost``.
    """

    item: IntArray = field(default_factory=_ints)
    quantity: IntArray = field(default_factory=_ints)
    law: IntArray = field(default_factory=_ints)
    ordered_day: IntArray = field(default_factory=_ints)
    factor: IntArray = field(default_factory=_ints)
    site: IntArray = field(default_factory=_ints)
    quicker_law: IntArray = field(default_factory=_ints)
    quicker_cost: FloatArray = field(default_factory=_floats)


@dataclass(frozen=True)
class Demands:
    """Promises already given, one row per item they take (component needs of other orders included).

    ``due_day`` when the units are needed; ``class_rank`` 0 is the most important; ``order``: the caller's
    number of it.
    """

    item: IntArray = field(default_factory=_ints)
    quantity: IntArray = field(default_factory=_ints)
    due_day: IntArray = field(default_factory=_ints)
    class_rank: IntArray = field(default_factory=_ints)
    order: IntArray = field(default_factory=_ints)


@dataclass(frozen=True)
class Sources:
    """Where an item can be bought; the cheapest row of an item by ``preference`` is used, the others are ways out.

    ``law`` lead time of an order placed today; ``factor`` common factor (−1 none); ``unit_cost``,
    ``order_cost``; ``enough_chance``: chance that a lot holds enough good units, otherwise it is ordered again.
    ``quicker_law`` and ``quicker_cost``: the same order hurried.
    """

    item: IntArray = field(default_factory=_ints)
    supplier: IntArray = field(default_factory=_ints)
    law: IntArray = field(default_factory=_ints)
    factor: IntArray = field(default_factory=_ints)
    preference: IntArray = field(default_factory=_ints)
    unit_cost: FloatArray = field(default_factory=_floats)
    order_cost: FloatArray = field(default_factory=_floats)
    enough_chance: FloatArray = field(default_factory=_floats)
    quicker_law: IntArray = field(default_factory=_ints)
    quicker_cost: FloatArray = field(default_factory=_floats)


@dataclass(frozen=True)
class Substitutes:
    """``substitute`` may replace ``item``: ``numerator / denominator`` units for one, each at ``unit_cost`` more."""

    item: IntArray = field(default_factory=_ints)
    substitute: IntArray = field(default_factory=_ints)
    numerator: IntArray = field(default_factory=_ints)
    denominator: IntArray = field(default_factory=_ints)
    unit_cost: FloatArray = field(default_factory=_floats)


@dataclass(frozen=True)
class Protected:
    """``quantity`` units of ``item`` that only classes up to ``class_rank`` may take (nested allocation)."""

    item: IntArray = field(default_factory=_ints)
    class_rank: IntArray = field(default_factory=_ints)
    quantity: IntArray = field(default_factory=_ints)


@dataclass(frozen=True)
class Network:
    """Everything but the question.

    ``laws``: pmf by row, shape (laws, days), the last day holds the tail; ``law_share``: part of each law's
    variance that its factor is. ``factor_mean`` and ``factor_spread``: what is known of each factor today
    (0 and 1 if nothing). ``free_capacity``: capacity units by work center and day from today, 0 on days off;
    its number of days is the horizon of the promise. Units of another site come after ``transfer_law`` (−1: not
    at all) for ``transfer_cost``; a second shipment costs ``shipment_cost``.
    """

    items: Items
    bill: Bill
    supplies: Supplies
    demands: Demands
    sources: Sources
    laws: FloatArray
    law_share: FloatArray
    factor_mean: FloatArray
    factor_spread: FloatArray
    free_capacity: IntArray
    substitutes: Substitutes = field(default_factory=Substitutes)
    protected: Protected = field(default_factory=Protected)
    site: int = 0
    transfer_law: int = -1
    transfer_cost: float = 0.0
    shipment_cost: float = 0.0


@dataclass(frozen=True)
class Question:
    """One order line asked for: ``wanted_day`` counted from today; ``level``: chance at which a date is promised;
    ``transport_law``: row of the laws from completion to the customer (−1: none); ``class_rank`` of the customer."""

    item: int
    quantity: int
    wanted_day: int
    level: float = 0.9
    transport_law: int = -1
    class_rank: int = 0


_POSITIVE = {"per_numerator", "per_denominator", "numerator", "denominator"}
_ANY_SIGN = {
    "ordered_day",
    "due_day",
    "law",
    "factor",
    "quicker_law",
    "work_center",
    "make_law",
    "make_factor",
    "key",
    "item",
    "parent",
    "child",
    "supplier",
    "substitute",
    "site",
    "order",
}


def check_table(name: str, table: Any) -> None:
    """Refuse a table with columns of different length, missing numbers or negative quantities; names the row."""
    size = -1
    for column in fields(table):
        values = np.asarray(getattr(table, column.name))
        if values.ndim != 1:
            raise BadInput(name, 0, column.name, "one value per row expected")
        size = values.size if size < 0 else size
        if values.size != size:
            raise BadInput(name, min(size, values.size), column.name, f"{size} rows expected, {values.size} given")
        if values.dtype.kind not in "iuf":
            raise BadInput(name, 0, column.name, f"numbers expected, {values.dtype} given")
        _check_column(name, column.name, values, "float" in str(column.type).lower())


def _check_column(name: str, column: str, values: NDArray[Any], may_be_broken: bool) -> None:
    wrong = ~np.isfinite(values)
    if not may_be_broken:
        wrong |= values != np.floor(values)
    reason = "not a finite number" if may_be_broken else "not a whole number (mixed units?)"
    if not wrong.any() and column not in _ANY_SIGN:
        least = 1 if column in _POSITIVE else 0
        wrong, reason = values < least, f"below {least}"
    rows = np.flatnonzero(wrong)
    if rows.size:
        raise BadInput(name, int(rows[0]), column, f"{values[rows[0]]} is {reason}")


def _check_known(name: str, column: str, values: IntArray, known: IntArray) -> None:
    rows = np.flatnonzero(~np.isin(values, known))
    if rows.size:
        raise BadInput(name, int(rows[0]), column, f"unknown item {values[rows[0]]}")


def _check_range(name: str, column: str, values: IntArray, least: int, size: int) -> None:
    rows = np.flatnonzero((values < least) | (values >= size))
    if rows.size:
        raise BadInput(name, int(rows[0]), column, f"{values[rows[0]]} is not between {least} and {size - 1}")


def check_network(network: Network) -> None:
    """Refuse a network that cannot be used.

    Raises:
        BadInput: names table, row and field. A bill with a cycle is refused where the promise meets it.
    """
    for name in ("items", "bill", "supplies", "demands", "sources", "substitutes", "protected"):
        check_table(name, getattr(network, name))
    keys, rows = np.unique(network.items.key, return_index=True)
    if keys.size != network.items.key.size:
        twice = int(np.setdiff1d(np.arange(network.items.key.size), rows)[0])
        raise BadInput("items", twice, "key", f"item {network.items.key[twice]} appears twice")
    for name, column in (
        ("bill", "parent"),
        ("bill", "child"),
        ("supplies", "item"),
        ("demands", "item"),
        ("sources", "item"),
        ("substitutes", "item"),
        ("substitutes", "substitute"),
        ("protected", "item"),
    ):
        _check_known(name, column, getattr(getattr(network, name), column), keys)
    laws, factors = network.laws, network.factor_mean.size
    if laws.ndim != 2 or laws.shape[0] != network.law_share.size:
        raise BadInput("laws", 0, "law_share", "one share per law expected")
    wrong = np.flatnonzero(~(np.isfinite(laws) & (laws >= -1e-12)).all(axis=1) | (np.abs(laws.sum(axis=1) - 1) > 1e-6))
    if wrong.size:
        raise BadInput("laws", int(wrong[0]), "pmf", "chances must be at least 0 and sum to 1")
    if ((network.law_share < 0) | (network.law_share >= 1)).any():
        raise BadInput(
            "laws", int(np.argmax((network.law_share < 0) | (network.law_share >= 1))), "law_share", "not in [0, 1)"
        )
    for name, columns in (
        ("supplies", ("law", "quicker_law")),
        ("sources", ("law", "quicker_law")),
        ("items", ("make_law",)),
    ):
        for column in columns:
            least = 0 if (name, column) == ("sources", "law") else -1
            _check_range(name, column, getattr(getattr(network, name), column), least, laws.shape[0])
    for name in ("supplies", "sources"):
        _check_range(name, "factor", getattr(network, name).factor, -1, factors)
    _check_range("items", "make_factor", network.items.make_factor, -1, factors)
    _check_range("items", "work_center", network.items.work_center, -1, network.free_capacity.shape[0])
    if (network.free_capacity < 0).any():
        raise BadInput("free_capacity", int(np.argwhere(network.free_capacity < 0)[0][0]), "day", "negative capacity")
    late = np.flatnonzero((network.supplies.law >= 0) & (network.supplies.ordered_day > 0))
    if late.size:
        raise BadInput(
            "supplies", int(late[0]), "ordered_day", "is after today: an open order was placed today or before"
        )
    chance = network.sources.enough_chance
    if ((chance <= 0) | (chance > 1)).any():
        raise BadInput("sources", int(np.argmax((chance <= 0) | (chance > 1))), "enough_chance", "not in (0, 1]")


def check_question(network: Network, question: Question) -> None:
    """Refuse an unknown item, a quantity below 1, a wanted day before today and a level outside (0, 1)."""
    if question.item not in network.items.key:
        raise BadInput("question", 0, "item", f"unknown item {question.item}")
    if question.quantity < 1 or question.quantity != int(question.quantity):
        raise BadInput("question", 0, "quantity", f"{question.quantity} is not a whole number from 1 on")
    if question.wanted_day < 0:
        raise BadInput("question", 0, "wanted_day", f"{question.wanted_day} is before today (negative time)")
    if not 0.0 < question.level < 1.0:
        raise BadInput("question", 0, "level", f"{question.level} is not a chance between 0 and 1")
    if not -1 <= question.transport_law < network.laws.shape[0]:
        raise BadInput("question", 0, "transport_law", f"{question.transport_law} is no row of the laws")
