"""How tests reach a database; loaded by ``-p tests.plugin`` before Django's settings are.

* ``GUANTONG_DATA`` is a temporary folder of this process, so that no test sees or touches anybody's data.
* On SQLite the test database is a file, as in production: the queue of writers, threads and processes only exist there.
* There SQLite does not wait for the disk: a process that is killed loses nothing by it, only a power cut does.
* Append-only tables refuse DELETE and TRUNCATE by triggers of the database. A transactional test is followed by a
  flush, which must lift them: they are dropped and made anew around the flush on SQLite, disabled and enabled on
  PostgreSQL (which the owner of a table may do; ``session_replication_role`` would need a superuser). Nothing else
  lifts them.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

DATA = Path(tempfile.mkdtemp(prefix="guantong-tests-"))
(DATA / "static").mkdir()
os.environ["GUANTONG_DATA"] = str(DATA)
os.environ["GUANTONG_DEMO"] = "0"
atexit.register(shutil.rmtree, DATA, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """A file of its own for each process of the run; on PostgreSQL pytest-django names a database for each."""
    from django.conf import settings

    entry = settings.DATABASES["default"]
    if "sqlite" in entry["ENGINE"]:
        from guantong.core.sqlite import base

        entry.setdefault("TEST", {})["NAME"] = str(DATA / "tests.sqlite3")
        connect = base.DatabaseWrapper.get_new_connection

        def get_new_connection(self: Any, params: Any) -> Any:
            connection = connect(self, params)
            if str(params["database"]).startswith(str(DATA)):
                connection.execute("PRAGMA synchronous = OFF")
            return connection

        wrapper: Any = base.DatabaseWrapper
        wrapper.get_new_connection = get_new_connection


@pytest.fixture(scope="session", autouse=True)
def _flush_lifts_guards(django_test_environment: None) -> None:
    """Let the flush after a transactional test empty append-only tables."""
    from django.db import connection

    operations: Any = type(connection.ops)
    flush = operations.execute_sql_flush

    def execute_sql_flush(self: Any, sql_list: Any) -> None:
        with unguarded(self.connection):
            flush(self, sql_list)

    operations.execute_sql_flush = execute_sql_flush


@contextmanager
def unguarded(connection: Any) -> Iterator[None]:
    """A while in which append-only tables can be changed: to flush them, or to forge what check-books must find."""
    lift, restore = _sqlite_guards(connection) if connection.vendor == "sqlite" else _postgres_guards(connection)
    _run(connection, lift)
    try:
        yield
    finally:
        _run(connection, restore)


def _sqlite_guards(connection: Any) -> tuple[list[str], list[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
        found = cursor.fetchall()
    return [f'DROP TRIGGER "{name}"' for name, _text in found], [text for _name, text in found]


def _postgres_guards(connection: Any) -> tuple[list[str], list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT t.tgrelid::regclass::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE p.proname = 'guantong_append_only' ORDER BY 1"
        )
        tables = [name for (name,) in cursor.fetchall()]
    return (
        ["SET CONSTRAINTS ALL IMMEDIATE", *(f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in tables)],
        [f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in tables],
    )


def _run(connection: Any, texts: list[str]) -> None:
    with connection.cursor() as cursor:
        for text in texts:
            cursor.execute(text)
