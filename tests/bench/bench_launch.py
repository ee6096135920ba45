"""How long a start takes, and how much memory the server needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from tests.bench import Skip, bench
from tools.serving import ROOT, memory_of, serving


@bench("launch.second-start", unit="s", target="< 10")
def second_start() -> list[float]:
    """From the command to the greeting, with everything prepared and the samples loaded before."""
    data = Path(os.environ["GUANTONG_DATA"])
    with serving(data):
        pass
    samples = []
    for _ in range(3):
        with serving(data) as site:
            samples.append(site.seconds)
    return samples


@bench("launch.server-memory", unit="MB", target="< 300")
def server_memory() -> float:
    """The largest process of a running site, after some pages were asked for."""
    with serving(Path(os.environ["GUANTONG_DATA"])) as site:
        for _ in range(50):
            with urllib.request.urlopen(f"{site.url}/sign-in/", timeout=30) as answer:
                answer.read()
        return max(memory_of(site.pid).values())


@bench("launch.first-start", unit="s", target="< 300")
def first_start() -> float:
    """From a fresh copy without environment, packages, front end and data to the greeting; needs the package index."""
    if not shutil.which("git"):
        raise Skip("git is needed to copy the project")
    with tempfile.TemporaryDirectory(prefix="gtfirst-") as folder:
        copy = Path(folder) / "guantong"
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True,
            text=True,
        ).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        with serving(copy / "var", seconds=900, root=copy) as site:
            return site.seconds
