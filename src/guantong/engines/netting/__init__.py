"""Netting: time-phased material requirements planning with full pegging.

`solve(problem, stop, seed)` plans every item of any acyclic bill, level by level, and pegs every
demand to its supplies. Quantities are exact integers.
"""

from guantong.engines.netting.changes import Change, Delta, NewLine
from guantong.engines.netting.grid import item_grid
from guantong.engines.netting.lots import cost_of, plan_lots
from guantong.engines.netting.messages import Exceptions, Message, exceptions
from guantong.engines.netting.plan import Plan
from guantong.engines.netting.prepared import (
    LATE,
    ON_HAND,
    SAFETY_STOCK,
    SHORT,
    SURPLUS,
    UNCOVERED,
    demand_line,
    supply_line,
)
from guantong.engines.netting.problem import (
    Bill,
    DemandKind,
    Demands,
    ExtraLeg,
    Items,
    LotRule,
    Outputs,
    Problem,
    Sources,
    Supplies,
)
from guantong.engines.netting.result import Grid, Orders, Pegs, Result
from guantong.engines.netting.solve import solve

__all__ = [
    "LATE",
    "ON_HAND",
    "SAFETY_STOCK",
    "SHORT",
    "SURPLUS",
    "UNCOVERED",
    "Bill",
    "Change",
    "Delta",
    "DemandKind",
    "Demands",
    "Exceptions",
    "ExtraLeg",
    "Grid",
    "Items",
    "LotRule",
    "Message",
    "NewLine",
    "Orders",
    "Outputs",
    "Pegs",
    "Plan",
    "Problem",
    "Result",
    "Sources",
    "Supplies",
    "cost_of",
    "demand_line",
    "exceptions",
    "item_grid",
    "plan_lots",
    "solve",
    "supply_line",
]
