"""Lead times and promises from documents, as the command line runs them."""

from __future__ import annotations

from typing import Any

import pytest

from guantong.engines import BadInput
from guantong.engines.leadtime import files as leadtime_files
from guantong.engines.promise import files as promise_files


def go(done: float, step: str) -> bool:
    return False


def shop() -> dict[str, Any]:
    return {
        "items": [{"item": "bike", "work_center": "hall", "make_law": "make"}, {"item": "frame"}, {"item": "wheel"}],
        "bill": [{"parent": "bike", "component": "frame"}, {"parent": "bike", "component": "wheel", "quantity": "2"}],
        "supplies": [
            {"item": "frame", "quantity": "3"},
            {"item": "wheel", "quantity": 10},
            {"item": "frame", "quantity": 5, "law": "sea", "days_gone": 4, "factor": "Li"},
        ],
        "demands": [{"item": "wheel", "quantity": 2, "due_day": 9, "order": 41}],
        "sources": [{"item": "frame", "supplier": "Li", "law": "sea", "factor": "Li", "unit_cost": "2.5"}],
        "laws": [
            {"law": "make", "day": 1, "chance": "1"},
            {"law": "sea", "day": 6, "chance": "0.5", "share": "0.3"},
            {"law": "sea", "day": 12, "chance": "0.5"},
        ],
        "capacity": [{"work_center": "hall", "day": day, "units": 4} for day in range(60)],
        "questions": [
            {"item": "bike", "quantity": 3, "wanted_day": 2},
            {"item": "bike", "quantity": 1, "wanted_day": 2},
        ],
        "horizon_days": "60",
    }


def test_questions_are_answered_one_after_the_other_and_never_get_the_same_unit() -> None:
    found = promise_files.run(shop(), go)
    first, second = found["promises"]
    assert first["promised_day"] == 1
    assert second["promised_day"] > 2
    held: dict[Any, Any] = {}
    for row in found["holds"]:
        held[row["supply"]] = held.get(row["supply"], 0) + row["quantity"]
    assert held[0] == 3
    assert held[1] == 8
    assert {row["item"] for row in found["held_by"]} == {"frame"}


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "words"),
    [
        ("bill", 1, "component", "saddle", "bill row 1, component: unknown item saddle"),
        ("demands", 0, "quantity", "nan", "demands row 0, quantity: 'nan' is not a finite number"),
        ("demands", 0, "quantity", "2.5", "demands row 0, quantity: '2.5' is not a whole number"),
        ("laws", 1, "day", -1, "laws row 1, day: -1 is negative"),
        ("laws", 2, "chance", 0.7, "laws row 1, chance: law sea"),
        ("supplies", 2, "days_gone", -3, "supplies row 2, ordered_day: is after today"),
        ("questions", 1, "wanted_day", -1, "question row 0, wanted_day"),
    ],
)
def test_a_bad_row_of_a_promise_document_is_named(table: str, row: int, column: str, value: Any, words: str) -> None:
    document = shop()
    document[table][row][column] = value
    with pytest.raises(BadInput, match=words):
        promise_files.run(document, go)


def orders() -> list[dict[str, Any]]:
    rows = [
        {
            "supplier": "Li",
            "item": "frame",
            "ordered_day": 10 * k,
            "received_day": 10 * k + 20 + k % 5,
            "ordered_quantity": 10,
            "accepted_quantity": 9,
        }
        for k in range(30)
    ]
    return [*rows, {"supplier": "Li", "item": "frame", "ordered_day": 300, "ordered_quantity": 10}]


def test_lead_times_are_learned_from_rows_and_open_orders_get_their_days_to_go() -> None:
    found = leadtime_files.run({"orders": orders(), "today": "315"}, go)
    law = found["lead_times"][0]
    assert (law["supplier"], law["item"], law["orders"]) == ("Li", "frame", 31)
    assert 20 <= law["p50_days"] <= 24
    assert law["yield"] == pytest.approx(0.9, abs=0.02)
    left = found["open_orders"][0]
    assert left["days_gone"] == 15
    assert left["p50_days"] <= law["p50_days"] - 15 + 1


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("ordered_day", "", "orders row 3, ordered_day"),
        ("received_day", "soon", "orders row 3, received_day: 'soon' is not a number"),
        ("item", None, "orders row 3, item: is missing"),
        ("received_day", 1, "orders row 3, received_day: is before ordered_day"),
    ],
)
def test_a_bad_row_of_a_lead_time_document_is_named(column: str, value: Any, words: str) -> None:
    rows = orders()
    rows[3][column] = value
    with pytest.raises(BadInput, match=words):
        leadtime_files.run({"orders": rows, "today": 315}, go)
