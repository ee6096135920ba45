"""The log proves what was done: sealed from stored rows, erasable in its values, closed to change by the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from guantong.core import event_checks, merkle
from guantong.core.canonical import canonical, salted_hash
from guantong.core.models import Event, EventValue
from guantong.core.registry import registry
from tests import world
from tests.plugin import unguarded
from tests.situations import REASON


def findings() -> list[Any]:
    return list(event_checks.check_events(None))


def a_story() -> list[Event]:
    """Eight events of three people on three records, in the order they were written."""
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    sales, manager = world.as_role("sales"), world.as_role("manager")
    order = world.make_order(by=sales)
    world.done(world.act("update", order, by=sales, rows=[{"note": "ring first"}]))
    order.refresh_from_db()
    world.done(world.act("quote", order, by=sales))
    order.refresh_from_db()
    world.done(world.act("confirm", order, by=manager))
    order.refresh_from_db()
    world.done(world.act("cancel", order, by=manager, consent=REASON))
    party = world.sample(registry.resources["parties"])
    world.done(world.act("archive", party, by=world.as_role("admin")))
    world.sample(registry.resources["items"])
    return list(Event.objects.filter(id__gt=newest).select_related("value").order_by("id"))


def test_a_log_is_sealed_and_each_event_proven_from_its_own_row(db: None) -> None:
    """Given a log, when its leaves are sealed, then body, leaf and path alone prove each event against the root."""
    events = a_story()
    assert len(events) == 8
    leaves = [bytes.fromhex(event.leaf) for event in events]
    root = merkle.root(leaves)
    for index, event in enumerate(events):
        stored = Event.objects.values_list("body", flat=True).get(pk=event.pk)
        leaf = merkle.leaf_hash(stored.encode())
        proof = merkle.inclusion_proof(leaves, index)
        assert merkle.verify_inclusion(leaf, index, len(leaves), proof, root)
        forged = merkle.leaf_hash(stored.replace('"schema":"1"', '"schema":"2"').encode())
        assert forged != leaf
        assert not merkle.verify_inclusion(forged, index, len(leaves), proof, root)
    for size in range(1, len(leaves)):
        proof = merkle.consistency_proof(leaves, size)
        assert merkle.verify_consistency(size, len(leaves), merkle.root(leaves[:size]), root, proof)


def test_the_body_is_canonical_and_the_values_are_what_it_vouches_for(db: None) -> None:
    for event in a_story():
        body = json.loads(event.body)
        assert canonical(body).decode() == event.body, "reading and writing it again gives the same bytes"
        assert set(body) == {"schema", "uid", "at", "company", "actor", "verb", "kind", "object", "version", "fields"}
        assert (body["uid"], body["object"]) == (str(event.uid), str(event.object_uid))
        assert set(body["fields"]) == set(event.value.data)
        for name, value in event.value.data.items():
            assert salted_hash(bytes.fromhex(value["salt"]), name, value["old"], value["new"]) == body["fields"][name]


def test_no_value_can_be_read_or_guessed_from_a_body(db: None) -> None:
    """The same change twice gives two hashes, and no value stands in the body itself."""
    order = world.make_order(note="Unmistakable words")
    other = world.make_order(note="Unmistakable words")
    bodies = [json.loads(Event.objects.get(object_uid=row.uid).body) for row in (order, other)]
    assert "Unmistakable" not in json.dumps(bodies)
    assert bodies[0]["fields"]["note"] != bodies[1]["fields"]["note"]


def test_erasing_values_leaves_every_proof_whole(db: None) -> None:
    events = a_story()
    leaves = [bytes.fromhex(event.leaf) for event in events]
    root = merkle.root(leaves)
    EventValue.objects.filter(event__in=events).update(data={})
    assert findings() == []
    for index, event in enumerate(events):
        leaf = merkle.leaf_hash(Event.objects.get(pk=event.pk).body.encode())
        assert merkle.verify_inclusion(leaf, index, len(leaves), merkle.inclusion_proof(leaves, index), root)


def test_pages_say_that_an_erased_value_is_hidden(db: None, browse: Callable[..., Any]) -> None:
    order = world.make_order(note="Unmistakable words")
    page = f"/sales-orders/{order.uid}/log/"
    assert "Unmistakable words" in browse("admin").get(page).content.decode()
    EventValue.objects.filter(event__object_uid=order.uid).update(data={})
    response = browse("admin").get(page)
    assert response.status_code == 200
    assert "Unmistakable words" not in response.content.decode()


FORGERIES = {
    "a byte of the body": lambda event: {"body": event.body.replace('"create"', '"delete"')},
    "a hash in the body": lambda event: {
        "body": event.body.replace(event.body[-10], "0" if event.body[-10] != "0" else "1")
    },
    "the leaf": lambda event: {"leaf": "0" * 64},
    "the verb beside the body": lambda event: {"verb": "delete"},
    "the actor beside the body": lambda event: {"actor": world.user_of("stranger")},
    "the object beside the body": lambda event: {"object_id": event.object_id + 1},
    "the object's identifier beside the body": lambda event: {"object_uid": event.uid},
    "the instant beside the body": lambda event: {"at": "2001-01-01T00:00:00Z"},
    "the company beside the body": lambda event: {"company": None},
    "the kind beside the body": lambda event: {"kind": "party"},
}


@pytest.mark.parametrize("what", FORGERIES)
def test_check_books_finds_a_forged_event(db: None, what: str) -> None:
    order = world.make_order()
    event = Event.objects.get(object_uid=order.uid)
    assert findings() == []
    with unguarded(connection):
        Event.objects.filter(pk=event.pk).update(**FORGERIES[what](event))
    assert findings(), what


@pytest.mark.parametrize("part", ["old", "new", "salt", "name"])
def test_check_books_finds_a_forged_value(db: None, part: str) -> None:
    order = world.make_order(note="as it was")
    value = EventValue.objects.get(event__object_uid=order.uid)
    data = value.data
    if part == "name":
        data["other"] = data.pop("note")
    else:
        data["note"][part] = "00" * 16 if part == "salt" else "forged"
    EventValue.objects.filter(pk=value.pk).update(data=data)
    assert findings()


def test_check_books_finds_an_event_whose_values_row_is_gone(db: None) -> None:
    order = world.make_order()
    event = Event.objects.get(object_uid=order.uid)
    with unguarded(connection), connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_eventvalue WHERE event_id = %s", [event.pk])
    try:
        assert findings()
    except EventValue.DoesNotExist:
        pytest.fail("it ends in a trace instead of a finding")


REFUSED_BY_THE_DATABASE = [
    "UPDATE core_event SET verb = 'x'",
    "UPDATE core_event SET leaf = leaf",
    "DELETE FROM core_event",
    "DELETE FROM core_eventvalue",
]


@pytest.mark.parametrize("text", REFUSED_BY_THE_DATABASE)
def test_the_database_itself_refuses_to_change_the_log(db: None, text: str) -> None:
    world.make_order()
    before = world.contents()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(text)
    assert world.changed_tables(before) == []


def test_postgresql_refuses_to_truncate_the_log(db: None) -> None:
    if connection.vendor != "postgresql":
        return
    world.make_order()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE core_event CASCADE")


def test_nothing_is_written_without_an_event(db: None) -> None:
    """Every version that a record went through has its event, so no change is untold."""
    a_story()
    for resource in registry.resources.values():
        if resource.slug == "currencies":
            continue
        for row in resource.model._default_manager.all():
            events = Event.objects.filter(kind=resource.kind(), object_id=row.pk)
            assert events.count() == row.version, f"{resource.slug} {row}"
