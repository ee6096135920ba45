"""Finds the measurements, runs them, prints a table and keeps each result as JSON under `bench/results`."""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench import BENCHES, Bench, Samples, Skip

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results"


def main(words: Sequence[str]) -> int:
    """Measure all, or those whose name is given or begins with what is given; 1 when one fails or misses its target."""
    parser = argparse.ArgumentParser(prog="guantong bench", allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="only list them")
    parser.add_argument("--no-keep", action="store_true", help="print, but write no result")
    options = parser.parse_args(list(words))
    discover()
    chosen = choose(options.names)
    if not chosen:
        print("guantong: There is no such measurement; guantong bench --list names them.", file=sys.stderr)
        return 1
    if options.list:
        print("".join(f"{one.name:<40} {one.unit:<8} {one.target}\n" for one in chosen), end="")
        return 0
    wide = max(len(one.name) for one in chosen)
    results = [run_one(one, wide, keep=not options.no_keep) for one in chosen]
    return 0 if all(results) else 1


def discover() -> None:
    """Import every module that may hold measurements."""
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        importlib.import_module(f"tests.bench.{path.stem}")


def choose(names: Sequence[str]) -> list[Bench]:
    """All measurements, or those that are named exactly or by the beginning of their name."""
    if not names:
        return sorted(BENCHES.values(), key=lambda one: one.name)
    return [one for one in BENCHES.values() if any(one.name == name or one.name.startswith(name) for name in names)]


def run_one(one: Bench, wide: int, keep: bool) -> bool:
    """Run one measurement in a data folder of its own; print its line; return whether it is well."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="gtbench-", ignore_cleanup_errors=True) as folder:
        os.environ["GUANTONG_DATA"] = folder
        os.environ.pop("DATABASE_URL", None)
        load = os.getloadavg()[0]
        try:
            samples = as_list(one.function())
        except Skip as reason:
            print(f"{one.name:<{wide}}  left out: {reason}", flush=True)
            return True
        except Exception:
            print(f"{one.name:<{wide}}  FAILED", flush=True)
            traceback.print_exc()
            return False
        finally:
            os.environ.clear()
            os.environ.update(before)
    result = describe(one, samples, load)
    verdict = {True: "met", False: "MISSED", None: ""}[result["met"]]
    print(
        f"{one.name:<{wide}}  {result['value']:>12,.4g} {one.unit:<8} p95 {result['p95']:>10,.4g}"
        f"  target {one.target or '-':<10} {verdict}",
        flush=True,
    )
    if keep:
        RESULTS.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result, ensure_ascii=False, indent=2, sort_keys=True)
        (RESULTS / f"{one.name}.json").write_text(text + "\n", encoding="utf-8")
    return result["met"] is not False


def as_list(samples: Samples) -> list[float]:
    """The samples as numbers; none at all is a mistake of the measurement."""
    numbers = [float(samples)] if isinstance(samples, int | float) else [float(sample) for sample in samples]
    if not numbers:
        raise ValueError("The measurement returned no sample.")
    return numbers


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that is not exceeded by `share` of them."""
    ordered = sorted(samples)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


def describe(one: Bench, samples: Sequence[float], load: float) -> dict[str, Any]:
    """What is kept of a measurement: the value, and all that is needed to judge or repeat it."""
    value = statistics.median(samples)
    return {
        "name": one.name,
        "value": value,
        "p95": percentile(samples, 0.95),
        "samples": len(samples),
        "unit": one.unit,
        "target": one.target,
        "met": one.meets(value),
        "commit": commit(),
        "machine": machine(),
        "load": round(load, 2),
        "db": "postgresql" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite",
        "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": f"./guantong bench {one.name}",
    }


def commit() -> str:
    """The commit that was measured, with a plus when files differ from it."""
    try:
        command = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip() or "unknown"
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"


def machine() -> dict[str, Any]:
    """The processor, its cores, the memory, the system and the Python."""
    return {
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "os": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
