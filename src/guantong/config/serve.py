"""`guantong run`: checks, prepares the database, starts the web server and the workers, and ends them all together.

This process loads neither Django nor granian: it stays small, starts at once and outlives a child that fails.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from guantong.config.cli import parse
from guantong.config.env import Env, load_env, load_secret_key, make_data_folder
from guantong.config.sentences import CommandError

SECONDS_UNTIL_READY = 90.0
SECONDS_UNTIL_STABLE = 10.0
SECONDS_TO_STOP = 12.0
LONGEST_BACK_OFF = 30.0
QUICK_DEATHS_ALLOWED = 3
LARGEST_LOG = 20 * 1024 * 1024


@dataclass
class Child:
    """One process that must go on: its command, its log, and how often it died young."""

    name: str
    words: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    quick_deaths: int = 0
    start_again_at: float = 0.0
    log_began: int = field(default=0)

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only the supervisor, which stops all in order."""
        with self.log.open("ab") as output:
            self.log_began = output.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "guantong.config.cli", *self.words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started_at, self.start_again_at = time.monotonic(), 0.0

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def last_words(self) -> str:
        """Why it ended: the signal that ended it, else the last line it wrote since its start."""
        if self.process is not None and (self.process.returncode or 0) < 0:
            return f"by signal {-self.process.returncode}"
        with contextlib.suppress(OSError), self.log.open("rb") as stream:
            stream.seek(self.log_began)
            lines = [line.strip() for line in stream.read().decode("utf-8", "replace").splitlines() if line.strip()]
            if lines:
                return lines[-1].removeprefix("guantong: ").rstrip(".")
        return "it said nothing"

    def signal(self, number: int) -> None:
        """Send a signal to the process and all it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


class Supervisor:
    """Keeps the children going until a signal comes; starts one that died again, later each time."""

    def __init__(self, children: list[Child]) -> None:
        """Take charge; nothing starts yet."""
        self.children = children
        self.stopping = False

    def take_signals(self) -> None:
        """Let Ctrl-C, a service manager's TERM and a closed terminal end everything in order; nohup is respected."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def start(self) -> None:
        """Start every child."""
        for child in self.children:
            child.start()

    def look(self) -> None:
        """One round: notice the dead, start again those whose time has come, keep the logs short."""
        now = time.monotonic()
        for child in self.children:
            if child.start_again_at:
                if now >= child.start_again_at:
                    child.start()
            elif not child.is_alive:
                self._on_death(child, now)
            elif child.quick_deaths and now - child.started_at > SECONDS_UNTIL_STABLE:
                child.quick_deaths = 0
            shorten_log(child.log)

    def _on_death(self, child: Child, now: float) -> None:
        young = now - child.started_at < SECONDS_UNTIL_STABLE
        child.quick_deaths = child.quick_deaths + 1 if young else 0
        if child.quick_deaths >= QUICK_DEATHS_ALLOWED:
            raise CommandError(f"The {child.name} does not start: {child.last_words()} (see {child.log}).")
        child.signal(signal.SIGKILL)
        wait = min(0.5 * 2**child.quick_deaths, LONGEST_BACK_OFF)
        print(f"The {child.name} ended ({child.last_words()}); starting it again.", file=sys.stderr, flush=True)
        child.start_again_at = now + wait

    def stop(self) -> None:
        """End every child: ask first, then, for one that does not listen, at once."""
        for child in self.children:
            if child.is_alive and child.process is not None:
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        while any(child.is_alive for child in self.children) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in self.children:
            child.signal(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()


def run(words: list[str]) -> int:
    """Serve until Ctrl-C."""
    parse("run", words)
    began = time.monotonic()
    env = load_env()
    make_data_folder(env.data)
    load_secret_key(env.data)
    check_port(env)
    logs = env.data / "log"
    logs.mkdir(exist_ok=True)
    supervisor = Supervisor(children_for(env, logs))
    supervisor.take_signals()
    if not _prepare(supervisor):
        return 130 if supervisor.stopping else 1
    try:
        supervisor.start()
        if wait_until_ready(env, supervisor):
            print(greeting(env, logs, time.monotonic() - began), flush=True)
        while not supervisor.stopping:
            supervisor.look()
            time.sleep(0.2)
        print("\nStopping …", file=sys.stderr, flush=True)
    finally:
        supervisor.stop()
    return 0


def children_for(env: Env, logs: Path) -> list[Child]:
    """The web server and the workers."""
    workers = [
        Child("worker" if env.workers == 1 else f"worker {n}", ["worker", "--supervised"], logs / f"worker-{n}.log")
        for n in range(1, env.workers + 1)
    ]
    return [Child("web server", ["_server"], logs / "server.log"), *workers]


def check_port(env: Env) -> None:
    """Refuse at once, with the way out, when the server could not listen."""
    try:
        family, _, _, _, address = socket.getaddrinfo(env.host, env.port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CommandError(f"GUANTONG_HOST is '{env.host}', which is not an address of this machine.") from error
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise CommandError(_port_sentence(env, error)) from error


def _port_sentence(env: Env, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        other = env.port + 1 if env.port < 65535 else 8000
        return (
            f"Port {env.port} is taken by another program (perhaps another Guantong): stop it, or choose another "
            f"port, as in GUANTONG_PORT={other} ./guantong run."
        )
    if error.errno == errno.EACCES:
        return f"Port {env.port} may only be used by root: choose one above 1023 with GUANTONG_PORT."
    return f"GUANTONG_HOST is '{env.host}', on which this machine cannot listen ({error.strerror})."


def wait_until_ready(env: Env, supervisor: Supervisor) -> bool:
    """Ask /readyz until it says yes; False when the person stopped meanwhile."""
    deadline, answer = time.monotonic() + SECONDS_UNTIL_READY, "no answer"
    while not supervisor.stopping:
        supervisor.look()
        ready, answer = ask_ready(env)
        if ready:
            return True
        if time.monotonic() > deadline:
            log = supervisor.children[0].log
            raise CommandError(f"The web server is not ready after {SECONDS_UNTIL_READY:.0f} s ({answer}); see {log}.")
        time.sleep(0.1)
    return False


def ask_ready(env: Env) -> tuple[bool, str]:
    """Whether /readyz answers 200, and in words what it answered."""
    host = env.base_url.partition("://")[2]
    headers = {"Host": host, "X-Forwarded-Proto": "https" if env.https else "http"}
    request = urllib.request.Request(f"{env.local_url}/readyz", headers=headers)
    # The certificate names the site, not this machine's loopback address, so it is not checked here.
    context = ssl._create_unverified_context() if env.tls_cert else None
    try:
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), *([urllib.request.HTTPSHandler(context=context)] if context else [])
        )
        with opener.open(request, timeout=5) as response:
            return response.status == 200, f"answer {response.status}"
    except urllib.error.HTTPError as error:
        return False, f"answer {error.code}"
    except OSError as error:
        return False, str(getattr(error, "reason", error))


def greeting(env: Env, logs: Path, seconds: float) -> str:
    """What the person wants to know: where to look, how to sign in, where the data is."""
    lines = ["", f"  Guantong is ready at {env.base_url}   ({seconds:.1f} s)", ""]
    logins = read_logins(env.data)
    if logins:
        wide = max(len(name) for name, _, _ in logins)
        width = max(len(password) for _, password, _ in logins)
        lines += [f"    {name:<{wide}}  {password:<{width}}  {role}" for name, password, role in logins]
    else:
        lines += ["    no sample users; make one with: ./guantong user create NAME"]
    lines += ["", f"  Data: {env.database.describe()}   Logs: {logs}   Stop: Ctrl-C", ""]
    return "\n".join(lines)


def read_logins(data: Path) -> list[tuple[str, str, str]]:
    """The sample logins, if samples were loaded."""
    try:
        return [(str(a), str(b), str(c)) for a, b, c in json.loads((data / "logins.json").read_text("utf-8"))]
    except (OSError, ValueError):
        return []


def shorten_log(log: Path) -> None:
    """Move a log that has grown large aside; its writer goes on, because it appends."""
    try:
        if log.stat().st_size > LARGEST_LOG:
            shutil.copyfile(log, log.with_suffix(".old.log"))
            os.truncate(log, 0)
    except OSError:
        pass


def _prepare(supervisor: Supervisor) -> bool:
    """Run the preparation as a process; a signal meanwhile ends it too. It prints its own sentence when it fails."""
    process = subprocess.Popen(
        [sys.executable, "-m", "guantong.config.cli", "_prepare"], stdin=subprocess.DEVNULL, start_new_session=True
    )
    while process.poll() is None:
        if supervisor.stopping:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.05)
    return process.returncode == 0 and not supervisor.stopping
