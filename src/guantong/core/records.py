"""Plain records without a body of their own: creating, updating and archiving, set-based from birth.

``record_verbs(Party)`` writes the three verbs for a model whose rules are its fields; documents write their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from guantong.core import sql
from guantong.core.access import Actor
from guantong.core.answers import Refused, Text
from guantong.core.change import Change
from guantong.core.inputs import Draft, LineDraft
from guantong.core.models.base import Record
from guantong.core.registry import action, registry
from guantong.core.resource import Lines
from guantong.core.uid import uuid7

Tidy = Callable[["Problems", Sequence[Draft], Sequence[Any]], None]
"""Checks drafts against their stored rows (None on create) and completes them; says what is wrong at its field."""


class Problems:
    """What is wrong with many drafts, each message under the name the form or the list posts it by."""

    def __init__(self, count: int) -> None:
        self.fields: dict[str, Text] = {}
        self._many = count > 1

    def add(self, index: int, name: str, text: Text) -> None:
        self.fields[f"{index}.{name}" if self._many else name] = text

    def refuse(self) -> None:
        if self.fields:
            raise Refused("invalid", _("Some fields need another look."), status=422, fields=self.fields)


def refuse_taken(
    problems: Problems, model: type[models.Model], name: str, drafts: Sequence[Draft], rows: Sequence[Any], text: Text
) -> None:
    """One query finds which values of a unique field other records have; doubles among the drafts count too."""
    wanted: dict[Any, int] = {}
    for index, (draft, row) in enumerate(zip(drafts, rows, strict=True)):
        value = draft.values.get(name)
        if value and (row is None or getattr(row, name) != value):
            if value in wanted:
                problems.add(index, name, text)
            wanted.setdefault(value, index)
    taken = (
        model._default_manager.filter(**{f"{name}__in": list(wanted)}).values_list(name, flat=True) if wanted else ()
    )
    for value in taken:
        problems.add(wanted[value], name, text)


def uid_of(row: models.Model) -> UUID:
    """The outside name of a row whose model is known only at run time."""
    return row.uid  # type: ignore[attr-defined]


def stored_values(model: type[models.Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """Model attributes → columns: references become their ids."""
    return {
        (f"{name}_id" if isinstance(value, models.Model) else model._meta.get_field(name).attname): (  # type: ignore[union-attr]
            value.pk if isinstance(value, models.Model) else value
        )
        for name, value in values.items()
    }


def told(value: Any) -> Any:
    """A value as the log keeps it: a reference with its uid and the name it had then."""
    if isinstance(value, models.Model):
        resource = registry.resource_of(type(value), value)
        label = resource.label(value) if resource else str(value)
        return {"uid": str(uid_of(value)), "label": label}
    return value


def insert_records(model: type[Any], change: Change, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Insert rows of attributes in one statement and give them back as instances, with the log told of each value."""
    stamped = [
        {"uid": uuid7(), "version": 1, "created_at": change.at, "updated_at": change.at, "custom": {}} for _r in rows
    ]
    columns = [stamp | stored_values(model, row) for stamp, row in zip(stamped, rows, strict=True)]
    ids = sql.insert(model, columns)
    made = []
    for pk, column, row in zip(ids, columns, rows, strict=True):
        instance = model(pk=pk, **column)
        for name, value in row.items():
            if isinstance(value, models.Model):
                setattr(instance, name, value)
            if value not in (None, "", {}) and name != "id" and not name.endswith("_id"):
                change.note(instance, name, None, told(value))
        made.append(instance)
    return made


def set_draft(change: Change, row: Record, draft: Draft) -> None:
    """Write a draft's values to its row, references told by name."""
    columns = stored_values(type(row), draft.values)
    for (name, value), (column, stored) in zip(draft.values.items(), columns.items(), strict=True):
        old = getattr(row, column)
        if old == stored:
            continue
        if column == name:
            change.set(row, **{column: stored})
        else:
            before = told(getattr(row, name)) if old is not None else None
            change.set(row, **{column: stored})
            change.forget(row, column)
            change.note(row, name, before, told(value))
            setattr(row, name, value)


def sync_lines(change: Change, grid: Lines, roots: Sequence[Any], drafts: Sequence[Draft]) -> None:
    """Make the stored rows of a grid equal to the drafts: insert, change, delete; each told to its root's log."""
    wanted = [
        (root, draft.lines[grid.name]) for root, draft in zip(roots, drafts, strict=True) if grid.name in draft.lines
    ]
    if not wanted:
        return
    stored = sql.lock_where(grid.model, f"{grid.parent}_id", [root.pk for root, _lines in wanted])
    known = {uid_of(line): line for line in stored}
    fresh: list[dict[str, Any]] = []
    kept: set[int] = set()
    for root, lines in wanted:
        for line in lines:
            old = known.get(line.uid) if line.uid else None
            if line.uid and (old is None or getattr(old, f"{grid.parent}_id") != root.pk):
                raise unknown_line(grid, line)
            if old is None:
                values = stored_values(grid.model, line.values)
                fresh.append({"uid": uuid7(), f"{grid.parent}_id": root.pk, **values})
                _note_line(change, root, grid, fresh[-1]["uid"], {}, line.values)
            else:
                kept.add(old.pk)
                _note_line(change, root, grid, uid_of(old), _values(old, line.values), line.values)
                change.set(old, **stored_values(grid.model, line.values))
        for gone in (s for s in stored if getattr(s, f"{grid.parent}_id") == root.pk and s.pk not in kept):
            change.note(root, f"{grid.name}/{uid_of(gone)}", {"label": str(gone)}, None)
    if fresh:
        sql.insert(grid.model, fresh, returning=False)
    sql.delete(grid.model, "pk", [s.pk for s in stored if s.pk not in kept])


def unknown_line(grid: Lines, line: LineDraft) -> Refused:
    return Refused(
        "conflict",
        _("A line was removed meanwhile by somebody else."),
        _("Load the page again and look at what changed."),
        fields={f"{grid.name}-{line.index}": _("This line is gone.")},
    )


def _values(row: models.Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _note_line(
    change: Change, root: models.Model, grid: Lines, uid: Any, old: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
    for name, value in new.items():
        before = old.get(name)
        if before != value and (before or value):
            change.note(root, f"{grid.name}/{uid}/{name}", told(before), told(value))


def _tidy(tidy: Tidy | None, drafts: Sequence[Draft], rows: Sequence[Any]) -> None:
    if tidy:
        problems = Problems(len(drafts))
        tidy(problems, drafts, rows)
        problems.refuse()


def own_company(by: Actor) -> Mapping[str, Any]:
    """For masters that belong to one company: the one whose pages are open."""
    if by.company is None:
        raise Refused("no-company", _("Choose a company first."), status=422)
    return {"company_id": by.company.id}


def record_verbs(
    model: type[Record],
    *,
    create: Text,
    grids: Callable[[], Sequence[Lines]] = lambda: (),
    tidy: Tidy | None = None,
    defaults: Callable[[Actor], Mapping[str, Any]] = lambda by: {},
    archive: bool = True,
) -> None:
    """Write create, update and archive for a model whose rules are its fields."""

    @action(model, "create", label=create, past=_("created this"), icon="plus", style="hidden", form="create")
    def create_records(drafts: list[Draft], *, by: Actor, change: Change) -> list[Any]:
        """Insert all rows and their lines in one statement a table."""
        _tidy(tidy, drafts, [None] * len(drafts))
        rows = [{**defaults(by), **change.resource.only, **draft.values} for draft in drafts]
        made = insert_records(model, change, rows)
        for grid in grids():
            sync_lines(change, grid, made, drafts)
        return made

    @action(model, "update", label=_("Edit"), past=_("changed this"), icon="pencil", style="hidden", form="edit")
    def update_records(rows: list[Any], *, by: Actor, change: Change, drafts: list[Draft]) -> None:
        """Write what was sent and differs."""
        _tidy(tidy, drafts, rows)
        for row, draft in zip(rows, drafts, strict=True):
            set_draft(change, row, draft)
        for grid in grids():
            sync_lines(change, grid, rows, drafts)

    if archive:

        @action(
            model,
            "archive",
            label=_("Archive"),
            past=_("archived this"),
            icon="archive",
            style="danger",
            question=_("It stays in history and can be brought back, but cannot be picked any more."),
        )
        def archive_records(rows: list[Any], *, by: Actor, change: Change) -> None:
            """Take out of use; master data is never deleted."""

        @action(model, "restore", label=_("Bring back"), past=_("brought this back"), icon="archive-off", style="menu")
        def restore_records(rows: list[Any], *, by: Actor, change: Change) -> None:
            """Take into use again."""
