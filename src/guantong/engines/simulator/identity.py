"""Which simulator produced a figure: version and hash of the source of its laws."""

from __future__ import annotations

import hashlib
from pathlib import Path

VERSION = "1.0"
"""Raised when a law changes: figures of different versions cannot be compared."""

EVALUATION_SEEDS: tuple[int, ...] = tuple(range(1000, 1020))
"""Seeds of published figures, fixed with the simulator; an estimator is never tuned on them."""

TUNING_SEEDS: tuple[int, ...] = tuple(range(1, 9))
"""Seeds that may be looked at while an estimator is developed."""

_SOURCES = ("laws.py", "histories.py", "company.py")


def source_hash() -> str:
    """SHA-256 over the files that hold the laws, in a fixed order, as lower-case hexadecimal."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for name in _SOURCES:
        digest.update(name.encode())
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
