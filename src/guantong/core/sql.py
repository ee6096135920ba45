"""The statements of hot paths, compiled once.

Building a query set costs 0.3 to 0.6 ms at every call, several times what the database needs for the statement. The
few shapes that actions run are compiled here instead: texts and converters are kept on the connection by (model,
columns), so a call converts values and runs one statement, however many rows. Fields, constraints, migrations and pages
remain Django's.

Texts are in the driver's own style (`$1`, `?`), so nothing parses them again: measured a third of the time for a
statement of 100 values. On PostgreSQL integers travel as text of unknown type and take the type of their column;
psycopg would call them smallint, integer or bigint by size, and each mix would be prepared as a statement of its own.

Locks are taken in order of id, within one statement: an UPDATE alone locks in the order of its scan, and two of them
deadlocked. Rows are answered in order of id.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, models

from guantong.core.columns import (
    Connection,
    Converter,
    column,
    from_database,
    planned,
    raw_cursor,
    to_database,
    type_name,
    value_field,
    values_text,
)
from guantong.core.fields import ScaledField
from guantong.core.inserts import VALUES_LIMIT, insert, reserve_ids
from guantong.core.transactions import conflict, count_statements, run_with_retry, write_transaction

__all__ = [
    "RowsMissing",
    "bump",
    "conflict",
    "count_statements",
    "delete",
    "fetch",
    "insert",
    "lock",
    "lock_where",
    "reserve_ids",
    "run_with_retry",
    "set_values",
    "write_transaction",
]

Row = TypeVar("Row", bound=models.Model)
Model = type[models.Model]
_INTEGERS = (models.IntegerField, ScaledField)


class RowsMissing(LookupError):
    """A counter or value was to change in a row that does not exist."""


class UpdatePlan(NamedTuple):
    """How rows take values of certain columns."""

    converters: list[tuple[str, Converter]]
    types: tuple[str, ...]
    head: str
    tail: str


def _update_plan(connection: Connection, model: Model, names: tuple[str, ...], adds: bool) -> UpdatePlan:
    """PostgreSQL locks the rows in order of id first; when it had to wait, it adds to the row as it is by then."""
    quote, pk = connection.ops.quote_name, model._meta.pk
    fields = [column(model, name) for name in names]
    table, key = quote(model._meta.db_table), quote(pk.column)
    changes = [
        f"{quote(field.column)} = {f'{table}.{quote(field.column)} + ' if adds else ''}v.column{at}"
        for at, field in enumerate(fields, start=2)
    ]
    head, tail = f"UPDATE {table} SET {', '.join(changes)} FROM (VALUES ", f") AS v WHERE {table}.{key} = v.column1"
    if connection.vendor == "postgresql":
        wanted = f"SELECT {key} FROM {table} WHERE {key} = ANY($1::{type_name(connection, pk)}[])"
        head = f"WITH locked AS MATERIALIZED ({wanted} ORDER BY {key} FOR NO KEY UPDATE) {head}"
        tail = f") AS v, locked WHERE {table}.{key} = v.column1 AND {table}.{key} = locked.{key}"
    return UpdatePlan(
        converters=[(name, to_database(connection, field)) for name, field in zip(names, fields, strict=True)],
        types=tuple(type_name(connection, field) for field in [pk, *fields]),
        head=head,
        tail=tail,
    )


def _update(
    model: Model, changes: Mapping[int, Mapping[str, Any]], names: tuple[str, ...], adds: bool, using: str
) -> int:
    connection, plan = planned(using, _update_plan, model, names, adds)
    postgres = connection.vendor == "postgresql"
    ids, step = sorted(changes), VALUES_LIMIT // len(plan.types)
    changed = 0
    for start in range(0, len(ids), step):
        part = ids[start : start + step]
        params: list[Any] = [_array(part)] if postgres else []
        for id_ in part:
            row = changes[id_]
            params.append(str(id_) if postgres else id_)
            params += [convert(row.get(name, 0) if adds else row[name]) for name, convert in plan.converters]
        text = plan.head + values_text(connection.vendor, len(part), 2, plan.types) + plan.tail
        with raw_cursor(connection) as cursor:
            cursor.execute(text, params)
            changed += cursor.rowcount
    if changed < len(ids):
        raise RowsMissing(f"{len(ids) - changed} of {len(ids)} rows of {model.__name__} do not exist: {ids[:10]}.")
    return changed


def bump(model: Model, deltas: Mapping[int, Mapping[str, Any]], *, using: str = DEFAULT_DB_ALIAS) -> int:
    """Move counters by a difference: ``bump(Commitment, {7: {"moved": Decimal(2)}})``; a column not named stays.

    One statement, set-based: the database adds, so nothing read earlier is written back. Answers the number of rows;
    raises RowsMissing (inside a transaction, so nothing is kept) when one does not exist.
    """
    if not deltas:
        return 0
    names = tuple(sorted({name for row in deltas.values() for name in row}))
    return _update(model, deltas, names, True, using)


def set_values(model: Model, values: Mapping[int, Mapping[str, Any]], *, using: str = DEFAULT_DB_ALIAS) -> int:
    """Set columns of rows: ``set_values(Order, {7: {"state": "firm"}})``; one statement for each set of columns."""
    groups: dict[tuple[str, ...], dict[int, Mapping[str, Any]]] = {}
    for id_, row in values.items():
        groups.setdefault(tuple(sorted(row)), {})[id_] = row
    if len(groups) > 1:
        lock(model, values, columns=(), using=using)
    return sum(_update(model, rows, names, False, using) for names, rows in sorted(groups.items()) if names)


class SelectPlan(NamedTuple):
    """How rows are read and made into instances."""

    text: str
    names: list[str]
    reading: list[tuple[int, Converter]]
    key: Converter
    listed: Callable[[list[Any]], Any]
    filters: list[tuple[str, Converter]]


def _select_plan(
    connection: Connection,
    model: Model,
    name: str,
    names: tuple[str, ...] | None,
    where: tuple[tuple[str, bool], ...],
    locks: bool,
) -> SelectPlan:
    """One text for any number of values: an array on PostgreSQL, a JSON list on SQLite, which has no arrays."""
    quote, meta, postgres = connection.ops.quote_name, model._meta, connection.vendor == "postgresql"
    key = column(model, name)
    wanted = None if names is None else {meta.pk, *(column(model, each) for each in names)}
    fields = [field for field in meta.concrete_fields if wanted is None or field in wanted]
    if postgres:
        tests = [f"{quote(key.column)} = ANY($1::{type_name(connection, key)}[])"]
    else:
        tests = [f"{quote(key.column)} IN (SELECT value FROM json_each(?))"]
    filters = []
    for each, is_null in where:
        field = column(model, each)
        if is_null:
            tests.append(f"{quote(field.column)} IS NULL")
        else:
            filters.append((each, to_database(connection, field)))
            tests.append(f"{quote(field.column)} = " + (f"${len(filters) + 1}" if postgres else "?"))
    text = f"SELECT {', '.join(quote(field.column) for field in fields)} FROM {quote(meta.db_table)} "
    text += f"WHERE {' AND '.join(tests)} ORDER BY {quote(meta.pk.column)}"
    readers = [(at, from_database(connection, field)) for at, field in enumerate(fields)]
    return SelectPlan(
        text=text + (" FOR NO KEY UPDATE" if locks and postgres else ""),
        names=[field.attname for field in fields],
        reading=[(at, convert) for at, convert in readers if convert is not None],
        key=to_database(connection, key),
        listed=json.dumps if not postgres else _array if isinstance(value_field(key), _INTEGERS) else list,
        filters=filters,
    )


def _array(values: Iterable[int | str]) -> str:
    """Integers as a PostgreSQL array, in text: always one type, so always one prepared statement."""
    return "{" + ",".join(map(str, values)) + "}"


def _select(
    model: type[Row],
    name: str,
    values: Iterable[Any],
    columns: Collection[str] | None,
    where: Mapping[str, Any] | None,
    locks: bool,
    using: str,
) -> list[Row]:
    where = where or {}
    shape = tuple((each, value is None) for each, value in where.items())
    names = None if columns is None else tuple(columns)
    connection, plan = planned(using, _select_plan, model, name, names, shape, locks)
    keys = [plan.key(value) for value in values]
    if not keys:
        return []
    params = [plan.listed(keys), *(convert(where[each]) for each, convert in plan.filters)]
    with raw_cursor(connection) as cursor:
        cursor.execute(plan.text, params)
        found = cursor.fetchall()
    answer = []
    for record in found:
        row = list(record)
        for at, convert in plan.reading:
            row[at] = convert(row[at])
        answer.append(model.from_db(using, plan.names, row))
    return answer


def lock(
    model: type[Row],
    ids: Iterable[int],
    *,
    columns: Collection[str] | None = None,
    where: Mapping[str, Any] | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> list[Row]:
    """Load and lock rows in order of id. Rows that do not exist, or do not match `where`, are not in the answer.

    `where` holds further equalities (None means IS NULL); `columns` limits what is loaded, the rest is deferred.
    On SQLite the write transaction holds the lock of the whole file.
    """
    return _select(model, "pk", ids, columns, where, True, using)


def lock_where(
    model: type[Row],
    column: str,
    values: Iterable[Any],
    *,
    columns: Collection[str] | None = None,
    where: Mapping[str, Any] | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> list[Row]:
    """Load and lock the rows whose `column` is one of `values`, such as the lines of some orders, in order of id."""
    return _select(model, column, values, columns, where, True, using)


def fetch(
    model: type[Row],
    column: str,
    values: Iterable[Any],
    columns: Collection[str] | None = None,
    *,
    where: Mapping[str, Any] | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> list[Row]:
    """Load the rows whose `column` is one of `values`, in order of id, without locking."""
    return _select(model, column, values, columns, where, False, using)


def delete(
    model: Model,
    column: str,
    values: Iterable[Any],
    *,
    where: Mapping[str, Any] | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> None:
    """Delete the rows whose `column` is one of `values`, in one statement; foreign keys are the database's to guard."""
    wanted = list(values)
    if wanted:
        rows = model._base_manager.using(using).filter(**{f"{column}__in": wanted}, **(where or {}))
        rows._raw_delete(using)
