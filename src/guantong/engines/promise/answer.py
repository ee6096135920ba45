"""A promise: the law of the delivery day, what holds it, and the ways out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from guantong.engines import Stop, checkpoint

from .book import Book, open_book
from .capacity import used_by_day
from .distribution import FloatArray, quantile_day
from .evaluation import Evaluation
from .ledger import Hold, Ledger
from .plan import DONOR, ON_HAND, Plan, Planner
from .problem import Network, Question, check_network, check_question

POINTS = 64
"""Factor points of a full answer."""


@dataclass(frozen=True)
class Dates:
    """Days from today by which delivery is reached with 50, 80 and 90 %, with the promise level, and the chance
    of delivery by the wanted day. A day equal to ``horizon − 1`` means "not within the horizon"."""

    p50: int
    p80: int
    p90: int
    promised: int
    wanted_chance: float

    @classmethod
    def of(cls, below: FloatArray, question: Question) -> Dates:
        """Read off a law of delivery days."""
        wanted = float(below[min(question.wanted_day, below.size - 1)])
        # The last day holds the tail: a wanted day beyond the horizon cannot be judged better than the day before it.
        if question.wanted_day >= below.size - 1:
            wanted = float(below[-2])
        p50, p80, p90, promised = (quantile_day(below, chance) for chance in (0.5, 0.8, 0.9, question.level))
        return cls(p50, p80, p90, promised, wanted)


@dataclass(frozen=True)
class Holdup:
    """What holds the date: ``item`` waits for ``kind`` (open receipt, new order, capacity); ``row`` of its table;
    ``days``: how much earlier the promised day would be if it were there today; ``chance_gain`` on the wanted day."""

    item: int
    kind: str
    row: int
    quantity: int
    days: int
    chance_gain: float
    reason: str


@dataclass(frozen=True)
class Moved:
    """A promise a way out touches: row of the demands, its order number, its chance to be on time before and after."""

    demand: int
    order: int
    quantity: int
    due_day: int
    chance_before: float
    chance_after: float


@dataclass(frozen=True)
class WayOut:
    """Another way to serve the question, with date, odds, cost more than the plain answer, and whom it moves.

    ``first_quantity`` units come by ``dates``; for a split the rest comes by ``rest_dates``.
    """

    kind: str
    item: int
    reason: str
    dates: Dates
    cost: float
    moved: tuple[Moved, ...]
    first_quantity: int
    rest_dates: Dates | None
    hold: Hold


@dataclass(frozen=True)
class Promise:
    """The answer. ``below[d]``: chance of delivery by day d from today; ``hold``: what to place on the ledger to keep
    it; ``cost``: of the purchases it makes; ``unmet``: items nobody can deliver (then no date is meant)."""

    question: Question
    below: FloatArray
    dates: Dates
    held_by: tuple[Holdup, ...]
    ways_out: tuple[WayOut, ...]
    hold: Hold
    cost: float
    unmet: tuple[int, ...]
    reasons: tuple[str, ...]
    within_horizon: bool


@dataclass(frozen=True)
class PromiseProblem:
    """A question and what it is asked of. ``ledger``: holds placed since the book was opened;
    ``ways_out``: most to return
    (0: none); ``points``: factor points; ``hold_key``: name of the hold in the answer."""

    network: Network
    question: Question
    ledger: Ledger | None = None
    ways_out: int = 6
    points: int = POINTS
    hold_key: str = "promise"


def solve(
    problem: PromiseProblem,
    stop: Stop | None = None,
    seed: int = 0,
    book: Book | None = None,
) -> Promise:
    """Answer one question.

    Args:
        problem: network, question, holds.
        stop: told (part done, step) between steps; true cancels.
        seed: unused, nothing is drawn; kept so that all engines are called alike.
        book: the network opened and checked before; None opens it here.

    Returns:
        The whole law of the delivery day with reasons and ways out. It reserves nothing.

    Raises:
        BadInput: a row of the network or the question cannot be used, or the bill has a cycle.
        Cancelled: ``stop`` said so.
    """
    if book is None:
        check_network(problem.network)
        book = open_book(problem.network)
    question = problem.question
    check_question(problem.network, question)

    checkpoint(stop, 0.0, "plan")
    planner = Planner(book, book.number(question.item), problem.ledger, question.class_rank)
    plan = planner.plan(question.quantity)
    exact = Evaluation(book, planner, problem.points)
    complete, _ = exact.complete(plan)
    below = exact.delivered(complete, question.transport_law)
    if plan.unmet:
        below = np.zeros_like(below)
        below[-1] = 1.0
    dates = Dates.of(below, question)
    checkpoint(stop, 0.3, "what holds it")
    quick = Evaluation(book, planner, 1)
    held_by = holdups(book, quick, plan, question)
    ways: tuple[WayOut, ...] = ()
    if problem.ways_out:
        from .ways import ways_out

        checkpoint(stop, 0.5, "ways out")
        ways = ways_out(book, planner, exact, quick, plan, below, held_by, problem)
    return Promise(
        question,
        below,
        dates,
        held_by,
        ways,
        hold_of(planner, plan, problem.hold_key),
        plan.cost,
        plan.unmet,
        reasons_of(plan, held_by, dates, question),
        bool(below[-2] >= question.level),
    )


def holdups(book: Book, quick: Evaluation, plan: Plan, question: Question) -> tuple[Holdup, ...]:
    """Pieces and capacity the date waits for, most days first (parts taken as independent)."""
    complete, names = quick.complete(plan)
    base = quick.delivered(complete, question.transport_law)
    promised, wanted = quantile_day(base, question.level), min(question.wanted_day, base.size - 1)
    result: list[Holdup] = []
    for place, node in enumerate(plan.nodes):
        item = int(book.keys[node.item])
        for at, piece in enumerate(node.pieces):
            if piece.key[0] == ON_HAND:
                continue
            law = quick.delivered(quick.changed(plan, names, place, skip=at), question.transport_law)
            days, gain = promised - quantile_day(law, question.level), float(law[wanted] - base[wanted])
            if days > 0 or gain > 0.005:
                reason = f"item {item} waits for {piece.kind} {piece.row} ({piece.quantity} units)"
                result.append(Holdup(item, piece.kind, piece.row, piece.quantity, days, gain, reason))
        if node.work_center >= 0:
            law = quick.delivered(quick.changed(plan, names, place, endless=True), question.transport_law)
            days, gain = promised - quantile_day(law, question.level), float(law[wanted] - base[wanted])
            if days > 0 or gain > 0.005:
                reason = f"item {item} waits for capacity of work center {node.work_center} ({node.units} units)"
                result.append(Holdup(item, "capacity", node.work_center, node.units, days, gain, reason))
    return tuple(sorted(result, key=lambda holdup: (-holdup.days, -holdup.chance_gain)))


def hold_of(planner: Planner, plan: Plan, key: str) -> Hold:
    """Units and capacity a plan takes, rows named once."""
    supply: dict[int, int] = {}
    capacity: dict[tuple[int, int], int] = {}
    for node in plan.nodes:
        for piece in node.pieces:
            is_supply = piece.kind not in ("new order", DONOR)
            if is_supply and piece.quantity:
                supply[piece.row] = supply.get(piece.row, 0) + piece.quantity
        if node.work_center >= 0:
            free, _ = planner.capacity_days(node.work_center, node.units, node.earlier)
            taken = used_by_day(free, node.planned_start, node.units)
            for day in np.flatnonzero(taken):
                place = (node.work_center, int(day))
                capacity[place] = capacity.get(place, 0) + int(taken[day])
    centers = tuple(place[0] for place in capacity)
    days = tuple(place[1] for place in capacity)
    return Hold(key, tuple(supply), tuple(supply.values()), centers, days, tuple(capacity.values()))


def reasons_of(plan: Plan, held_by: tuple[Holdup, ...], dates: Dates, question: Question) -> tuple[str, ...]:
    """The answer in words."""
    if plan.unmet:
        return tuple(f"item {item} can neither be taken, made nor bought" for item in plan.unmet)
    reasons = [
        (
            f"by day {dates.promised} with {question.level:.0%}; "
            f"by the wanted day {question.wanted_day} with {dates.wanted_chance:.0%}"
        )
    ]
    if held_by:
        reasons.append(f"{held_by[0].reason}: {held_by[0].days} days of the date")
    elif all(piece.key[0] == ON_HAND for node in plan.nodes for piece in node.pieces):
        reasons.append("everything is on hand")
    return tuple(reasons)
