"""The command line on files: formats, exactness, and refusals that name the row."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from guantong.engines import cli

Document = dict[str, Any]


def bikes() -> Document:
    """A bike of two wheels and 0.75 kg of paint with 4 % scrap."""
    return {
        "horizon": 8,
        "start": "2026-01-05",
        "items": [
            {"item": "bike", "unit": "pc"},
            {"item": "wheel", "unit": "pc", "on_hand": 3},
            {"item": "paint", "unit": "kg", "decimals": 3, "on_hand": "0.5"},
        ],
        "sources": [
            {"item": "bike", "lead": 1, "calendar": "week"},
            {"item": "wheel", "lead": 2},
            {"item": "paint", "multiple": "0.25"},
        ],
        "bill": [
            {"parent": "bike", "component": "wheel", "quantity": 2},
            {"parent": "bike", "component": "paint", "quantity": 750, "unit": "g", "scrap": "0.04"},
        ],
        "units": [{"item": "paint", "unit": "g", "numerator": 1, "denominator": 1000}],
        "demands": [
            {"item": "bike", "period": "2026-01-12", "quantity": 4},
            {"item": "wheel", "period": 3, "quantity": 1},
        ],
        "calendars": [{"calendar": "week", "pattern": "1111100"}],
    }


def run(tmp_path: Path, document: Document, capsys: pytest.CaptureFixture[str]) -> tuple[int, Document, str]:
    source, target = tmp_path / "in.json", tmp_path / "out.json"
    source.write_text(json.dumps(document))
    code = cli.main(["netting", "--input", str(source), "--output", str(target)])
    answer = json.loads(target.read_text()) if target.exists() else {}
    return code, answer, capsys.readouterr().err


def test_a_json_problem_is_planned_with_exact_decimals_and_working_days(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, said = run(tmp_path, bikes(), capsys)
    assert code == 0
    assert "netting" in said
    orders = {row["item"]: row for row in answer["orders"]}
    assert (orders["bike"]["due"], orders["bike"]["release"]) == (7, 4)
    assert orders["wheel"]["quantity"] == "6"
    assert orders["paint"]["quantity"] == "2.750"
    pegs = {(row["item"], row["demand"], row["supply"]): row["quantity"] for row in answer["pegs"]}
    assert pegs[("paint", "order 7", "on hand")] == "0.500"
    assert sum(float(q) for (item, demand, _), q in pegs.items() if item == "paint" and demand == "order 7") == 3.125


def test_csv_folder_csv_zip_and_json_give_the_same_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, expected, _ = run(tmp_path, bikes(), capsys)
    folder, archive = tmp_path / "tables", tmp_path / "tables.zip"
    cli.write(folder, bikes())
    cli.write(archive, bikes())
    assert zipfile.is_zipfile(archive)
    for source in (folder, archive):
        target = tmp_path / f"{source.name}.json"
        assert cli.main(["netting", "--input", str(source), "--output", str(target), "--quiet"]) == 0
        assert json.loads(target.read_text()) == expected


def test_answers_are_written_as_csv_too(tmp_path: Path) -> None:
    source = tmp_path / "in.json"
    source.write_text(json.dumps(bikes()))
    assert cli.main(["netting", "--input", str(source), "--output", str(tmp_path / "plan"), "--quiet"]) == 0
    assert (tmp_path / "plan" / "orders.csv").read_text().startswith("order,item,source,due,release,quantity")


BROKEN: list[tuple[str, int, dict[str, Any], str]] = [
    ("demands", 0, {"item": "trike"}, "demands row 0, item: trike is no known item"),
    ("demands", 1, {"quantity": "NaN"}, "demands row 1, quantity: 'NaN' is not a finite number"),
    ("demands", 1, {"quantity": -1}, "demands row 1, quantity: -1 is below 0"),
    ("demands", 1, {"quantity": "1.5"}, "demands row 1, quantity: 1.5 has more than 0 decimals of wheel"),
    ("demands", 1, {"unit": "kg"}, "demands row 1, unit: mixed units: kg for wheel, kept in pc"),
    ("demands", 0, {"period": "soon"}, "demands row 0, period: 'soon' is not a finite number"),
    ("sources", 1, {"lead": -2}, "sources row 1, lead: -2 is below 0"),
    ("sources", 0, {"calendar": "moon"}, "sources row 0, calendar: moon is no known calendar"),
    ("sources", 2, {"yield": "1.2"}, "sources row 2, yield_numerator: 6 is above the denominator"),
    ("bill", 1, {"scrap": 1}, "bill row 1, scrap: 1 is not from 0 to below 1"),
    ("bill", 0, {"component": "bike"}, "bill row 0, component: cycle: bike -> bike"),
    ("items", 2, {"item": "bike"}, "items row 2, item: bike stands in row 0 already"),
    ("items", 1, {"lot_rule": "magic"}, "items row 1, lot_rule: 'magic' is none of lot_for_lot"),
]


@pytest.mark.parametrize(("table", "row", "change", "message"), BROKEN)
def test_bad_input_names_the_row(
    table: str, row: int, change: dict[str, Any], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = bikes()
    document[table][row].update(change)
    code, answer, said = run(tmp_path, document, capsys)
    assert code == 1
    assert answer == {}
    assert message in said


def test_a_negative_period_without_a_calendar_date_is_refused_unless_history_is_declared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {
        "horizon": 4,
        "items": [{"item": "a"}],
        "sources": [{"item": "a"}],
        "demands": [{"item": "a", "period": -1, "quantity": 2}],
    }
    code, _, said = run(tmp_path, document, capsys)
    assert code == 1
    assert "demands row 0, period: -1 is before period 0" in said
    code, answer, _ = run(tmp_path, {**document, "history": 3}, capsys)
    assert code == 0
    assert [row["message"] for row in answer["exceptions"]] == ["demand_past_due"]


def test_parquet_without_pyarrow_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cli.importlib.import_module

    def without(name: str) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(cli.importlib, "import_module", without)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "items.parquet").write_bytes(b"")
    code = cli.main(["netting", "--input", str(tmp_path / "tables"), "--output", str(tmp_path / "out.json")])
    assert code == 1
    assert "needs the package pyarrow, which is not installed; use JSON or CSV" in capsys.readouterr().err
