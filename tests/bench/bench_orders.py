"""Orders and their pages on both databases, each measured in a process and on a database of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from statistics import quantiles

from tests.bench import bench
from tools.postgres import postgres

TIMES = 100


@contextlib.contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    """Environment of a process that works on a fresh database of this kind."""
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "guantong.config.settings"}
    if kind == "sqlite":
        yield {name: value for name, value in environ.items() if name != "DATABASE_URL"}
        return
    with postgres() as url:
        yield {**environ, "DATABASE_URL": url}


@lru_cache
def probe(kind: str, what: str) -> dict[str, list[float]]:
    with database(kind) as environ:
        words = [sys.executable, "-m", "tests.bench.probe", what, str(TIMES)]
        answer = subprocess.run(words, env=environ, check=True, capture_output=True, text=True)
    found: dict[str, list[float]] = json.loads(answer.stdout)
    return found


def p95(samples: list[float]) -> float:
    return quantiles(samples, n=20)[-1]


@bench("order-confirm-5-lines-sqlite", unit="ms")
def confirm_sqlite() -> list[float]:
    return probe("sqlite", "orders")["confirm_ms"]


@bench("order-confirm-5-lines-sqlite-cpu", unit="ms")
def confirm_sqlite_cpu() -> list[float]:
    return probe("sqlite", "orders")["confirm_cpu_ms"]


@bench("order-confirm-5-lines-sqlite-statements", unit="count", target="<= 10")
def confirm_sqlite_statements() -> list[float]:
    return probe("sqlite", "orders")["statements"]


@bench("order-confirm-5-lines-postgresql", unit="ms")
def confirm_postgresql() -> list[float]:
    return probe("postgresql", "orders")["confirm_ms"]


@bench("order-confirm-5-lines-postgresql-cpu", unit="ms")
def confirm_postgresql_cpu() -> list[float]:
    return probe("postgresql", "orders")["confirm_cpu_ms"]


@bench("order-confirm-5-lines-postgresql-statements", unit="count", target="<= 10")
def confirm_postgresql_statements() -> list[float]:
    return probe("postgresql", "orders")["statements"]


@bench("order-create-5-lines-sqlite", unit="ms")
def create_sqlite() -> list[float]:
    return probe("sqlite", "orders")["create_ms"]


@bench("order-create-5-lines-postgresql", unit="ms")
def create_postgresql() -> list[float]:
    return probe("postgresql", "orders")["create_ms"]


@bench("page-record-p95-sqlite", unit="ms", target="< 50")
def record_sqlite() -> float:
    return p95(probe("sqlite", "pages")["record_ms"])


@bench("page-record-p95-postgresql", unit="ms", target="< 50")
def record_postgresql() -> float:
    return p95(probe("postgresql", "pages")["record_ms"])


@bench("page-list-p95-sqlite", unit="ms", target="< 100")
def list_sqlite() -> float:
    return p95(probe("sqlite", "pages")["list_ms"])


@bench("page-list-p95-postgresql", unit="ms", target="< 100")
def list_postgresql() -> float:
    return p95(probe("postgresql", "pages")["list_ms"])
