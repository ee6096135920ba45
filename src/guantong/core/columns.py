"""What compiled statements are made of, for `guantong.core.sql`: plans, texts, and one converter for each column.

Django converts a value by asking the field, then the engine, then the field again. Here the question is asked once,
when a statement is compiled; common types take a path of their own, everything else goes through the field as ever.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Protocol, cast
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import connections, models
from django.utils import timezone

from guantong.core.fields import ScaledField, from_scaled, to_scaled

if TYPE_CHECKING:
    Column = models.Field[Any, Any]
else:
    Column = models.Field
Converter = Callable[[Any], Any]


class Connection(Protocol):
    """What is used of a database connection, of either engine."""

    alias: str
    vendor: str
    plans: dict[Any, Any]
    in_atomic_block: bool
    connection: Any
    ops: Any
    wrap_database_errors: Any

    def cursor(self) -> Any: ...
    def ensure_connection(self) -> None: ...
    def close_if_health_check_failed(self) -> None: ...
    def _prepare_cursor(self, cursor: Any) -> Any: ...


def planned(using: str, make: Callable[..., Any], *key: Any) -> tuple[Connection, Any]:
    """This thread's connection, and what `make` compiles for it, kept under `key`."""
    connection = cast(Connection, connections[using])
    plan = connection.plans.get((make, *key))
    if plan is None:
        plan = connection.plans[(make, *key)] = make(connection, *key)
    return connection, plan


def raw_cursor(connection: Connection) -> Any:
    """A cursor for texts in the driver's own style; Django's wrapper still counts, logs and translates errors."""
    if connection.vendor == "sqlite":
        return connection.cursor()
    from psycopg import RawCursor

    connection.close_if_health_check_failed()
    connection.ensure_connection()
    return connection._prepare_cursor(RawCursor(connection.connection))


@lru_cache(maxsize=2048)
def values_text(vendor: str, count: int, first: int, types: tuple[str, ...]) -> str:
    """`(…), (…)`: placeholders of `count` rows, numbered from `first`; casts in the first row type the columns."""
    if vendor == "sqlite":
        return ", ".join(["(" + ", ".join("?" * len(types)) + ")"] * count)
    rows = []
    for row in range(count):
        start = first + row * len(types)
        casts = [f"::{name}" if name and not row else "" for name in types]
        rows.append("(" + ", ".join(f"${start + at}{cast_}" for at, cast_ in enumerate(casts)) + ")")
    return ", ".join(rows)


def column(model: type[models.Model], name: str) -> Column:
    """The concrete field behind a name such as `customer_id` or `quantity`."""
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if not isinstance(field, models.Field) or not field.concrete:
        raise FieldDoesNotExist(f"{model.__name__}.{name} is not a column.")
    return field


def type_name(connection: Connection, field: Column) -> str:
    """The column's type for a cast, without its length: a cast to varchar(5) would cut in silence."""
    return str(field.db_type(connection)).partition("(")[0]  # type: ignore[arg-type]


def value_field(field: Column) -> Column:
    """The field that knows the values of a column: that of the key a foreign key points to, else itself."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return field


def to_database(connection: Connection, field: Column) -> Converter:
    """The converter of values on their way into one column."""
    target = value_field(field)
    postgres = connection.vendor == "postgresql"

    def general(value: Any) -> Any:
        return field.get_db_prep_save(value, connection)  # type: ignore[arg-type]

    if isinstance(target, ScaledField):
        return partial(_scaled, target, str if postgres else int)
    if isinstance(target, models.IntegerField):
        return partial(_integer, general, str if postgres else int)
    if isinstance(target, models.DateField):
        remembered = lru_cache(maxsize=64)(general)  # the rows of one action carry one instant
        return lambda value: remembered(value) if isinstance(value, dt.date) else general(value)
    if isinstance(target, models.UUIDField) and not postgres:
        return lambda value: value.hex if type(value) is UUID else general(value)
    if isinstance(target, models.CharField):
        return partial(_short_text, target, general)
    plain = {models.BooleanField: bool, models.BinaryField: bytes, models.TextField: str, models.UUIDField: UUID}
    for kind, type_ in plain.items():
        if isinstance(target, kind):
            return partial(_plain, general, type_)
    return general


def _plain(general: Converter, type_: type, value: Any) -> Any:
    return value if type(value) is type_ else general(value)


def _integer(general: Converter, as_type: Converter, value: Any) -> Any:
    if type(value) is not int:
        value = general(value)
        if value is None:
            return None
    return as_type(value)


def _scaled(field: ScaledField[Any, Any], as_type: Converter, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, float | bool | str):
        return as_type(field.get_prep_value(value))
    return as_type(to_scaled(value, field.scale))


def _short_text(field: models.CharField[Any, Any], general: Converter, value: Any) -> Any:
    """PostgreSQL refuses a text that is too long, SQLite does not: refuse it on both."""
    text = value if type(value) is str else general(value)
    if text is not None and field.max_length is not None and len(text) > field.max_length:
        raise ValueError(f"{field.name}: {len(text)} characters, {field.max_length} are the most.")
    return text


def default_maker(connection: Connection, field: Column) -> Callable[[], Any] | None:
    """What makes the value of a column that a row does not name; None when the database is to fill it."""
    if field.generated or field.has_db_default():
        return None
    convert = to_database(connection, field)
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        now = timezone.now if isinstance(field, models.DateTimeField) else dt.date.today
        return lambda: convert(now())
    if field.has_default() and callable(field.default):
        return lambda: convert(field.get_default())
    constant = convert(field.get_default())
    return None if constant is None else lambda: constant


def from_database(connection: Connection, field: Column) -> Converter | None:
    """The converter of values read from one column; None when they need none."""
    if isinstance(field, ScaledField):
        scale = field.scale
        return lambda value: None if value is None else from_scaled(value, scale)
    expression = field.get_col(field.model._meta.db_table)
    chain = [*connection.ops.get_db_converters(expression), *field.get_db_converters(connection)]  # type: ignore[arg-type]
    if not chain:
        return None

    def convert(value: Any) -> Any:
        for step in chain:
            value = step(value, expression, connection)
        return value

    return convert
