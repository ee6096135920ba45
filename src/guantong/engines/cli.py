"""`guantong engine NAME --input F --output G`: run an engine on files.

A document is a set of tables (lists of rows) and settings (single values). As JSON it is one
object; as CSV or Parquet a folder (or, for CSV, a zip) with one file a table, settings in a table
`settings` of name and value. Engines take a document and give one, so all formats serve all.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from guantong.engines import BadInput, Cancelled, Stop

Document = dict[str, Any]
Run = Callable[[Document, Stop], Document]

ENGINES = {
    "netting": "guantong.engines.netting.files:run",
    "leadtime": "guantong.engines.leadtime.files:run",
    "promise": "guantong.engines.promise.files:run",
    "simulator": "guantong.engines.simulator.files:run",
}
"""Engine name to module and function; imported when asked for."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one engine; 0 done, 1 refused input (said on stderr), 2 wrong use, 130 interrupted."""
    arguments = parse(argv)
    try:
        document = read(arguments.input)
        answer = load(arguments.name)(document, Progress(arguments.name, sys.stderr, arguments.quiet))
        write(arguments.output, answer)
    except (BadInput, OSError, ValueError, ImportError) as refused:
        print(f"guantong engine {arguments.name}: {refused}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Cancelled):
        print(f"guantong engine {arguments.name}: interrupted, nothing written", file=sys.stderr)
        return 130
    return 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="guantong engine", description="Run a planning engine on files.")
    parser.add_argument("name", choices=sorted(ENGINES), help="which engine")
    formats = "a .json file, a .zip of CSV files, or a folder of CSV or Parquet files"
    parser.add_argument("--input", type=Path, required=True, help=formats)
    parser.add_argument("--output", type=Path, required=True, help=f"{formats} (ending in .parquet for Parquet)")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    return parser.parse_args(argv)


def load(name: str) -> Run:
    """The function of an engine."""
    module, function = ENGINES[name].split(":")
    run: Run = getattr(importlib.import_module(module), function)
    return run


class Progress:
    """Writes whole percents to a stream; never cancels."""

    def __init__(self, name: str, stream: TextIO, quiet: bool) -> None:
        self.name, self.stream, self.quiet = name, stream, quiet
        self.last = -1

    def __call__(self, done: float, step: str) -> bool:
        percent = int(100 * done)
        if percent != self.last and not self.quiet:
            self.last = percent
            print(f"{self.name} {percent:3d} % {step}", file=self.stream, flush=True)
        return False


def read(path: Path) -> Document:
    """A document from a file or folder; numbers of CSV stay text, so that they are read exactly."""
    if not path.exists():
        raise BadInput(str(path), None, "", "does not exist")
    if path.is_dir():
        parquet = sorted(path.glob("*.parquet"))
        if parquet:
            return with_settings({file.stem: read_parquet(file) for file in parquet})
        files = sorted(path.glob("*.csv"))
        return with_settings({file.stem: read_csv(file.read_text("utf-8-sig"), file.stem) for file in files})
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".csv")]
            texts = {Path(name).stem: archive.read(name).decode("utf-8-sig") for name in names}
        return with_settings({name: read_csv(text, name) for name, text in texts.items()})
    if path.suffix == ".json":
        return read_json(path)
    raise BadInput(str(path), None, "", "is neither .json, a .zip of CSV files, nor a folder")


def read_json(path: Path) -> Document:
    """One JSON object; fractions stay text, so that 0.1 is read as 0.1."""
    try:
        document = json.loads(path.read_text("utf-8-sig"), parse_float=str)
    except json.JSONDecodeError as wrong:
        raise BadInput(str(path), None, "", f"is no JSON: {wrong}") from None
    if not isinstance(document, dict):
        raise BadInput(str(path), None, "", "must be one object of tables")
    return document


def read_csv(text: str, name: str) -> list[dict[str, str]]:
    """Rows of one CSV table; empty cells are left out."""
    reader = csv.DictReader(io.StringIO(text))
    rows = []
    for number, row in enumerate(reader):
        if None in row:
            raise BadInput(name, number, "", "has more cells than the header")
        rows.append({key: value for key, value in row.items() if value not in (None, "")})
    return rows


def read_parquet(path: Path) -> list[dict[str, Any]]:
    """Rows of one Parquet table; floats as the shortest text that means them."""
    rows: list[dict[str, Any]] = parquet_module().read_table(path).to_pylist()
    return [
        {key: (repr(value) if isinstance(value, float) else value) for key, value in row.items() if value is not None}
        for row in rows
    ]


def parquet_module() -> Any:
    """pyarrow.parquet, or a refusal that says what to install."""
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise BadInput(
            "parquet", None, "", "needs the package pyarrow, which is not installed; use JSON or CSV"
        ) from None


def with_settings(tables: Document) -> Document:
    """Rows of the table `settings` as single values."""
    for row in tables.pop("settings", []):
        if "name" not in row:
            raise BadInput("settings", None, "name", "is missing")
        tables[row["name"]] = row.get("value")
    return tables


def write(path: Path, document: Document) -> None:
    """Write a document in the format that its path asks for."""
    if path.suffix == ".json":
        path.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False), "utf-8")
        return
    tables = {name: rows for name, rows in document.items() if isinstance(rows, list)}
    settings = [{"name": name, "value": value} for name, value in document.items() if not isinstance(value, list)]
    if settings:
        tables["settings"] = settings
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, rows in tables.items():
                archive.writestr(f"{name}.csv", csv_text(rows))
        return
    arrow = importlib.import_module("pyarrow") if path.suffix == ".parquet" and parquet_module() else None
    path.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        if arrow:
            parquet_module().write_table(arrow.Table.from_pylist(rows), path / f"{name}.parquet")
        else:
            (path / f"{name}.csv").write_text(csv_text(rows), "utf-8")


def csv_text(rows: Iterable[dict[str, Any]]) -> str:
    """Rows as CSV; columns in the order in which they first occur."""
    rows = list(rows)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
