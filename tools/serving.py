"""Starts Guantong as a person would and waits until it is ready; for measurements and for tests of the launcher."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Site:
    """A running Guantong: where it answers, its supervising process, and how long it took to be ready."""

    url: str
    pid: int
    seconds: float
    greeting: str


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(data: Path, seconds: float = 300, root: Path = ROOT, **settings: str) -> Iterator[Site]:
    """Run `./guantong run` with `data` as its folder; end it and all its processes afterwards."""
    port = free_port()
    environment = {**os.environ, "GUANTONG_PORT": str(port), "GUANTONG_DATA": str(data), **settings}
    began = time.monotonic()
    process = subprocess.Popen(
        ["./guantong", "run"],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        output = _read_until_ready(process, began + seconds)
        yield Site(f"http://127.0.0.1:{port}", process.pid, time.monotonic() - began, output)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _read_until_ready(process: subprocess.Popen[bytes], deadline: float) -> str:
    assert process.stdout is not None
    output = b""
    while time.monotonic() < deadline:
        if select.select([process.stdout], [], [], 0.2)[0]:
            piece = os.read(process.stdout.fileno(), 65536)
            output += piece
            if not piece:
                break
            if re.search(rb"Guantong is ready at .*Stop: ", output, re.DOTALL):
                return output.decode("utf-8", "replace")
    raise RuntimeError(f"Guantong did not become ready:\n{output.decode('utf-8', 'replace')}")


def memory_of(pid: int) -> dict[int, float]:
    """The resident memory, in MB, of a process and of everything it started."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True).stdout
    rows = [tuple(int(word) for word in line.split()) for line in listing.splitlines()]
    family = {pid}
    while more := {child for child, parent, _ in rows if parent in family} - family:
        family |= more
    return {child: kilobytes / 1024 for child, _, kilobytes in rows if child in family}
