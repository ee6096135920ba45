"""Identifiers that sort by time: UUID version 7 of RFC 9562.

Every party, item, document and event carries one. Such an identifier can be made by any process, also off line,
and new ones land at the right edge of an index instead of all over it.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from uuid import UUID

_COUNTER_BITS = 42
_COUNTER_LIMIT = 1 << _COUNTER_BITS
_VERSION_AND_VARIANT = (7 << 76) | (0b10 << 62)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class _Clock:
    """Hands out (millisecond, counter) pairs that only ever grow, for every thread of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = 0
        self._counter = 0

    def next(self) -> tuple[int, int]:
        """The next pair; a clock set back is ignored until real time has caught up."""
        with self._lock:
            now = time.time_ns() // 1_000_000
            if now > self._millisecond:
                self._millisecond = now
                # The top bit stays free, so that the counter has room to grow within the millisecond.
                self._counter = int.from_bytes(os.urandom(6), "big") & (_COUNTER_LIMIT // 2 - 1)
            else:
                self._counter += 1
                if self._counter == _COUNTER_LIMIT:
                    self._millisecond += 1
                    self._counter = 0
            return self._millisecond, self._counter


_clock = _Clock()


def _forget_after_fork() -> None:
    """A child starts its own counter: it must not repeat its parent's, nor wait for a lock nobody will release."""
    global _clock
    _clock = _Clock()


os.register_at_fork(after_in_child=_forget_after_fork)


def uuid7() -> UUID:
    """A new identifier, greater than every one this process made before.

    RFC 9562 section 6.2, method 1: 48 bits of milliseconds, a 42-bit counter seeded at random each millisecond (in
    `rand_a` and the upper part of `rand_b`), 32 random bits.
    """
    millisecond, counter = _clock.next()
    value = (
        (millisecond << 80)
        | ((counter >> 30) << 64)
        | ((counter & 0x3FFF_FFFF) << 32)
        | int.from_bytes(os.urandom(4), "big")
    )
    return UUID(int=value | _VERSION_AND_VARIANT)


def instant_of(uid: UUID) -> dt.datetime:
    """The millisecond, in UTC, at which a version 7 identifier was made."""
    if uid.version != 7:
        raise ValueError(f"{uid} is not a version 7 identifier, it holds no instant.")
    return _EPOCH + dt.timedelta(milliseconds=uid.int >> 80)
