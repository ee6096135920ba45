"""Makes the locks of the Python packages anew: exact versions with hashes, for every system, naming no index."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.trouble import Trouble

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "requirements"
OPTIONS = [
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header"),
]
LOCKS = {
    "run.lock": ["pyproject.toml"],
    "dev.lock": ["pyproject.toml", "--group", "dev", "--constraints", "requirements/run.lock"],
    "node.lock": ["--group", "node"],
}
"""In this order: the dev lock holds the run lock's versions and more."""


def make_locks(upgrade: bool) -> None:
    """Write the three locks; without `upgrade` what is locked stays where the declared ranges allow it."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise Trouble("uv is missing: ./guantong lock installs it.")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    for name, sources in LOCKS.items():
        command = [uv, "pip", "compile", *OPTIONS, *sources, "--output-file", f"requirements/{name}"]
        if upgrade and name != "dev.lock":
            command.append("--upgrade")
        if subprocess.run(command, cwd=ROOT, env=environment).returncode:
            raise Trouble(f"requirements/{name} could not be made.")
        print(f"requirements/{name}: {count(FOLDER / name)} packages")


def count(lock: Path) -> int:
    """How many packages a lock holds."""
    return sum(1 for line in lock.read_text().splitlines() if "==" in line)


if __name__ == "__main__":
    try:
        make_locks(upgrade="--upgrade" in sys.argv[1:])
    except Trouble as trouble:
        sys.exit(f"guantong: {trouble}")
