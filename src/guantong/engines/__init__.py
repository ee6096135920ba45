"""Pure planning algorithms: typed arrays in, typed arrays out.

No engine reads a clock, a file or a database; "today" is part of the problem. Engines import
nothing of the platform, so any room may import them and anybody may use them alone. Heavy
libraries are imported when an engine is, never here.
"""

from collections.abc import Callable

Stop = Callable[[float, str], bool]
"""Called while an engine works with the fraction done (0 to 1) and the step; True cancels."""


class Cancelled(RuntimeError):
    """The caller's `stop` asked the engine to give up; no result exists."""


class BadInput(ValueError):
    """A row that an engine refuses, named so that its owner can mend it.

    `table` and `column` are names of the input, `row` counts from 0 in the order given
    (None when the fault is not in one row), `reason` says what is wrong in words.
    """

    def __init__(self, table: str, row: int | None, column: str, reason: str) -> None:
        self.table = table
        self.row = row
        self.column = column
        self.reason = reason
        place = table if row is None else f"{table} row {row}"
        super().__init__(f"{place}, {column}: {reason}" if column else f"{place}: {reason}")


def checkpoint(stop: Stop | None, done: float, step: str) -> None:
    """Report progress to `stop` and raise `Cancelled` if it answers True."""
    if stop is not None and stop(done, step):
        raise Cancelled(step)
