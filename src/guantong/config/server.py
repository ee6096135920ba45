"""The web server process: granian with one worker process and several threads.

One process is what SQLite wants (one writer) and what keeps the memory small; threads let requests wait for the
database or a mail server side by side.
"""

from __future__ import annotations

import importlib
import os
import signal
from typing import Any

from granian import Granian
from granian.constants import Interfaces, SSLProtocols
from granian.log import LogLevels

from guantong.config.env import load_env
from guantong.config.lifeline import end_with_parent

THREADS = 8
SECONDS_TO_FINISH = 8


def serve(words: list[str]) -> int:
    """Serve until a signal or the end of the supervisor says to stop."""
    env = load_env()
    end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    Granian(
        "guantong.config.wsgi:application",
        address=env.host,
        port=env.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=SECONDS_TO_FINISH,
        log_level=LogLevels.error,
        ssl_cert=env.tls_cert,
        ssl_key=env.tls_key,
        ssl_protocol_min=SSLProtocols.tls12,
    ).serve(target_loader=load_application)
    return 0


def load_application(target: str) -> Any:
    """Load the application in granian's worker process, tying that process to granian's own."""
    end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)
