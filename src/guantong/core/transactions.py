"""Write transactions, their retry, and counting of statements: what `guantong.core.sql` runs inside."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models
from django.db.transaction import Atomic

Answer = TypeVar("Answer")

_POSTGRES_CONFLICTS = {"40001": "serialization", "40P01": "deadlock", "55P03": "locked"}
_SQLITE_CONFLICTS = {sqlite3.SQLITE_BUSY: "locked", sqlite3.SQLITE_LOCKED: "locked"}
_POSTGRES_UNIQUE = "23505"
_SQLITE_UNIQUE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
_TRANSACTION_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def write_transaction(using: str = DEFAULT_DB_ALIAS) -> Atomic:
    """The transaction of an action, as a context manager.

    On SQLite the engine queues it behind the file's lock and begins IMMEDIATE. Within another one it joins: an action
    inside an action is part of it, and an error that leaves the inner one rolls back the whole, even when caught.
    (Directly inside Django's TestCase it is a savepoint, so that a test may go on after a refusal.)
    """
    blocks = connections[using].atomic_blocks
    joins = bool(blocks) and not getattr(blocks[-1], "_from_testcase", False)
    return Atomic(using, savepoint=not joins, durable=False)


def conflict(error: DatabaseError, races: Collection[type[models.Model]] = ()) -> str | None:
    """What two writers did to each other, in a word, or None when trying again would not help.

    `races` are tables whose unique keys writers race for on purpose (idempotency keys): the loser tries again and
    finds the winner's row.
    """
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        code: int = getattr(cause, "sqlite_errorcode", 0)
        if code in _SQLITE_UNIQUE:
            table = str(cause).partition("failed: ")[2].partition(".")[0]
            return "unique" if any(model._meta.db_table == table for model in races) else None
        return _SQLITE_CONFLICTS.get(code & 0xFF)
    state: str | None = getattr(cause, "sqlstate", None)
    if state == _POSTGRES_UNIQUE:
        named = getattr(getattr(cause, "diag", None), "table_name", None)
        return "unique" if any(model._meta.db_table == named for model in races) else None
    return _POSTGRES_CONFLICTS.get(state or "")


def run_with_retry(
    work: Callable[[], Answer],
    *,
    attempts: int = 6,
    races: Collection[type[models.Model]] = (),
    using: str = DEFAULT_DB_ALIAS,
) -> Answer:
    """Call `work`, which opens its own write transaction, again when it lost against another writer.

    Waits a random time, up to 10 ms and twice as long each time, so that two losers do not meet again. Inside a
    transaction there is nothing to repeat alone: the outermost caller retries.
    """
    for attempt in range(1, attempts + 1):
        try:
            return work()
        except DatabaseError as error:
            if attempt == attempts or connections[using].in_atomic_block or not conflict(error, races):
                raise
        time.sleep(random.uniform(0, 0.005 * 2**attempt))
    raise AssertionError("at least one attempt is made")


@contextmanager
def count_statements(using: str = DEFAULT_DB_ALIAS) -> Iterator[list[str]]:
    """Collect the text of every statement run inside, without DEBUG; transaction control is left out."""
    texts: list[str] = []

    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if not str(sql).lstrip().upper().startswith(_TRANSACTION_CONTROL):
            texts.append(str(sql))
        return execute(sql, params, many, context)

    with connections[using].execute_wrapper(note):
        yield texts
