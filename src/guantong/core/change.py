"""What one run of an action does: it collects changes, writes them together, and tells them to the log.

The body of an action calls ``set`` on documents and ``note`` for what happened to their lines; ``flush`` then writes
each set of columns in one statement, bumps versions, appends one event an object, and queues reactions and search
words, all inside the action's own transaction.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import models

from guantong.core import sql
from guantong.core.access import Actor
from guantong.core.answers import NO_CONSENT, Caution, Consent, FieldChange, NeedsApproval, ObjectChange, Text
from guantong.core.canonical import canonical, new_salts, salted_hash
from guantong.core.merkle import leaf_hash
from guantong.core.models import Event, EventValue, Job
from guantong.core.models.base import Record
from guantong.core.models.log import EVENT_SCHEMA
from guantong.core.registry import Action, registry
from guantong.core.resource import Resource, kind_of
from guantong.core.search import index_words
from guantong.core.uid import uuid7

HOUSEKEEPING = frozenset({"version", "updated_at"})


def now() -> datetime:
    return datetime.now(UTC)


def as_json(value: Any) -> Any:
    """A value as JSON keeps it, such that its canonical bytes are those of the value itself."""
    return value if value is None or isinstance(value, str) else json.loads(canonical(value))


class Change:
    """The collector of one action run. ``consent`` carries overridden warnings, the reason and granted approvals."""

    def __init__(self, resource: type[Resource], action: Action, by: Actor, consent: Consent = NO_CONSENT) -> None:
        self.resource = resource
        self.action = action
        self.by = by
        self.consent = consent
        self.at = now()
        self.cautions: list[Caution] = []
        self.approvals: list[NeedsApproval] = []
        self.created: set[int] = set()
        self.difference: list[ObjectChange] = []
        self.roots: dict[int, Record] = {}
        self._sets: dict[type[models.Model], dict[int, dict[str, Any]]] = {}
        self._notes: dict[int, dict[str, list[Any]]] = {}

    # What bodies call ------------------------------------------------------------------------------------------

    def set(self, row: models.Model, **values: Any) -> None:
        """Give columns of a locked row new values; unchanged ones are left out of the write and of the log."""
        model = type(row)
        for name, new in values.items():
            old = getattr(row, name)
            if old == new:
                continue
            setattr(row, name, new)
            self._sets.setdefault(model, {}).setdefault(row.pk, {})[name] = new
            if self.roots.get(row.pk) is row and name not in HOUSEKEEPING:
                self.note(row, name, old, new)

    def note(self, root: models.Model, name: str, old: Any, new: Any) -> None:
        """Tell the log about a value of the object or of one of its lines (``lines/10/quantity``)."""
        notes = self._notes.setdefault(root.pk, {})
        if name in notes:
            notes[name][1] = new
        else:
            notes[name] = [old, new]

    def touched(self, root: models.Model, name: str) -> bool:
        """Whether this run gave the column of the object another value."""
        return name in self._notes.get(root.pk, {})

    def forget(self, root: models.Model, name: str) -> None:
        """Leave a column out of the log because its value is told in better words under another name."""
        self._notes.get(root.pk, {}).pop(name, None)

    def warn(self, code: str, fact: Text, permission: str) -> None:
        """Object unless the caller overrides this code with a reason and holds the permission."""
        self.cautions.append(Caution(code, fact, permission))

    def add_root(self, row: Record, created: bool = False) -> None:
        """Name an object this run acts on: it gets an event and, unless just created, a new version."""
        self.roots[row.pk] = row
        if created:
            self.created.add(row.pk)

    # Writing ---------------------------------------------------------------------------------------------------

    def flush(self) -> list[int]:
        """Write everything collected; returns the ids of the events."""
        for row in self.roots.values():
            if row.pk not in self.created:
                bumped = {"version": row.version + 1, "updated_at": self.at}
                self._sets.setdefault(type(row), {}).setdefault(row.pk, {}).update(bumped)
                row.version += 1
                row.updated_at = self.at
        for model, rows in self._sets.items():
            sql.set_values(model, {pk: rows[pk] for pk in sorted(rows)})
        self._sets = {}
        self._index()
        return self._log()

    def _index(self) -> None:
        """Refresh the search words of what was created or renamed."""
        sources = {self.resource.aliases.get(name, name) for name in self.resource.search}
        wanted = [
            row for row in self.roots.values() if row.pk in self.created or sources & set(self._notes.get(row.pk, {}))
        ]
        if sources and wanted:
            index_words(self.resource, wanted, fresh=self.created)

    def _log(self) -> list[int]:
        events, values = [], []
        for row in self.roots.values():
            event, data = self._event(row, self._changes(row))
            events.append(event)
            values.append(data)
        if not events:
            return []
        ids = sql.insert(Event, events)
        sql.insert(EventValue, [{"event_id": i, "data": d} for i, d in zip(ids, values, strict=True)], returning=False)
        self._queue(ids)
        return ids

    def _changes(self, row: Record) -> tuple[FieldChange, ...]:
        notes = self._notes.get(row.pk, {})
        found = [FieldChange(name, *pair) for name, pair in notes.items() if pair[0] != pair[1]]
        if self.consent.reason and "reason" not in notes:
            found.append(FieldChange("reason", None, self.consent.reason))
        overridden = sorted({caution.code for caution in self.cautions} & self.consent.overrides)
        if overridden:
            found.append(FieldChange("overrides", None, overridden))
        label = self.resource.label(row)
        self.difference.append(ObjectChange(kind_of(type(row)), row.uid, label, tuple(found)))
        return tuple(found)

    def _event(self, row: Record, changes: Sequence[FieldChange]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The immutable row and, apart from it, the erasable values with their salts."""
        uid = uuid7()
        company = self.by.companies.get(getattr(row, "company_id", None) or 0)
        salts = new_salts(len(changes))
        data = {
            c.name: {"salt": salt.hex(), "old": as_json(c.old), "new": as_json(c.new)}
            for c, salt in zip(changes, salts, strict=True)
        }
        body = canonical(
            {
                "schema": EVENT_SCHEMA,
                "uid": uid,
                "at": self.at,
                "company": company.uid if company else None,
                "actor": self.by.uid,
                "verb": self.action.verb,
                "kind": kind_of(type(row)),
                "object": row.uid,
                "version": row.version,
                "fields": {
                    name: salted_hash(bytes.fromhex(d["salt"]), name, d["old"], d["new"]) for name, d in data.items()
                },
            }
        )
        event = {
            "uid": uid,
            "at": self.at,
            "company_id": getattr(row, "company_id", None),
            "actor_id": self.by.user_id,
            "verb": self.action.verb,
            "kind": kind_of(type(row)),
            "object_id": row.pk,
            "object_uid": row.uid,
            "body": body.decode(),
            "leaf": leaf_hash(body).hex(),
        }
        return event, data

    def _queue(self, event_ids: Sequence[int]) -> None:
        kind, verb = kind_of(self.action.model), self.action.verb
        wanted = [r.name for r in registry.reactions.values() if r.kind == kind and (not r.verbs or verb in r.verbs)]
        rows = [
            {
                "uid": uuid7(),
                "event_id": event_id,
                "reaction": name,
                "kind": kind,
                "object_id": row.pk,
                "due_at": self.at,
                "state": Job.State.WAITING,
                "attempts": 0,
                "error": "",
            }
            for event_id, row in zip(event_ids, self.roots.values(), strict=True)
            for name in wanted
        ]
        if rows:
            sql.insert(Job, rows, returning=False)
