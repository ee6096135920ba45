"""Acceptance vectors of promising: every vector of `promising.json` computed from its inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from guantong.engines import leadtime, promise
from guantong.engines.promise import calibration

ENGINE = "promising"

Vector = dict[str, Any]


def close(found: Any, wanted: Any, tolerance: float) -> bool:
    """Equal, or within the vector's relative tolerance (absolute below 1)."""
    if isinstance(wanted, dict):
        return all(close(found[k], wanted[k], tolerance) for k in wanted)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(close(f, w, tolerance) for f, w in zip(found, wanted, strict=True))
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return bool(found == wanted)
    return abs(found - wanted) <= max(tolerance, 1e-12) * max(1.0, abs(wanted))


def by_day(table: Any) -> dict[int, float]:
    """A law as chances by day: an object of days, or a list from day 0."""
    if isinstance(table, dict):
        return {int(day): float(chance) for day, chance in table.items()}
    return dict(enumerate(map(float, table)))


def horizon_of(tables: Iterable[dict[int, float]]) -> int:
    """Days enough for the sum of all laws, and one more for the tail."""
    return sum(max(table) for table in tables) + 2


class Summary(dict[str, Any]):
    """What can be asked of a law of days: `P50`, `mean`, `p_within_15` or `pmf`, computed when asked for."""

    def __init__(self, pmf: np.ndarray) -> None:
        super().__init__()
        self.pmf, self.below = pmf, np.cumsum(pmf)

    def __missing__(self, key: str) -> Any:
        if key in ("pmf", "remaining_pmf", "distribution"):
            return {str(day): float(chance) for day, chance in enumerate(self.pmf) if chance > 1e-15}
        if "mean" in key:
            return float(self.pmf @ np.arange(self.pmf.size))
        if key.startswith(("p_within_", "p_by_")):
            return float(self.below[int(key.rsplit("_", 1)[1])])
        if key.startswith("P") and key[1:].isdigit():
            return promise.quantile_day(self.below, int(key[1:]) / 100)
        if key == "median":
            return promise.quantile_day(self.below, 0.5)
        raise KeyError(key)


def available(given: Vector) -> Vector:
    """Discrete and cumulative available-to-promise."""
    supply = given["mps"] if "mps" in given else given["supply"]
    discrete = promise.discrete_atp(given["on_hand"], supply, given["orders"])
    cumulative = promise.cumulative_atp(given["on_hand"], supply, given["orders"])
    return {
        "discrete_atp": discrete.tolist(),
        "cumulative_atp_with_lookahead": cumulative.tolist(),
        "cumulative_atp": cumulative.tolist(),
        "feasible": bool(cumulative[0] >= 0),
    }


def delivery(given: Vector) -> Vector:
    """Law of the delivery day: the latest component, then make, then transport."""
    parts = [by_day(table) for table in given["component_lead_times"]]
    steps = [by_day(given[key]) for key in ("make", "transport") if key in given]
    horizon = horizon_of([*parts, *steps])
    law = promise.latest_of([promise.law_of(part, horizon) for part in parts])
    for table in steps:
        law = promise.sum_of(law, promise.law_of(table, horizon))
    found = Summary(law)
    means = [sum(day * chance for day, chance in part.items()) for part in [*parts, *steps]]
    found["naive_sum_of_means"] = max(means[: len(parts)]) + sum(means[len(parts) :])
    return found


def calibrated(given: Vector) -> Vector:
    """Brier score, skill, log loss and reliability of promised chances."""
    chances = given["promised_probability"] if "promised_probability" in given else given["probability"]
    kept = given["on_time"]
    return {
        "brier": calibration.brier(chances, kept),
        "brier_skill": calibration.brier_skill(chances, kept),
        "log_loss": calibration.log_loss(chances, kept),
    }


def capable(given: Vector) -> Vector:
    """Capable-to-promise of one operation."""
    free = {int(day): int(units) for day, units in given["capacity_free_per_day"].items()}
    finish, arrival = promise.capable_to_promise(
        given["qty"], given["material_available_day"], free, given.get("transport_days", 0)
    )
    return {"production_finish_day": finish, "delivery_day": arrival}


def survival(given: Vector) -> Vector:
    """Product-limit estimate from durations and flags of what ended."""
    durations = np.array(next(given[key] for key in ("durations", "times", "days") if key in given), dtype=float)
    if "censored" in given:
        ended = ~np.array(given["censored"], dtype=bool)
    else:
        ended = np.array(
            next(given[key] for key in ("events", "event", "observed", "received") if key in given), dtype=bool
        )
    curve = leadtime.kaplan_meier(durations, ended)
    return {
        "times": curve.days.tolist(),
        "event_times": curve.days.tolist(),
        "at_risk": curve.at_risk.tolist(),
        "survival": curve.survival.tolist(),
        "survival_at": {key: curve.chance_beyond(float(key)) for key in map(str, range(int(durations.max()) + 1))},
        "standard_error": np.sqrt(curve.variance).tolist(),
        "greenwood_variance": curve.variance.tolist(),
        "median": curve.quantile(0.5),
        **{f"P{level}": curve.quantile(level / 100) for level in (10, 20, 50, 80, 90, 95)},
    }


def remaining(given: Vector) -> Vector:
    """Days to go of an order that is `elapsed` days old and open."""
    table = by_day(next(given[key] for key in ("lead_time", "lead_time_pmf", "pmf") if key in given))
    elapsed = int(next(given[key] for key in ("elapsed", "elapsed_days") if key in given))
    return Summary(leadtime.remaining_pmf(promise.law_of(table, max(table) + 2), elapsed))


def nested(given: Vector) -> Vector:
    """Most that each class may take when units are kept for better classes."""
    limits = promise.nested_limits(given["available"], given["protected"])
    return {"booking_limits": limits.tolist(), "limits": limits.tolist()}


def allocated(given: Vector) -> Vector:
    """Allocations by class and bucket served one request after the other."""
    atp = promise.ClassAtp(np.array(given["allocation"], dtype=float), given.get("nested", True))
    granted = []
    for request in given["requests"]:
        atp, taken = atp.take(int(request["class"]), int(request["bucket"]), float(request["quantity"]))
        granted.append(float(taken.sum()))
    return {"granted": granted, "left": atp.left.tolist()}


def kept(given: Vector) -> Vector:
    """Coverage of promised days."""
    true = next(given[key] for key in ("actual", "true_days", "delivered") if key in given)
    promised = next(given[key] for key in ("promised", "promised_days") if key in given)
    if isinstance(promised, dict):
        shares = {key: calibration.coverage(days, true, 0.5).kept for key, days in promised.items()}
        return {"coverage": shares, **shares}
    found = calibration.coverage(promised, true, float(given.get("level", 0.8)))
    return {"coverage": found.kept, "hit_rate": found.kept, "low": found.low, "high": found.high}


def scored(given: Vector) -> Vector:
    """CRPS of a law, or of a sample, at the true day."""
    truth = given["truth"]
    if "sample" in given:
        return {"crps": calibration.crps_of_sample(given["sample"], float(truth))}
    table = by_day(given["pmf"])
    law = promise.law_of(table, max(max(table), int(truth)) + 2)
    return {"crps": float(calibration.crps(np.cumsum(law), np.array([truth]))[0])}


METHODS: tuple[tuple[set[str], Callable[[Vector], Vector]], ...] = (
    ({"component_lead_times"}, delivery),
    ({"capacity_free_per_day"}, capable),
    ({"on_time"}, calibrated),
    ({"allocation", "requests"}, allocated),
    ({"protected"}, nested),
    ({"elapsed"}, remaining),
    ({"elapsed_days"}, remaining),
    ({"promised"}, kept),
    ({"promised_days"}, kept),
    ({"truth"}, scored),
    ({"durations"}, survival),
    ({"times"}, survival),
    ({"on_hand", "orders"}, available),
)


def test_each_vector_is_computed_from_its_inputs(vector: Vector) -> None:
    given = vector["inputs"]
    method = next(found for keys, found in METHODS if keys <= set(given))
    found = method(given)
    tolerance = float(vector.get("tolerance", 0))
    for key, wanted in vector["expected"].items():
        assert close(found[key], wanted, tolerance), (key, found[key], wanted)
