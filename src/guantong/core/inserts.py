"""Compiled INSERT statements and reserved ids; called through `guantong.core.sql`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from django.db import DEFAULT_DB_ALIAS, connections, models

from guantong.core.columns import (
    Connection,
    Converter,
    column,
    default_maker,
    planned,
    raw_cursor,
    to_database,
    values_text,
)
from guantong.core.transactions import write_transaction

Model = type[models.Model]
VALUES_LIMIT = 4_000
"""Values bound by one statement (SQLite takes 32,766, PostgreSQL 65,535); more rows go in bulk."""


class InsertPlan(NamedTuple):
    """How rows with certain keys are written."""

    given: list[tuple[str, Converter]]
    filled: list[Callable[[], Any]]
    columns: list[str]
    head: str
    id_name: str | None
    uid_at: int | None
    tails: tuple[str, str]

    def values(self, row: Mapping[str, Any]) -> list[Any]:
        """The values of one row, in the order of the columns."""
        if len(row) != len(self.given):
            raise ValueError(f"Every row must have the keys of the first: {[name for name, _ in self.given]}.")
        return [convert(row[name]) for name, convert in self.given] + [make() for make in self.filled]


def _insert_plan(connection: Connection, model: Model, names: tuple[str, ...]) -> InsertPlan:
    quote, meta = connection.ops.quote_name, model._meta
    fields = [column(model, name) for name in names]
    made = [(field, default_maker(connection, field)) for field in meta.concrete_fields if field not in fields]
    filled = [(field, make) for field, make in made if make is not None]
    columns = [str(field.column) for field in [*fields, *(field for field, _ in filled)]]
    id_column = quote(meta.pk.column)
    by_uid = "uid" in columns
    return InsertPlan(
        given=[(name, to_database(connection, field)) for name, field in zip(names, fields, strict=True)],
        filled=[make for _, make in filled],
        columns=columns,
        head=f"INSERT INTO {quote(meta.db_table)} ({', '.join(map(quote, columns))}) VALUES ",
        id_name=next((name for name, field in zip(names, fields, strict=True) if field.primary_key), None),
        uid_at=columns.index("uid") if by_uid else None,
        tails=("", f" RETURNING {id_column}, {quote('uid')}" if by_uid else f" RETURNING {id_column}"),
    )


def insert(
    model: Model, rows: Sequence[Mapping[str, Any]], *, returning: bool = True, using: str = DEFAULT_DB_ALIAS
) -> list[Any]:
    """Write rows, all with the keys of the first (`customer_id`, `quantity`); answers their ids in the order given.

    Columns not named get the field's default. Ids are matched by `uid` where the model has one; otherwise they are
    sorted, for they are numbered in the order of the rows. More rows than one statement takes go in bulk: by COPY on
    PostgreSQL, by one prepared statement on SQLite.
    """
    if not rows:
        return []
    connection, plan = planned(using, _insert_plan, model, tuple(rows[0]))
    if len(rows) * len(plan.columns) > VALUES_LIMIT and len(rows) > 1:
        return _insert_in_bulk(connection, plan, model, rows, returning)
    params: list[Any] = []
    for row in rows:
        params += plan.values(row)
    wants_ids = returning and plan.id_name is None
    text = plan.head + values_text(connection.vendor, len(rows), 1, ("",) * len(plan.columns)) + plan.tails[wants_ids]
    with raw_cursor(connection) as cursor:
        cursor.execute(text, params)
        found = cursor.fetchall() if wants_ids else ()
    if not wants_ids:
        return [row[plan.id_name] for row in rows] if returning else []
    if plan.uid_at is None or len(rows) == 1:
        return sorted(answer[0] for answer in found)
    ids = {uid: id_ for id_, uid in found}
    return [ids[uid] for uid in params[plan.uid_at :: len(plan.columns)]]


def _insert_in_bulk(
    connection: Connection, plan: InsertPlan, model: Model, rows: Sequence[Mapping[str, Any]], returning: bool
) -> list[Any]:
    """Many rows: ids are reserved first, so that nothing need be read back."""
    using = connection.alias
    with write_transaction(using):
        if returning and plan.id_name is None:
            ids = reserve_ids(model, len(rows), using=using)
            name = model._meta.pk.attname
            return insert(model, [{name: id_, **row} for id_, row in zip(ids, rows, strict=True)], using=using)
        if connection.vendor == "sqlite":
            placeholders = values_text("sqlite", 1, 1, ("",) * len(plan.columns))
            with connection.cursor() as cursor:
                cursor.executemany(plan.head + placeholders, [plan.values(row) for row in rows])
        else:
            text = plan.head.replace("INSERT INTO", "COPY", 1).removesuffix(" VALUES ") + " FROM STDIN"
            with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(text) as copy:
                for row in rows:
                    copy.write_row(plan.values(row))
    return [row[plan.id_name] for row in rows] if returning and plan.id_name else []


def reserve_ids(model: Model, count: int, *, using: str = DEFAULT_DB_ALIAS) -> list[int]:
    """Ids for rows to come, ascending, so that a row can carry a number made of its id; later inserts go beyond them.

    On SQLite this needs the write transaction in which the rows are inserted.
    """
    connection = cast(Connection, connections[using])
    meta = model._meta
    table, id_column = connection.ops.quote_name(meta.db_table), connection.ops.quote_name(meta.pk.column)
    with raw_cursor(connection) as cursor:
        if connection.vendor == "postgresql":
            text = "SELECT nextval(pg_get_serial_sequence($1, $2)) FROM generate_series(1, $3::integer)"
            cursor.execute(text, [table, meta.pk.column, str(count)])
            return sorted(row[0] for row in cursor.fetchall())
        if not connection.in_atomic_block:
            raise RuntimeError("Ids are reserved inside a write transaction.")
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ? RETURNING seq", [count, meta.db_table])
        found = cursor.fetchone()
        if found is None:
            text = f"INSERT INTO sqlite_sequence (name, seq) SELECT ?, COALESCE(MAX({id_column}), 0) + ? FROM {table}"
            cursor.execute(text + " RETURNING seq", [meta.db_table, count])
            found = cursor.fetchone()
        return list(range(found[0] - count + 1, found[0] + 1))
