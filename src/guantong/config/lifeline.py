"""Ends a process whose parent has gone, so that even a parent that was killed leaves nothing running."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_STOP = 10.0


def end_with_parent(stop: Callable[[], object], parent: int | None = None) -> None:
    """Watch the parent from a thread; when it is gone call `stop`, and some seconds later end at once.

    Looking at the parent's id works on Linux and macOS alike, where Linux alone could send a signal.
    """
    watched = os.getppid() if parent is None else parent

    def watch() -> None:
        while os.getppid() == watched:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        stop()
        time.sleep(SECONDS_TO_STOP)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
