"""What must be true of the log: bodies are hashed by their leaves, and nothing beside a body says otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from guantong.core.canonical import instant, salted_hash
from guantong.core.checks import Finding, book_check
from guantong.core.merkle import leaf_hash
from guantong.core.models import Event, EventValue
from guantong.core.registry import registry

CHUNK = 2000


@book_check("each event is what its leaf hashes, in its columns and in its values")
def check_events(company_id: int | None) -> Iterator[Finding]:
    rows = Event.objects.select_related("value", "actor", "company").order_by("id")
    rows = rows.filter(company_id=company_id) if company_id is not None else rows
    for chunk in batched(rows.iterator(chunk_size=CHUNK)):
        uids = _uids_of(chunk)
        for event in chunk:
            leaf = leaf_hash(event.body.encode()).hex()
            if leaf != event.leaf:
                yield Finding("leaf", f"event {event.uid}", event.leaf, leaf)
                continue
            yield from _beside(event, json.loads(event.body))
            known = uids.get((event.kind, event.object_id))
            if known != event.object_uid:
                yield Finding("object", f"event {event.uid}", str(known), str(event.object_uid))


def batched(rows: Iterator[Event]) -> Iterator[list[Event]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _uids_of(events: list[Event]) -> dict[tuple[str, int], UUID]:
    """The uid of each object that still exists, by kind and key: one query a kind."""
    wanted: dict[str, set[int]] = {}
    for event in events:
        wanted.setdefault(event.kind, set()).add(event.object_id)
    found: dict[tuple[str, int], UUID] = {}
    for kind, ids in wanted.items():
        for resource in registry.resources_of_kind(kind)[:1]:
            rows = resource.model._default_manager.filter(pk__in=ids).values_list("pk", "uid")
            found |= {(kind, pk): uid for pk, uid in rows}
    return found


def _beside(event: Event, body: dict[str, Any]) -> Iterator[Finding]:
    """Columns and values that differ from the body, which the leaf vouches for."""
    where = f"event {event.uid}"
    columns = {
        "uid": str(event.uid),
        "at": instant(event.at),
        "company": str(event.company.uid) if event.company else None,
        "actor": str(event.actor.uid) if event.actor else None,
        "verb": event.verb,
        "kind": event.kind,
        "object": str(event.object_uid),
    }
    for name, value in columns.items():
        if body.get(name) != value:
            yield Finding(name, where, str(value), str(body.get(name)))
    try:
        values = event.value.data
    except EventValue.DoesNotExist:
        yield Finding("values", where, "missing", "a row, which may be empty")
        return
    for name, value in values.items():
        if body.get("fields", {}).get(name) != _hash_of(name, value):
            yield Finding(name, where, str(value), "what the body vouches for")


def _hash_of(name: str, value: Any) -> str:
    """The salted hash of a stored value; empty when the row is damaged."""
    try:
        return salted_hash(bytes.fromhex(value["salt"]), name, value["old"], value["new"])
    except (KeyError, TypeError, ValueError):
        return ""
