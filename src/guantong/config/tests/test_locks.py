"""The locks of the packages: whole, exact, and naming no host."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from guantong.config.env import ROOT

LOCKS = ["run.lock", "dev.lock", "node.lock"]
HOST = re.compile(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host|\bgit\+|\.(?:org|com|cn|io)\b")


def packages_of(name: str) -> dict[str, set[str]]:
    """Each locked requirement, with its marker, and its hashes."""
    text = (ROOT / "requirements" / name).read_text().replace("\\\n", " ")
    entries = (line.split("--hash=") for line in text.splitlines() if line.strip())
    return {first.strip(): {one.strip() for one in hashes} for first, *hashes in entries}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name: str):
    assert HOST.findall((ROOT / "requirements" / name).read_text()) == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_one_version_and_its_hashes(name: str):
    packages = packages_of(name)
    assert packages
    for package, hashes in packages.items():
        assert re.match(r"[a-z0-9][a-z0-9._-]*==\S+", package), package
        assert hashes, package
        assert all(one.startswith("sha256:") for one in hashes), package


def test_the_dev_lock_holds_the_run_lock():
    run, dev = packages_of("run.lock"), packages_of("dev.lock")
    assert {package: dev.get(package) for package in run} == run


def test_every_dependency_is_in_the_run_lock():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[\[<>=!~ ]", one)[0].lower() for one in project["dependencies"]}
    assert wanted <= {package.partition("==")[0] for package in packages_of("run.lock")}


def test_the_npm_lock_names_no_host():
    lock = ROOT / "frontend" / "package-lock.json"
    if not lock.exists():
        pytest.skip("there is no front end yet")
    packages = json.loads(lock.read_text())["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [
        name for name, entry in packages.items() if name and not entry.get("link") and "integrity" not in entry
    ] == []
