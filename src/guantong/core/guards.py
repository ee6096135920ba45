"""Triggers that guard append-only tables in the database itself, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from typing import Any

from django.db.migrations import RunPython

SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION guantong_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
"""
POSTGRES = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
FOR EACH {each} EXECUTE FUNCTION guantong_append_only()
"""


def append_only(table: str, verbs: tuple[str, ...] = ("update", "delete")) -> RunPython:
    """A migration operation: rows of ``table`` can be inserted and read, nothing else."""

    def guard(apps: Any, editor: Any) -> None:
        vendor = editor.connection.vendor
        if vendor == "postgresql":
            editor.execute(POSTGRES_FUNCTION, params=None)
            editor.execute(POSTGRES.format(table=table, verb="truncate", VERB="TRUNCATE", each="STATEMENT"))
        for verb in verbs:
            text = SQLITE if vendor == "sqlite" else POSTGRES
            editor.execute(text.format(table=table, verb=verb, VERB=verb.upper(), each="ROW"))

    def release(apps: Any, editor: Any) -> None:
        on = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        for verb in verbs:
            editor.execute(f"DROP TRIGGER {table}_no_{verb}{on}")
        if on:
            editor.execute(f"DROP TRIGGER {table}_no_truncate{on}")

    return RunPython(guard, release)
