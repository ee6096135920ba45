"""Lead times and yields learned from receipts and still open orders: see ``docs/engines/leadtime.md``."""

from .fit import solve
from .laws import Forecast, LeadTimeLaws
from .problem import LeadTimeProblem
from .survival import SurvivalCurve, beta_process_pmf, kaplan_meier, pmf_quantile, remaining_pmf
from .yields import Yields, beta_binomial_at_least

__all__ = [
    "Forecast",
    "LeadTimeLaws",
    "LeadTimeProblem",
    "SurvivalCurve",
    "Yields",
    "beta_binomial_at_least",
    "beta_process_pmf",
    "kaplan_meier",
    "pmf_quantile",
    "remaining_pmf",
    "solve",
]
