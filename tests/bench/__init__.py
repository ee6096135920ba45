"""Measurements: `guantong bench` runs every function marked with `@bench` in `tests/bench/bench_*.py`.

A measurement returns its samples; the median is the value that is compared with the target and kept. Each runs with an
empty data folder of its own (`GUANTONG_DATA`), so that no measurement touches anybody's data.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Samples = Sequence[float] | float
TARGET = re.compile(r"(<=|>=|<|>)\s*([\d_.]+)")


class Skip(Exception):
    """What is needed for a measurement is not there; the message says what."""


@dataclass(frozen=True)
class Bench:
    """One measurement: what it is called, in what unit, what it should reach, and the function that does it."""

    name: str
    unit: str
    target: str
    function: Callable[[], Samples]

    def meets(self, value: float) -> bool | None:
        """Whether the value reaches the target; None when there is no target."""
        match = TARGET.fullmatch(self.target.strip())
        if not match:
            return None
        limit = float(match[2].replace("_", ""))
        return {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit}[match[1]]


BENCHES: dict[str, Bench] = {}


def bench(name: str, unit: str = "ms", target: str = "") -> Callable[[Callable[[], Samples]], Callable[[], Samples]]:
    """Mark a function as a measurement; `target` reads like `< 50` or `>= 1000`."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name):
        raise ValueError(f"The name {name!r} is also a file's name: small letters, digits, dots and hyphens only.")
    if target and not TARGET.fullmatch(target.strip()):
        raise ValueError(f"The target {target!r} of {name} must read like '< 50'.")

    def register(function: Callable[[], Samples]) -> Callable[[], Samples]:
        if name in BENCHES and BENCHES[name].function.__module__ != function.__module__:
            raise ValueError(f"Two measurements are called {name}.")
        BENCHES[name] = Bench(name, unit, target, function)
        return function

    return register


def milliseconds(function: Callable[[], object], times: int = 20, warm_up: int = 2) -> list[float]:
    """Call a function again and again and return what each call took; the first calls do not count."""
    for _ in range(warm_up):
        function()
    samples = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        samples.append((time.perf_counter() - began) * 1000)
    return samples
