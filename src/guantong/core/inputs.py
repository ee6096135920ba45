"""From what was typed or sent to drafts: every field read by its ``FieldSpec``, all references resolved together.

All problems of all fields are gathered before anything is refused, each under the name the form posts it by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _

from guantong.core.access import Actor, visible
from guantong.core.answers import Consent, Refused, Text
from guantong.core.models import User
from guantong.core.models.base import Master, Record
from guantong.core.registry import registry
from guantong.core.resource import Lines, Resource
from guantong.core.schema import FieldSpec, WrongValue, clean_text, clean_uid, is_blank, read_value

MAX_LINES, MAX_ROWS = 2_000, 1_000


@dataclass
class LineDraft:
    """One typed row of a grid; ``uid`` names a stored row. ``values`` are keyed by model attribute."""

    index: int
    uid: UUID | None
    values: dict[str, Any]


@dataclass
class Draft:
    """Typed values of one record, keyed by model attribute; ``lines`` by grid name, only grids that were sent."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, list[LineDraft]] = field(default_factory=dict)


@dataclass
class _Reference:
    """A uid waiting to become a row: where it goes and what to blame if it cannot."""

    holder: dict[str, Any]
    spec: FieldSpec
    uid: UUID
    path: str
    kept: int | None
    """Key of the row it points to already; that one may be archived meanwhile, a newly picked one may not."""


class _Reader:
    """Gathers problems and references while reading, so that each target model is asked once."""

    def __init__(self, by: Actor) -> None:
        self.by = by
        self.problems: dict[str, Text] = {}
        self.references: list[_Reference] = []
        self.kept: dict[str, dict[UUID, dict[str, int]]] = {}

    def read(self, spec: FieldSpec, raw: Any, path: str, holder: dict[str, Any], kept: int | None = None) -> None:
        try:
            value = read_value(spec, raw)
        except WrongValue as wrong:
            self.problems[path] = str(wrong)
            return
        if spec.kind == "ref" and value is not None:
            self.references.append(_Reference(holder, spec, value, path, kept))
        holder[spec.source] = value

    def resolve(self) -> None:
        by_model: dict[type[models.Model], list[_Reference]] = {}
        for reference in self.references:
            if reference.spec.model is None:
                raise TypeError(f"{reference.spec.name} points nowhere")
            by_model.setdefault(reference.spec.model, []).append(reference)
        for model, references in by_model.items():
            found = rows_by_uid(model, {reference.uid for reference in references}, self.by)
            for reference in references:
                row = found.get(reference.uid)
                if row is None:
                    self.problems[reference.path] = _("Pick an entry from the list.")
                elif isinstance(row, Master) and row.state == "archived" and row.pk != reference.kept:
                    self.problems[reference.path] = _("This is archived. Pick another one.")
                else:
                    reference.holder[reference.spec.source] = row

    def refuse_problems(self) -> None:
        if self.problems:
            raise Refused(
                "invalid",
                _("Some fields need another look."),
                _("Correct the marked fields and save again."),
                status=422,
                fields=self.problems,
            )


def rows_by_uid(model: type[models.Model], uids: Iterable[UUID], by: Actor) -> dict[UUID, Any]:
    """Rows of the model that the actor may point to, by uid."""
    if model is User:
        rows: Any = User.objects.filter(is_active=True, memberships__company__in=list(by.companies)).distinct()
    else:
        resource = registry.resource_of(model)
        rows = visible(resource, by) if resource else model._default_manager.all()
        if resource and resource.related:
            rows = rows.select_related(*resource.related)
    return {row.uid: row for row in rows.filter(uid__in=list(uids))}


def read_inputs(specs: Sequence[FieldSpec], raw: Mapping[str, Any], by: Actor | None = None) -> dict[str, Any]:
    """Inputs of a verb (a reason, a date); unknown names are refused."""
    reader = _Reader(by or Actor(None, None, ""))
    values: dict[str, Any] = {}
    for spec in specs:
        reader.read(spec, raw.get(spec.name), spec.name, values)
    for name in set(raw) - {spec.name for spec in specs}:
        reader.problems[echo(name)] = _("There is no such field.")
    reader.resolve()
    reader.refuse_problems()
    return values


def read_rows(
    resource: type[Resource], rows: Sequence[Mapping[str, Any]], by: Actor, stored: Sequence[Record] | None = None
) -> list[Draft]:
    """Read rows for ``create`` (all needed fields) or, with ``stored``, for editing (only what was sent)."""
    if stored is not None and len(rows) != len(stored):
        raise Refused("invalid", _("Send one set of values for each record."), status=422)
    if len(rows) > MAX_ROWS:
        raise Refused("invalid", _("At most %(limit)s records at once.") % {"limit": MAX_ROWS}, status=422)
    reader = _Reader(by)
    reader.kept = {grid.name: _kept_references(grid, stored or ()) for grid in resource.grids()}
    drafts = []
    for number, raw in enumerate(rows):
        prefix = f"{number}." if len(rows) > 1 else ""
        drafts.append(_read_row(reader, resource, raw, prefix, stored[number] if stored is not None else None))
    reader.resolve()
    reader.refuse_problems()
    return drafts


def _read_row(
    reader: _Reader, resource: type[Resource], raw: Mapping[str, Any], prefix: str, stored: Record | None
) -> Draft:
    draft = Draft()
    hidden = reader.by.hidden_fields(resource)
    specs = {spec.name: spec for spec in resource.input_specs() if spec.name not in hidden}
    grids = {grid.name: grid for grid in resource.grids()}
    for name in set(raw) - set(specs) - set(grids):
        reader.problems[prefix + echo(name)] = _("There is no such field.")
    for name, spec in specs.items():
        if name in raw or stored is None:
            kept = getattr(stored, f"{spec.source}_id", None) if spec.kind == "ref" else None
            reader.read(spec, raw.get(name), prefix + name, draft.values, kept)
    for name, grid in grids.items():
        if name in raw or stored is None:
            draft.lines[name] = _read_lines(reader, grid, raw.get(name, []), prefix)
    return draft


def _read_lines(reader: _Reader, grid: Lines, raw: Any, prefix: str) -> list[LineDraft]:
    path = prefix + grid.name
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not all(isinstance(row, Mapping) for row in raw):
        reader.problems[path] = _("Send a list of lines.")
        return []
    if len(raw) > MAX_LINES:
        reader.problems[path] = _("At most %(limit)s lines.") % {"limit": MAX_LINES}
        return []
    drafts: list[LineDraft] = []
    seen: set[UUID] = set()
    known = reader.kept[grid.name]
    for position, row in enumerate(raw):
        index = row.get("__index__", position)
        uid = _line_uid(reader, row, f"{path}-{index}")
        if uid is None and all(is_blank(spec, row.get(name)) for name, spec in grid.specs.items()):
            continue
        if uid is not None and uid in seen:
            reader.problems[f"{path}-{index}"] = _("This line is there twice.")
        values = _line_values(reader, grid, row, f"{path}-{index}", known.get(uid, {}) if uid else {})
        drafts.append(LineDraft(index, uid, values))
        if uid is not None:
            seen.add(uid)
    if grid.needed and not drafts:
        reader.problems[path] = _("Add at least one line.")
    return drafts


def _line_uid(reader: _Reader, row: Mapping[str, Any], path: str) -> UUID | None:
    raw = row.get("uid")
    if raw is None or raw == "":
        return None
    try:
        return clean_uid(raw)
    except WrongValue:
        reader.problems[path] = _("This line is not known. Load the page again.")
        return None


def _kept_references(grid: Lines, stored: Sequence[Record]) -> dict[UUID, dict[str, int]]:
    """What the lines of all stored records point to, by line and attribute, in one query."""
    sources = [spec.source for spec in grid.specs.values() if spec.kind == "ref"]
    if not stored or not sources:
        return {}
    rows = grid.model._default_manager.filter(**{f"{grid.parent}__in": [row.pk for row in stored]})
    return {row["uid"]: row for row in rows.values("uid", *sources)}


def _line_values(
    reader: _Reader, grid: Lines, row: Mapping[str, Any], path: str, kept: Mapping[str, int]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in set(row) - set(grid.specs) - {"uid", "__index__"}:
        reader.problems[f"{path}-{echo(name)}"] = _("There is no such field.")
    for name, spec in grid.specs.items():
        reader.read(spec, row.get(name), f"{path}-{name}", values, kept.get(spec.source))
    return values


REASON = FieldSpec("reason", "reason", "", "long", max_length=500)
KEY = FieldSpec("once", "once", "", "text", max_length=200)
MAX_OVERRIDES = 20


def read_consent(reason: Any, overrides: Any) -> Consent:
    """The reason and overridden warnings a caller brings, as text that can be kept; refused otherwise."""
    try:
        text = clean_text(REASON, reason or "")
    except WrongValue as wrong:
        fields: dict[str, Text] = {"reason": str(wrong)}
        raise Refused("invalid", _("Some fields need another look."), status=422, fields=fields) from wrong
    codes = overrides if isinstance(overrides, list) else None
    if codes is None or len(codes) > MAX_OVERRIDES or not all(isinstance(c, str) and c.isascii() for c in codes):
        raise Refused("invalid", _("The overrides are a list of codes of warnings."), status=422)
    return Consent(frozenset(codes), text)


def read_key(raw: str) -> str:
    """An idempotency key: plain text of at most 200 characters."""
    try:
        if not raw.isprintable():
            raise WrongValue
        return clean_text(KEY, raw)
    except WrongValue as wrong:
        text = _("The idempotency key is longer than 200 characters or not plain text.")
        raise Refused("invalid", text, status=422) from wrong


def echo(name: object) -> str:
    """An unknown name as it may be shown again: short, and only what can be written."""
    return str(name)[:60].encode("utf-8", "replace").decode()
