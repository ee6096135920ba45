"""`--vectors DIR`: the folder of acceptance vectors to compute, by default those kept here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--vectors", type=Path, default=DATA, metavar="DIR", help="folder of acceptance vectors")


def load(config: pytest.Config, engine: str) -> list[dict[str, Any]]:
    """The vectors of one engine; none when the folder has no such file."""
    folder: Path = config.getoption("--vectors", default=DATA)
    file = folder / f"{engine}.json"
    return json.loads(file.read_text(encoding="utf-8"))["vectors"] if file.exists() else []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `vector` runs for each vector of the ENGINE its module names."""
    if "vector" in metafunc.fixturenames:
        vectors = load(metafunc.config, metafunc.module.ENGINE)
        metafunc.parametrize("vector", vectors, ids=[vector["id"] for vector in vectors])


@pytest.fixture
def vectors(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """All vectors of the module's ENGINE by their id, for those that build on another."""
    return {vector["id"]: vector for vector in load(request.config, request.module.ENGINE)}
