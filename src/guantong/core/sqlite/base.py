"""SQLite for many writers.

SQLite lets one connection write at a time and makes the others poll: with four writers one was seen to make 2 orders
while another made 139, and a transaction that began as a reader could not become a writer at all ("database is locked",
whatever the timeout). So here

* every outermost `atomic()` begins IMMEDIATE: it is a writer from its first statement and cannot fail halfway;
* before it, the transaction waits in a queue: an exclusive flock on ``<database>.lock``, which the kernel grants to
  threads and processes alike and frees when its holder ends, however it ends. It is released after COMMIT or ROLLBACK;
* a single INSERT, UPDATE or DELETE outside any transaction (a session, a log-in) takes the same lock around itself;
* reading needs no transaction: with the write-ahead log, readers never wait for writers nor writers for readers.

A database in memory belongs to one process and has no queue. Commits are durable (`synchronous=FULL`).
Text is compared byte by byte: SQLite's own default, and what `guantong.core.postgres` makes PostgreSQL do.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import weakref
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base, features, operations

BUSY_TIMEOUT_S = 30
"""For the rare moments when someone outside the queue holds the file, such as a backup tool."""

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_SETTINGS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA cache_size = -32768",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 67108864",
)
_wrappers: weakref.WeakSet[DatabaseWrapper] = weakref.WeakSet()
_left_to_parent: list[sqlite3.Connection] = []


class WriteQueue:
    """An exclusive lock on a file beside the database; every connection opens the file itself, as flock demands."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self.held = False

    def enter(self) -> None:
        """Wait for our turn to write."""
        if not self.held:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            self.held = True

    def leave(self) -> None:
        """Let the next writer begin."""
        if self.held:
            self.held = False
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave and close the file; closing alone does not unlock in a forked child, which shares its parent's lock."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            self.held = False
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


class Connection(sqlite3.Connection):
    """A connection that knows the queue of its file; none while in memory."""

    queue: WriteQueue | None = None


_as_question_marks = lru_cache(maxsize=4096)(base.SQLiteCursorWrapper.convert_query)


class Cursor(base.SQLiteCursorWrapper):
    """Django's cursor, which queues a write made outside a transaction and converts each text once."""

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        if param_names is not None:
            return super().convert_query(query, param_names=param_names)
        return _as_question_marks(None, query)

    def execute(self, query: str, params: Any = None) -> Any:
        queue = self._queue_for(query)
        if queue is None:
            return super().execute(query, params)
        queue.enter()
        try:
            return super().execute(query, params)
        finally:
            queue.leave()

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        queue = self._queue_for(query)
        if queue is None:
            return super().executemany(query, param_list)
        queue.enter()
        try:
            return super().executemany(query, param_list)
        finally:
            queue.leave()

    def _queue_for(self, query: str) -> WriteQueue | None:
        """The queue a statement must enter by itself: it writes, and no transaction has entered for it."""
        connection: Connection = self.connection  # type: ignore[assignment]
        queue = connection.queue
        if queue is None or queue.held or not query.lstrip()[:7].upper().startswith(_WRITES):
            return None
        return queue


class DatabaseFeatures(features.DatabaseFeatures):
    """RETURNING and UPDATE ... FROM are used throughout."""

    minimum_database_version = (3, 35)


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> str:
        """What debug logging shows; compiled statements carry the driver's own places, which nothing may fill in."""
        try:
            return super().last_executed_query(cursor, sql, params)
        except (TypeError, ValueError):
            return str(sql)


class DatabaseWrapper(base.DatabaseWrapper):
    """The engine; see the module."""

    display_name = "SQLite"
    features_class = DatabaseFeatures
    ops_class = DatabaseOperations

    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        super().__init__(settings_dict, alias)
        self.plans: dict[Any, Any] = {}
        """Compiled statements of this connection; filled by `guantong.core.sql`."""

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        params.setdefault("factory", Connection)
        params.setdefault("timeout", BUSY_TIMEOUT_S)
        params.setdefault("cached_statements", 512)
        self.transaction_mode = "IMMEDIATE"
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        connection: Connection = super().get_new_connection(conn_params)
        if path := connection.execute("PRAGMA database_list").fetchone()[2]:
            connection.queue = WriteQueue(f"{path}.lock")
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                self._begin_write_ahead_log(connection)
        for statement in _SETTINGS:
            connection.execute(statement)
        _wrappers.add(self)
        return connection

    def _begin_write_ahead_log(self, connection: Connection) -> None:
        """Done once in the life of the file, in the queue, so that no two connections switch at once."""
        assert connection.queue is not None
        connection.queue.enter()
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.queue.leave()

    def create_cursor(self, name: str | None = None) -> Cursor:
        return self.connection.cursor(factory=Cursor)

    @property
    def _queue(self) -> WriteQueue | None:
        return self.connection.queue if self.connection is not None else None

    def _start_transaction_under_autocommit(self) -> None:
        queue = self._queue
        if queue is None:
            return super()._start_transaction_under_autocommit()  # type: ignore[misc]
        queue.enter()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            queue.leave()
            raise

    def _commit(self) -> None:
        """On failure the queue is kept: Django rolls back next."""
        super()._commit()  # type: ignore[misc]
        if (queue := self._queue) is not None:
            queue.leave()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            if (queue := self._queue) is not None:
                queue.leave()

    def _close(self) -> None:
        queue = self._queue
        try:
            super()._close()  # type: ignore[misc]
        finally:
            if queue is not None:
                queue.leave()
                queue.close()


def _leave_connections_to_parent() -> None:
    """In a forked child: an SQLite connection must not cross a fork, not even to be closed (sqlite.org/howtocorrupt).

    The child forgets its parent's connections and opens its own. A database in memory is a copy and stays.
    """
    for wrapper in list(_wrappers):
        connection = wrapper.connection
        if connection is None or connection.queue is None:
            continue
        connection.queue.close()
        _left_to_parent.append(connection)
        wrapper.plans.clear()
        if wrapper.in_atomic_block:
            wrapper.closed_in_transaction = wrapper.needs_rollback = True
        wrapper.connection = None


os.register_at_fork(after_in_child=_leave_connections_to_parent)
