"""Compiled loops where numba is installed, the same functions in plain Python where it is not.

Machine code is cached on disk: in a folder named after the state of these sources, because
numba itself looks only at the file of the outermost function and would run stale loops after a
change in one that it calls. GUANTONG_NUMBA=0 switches compiling off; NUMBA_CACHE_DIR moves the
cache.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

KEPT_SECONDS = 30 * 24 * 3600
"""Machine code of other states is kept this long: another process may still run it."""

Function = TypeVar("Function", bound=Callable[..., Any])

try:
    if os.environ.get("GUANTONG_NUMBA", "1") == "0":
        raise ImportError("switched off by GUANTONG_NUMBA=0")

    numba: Any = importlib.import_module("numba")
    COMPILED = True
except ImportError:
    COMPILED = False


def _digest(folder: Path) -> str:
    """A name for the present state of the sources that hold compiled loops, and of their types."""
    state = hashlib.sha256()
    for source in sorted(folder.glob("*.py")):
        text = source.read_bytes()
        if b"@compiled" in text or source.name == "prepared.py":
            state.update(source.name.encode() + text)
    return state.hexdigest()[:16]


def _cache_folder() -> str:
    """Folder of this state's machine code; folders long unused are removed beside it."""
    here = Path(__file__).parent
    digest = _digest(here)
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    places = [Path(chosen)] if chosen else [here / "__pycache__"]
    for place in [*places, Path(tempfile.gettempdir()) / f"guantong-{os.getuid()}"]:
        folder = place / f"netting-{digest}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.utime(folder)
            newest = folder.stat().st_mtime
            for old in place.glob("netting-*"):
                if newest - old.stat().st_mtime > KEPT_SECONDS:
                    shutil.rmtree(old, ignore_errors=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return str(folder)
    return ""


CACHE_FOLDER = _cache_folder() if COMPILED else ""


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers on its first call, or load it from the cache.

    Division follows numpy (no check for zero), so callers validate denominators before.
    """
    if not COMPILED:
        return function
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = CACHE_FOLDER
    try:
        dispatcher: Function = numba.njit(
            function, cache=bool(CACHE_FOLDER), error_model="numpy", nogil=True, inline="always"
        )
    finally:
        numba.config.CACHE_DIR = before
    return dispatcher
