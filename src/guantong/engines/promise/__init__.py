"""Promises: available-to-promise, capable-to-promise, and the whole law of a delivery day with ways out.

See ``docs/engines/promise.md``.
"""

from .answer import Dates, Holdup, Moved, Promise, PromiseProblem, WayOut, solve
from .atp import ClassAtp, allocate, cumulative_atp, discrete_atp, nested_limits
from .book import Book, open_book, open_ledger
from .capacity import capable_to_promise, finish_days
from .distribution import latest_of, law_of, quantile_day, sum_of
from .ledger import Hold, Ledger, Taken
from .problem import (
    Bill,
    Demands,
    Items,
    Network,
    Protected,
    Question,
    Sources,
    Substitutes,
    Supplies,
    check_network,
)

__all__ = [
    "Bill",
    "Book",
    "ClassAtp",
    "Dates",
    "Demands",
    "Hold",
    "Holdup",
    "Items",
    "Ledger",
    "Moved",
    "Network",
    "Promise",
    "PromiseProblem",
    "Protected",
    "Question",
    "Sources",
    "Substitutes",
    "Supplies",
    "Taken",
    "WayOut",
    "allocate",
    "capable_to_promise",
    "check_network",
    "cumulative_atp",
    "discrete_atp",
    "finish_days",
    "latest_of",
    "law_of",
    "nested_limits",
    "open_book",
    "open_ledger",
    "quantile_day",
    "solve",
    "sum_of",
]
