"""Builds the front end with the locked npm packages, by the machine's Node or one from a Python wheel."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.trouble import Trouble, explain_log

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "frontend"
MANIFESTS = [FOLDER / "dist" / "manifest.json", FOLDER / "dist" / ".vite" / "manifest.json"]
MODULES = FOLDER / "node_modules"
LOG = ROOT / ".venv" / "frontend.log"
NODE_LOCK = ROOT / "requirements" / "node.lock"
NPM_CI = ["ci", "--no-audit", "--no-fund", "--prefer-offline"]
"""What npm has in its cache is checked against the lock like anything else, so asking the index again adds nothing."""
NPM_SETTINGS = {"update_notifier": "false", "omit_lockfile_registry_resolved": "true"}
NPM_DEFAULTS = {"fetch_retry_mintimeout": "2000", "fetch_retry_maxtimeout": "8000"}
"""Without a network npm's own defaults keep people waiting for minutes; whoever set others keeps them."""
NOT_SOURCES = frozenset({"node_modules", "dist", "test-results"})


class FrontEnd:
    """Knows whether `frontend/dist` is older than its sources, and builds it."""

    folder = FOLDER

    def __init__(self, environment: Any, install_node: Callable[[Any], Path]) -> None:
        """Take the environment that keeps the stamps, and the way to get Node where the machine has none."""
        self.environment, self.install_node = environment, install_node
        self.node: list[str] = []
        self.npm: list[str] = []
        self.child: subprocess.Popen[str] | None = None
        self.path = os.environ.get("PATH", "")
        self.packages = _hash([FOLDER / "package.json", FOLDER / "package-lock.json"])
        self.sources = _hash(_sources())

    def is_stale(self) -> bool:
        """Whether anything must be done."""
        built = _has_manifest() and self.environment.is_ready("front end", self.sources)
        return not (built and self._has_modules()) and (FOLDER / "package.json").exists()

    def find_node(self) -> None:
        """Choose Node and npm: the machine's own when both are there and new enough, else the wheel's."""
        node, npm = shutil.which("node"), shutil.which("npm")
        if node and npm and is_node_new_enough(_output([node, "--version"])) and _output([npm, "--version"]):
            self.node, self.npm = [node], [npm]
            return
        folder = self.install_node(self.environment)
        # The wheel's bin/npm is a copied symbolic link that does not start; npm's own script does.
        self.node = [str(folder / "bin" / "node")]
        self.npm = [*self.node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        self.path = f"{folder / 'bin'}{os.pathsep}{self.path}"

    def build(self) -> None:
        """Install the locked packages when they changed, then build."""
        if not self._has_modules():
            self._run([*self.npm, *NPM_CI], "The npm packages could not be installed")
            (MODULES / ".guantong-stamp").write_text(self.packages)
        self._run([*self.npm, "run", "build"], "The front end could not be built")
        if not _has_manifest():
            raise Trouble(f"The front end was built without a manifest (see {LOG}).")
        self.environment.mark("front end", self.sources)

    def stop(self) -> None:
        """End npm, when the other half of the preparation failed."""
        if self.child and self.child.poll() is None:
            self.child.terminate()

    def _has_modules(self) -> bool:
        try:
            return (MODULES / ".guantong-stamp").read_text() == self.packages
        except OSError:
            return False

    def _run(self, command: list[str], what: str) -> None:
        defaults = {f"npm_config_{name}": value for name, value in NPM_DEFAULTS.items()}
        settings = {f"npm_config_{name}": value for name, value in NPM_SETTINGS.items()}
        self.child = subprocess.Popen(
            command,
            cwd=FOLDER,
            env={**defaults, **os.environ, **settings, "PATH": self.path, "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        output, _ = self.child.communicate()
        with LOG.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n{output}\n")
        if self.child.returncode:
            raise Trouble(explain_log(output, what, LOG))


def is_node_new_enough(version: str) -> bool:
    """Whether Vite runs on it: Node 20.19 or a later 20, or 22.12 and newer (21 is not supported)."""
    match = re.fullmatch(r"v?(\d+)\.(\d+)\.\d+.*", version.strip())
    if not match:
        return False
    number = (int(match[1]), int(match[2]))
    return (20, 19) <= number < (21, 0) or number >= (22, 12)


def _has_manifest() -> bool:
    return any(path.exists() for path in MANIFESTS)


def _sources() -> list[Path]:
    """Every file the build may read, in a fixed order."""
    found = []
    for folder, folders, names in os.walk(FOLDER):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCES)
        found += [Path(folder) / name for name in sorted(names) if not name.endswith("~")]
    return found


def _hash(paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        if path.is_file():
            total.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _output(command: list[str]) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout if result.returncode == 0 else ""
