"""Records as JSON: decimals as strings, days ISO 8601, instants UTC, references as id and label."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _

from guantong.core.access import Actor
from guantong.core.answers import ObjectChange, Refused
from guantong.core.canonical import plain
from guantong.core.change import as_json
from guantong.core.pages.cells import loaded_for
from guantong.core.registry import registry
from guantong.core.resource import Lines, Resource
from guantong.core.schema import FieldSpec

MAX_BODY = 8 * 1024 * 1024


def value_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, models.Model):
        resource = registry.resource_of(type(value), value)
        label = resource.label(value) if resource else str(value)
        return {"id": str(value.uid), "label": label}  # type: ignore[attr-defined]
    return dict(value) if isinstance(value, dict) else value


def records_json(resource: type[Resource], rows: Sequence[Any], actor: Actor, *, lines: bool) -> list[dict[str, Any]]:
    """Records with every field the actor may see; grids with ``lines``, all rows of all records in one query each."""
    hidden = actor.hidden_fields(resource)
    specs = [spec for name, spec in resource.specs().items() if name not in hidden]
    loaded = loaded_for(specs, rows, actor)
    found = [
        {
            "id": str(row.uid),
            "version": row.version,
            **{spec.name: _field(spec, row, loaded) for spec in specs},
            "updated_at": value_json(row.updated_at),
        }
        for row in rows
    ]
    for grid in resource.grids() if lines else []:
        for record, children in zip(found, _lines(grid, rows, actor), strict=True):
            record[grid.name] = children
    return found


def _field(spec: FieldSpec, row: Any, loaded: Mapping[str, Mapping[int, Any]]) -> Any:
    value = loaded.get(spec.name, {}).get(row.pk) if spec.load is not None else getattr(row, spec.source)
    return value_json(value)


def _lines(grid: Lines, rows: Sequence[Any], actor: Actor) -> list[list[dict[str, Any]]]:
    children = grid.model._default_manager.filter(**{f"{grid.parent}__in": list(rows)})
    children = list(children.select_related(*grid.related).order_by(grid.parent, grid.order))  # type: ignore[assignment]
    specs = [*grid.specs.values(), *grid.computed]
    loaded = loaded_for(specs, children, actor)  # type: ignore[arg-type]
    found: dict[int, list[dict[str, Any]]] = {row.pk: [] for row in rows}
    for child in children:
        values = {spec.name: _field(spec, child, loaded) for spec in specs}
        found[getattr(child, f"{grid.parent}_id")].append({"id": str(child.uid), **values})  # type: ignore[attr-defined]
    return [found[row.pk] for row in rows]


def difference_json(difference: Sequence[ObjectChange], hidden: Collection[str]) -> list[Mapping[str, Any]]:
    return [
        {
            "kind": each.kind,
            "id": str(each.uid),
            "label": each.label,
            "changes": [
                {"field": c.name, "old": as_json(c.old), "new": as_json(c.new)}
                for c in each.changes
                if c.name not in hidden
            ],
        }
        for each in difference
    ]


# Reading ----------------------------------------------------------------------------------------------------------


def read_body(request: HttpRequest) -> Any:
    """The JSON of a request; refused when it is too large, no JSON, or not exact."""
    length = request.headers.get("Content-Length", "0")
    if not length.isdigit() or int(length) > MAX_BODY:
        raise Refused("too-large", _("This is too large."), _("Send at most 8 MB at once."), status=413)
    raw = request.read(MAX_BODY + 1)
    if not raw:
        return {}
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise Refused("no-json", _("The body is not valid JSON in UTF-8."), status=400) from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are given once; which of two values was meant nobody can know."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a name is given twice")
    return values


def _no_constant(name: str) -> None:
    raise ValueError(name)


def read_record(resource: type[Resource], raw: Any) -> dict[str, Any]:
    """One record as sent: references as id or {"id"}, lines by their id; read-only fields are refused by the reader."""
    if not isinstance(raw, dict):
        raise Refused("invalid", _("Send a JSON object."), status=422)
    references = {spec.name for spec in resource.input_specs() if spec.kind == "ref"}
    values = {name: _reference(value) if name in references else value for name, value in raw.items()}
    for grid in resource.grids():
        lines = values.get(grid.name)
        if isinstance(lines, list):
            values[grid.name] = [
                _line(grid, line, at) if isinstance(line, dict) else line for at, line in enumerate(lines)
            ]
    return values


def _reference(value: Any) -> Any:
    wrapped = isinstance(value, dict) and set(value) <= {"id", "label"} and isinstance(value.get("id"), str)
    return value["id"] if wrapped else value


def _line(grid: Lines, line: dict[str, Any], at: int) -> dict[str, Any]:
    references = {spec.name for spec in grid.specs.values() if spec.kind == "ref"}
    values = {
        ("uid" if name == "id" else name): _reference(value) if name in references else value
        for name, value in line.items()
    }
    return {**values, "__index__": at}
