"""Turns expected failures into one sentence, and unexpected ones into a sentence that names a log."""

from __future__ import annotations

import errno
import time
import traceback
from pathlib import Path

from guantong.config.env import EnvError

DISK_WORDS = ("database or disk is full", "No space left on device")
READ_ONLY_WORDS = ("attempt to write a readonly database", "unable to open database file", "Read-only file system")


class CommandError(Exception):
    """An expected failure of a command; the message is one sentence for the person at the terminal."""


def sentence_for(error: BaseException) -> str | None:
    """The sentence for an expected failure, or None for one that is a fault of ours."""
    if isinstance(error, CommandError | EnvError):
        return str(error)
    causes = [error, error.__cause__, error.__context__]
    text = " ".join(str(cause) for cause in causes if cause)
    full = any(isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT} for cause in causes)
    if full or any(word in text for word in DISK_WORDS):
        return "The disk is full: free some space and start again; nothing that was saved is lost."
    if any(word in text for word in READ_ONLY_WORDS):
        return "The data folder cannot be written: free it, or set GUANTONG_DATA to a folder that can be written."
    if isinstance(error, PermissionError):
        return f"{error.filename or 'A file'} may not be used by this user: change its owner or set GUANTONG_DATA."
    if type(error).__name__ == "OperationalError" and "connection" in text:
        reason = " ".join(str(error).split())
        return f"The PostgreSQL server does not let us in ({reason}): check DATABASE_URL and that the server runs."
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        return "The output was closed."
    return None


def write_trace(error: BaseException, folder: Path) -> str:
    """Keep the trace of an unexpected failure in a file, and return the sentence that names it."""
    trace = "".join(traceback.format_exception(error))
    kind = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"error-{time.strftime('%Y%m%d-%H%M%S')}.log"
        path.write_text(trace, encoding="utf-8")
    except OSError:
        return f"Something unexpected went wrong ({kind}); GUANTONG_DEBUG=1 shows the trace."
    return f"Something unexpected went wrong ({kind}); the trace is in {path}."
