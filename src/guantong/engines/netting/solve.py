"""A full netting run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guantong.engines import BadInput, Stop, checkpoint
from guantong.engines.netting.forecast import consume_all
from guantong.engines.netting.jit import COMPILED
from guantong.engines.netting.prepare import prepare
from guantong.engines.netting.prepared import I32, OVERFLOW, Book, Lines, Prepared, Scratch
from guantong.engines.netting.problem import DemandKind, Problem
from guantong.engines.netting.result import Result
from guantong.engines.netting.run import plan_item, plan_range
from guantong.engines.netting.space import grown, new_book, new_scratch
from guantong.engines.netting.vectorised import is_plain, plan_level

STEPS = 20


def solve(problem: Problem, stop: Stop | None = None, seed: int = 0) -> Result:
    """Plan and peg every item of the problem, level by level.

    `stop` is told the progress and may cancel (raises `Cancelled`). `seed` is part of every
    engine's interface; netting draws nothing, so it changes nothing. Raises `BadInput` naming the
    row that is wrong, a cycle, or an item whose quantities leave the exact range.
    """
    del seed
    checkpoint(stop, 0.0, "preparing")
    prepared, lines = prepare(problem)
    book = plan_all(prepared, lines, stop)
    refuse_overflow(book, problem)
    return Result(problem, prepared, lines, book)


def plan_all(prepared: Prepared, lines: Lines, stop: Stop | None, compiled: bool = COMPILED) -> Book:
    """Plan all items into a new book; without a compiler, plain items of a level together."""
    if (lines.demand_kind == DemandKind.FORECAST).any():
        consume_all(prepared, lines)
    book = new_book(prepared, lines)
    scratch = new_scratch(prepared, lines)
    sequence = np.argsort(prepared.level, kind="stable").astype(np.int32)
    if compiled:
        return plan_in_steps(sequence, prepared, lines, book, scratch, stop)
    plain = is_plain(prepared)
    levels = np.split(sequence, np.cumsum(np.bincount(prepared.level))[:-1]) if len(sequence) else []
    for level, items in enumerate(levels):
        checkpoint(stop, 0.1 + 0.9 * level / len(levels), "netting")
        together = items[plain[items]].astype(np.int64)
        failed = plan_level(together, prepared, lines, book)
        book.flags[together[failed]] = OVERFLOW
        for item in items[~plain[items]]:
            plan_item(int(item), prepared, lines, book, scratch)
    return book


def plan_in_steps(
    sequence: I32, prepared: Prepared, lines: Lines, book: Book, scratch: Scratch, stop: Stop | None
) -> Book:
    """Plan items in sequence, asking `stop` now and then; returns the book, which may have grown."""
    items = len(sequence)
    done = 0
    for step in range(1, STEPS + 1):
        checkpoint(stop, 0.1 + 0.9 * done / max(items, 1), "netting")
        last = items * step // STEPS
        done = plan_range(done, last, sequence, prepared, lines, book, scratch)
        while done < last:
            book = grown(book)
            done = plan_range(done, last, sequence, prepared, lines, book, scratch)
    return book


def refuse_overflow(book: Book, problem: Problem) -> None:
    """Raise `BadInput` for the first item whose quantities are too large to be exact."""
    wrong: NDArray[np.bool_] = (book.flags & OVERFLOW) != 0
    if wrong.any():
        item = int(np.argmax(wrong))
        name = problem.item_name(item)
        raise BadInput("items", item, "", f"quantities of {name} leave the exact range of 63 bits")
