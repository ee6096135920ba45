"""Supply simulator with known truth, used to judge the learning and promising engines.

Its laws are frozen: see :mod:`guantong.engines.simulator.identity` and ``docs/engines/simulator.md``.
"""

from .company import (
    ASSEMBLY,
    NEW_ORDER,
    ON_HAND,
    OPEN_ORDER,
    Company,
    CompanySpec,
    CustomerOrders,
    Makes,
    Purchases,
    capacity_finish,
    simulate_company,
)
from .histories import History, HistorySpec, generate_history
from .identity import EVALUATION_SEEDS, TUNING_SEEDS, VERSION, source_hash
from .laws import LAWS, error_quantile

__all__ = [
    "ASSEMBLY",
    "EVALUATION_SEEDS",
    "LAWS",
    "NEW_ORDER",
    "ON_HAND",
    "OPEN_ORDER",
    "TUNING_SEEDS",
    "VERSION",
    "Company",
    "CompanySpec",
    "CustomerOrders",
    "History",
    "HistorySpec",
    "Makes",
    "Purchases",
    "capacity_finish",
    "error_quantile",
    "generate_history",
    "simulate_company",
    "source_hash",
]
