"""The running product that browser tests look at: filled with the samples once, copied for each process of the run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg

from tools.serving import free_port

ROOT = Path(__file__).resolve().parents[2]
SECONDS_UNTIL_READY = 120.0


def settings_of(folder: Path, url: str, **more: str) -> dict[str, str]:
    """The environment of a Guantong whose data lives in the folder, or in the PostgreSQL database of the address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GUANTONG_", "PYTEST_"))}
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return {**kept, "PYTHONPATH": paths, "PYTHONUTF8": "1", "GUANTONG_DATA": str(folder), "DATABASE_URL": url, **more}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "guantong.config.cli", *words]


def _prepare(folder: Path, url: str) -> None:
    done = subprocess.run(
        command("_prepare"),
        env=settings_of(folder, url),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        raise RuntimeError(f"The samples could not be loaded:\n{done.stdout[-3000:]}")


def renamed(url: str, name: str) -> str:
    """The same server's address with another database."""
    return re.sub(r"^(\w+://[^/]*/)[^?]*", rf"\g<1>{name}", url)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process of the run at a time."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def filled(shared: Path, own: Path, url: str, worker: str) -> str:
    """Fill ``own`` with a copy of the samples, made by whoever comes first; returns the address of the copy."""
    original = shared / "original"
    base = f"browser_{os.path.basename(shared).replace('-', '_')}"[:40] if url else ""
    with _alone(shared / "samples.lock"):
        if not (shared / "samples.done").exists():
            original.mkdir(exist_ok=True)
            if url:
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(f'DROP DATABASE IF EXISTS "{base}"')
                    connection.execute(f'CREATE DATABASE "{base}"')
            _prepare(original, renamed(url, base) if url else "")
            (shared / "samples.done").touch()
        shutil.copytree(original, own)
        if not url:
            return ""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{base}_{worker}"')
            connection.execute(f'CREATE DATABASE "{base}_{worker}" TEMPLATE "{base}"')
    return renamed(url, f"{base}_{worker}")


@contextlib.contextmanager
def running(folder: Path, url: str) -> Iterator[str]:
    """Serve with one background worker; yields the address and ends both afterwards."""
    port = free_port()
    environment = settings_of(folder, url, GUANTONG_PORT=str(port), GUANTONG_DEMO="0")
    with (folder / "run.log").open("wb") as log:
        process = subprocess.Popen(
            command("run"),
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, folder / "run.log")
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_UNTIL_READY
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), opener.open(f"{address}/readyz", timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"Guantong did not become ready:\n{log.read_text('utf-8', 'replace')[-3000:]}")


def run_command(folder: Path, url: str, words: tuple[str, ...], given: Mapping[str, str] | None = None) -> str:
    """Run one of the product's own commands on the same data and return what it printed."""
    done = subprocess.run(
        command(*words),
        env=settings_of(folder, url, **(given or {})),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        raise RuntimeError(f"{words}: {done.stdout}")
    return done.stdout
