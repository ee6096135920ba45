"""The supervisor, tried with small programs in the place of the web server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from guantong.config import serve
from guantong.config.env import load_env
from guantong.config.sentences import CommandError
from guantong.config.serve import Child, Supervisor, check_port, greeting, shorten_log


class Program(Child):
    """A child that runs a piece of Python instead of a command of ours."""

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.log_began = output.tell()
            command = [sys.executable, "-c", textwrap.dedent(self.words[0])]
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        self.started_at, self.start_again_at = time.monotonic(), 0.0


def wait_for(condition, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_taken_port_is_refused_with_the_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is taken .* GUANTONG_PORT="):
            check_port(load_env({"GUANTONG_PORT": str(port)}))


def test_a_free_port_is_accepted():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check_port(load_env({"GUANTONG_PORT": str(port)}))


def test_a_host_that_is_not_ours_is_refused():
    with pytest.raises(CommandError, match="GUANTONG_HOST"):
        check_port(load_env({"GUANTONG_HOST": "192.0.2.1"}))


def test_a_child_that_died_is_started_again(tmp_path: Path, capfd):
    child = Program("worker", ["import time; time.sleep(60)"], tmp_path / "w.log")
    supervisor = Supervisor([child])
    supervisor.start()
    try:
        assert child.process is not None
        first = child.process.pid
        child.process.kill()
        child.process.wait()
        supervisor.look()
        assert child.start_again_at
        child.start_again_at = 0.001
        supervisor.look()
        assert child.is_alive
        assert child.process.pid != first
    finally:
        supervisor.stop()
    assert "by signal 9" in capfd.readouterr().err


def test_a_child_that_dies_at_once_again_and_again_ends_everything_with_its_last_words(tmp_path: Path):
    child = Program("web server", ["raise SystemExit('guantong: the key is broken.')"], tmp_path / "s.log")
    supervisor = Supervisor([child])
    supervisor.start()

    def fails() -> bool:
        child.start_again_at = min(child.start_again_at, 0.001) if child.start_again_at else 0.0
        supervisor.look()
        return False

    with pytest.raises(CommandError, match="The web server does not start: the key is broken"):
        wait_for(fails)
    supervisor.stop()


def test_stopping_ends_a_child_that_does_not_listen_and_all_that_it_started(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(serve, "SECONDS_TO_STOP", 0.3)
    note = tmp_path / "pid"
    stubborn = f"""
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open({str(note)!r}, "w").write(str(grandchild.pid) + " ")
        time.sleep(60)
    """
    child = Program("web server", [stubborn], tmp_path / "s.log")
    supervisor = Supervisor([child])
    supervisor.start()
    assert wait_for(lambda: note.exists() and note.read_text().endswith(" "))
    supervisor.stop()
    assert not child.is_alive
    assert wait_for(lambda: not is_running(int(note.read_text())))


def test_a_process_with_a_lifeline_ends_when_its_parent_is_killed(tmp_path: Path):
    note = tmp_path / "pid"
    child = (
        "import os, sys, time; from guantong.config.lifeline import end_with_parent; "
        f"end_with_parent(lambda: os._exit(0)); open({str(note)!r}, 'w').write(str(os.getpid()) + ' '); time.sleep(60)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    environment = {**os.environ, "PYTHONPATH": str(Path(serve.__file__).parents[2])}
    process = subprocess.Popen([sys.executable, "-c", parent], env=environment)
    assert wait_for(lambda: note.exists() and note.read_text().endswith(" "))
    process.kill()
    process.wait()
    assert wait_for(lambda: not is_running(int(note.read_text())))


def test_the_greeting_shows_address_and_logins(tmp_path: Path):
    (tmp_path / "logins.json").write_text('[["wang", "pass-1", "销售"]]', encoding="utf-8")
    text = greeting(load_env({"GUANTONG_DATA": str(tmp_path)}), tmp_path / "log", 1.0)
    assert "http://localhost:8000" in text
    assert "wang  pass-1  销售" in text


def test_a_log_that_has_grown_is_moved_aside(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(serve, "LARGEST_LOG", 10)
    log = tmp_path / "server.log"
    log.write_text("x" * 11)
    shorten_log(log)
    assert log.read_text() == ""
    assert (tmp_path / "server.old.log").read_text() == "x" * 11
