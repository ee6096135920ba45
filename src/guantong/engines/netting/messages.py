"""Exception messages: what a planner should look at, each with its reason.

A scheduled receipt is compared with the period in which it would first be needed if receipts were
used before planned orders: needed earlier is EXPEDITE, later DEFER, never CANCEL. Planned orders
that had to start before period 0, demands served late or not at all, and lines left out because
they lie beyond the horizon are named too. Firm planned orders get the same advice as receipts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from guantong.engines.netting.gather import gather_demands, gather_supplies
from guantong.engines.netting.jit import compiled
from guantong.engines.netting.peg import need_dates
from guantong.engines.netting.prepared import (
    I64,
    LATE,
    SAFETY_STOCK,
    SHORT,
    SURPLUS,
    UNCOVERED,
    Book,
    Lines,
    Needs,
    Prepared,
    Scratch,
)
from guantong.engines.netting.result import Result
from guantong.engines.netting.space import new_scratch


class Message(IntEnum):
    """Kinds of exception."""

    EXPEDITE = 0
    DEFER = 1
    CANCEL = 2
    RECEIPT_PAST_DUE = 3
    DEMAND_PAST_DUE = 4
    RELEASE_PAST_DUE = 5
    SERVED_LATE = 6
    UNCOVERED = 7
    BEYOND_HORIZON = 8


@dataclass(frozen=True)
class Exceptions:
    """Messages as arrays of equal length, by kind, then item, then period.

    kind: `Message`. reference: the line or order it is about (SAFETY_STOCK possible). period: when
    that is planned. wanted: when it should be (the horizon: never). quantity: of the line, the
    order, or the part concerned. reason: the reference that asks for it, or serves it late.
    """

    kind: NDArray[np.int8]
    item: NDArray[np.int32]
    reference: NDArray[np.int32]
    period: NDArray[np.int16]
    wanted: NDArray[np.int16]
    quantity: NDArray[np.int64]
    reason: NDArray[np.int32]

    def of_item(self, item: int) -> Exceptions:
        """The messages about one item."""
        rows = self.item == item
        return Exceptions(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@compiled
def need_range(items: I64, prepared: Prepared, lines: Lines, book: Book, needs: Needs, scratch: Scratch) -> None:
    """When each receipt of some items is needed first."""
    for item in items:
        rows = gather_demands(item, prepared, lines, book, scratch)
        receipts = gather_supplies(item, prepared, lines, book, scratch)
        need_dates(item, rows, receipts, prepared, lines, needs, scratch)


Part = tuple[NDArray[np.int64], ...]


def exceptions(result: Result, earlier: int = 0, later: int = 0) -> Exceptions:
    """All messages of a plan.

    A receipt is worth a message only if it is needed more than `earlier` periods before, or more
    than `later` periods after its date: dampening against nervous plans.
    """
    parts = [*_receipts(result, earlier, later), *_demands(result), _releases(result), *_served(result)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[3], columns[1], columns[0]))
    kinds = (np.int8, np.int32, np.int32, np.int16, np.int16, np.int64, np.int32)
    return Exceptions(*(column[order].astype(kind) for column, kind in zip(columns, kinds, strict=True)))


def _part(kind: Message, item: I64, reference: I64, period: I64, wanted: I64, quantity: I64, reason: I64) -> Part:
    columns = (item, reference, np.clip(period, -32_768, 32_767), wanted, quantity, reason)
    full = tuple(np.broadcast_to(np.asarray(column, dtype=np.int64), item.shape) for column in columns)
    return (np.full(len(item), kind, dtype=np.int64), *full)


def _receipts(result: Result, earlier: int, later: int) -> list[Part]:
    prepared, lines = result.prepared, result.lines
    supplies = result.problem.supplies
    item, period, quantity = (np.asarray(column) for column in (supplies.item, supplies.period, supplies.quantity))
    count = len(item)
    needs = Needs(np.full(count, prepared.horizon, dtype=np.int16), np.full(count, SURPLUS, dtype=np.int32))
    concerned = np.flatnonzero(lines.supply_count)
    need_range(concerned, prepared, lines, result.book, needs, new_scratch(prepared, lines))
    reference, needed = ~(2 * np.arange(count) + 1), needs.period.astype(np.int64)
    known = (period < prepared.horizon) & (quantity > 0)
    never = known & (needed == prepared.horizon)
    at = np.maximum(period, 0)
    cases = {
        Message.EXPEDITE: known & (at - needed > earlier),
        Message.DEFER: known & ~never & (needed - at > later),
        Message.CANCEL: never,
        Message.RECEIPT_PAST_DUE: known & (period < 0),
        Message.BEYOND_HORIZON: (period >= prepared.horizon) & (quantity > 0),
    }
    found = []
    for kind, rows in cases.items():
        picked = (item[rows], reference[rows], period[rows], needed[rows], quantity[rows])
        found.append(_part(kind, *picked, needs.demand[rows].astype(np.int64)))
    return found


def _demands(result: Result) -> list[Part]:
    demands = result.problem.demands
    item, period, quantity = (np.asarray(column) for column in (demands.item, demands.period, demands.quantity))
    reference = ~(2 * np.arange(len(item)))
    found = []
    for kind, rows in (
        (Message.DEMAND_PAST_DUE, period < 0),
        (Message.BEYOND_HORIZON, period >= result.prepared.horizon),
    ):
        rows = rows & (quantity > 0)
        found.append(
            _part(kind, item[rows], reference[rows], period[rows], period[rows], quantity[rows], reference[rows])
        )
    return found


def _releases(result: Result) -> Part:
    orders = result.orders()
    rows = np.flatnonzero(orders.release < 0)
    item = result.prepared.source_item[orders.source[rows]].astype(np.int64)
    number = orders.number[rows].astype(np.int64)
    reason = np.empty(len(rows), dtype=np.int64)
    first_asker: dict[int, dict[int, int]] = {}
    for place, (at, order) in enumerate(zip(item.tolist(), number.tolist(), strict=True)):
        if at not in first_asker:
            pegs = result.pegs(at)
            pairs = zip(pegs.supply.tolist()[::-1], pegs.demand.tolist()[::-1], strict=True)
            first_asker = {at: dict(pairs)}
        reason[place] = first_asker[at][order]
    release = orders.release[rows].astype(np.int64)
    return _part(Message.RELEASE_PAST_DUE, item, number, release, np.zeros_like(item), orders.quantity[rows], reason)


def _served(result: Result) -> list[Part]:
    """Parts of demands that are served after their period, or not at all."""
    rows: dict[Message, list[tuple[int, ...]]] = {Message.SERVED_LATE: [], Message.UNCOVERED: []}
    for item in np.flatnonzero(result.book.flags & (LATE | SHORT)).tolist():
        pegs = result.pegs(item)
        for demand, supply, quantity in zip(
            pegs.demand.tolist(), pegs.supply.tolist(), pegs.quantity.tolist(), strict=True
        ):
            if demand == SURPLUS:
                continue
            wanted = 0 if demand == SAFETY_STOCK else result.period_of(demand, asking=True)
            if supply == UNCOVERED:
                rows[Message.UNCOVERED].append((item, demand, wanted, wanted, quantity, UNCOVERED))
            elif supply > UNCOVERED and demand != SAFETY_STOCK:
                ready = result.period_of(supply)
                if ready > wanted:
                    rows[Message.SERVED_LATE].append((item, demand, ready, wanted, quantity, supply))
    found = []
    for kind, lines in rows.items():
        columns = np.array(lines, dtype=np.int64).reshape(-1, 6).T
        found.append(_part(kind, *columns))
    return found
