"""Acceptance vectors of netting: every vector of `mrp.json` computed from its inputs."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
import pytest

from guantong.engines import BadInput, netting
from guantong.engines.netting import ddmrp

ENGINE = "mrp"

Vector = dict[str, Any]

RULES = {
    "LFL": netting.LotRule.LOT_FOR_LOT,
    "L4L": netting.LotRule.LOT_FOR_LOT,
    "FOQ": netting.LotRule.FIXED,
    "POQ": netting.LotRule.PERIOD,
    "SM": netting.LotRule.SILVER_MEAL,
    "LUC": netting.LotRule.LEAST_UNIT_COST,
    "WW": netting.LotRule.WAGNER_WHITIN,
    "MIN": netting.LotRule.LOT_FOR_LOT,
    "MINMULT": netting.LotRule.LOT_FOR_LOT,
}


def exact(value: Any) -> Fraction:
    """A number of the file without binary rounding."""
    return Fraction(str(value))


def close(found: Any, wanted: Any, tolerance: float) -> bool:
    """Equal, or within the vector's relative tolerance (absolute below 1)."""
    if isinstance(wanted, dict):
        return set(found) == set(wanted) and all(close(found[k], wanted[k], tolerance) for k in wanted)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(close(f, w, tolerance) for f, w in zip(found, wanted, strict=True))
    if isinstance(wanted, int | float):
        return abs(found - wanted) <= tolerance * max(1.0, abs(wanted))
    return bool(found == wanted)


def unit_of(inputs: Any) -> int:
    """Smallest units per unit so that every quantity of the inputs is whole."""
    if isinstance(inputs, dict):
        quantities = (v for k, v in inputs.items() if k not in ("scrap", "component_scrap", "qty_per"))
        return lcm(*(unit_of(value) for value in quantities), 1)
    if isinstance(inputs, list):
        return lcm(*(unit_of(value) for value in inputs), 1)
    return exact(inputs).denominator if isinstance(inputs, int | float) else 1


class Plant:
    """A vector's items and bill as a netting problem, and its answers by name."""

    def __init__(self, items: dict[str, Vector], bom: list[Vector], demand: dict[str, Any], periods: int) -> None:
        self.names = list(items)
        self.unit = unit_of([items, demand])
        rows = list(items.values())
        number = {name: place for place, name in enumerate(self.names)}
        good = [1 - exact(row.get("scrap", 0)) for row in rows]
        uses = [exact(use["qty_per"]) / (1 - exact(use.get("component_scrap", 0))) for use in bom]
        for use in bom:
            for name in (use["parent"], use["component"]):
                if name not in number:
                    raise BadInput("bill", None, "component", f"{name} is no item")
        problem = netting.Problem(
            periods,
            netting.Items(
                len(rows),
                on_hand=self.column(rows, "on_hand"),
                safety_stock=self.column(rows, "ss"),
                lot_rule=[int(RULES[row.get("rule", "LFL")]) for row in rows],
                lot_size=self.column(rows, "Q", 1),
                period_cover=[row.get("P", 1) for row in rows],
                setup_cost=[float(row.get("setup_cost", 0)) for row in rows],
                holding_cost=[float(row.get("holding_cost", 0)) for row in rows],
            ),
            netting.Sources(
                np.arange(len(rows)),
                lead=[row.get("lead", 0) for row in rows],
                minimum=self.column(rows, "min"),
                multiple=self.column(rows, "mult", 1),
                yield_numerator=[share.numerator for share in good],
                yield_denominator=[share.denominator for share in good],
            ),
            netting.Bill(
                [number[use["parent"]] for use in bom],
                [number[use["component"]] for use in bom],
                numerator=[per.numerator for per in uses],
                denominator=[per.denominator for per in uses],
            ),
            self.lines(netting.Demands, {name: demand.get(name, []) for name in items}),
            self.lines(netting.Supplies, {name: row.get("sched", []) for name, row in items.items()}),
            item_names=self.names,
        )
        self.result = netting.solve(problem)

    def column(self, rows: list[Vector], key: str, default: int = 0) -> list[int]:
        """One quantity of all items in smallest units."""
        return [int(exact(row[key]) * self.unit) if key in row else default for row in rows]

    def lines(self, table: Any, series: dict[str, list[Any]]) -> Any:
        """Lines from quantities by period."""
        rows = [
            (place, period, int(exact(quantity) * self.unit))
            for place, name in enumerate(self.names)
            for period, quantity in enumerate(series[name])
            if quantity
        ]
        return table(*np.array(rows, dtype=np.int64).reshape(-1, 3).T)

    def plan(self, name: str) -> Vector:
        """The grid of an item."""
        grid = netting.item_grid(self.result, self.names.index(name))
        past_due = {str(k): v / self.unit for k, v in grid.past_due_releases.items()}
        rows = {
            "gross": grid.gross_requirements,
            "scheduled_receipts": grid.scheduled_receipts,
            "net_requirements": grid.net_requirements,
            "planned_receipts": grid.planned_receipts,
            "projected_available": grid.projected_available,
            "planned_releases": grid.planned_releases,
        }
        plain = {key: (row / self.unit).tolist() for key, row in rows.items()}
        return {**plain, "past_due_releases": past_due}

    def parents(self, name: str) -> list[list[Any]]:
        """Single-level pegging: [period counted from 1, parent, quantity] of dependent demand."""
        sums: dict[tuple[str, int], int] = {}
        result = self.result
        pegs = result.pegs(self.names.index(name))
        for demand, quantity in zip(pegs.demand, pegs.quantity, strict=True):
            if demand < 0:
                continue
            source, due = divmod(int(demand), result.prepared.horizon)
            orders = result.orders(source)
            release = int(orders.release[np.searchsorted(orders.due, due)])
            key = (self.names[source], max(release, 0))
            sums[key] = sums.get(key, 0) + int(quantity)
        return [[period + 1, parent, total / self.unit] for (parent, period), total in sums.items()]


def holding_of(inputs: Vector) -> float:
    """Holding cost a unit and period."""
    named = "holding_cost_per_unit_period"
    return float(inputs[named] if named in inputs else inputs.get("holding_cost", 0))


def receipts_of(inputs: Vector, rule: str) -> tuple[list[float], float]:
    """Receipts and cost of one lot rule on the vector's requirements, through the sweep's rules."""
    demand = inputs.get("demand") or net_requirements(inputs)
    unit = unit_of(demand)
    net = np.array([int(exact(quantity) * unit) for quantity in demand])
    holding = holding_of(inputs)
    setup = np.broadcast_to(np.array(inputs["setup_cost"], dtype=float), net.shape)
    receipts = netting.plan_lots(rule, net, setup, holding / unit)
    return (receipts / unit).tolist(), netting.cost_of(net, receipts, setup, holding / unit)


def net_requirements(inputs: Vector) -> list[float]:
    """Net requirements of gross, on hand and receipts under lot for lot."""
    item: Vector = {key: inputs[key] for key in ("on_hand", "ss", "sched") if key in inputs}
    plant = Plant({"it": item}, [], {"it": inputs["gross"]}, len(inputs["gross"]))
    return list(plant.plan("it")["net_requirements"])


def lot_sizing(inputs: Vector) -> Vector:
    """Every answer about lot sizes that a vector may ask for."""
    answer: Vector = {}
    for rule, name in (("silver_meal", "silver_meal"), ("least_unit_cost", "least_unit_cost")):
        receipts, cost = receipts_of(inputs, rule)
        answer[name] = {"receipts": receipts, "cost": cost}
        answer[f"{name}_receipts"], answer[f"{name}_cost"] = receipts, cost
    receipts, cost = receipts_of(inputs, "wagner_whitin")
    for name in ("optimal_receipts", "wagner_whitin_receipts", "planned_receipts"):
        answer[name] = receipts
    answer["optimal_cost"] = answer["wagner_whitin_cost"] = cost
    answer["lot_for_lot_cost"] = receipts_of(inputs, "lot_for_lot")[1]
    answer["net_requirements"] = inputs.get("demand") or net_requirements(inputs)
    return answer


def cost_of_plan(inputs: Vector, receipts: list[float]) -> float:
    """Cost of a published plan, to compare plans that tie."""
    demand = np.array(inputs.get("demand") or net_requirements(inputs), dtype=float)
    stock = np.cumsum(np.array(receipts) - demand)
    assert (stock >= -1e-9).all()
    holding = holding_of(inputs)
    setup = np.broadcast_to(np.array(inputs["setup_cost"], dtype=float), demand.shape)
    return float(setup[np.array(receipts) > 0].sum() + holding * stock.sum())


def check_lot_sizing(vector: Vector, tolerance: float) -> None:
    """Costs agree; receipts agree or cost the same."""
    inputs, expected = vector["inputs"], vector["expected"]
    answer = lot_sizing(inputs)
    for key, wanted in expected.items():
        if key.endswith("receipts"):
            same = close(answer[key], wanted, tolerance)
            assert same or close(cost_of_plan(inputs, answer[key]), cost_of_plan(inputs, wanted), tolerance), key
        else:
            assert close(answer[key], wanted, tolerance), key


def check_grid(vector: Vector, tolerance: float) -> None:
    """One item's grid, row by row."""
    inputs = vector["inputs"]
    found = Plant({"it": inputs}, [], {"it": inputs["gross"]}, len(inputs["gross"])).plan("it")
    for key, wanted in vector["expected"].items():
        assert close(found[key], wanted, tolerance), key


def check_bill(vector: Vector, tolerance: float) -> None:
    """Low-level codes, grids and single-level pegs of a bill; or the cycle it must be refused for."""
    inputs, expected = vector["inputs"], vector["expected"]
    bom = inputs["bom"]
    names = sorted({use[end] for use in bom for end in ("parent", "component")})
    items = inputs.get("items") or {name: {} for name in names}
    if "error" in expected:
        with pytest.raises(BadInput, match=expected["error"]) as refused:
            Plant(items, bom, {}, inputs.get("periods", 1))
        assert " -> ".join(expected["cycle"]) in str(refused.value)
        return
    plant = Plant(items, bom, inputs["independent_demand"], inputs["periods"])
    codes = plant.result.low_level_code.tolist()
    if "low_level_codes" in expected:
        assert dict(zip(plant.names, codes, strict=True)) == expected["low_level_codes"]
    for name, grid in expected.get("plans", {}).items():
        found = plant.plan(name)
        for key, wanted in grid.items():
            assert close(found[key], wanted, tolerance), (name, key)
    for name, pegs in expected.get("pegging", {}).items():
        assert close(sorted(plant.parents(name)), sorted(pegs), tolerance), name


def check_buffer(vector: Vector, tolerance: float) -> None:
    """Zones and recommendation of a DDMRP buffer."""
    given = vector["inputs"]
    zones = ddmrp.buffer_zones(
        given["adu"], given["dlt"], given["ltf"], given["vf"], given.get("moq", 0), given.get("cycle", 0)
    )
    state = ddmrp.recommend(zones, given["on_hand"], given["open_supply"], given["qualified_demand"])
    found = {
        "red_base": zones.red_base,
        "red_safety": zones.red_safety,
        "red": zones.red,
        "yellow": zones.yellow,
        "green": zones.green,
        "TOR": zones.red,
        "TOY": zones.top_of_yellow,
        "TOG": zones.top_of_green,
        "net_flow_position": state.net_flow_position,
        "order_recommendation": state.order_quantity,
        "planning_priority_pct": state.priority_percent,
    }
    for key, wanted in vector["expected"].items():
        assert close(found[key], wanted, tolerance), key


def check(vector: Vector) -> None:
    """Compute one vector by the method its inputs call for."""
    tolerance = float(vector.get("tolerance", 0))
    inputs = vector["inputs"]
    if "adu" in inputs:
        check_buffer(vector, max(tolerance, 1e-12))
    elif "bom" in inputs:
        check_bill(vector, tolerance)
    elif "setup_cost" in inputs and "rule" not in inputs:
        check_lot_sizing(vector, max(tolerance, 1e-12))
    else:
        check_grid(vector, tolerance)


def test_each_vector_is_computed_from_its_inputs(vector: Vector) -> None:
    check(vector)
