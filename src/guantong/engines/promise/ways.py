"""Ways out of a date that is too late: other sources, hurrying, substitutes, other sites, other orders, splitting.

Every candidate is a changed plan. All are ranked with parts taken as independent, the best (of every kind
first) are computed with the common factors, and single steps that help different items are joined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from .answer import Dates, Holdup, Moved, PromiseProblem, WayOut, hold_of, holdups
from .book import Book, claims
from .distribution import FloatArray, quantile_day
from .evaluation import Evaluation
from .ledger import Hold
from .plan import DONOR, ORDER, RECEIPT, TRANSFER, Choice, Piece, Plan, Planner
from .problem import Question

_MOST_ITEMS = 10
_MOST_JOINED = 3
_SLACK = 0.8
"""An order has slack if it is still on time with this chance once its units are replaced by later ones."""


@dataclass(frozen=True)
class Candidate:
    """One changed plan: what it changes, what it costs beside the purchases, whom it moves, the items it helps."""

    kind: str
    item: int
    reason: str
    choice: Choice
    cost: float = 0.0
    moved: tuple[Moved, ...] = ()
    items: frozenset[int] = frozenset()


def joined(first: Choice, second: Choice) -> Choice:
    """Both changes at once; where both name an item the second wins."""
    return Choice(
        {**first.source, **second.source},
        first.quicker_source | second.quicker_source,
        first.quicker_supply | second.quicker_supply,
        {**first.instead, **second.instead},
    )


def ways_out(
    book: Book,
    planner: Planner,
    exact: Evaluation,
    quick: Evaluation,
    plan: Plan,
    below: FloatArray,
    held_by: tuple[Holdup, ...],
    problem: PromiseProblem,
) -> tuple[WayOut, ...]:
    """The best ways out, earliest promised day first.

    Args:
        book, planner, exact, quick: of the question; ``quick`` takes parts as independent.
        plan, below: the plain plan and its law of delivery.
        held_by: what holds it.
        problem: the question and how many ways to return.
    """
    question = problem.question
    base = quick.delivered(quick.complete(plan)[0], question.transport_law)
    ranked: list[tuple[tuple[float, float, float], Candidate]] = []
    for candidate in candidates(book, planner, plan, below, held_by):
        law = _law(planner, quick, candidate, question.quantity, question.transport_law)
        if law is not None and _better(law, base, question.level, question.wanted_day):
            ranked.append((_rank(law, question.level, question.wanted_day, candidate), candidate))
    ranked.sort(key=lambda pair: pair[0])
    singles = [candidate for _, candidate in ranked]
    chosen = _varied(singles, problem.ways_out)
    alone = next((candidate for candidate in singles if not candidate.moved), None)
    if alone is not None:
        both = _joined_steps(book, planner, quick, replace(alone, items=frozenset({alone.item})), below, question)
        if both is not None:
            chosen = [both, *chosen[: max(problem.ways_out - 1, 0)]]
    found: list[WayOut] = []
    for candidate in chosen:
        way = _exact(planner, exact, candidate, plan, problem)
        if way is not None and _better(way[1], below, question.level, question.wanted_day):
            found.append(way[0])
    part = split(planner, quick, exact, plan, below, problem)
    if part is not None:
        found.append(part)
    found.sort(key=lambda way: (way.rest_dates is not None, way.dates.promised, -way.dates.wanted_chance, way.cost))
    return tuple(found[: problem.ways_out])


def candidates(
    book: Book, planner: Planner, plan: Plan, below: FloatArray, held_by: tuple[Holdup, ...], others: bool = True
) -> Iterable[Candidate]:
    """All single steps for the items that hold the date most; without those that touch other orders if told so."""
    seen: set[int] = set()
    for holdup in held_by:
        number = book.number(holdup.item)
        if holdup.kind == RECEIPT and book.network.supplies.quicker_law[holdup.row] >= 0:
            yield Candidate(
                "expedite",
                holdup.item,
                f"hurry open receipt {holdup.row} of item {holdup.item}",
                Choice(quicker_supply=frozenset({holdup.row})),
            )
        if number in seen or len(seen) >= _MOST_ITEMS:
            continue
        seen.add(number)
        if holdup.kind == ORDER:
            yield from _other_sources(book, planner, holdup)
        if holdup.kind in (ORDER, RECEIPT):
            yield from _substitutes(book, planner, plan, number)
            yield from _other_sites(book, planner, plan, number)
            if others:
                yield from _taken_over(book, planner, plan, number, None)
    if held_by:
        root = plan.nodes[-1].item
        yield from _other_sites(book, planner, plan, root)
        if others:
            yield from _taken_over(book, planner, plan, root, below)


def _other_sources(book: Book, planner: Planner, holdup: Holdup) -> Iterable[Candidate]:
    sources = book.network.sources
    for row in book.sources.of(book.number(holdup.item)).tolist():
        if row != holdup.row:
            yield Candidate(
                "alternate supplier",
                holdup.item,
                f"order item {holdup.item} from supplier {sources.supplier[row]}",
                Choice(source={book.number(holdup.item): row}),
            )
        if sources.quicker_law[row] >= 0:
            yield Candidate(
                "expedite",
                holdup.item,
                f"hurried order of item {holdup.item} at supplier {sources.supplier[row]}",
                Choice(source={book.number(holdup.item): row}, quicker_source=frozenset({row})),
            )


def _late_units(plan: Plan, number: int) -> tuple[tuple[Piece, ...], int]:
    """Pieces of an item that are there already, and the units that are not."""
    for node in plan.nodes:
        if node.item == number:
            there = tuple(piece for piece in node.pieces if piece.key[1] == -1)
            return there, node.quantity - sum(piece.quantity for piece in there)
    return (), 0


def _substitutes(book: Book, planner: Planner, plan: Plan, number: int) -> Iterable[Candidate]:
    table = book.network.substitutes
    used = {node.item for node in plan.nodes}
    there, late = _late_units(plan, number)
    for line in book.substitutes.of(number).tolist():
        other = book.number(int(table.substitute[line]))
        if other in used or late <= 0:
            continue
        need = -(-late * int(table.numerator[line]) // int(table.denominator[line]))
        rows, _, units = book.left_over(other)
        units = planner.not_held(rows, units)
        pieces: list[Piece] = []
        left, cost = need, float(table.unit_cost[line]) * need
        for row, unit in zip(rows.tolist(), units.tolist(), strict=True):
            part = min(unit, left)
            if part > 0:
                pieces.append(planner.supply_piece(row, part, hurried=False))
                left -= part
        source = book.sources.of(other)
        if left and source.size:
            row = int(source[np.argmin(book.network.sources.preference[source])])
            pieces.append(planner.source_piece(row, left, hurried=False))
            cost += float(book.network.sources.unit_cost[row]) * left + float(book.network.sources.order_cost[row])
            left = 0
        if left == 0:
            # The last piece also stands for the units of the item it replaces, so that nothing is left to order.
            cover = _stand_in(pieces, late)
            yield Candidate(
                "substitute",
                int(book.keys[number]),
                f"use item {table.substitute[line]} instead of {book.keys[number]}",
                Choice(instead={number: (*there, *cover)}),
                cost,
            )


def _stand_in(pieces: list[Piece], units: int) -> list[Piece]:
    """Pieces of another item counted so that together they cover ``units`` of the item replaced."""
    taken = sum(piece.quantity for piece in pieces)
    if taken >= units:
        return pieces
    last = pieces[-1]
    return [
        *pieces,
        Piece(last.kind, last.row, 0, last.key),
        Piece(DONOR, -1, units - taken, ("on hand", -1, -1, -1, 1.0)),
    ]


def _other_sites(book: Book, planner: Planner, plan: Plan, number: int) -> Iterable[Candidate]:
    network = book.network
    if network.transfer_law < 0:
        return
    there, late = _late_units(plan, number)
    rows = book.supplies.of(number)
    rows = rows[(network.supplies.site[rows] != network.site) & (network.supplies.law[rows] < 0)]
    for site in np.unique(network.supplies.site[rows]).tolist():
        pieces: list[Piece] = []
        left = late
        there_rows = rows[network.supplies.site[rows] == site]
        units = planner.not_held(there_rows, network.supplies.quantity[there_rows])
        for row, unit in zip(there_rows.tolist(), units.tolist(), strict=True):
            part = min(unit, left)
            if part > 0:
                pieces.append(Piece(TRANSFER, row, part, (ORDER, network.transfer_law, -1, -1, 1.0)))
                left -= part
        if pieces and late > 0:
            yield Candidate(
                "alternate site",
                int(book.keys[number]),
                f"bring {late - left} units of item {book.keys[number]} from site {site}",
                Choice(instead={number: (*there, *pieces)}),
                network.transfer_cost,
            )


def _taken_over(
    book: Book, planner: Planner, plan: Plan, number: int, replacement: FloatArray | None
) -> Iterable[Candidate]:
    """Units claimed by orders that have slack; they get the late units instead.

    ``replacement``: law of when the units the question would have waited for are there; None takes a new order.
    """
    network = book.network
    there, late = _late_units(plan, number)
    wanted = book.demands.of(number)
    if late <= 0 or wanted.size == 0:
        return
    if replacement is None:
        row = planner.buyable[number]
        if row < 0 or planner.edges[number]:
            return
        replacement = book.below[int(network.sources.law[row])]
    rows = book.supplies.of(number)
    rows = rows[network.supplies.site[rows] == network.site]
    days = book.judged_days(rows)
    order = np.argsort(days, kind="stable")
    rows, days = rows[order], days[order]
    demands = network.demands
    options = []
    for demand, place, units in claims(
        days, network.supplies.quantity[rows], demands.due_day[wanted], demands.quantity[wanted]
    ):
        due = int(demands.due_day[wanted[demand]])
        after = float(replacement[min(max(due, 0), replacement.size - 1)]) if due >= 0 else 0.0
        options.append((-after, int(days[place]), int(wanted[demand]), int(rows[place]), units))
    options.sort()
    pieces: list[Piece] = []
    moved: list[Moved] = []
    left = late
    for minus_after, day, demand, row, units in options:
        if left <= 0 or day > 0 or -minus_after < _SLACK:
            continue
        part = min(units, left)
        pieces.append(planner.supply_piece(row, part, hurried=False, kind=DONOR))
        moved.append(Moved(demand, int(demands.order[demand]), part, int(demands.due_day[demand]), 1.0, -minus_after))
        left -= part
    if pieces:
        names = ", ".join(str(move.order) for move in moved[:3])
        yield Candidate(
            "take from an order with slack",
            int(book.keys[number]),
            f"take {late - left} units of item {book.keys[number]} from order {names}",
            Choice(instead={number: (*there, *pieces)}),
            0.0,
            tuple(moved),
        )


def _law(
    planner: Planner, evaluation: Evaluation, candidate: Candidate, quantity: int, transport: int
) -> FloatArray | None:
    plan = planner.plan(quantity, candidate.choice)
    return None if plan.unmet else evaluation.delivered(evaluation.complete(plan)[0], transport)


def _better(law: FloatArray, base: FloatArray, level: float, wanted_day: int) -> bool:
    wanted = min(wanted_day, base.size - 1)
    return quantile_day(law, level) < quantile_day(base, level) or law[wanted] > base[wanted] + 0.01


def _rank(law: FloatArray, level: float, wanted_day: int, candidate: Candidate) -> tuple[float, float, float]:
    wanted = min(wanted_day, law.size - 1)
    return (quantile_day(law, level), -float(law[wanted]), candidate.cost)


def _varied(singles: list[Candidate], most: int) -> list[Candidate]:
    """The best of every kind, then the best of the rest."""
    first: list[Candidate] = []
    for candidate in singles:
        if candidate.kind not in {other.kind for other in first}:
            first.append(candidate)
    rest = [candidate for candidate in singles if candidate not in first]
    return [*first, *rest][:most]


def _joined_steps(
    book: Book, planner: Planner, quick: Evaluation, first: Candidate, below: FloatArray, question: Question
) -> Candidate | None:
    """The best single step, joined with the best step for what holds the date after it, as long as that helps."""
    best, steps = first, 1
    law = _law(planner, quick, first, question.quantity, question.transport_law)
    while law is not None and steps < _MOST_JOINED:
        plan = planner.plan(question.quantity, best.choice)
        held_by = holdups(book, quick, plan, question)[:2]
        trials: list[tuple[tuple[float, float, float], Candidate, FloatArray]] = []
        for candidate in candidates(book, planner, plan, below, held_by, others=False):
            if candidate.item in best.items:
                continue
            trial = Candidate(
                "joined",
                -1,
                f"{best.reason}; {candidate.reason}",
                joined(best.choice, candidate.choice),
                best.cost + candidate.cost,
                items=best.items | {candidate.item},
            )
            after = _law(planner, quick, trial, question.quantity, question.transport_law)
            if after is not None and _better(after, law, question.level, question.wanted_day):
                trials.append((_rank(after, question.level, question.wanted_day, trial), trial, after))
        if not trials:
            break
        _, best, law = min(trials, key=lambda trial: trial[0])
        steps += 1
    return best if steps > 1 else None


def _exact(
    planner: Planner, exact: Evaluation, candidate: Candidate, plain: Plan, problem: PromiseProblem
) -> tuple[WayOut, FloatArray] | None:
    question = problem.question
    plan = planner.plan(question.quantity, candidate.choice)
    if plan.unmet:
        return None
    law = exact.delivered(exact.complete(plan)[0], question.transport_law)
    # What is taken over must be bought for the other order instead, so nothing is saved.
    cost = candidate.cost + (0.0 if candidate.moved else plan.cost - plain.cost)
    way = WayOut(
        candidate.kind,
        candidate.item,
        candidate.reason,
        Dates.of(law, question),
        cost,
        candidate.moved,
        question.quantity,
        None,
        hold_of(planner, plan, problem.hold_key),
    )
    return way, law


def split(
    planner: Planner, quick: Evaluation, exact: Evaluation, plain: Plan, below: FloatArray, problem: PromiseProblem
) -> WayOut | None:
    """The largest part that comes by the wanted day with the promise level; the rest as promised for the whole."""
    question = problem.question
    wanted = min(question.wanted_day, below.size - 1)
    if below[wanted] >= question.level or question.quantity < 2:
        return None

    def chance(quantity: int) -> float:
        plan = planner.plan(quantity)
        return 0.0 if plan.unmet else float(quick.delivered(quick.complete(plan)[0], question.transport_law)[wanted])

    low, high = 0, question.quantity
    while high - low > 1:
        middle = (low + high) // 2
        if chance(middle) >= question.level:
            low = middle
        else:
            high = middle
    if low == 0:
        return None
    plan = planner.plan(low)
    law = exact.delivered(exact.complete(plan)[0], question.transport_law)
    whole = hold_of(planner, plain, problem.hold_key)
    return WayOut(
        "split",
        question.item,
        f"deliver {low} units first, {question.quantity - low} with the plain date",
        Dates.of(law, question),
        planner.book.network.shipment_cost,
        (),
        low,
        Dates.of(below, question),
        Hold(f"{problem.hold_key}", whole.supply, whole.quantity, whole.work_center, whole.day, whole.units),
    )
