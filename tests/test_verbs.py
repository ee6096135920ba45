"""What every verb inherits by being written: run twice, killed, stale, without permission, rehearsed, in bulk."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from guantong.core import sql
from guantong.core.actions import run
from guantong.core.answers import Consent, Done, Refused
from guantong.core.change import Change, as_json
from guantong.core.models import Event, Job
from guantong.core.registry import Action, registry
from guantong.core.resource import Resource
from tests import world
from tests.doors import Api
from tests.situations import NOT_RUN_FROM_OUTSIDE, REASON, VERBS, name_of, record_in, situation

Case = tuple[type[Resource], Action]
ON_RECORDS = [case for case in VERBS if case[1].form != "create"]
MOVING = [case for case in ON_RECORDS if case[0].model.lifecycle.sources(case[1].verb) is not None]

each_verb = pytest.mark.parametrize("case", VERBS, ids=name_of)
each_on_records = pytest.mark.parametrize("case", ON_RECORDS, ids=name_of)
each_moving = pytest.mark.parametrize("case", MOVING, ids=name_of)
Nothing = Callable[[], Any]


def test_every_verb_is_tested_but_those_that_only_the_frame_runs() -> None:
    assert {
        (s, v) for s, v in NOT_RUN_FROM_OUTSIDE if registry.action(registry.resources[s], v)
    } == NOT_RUN_FROM_OUTSIDE
    offered = {(resource.slug, action.verb) for resource, action in VERBS} | NOT_RUN_FROM_OUTSIDE
    kinds = {(registry.resources[slug].kind(), verb) for slug, verb in offered}
    assert kinds == set(registry.actions), "a verb that no resource offers cannot be reached"


# Twice ------------------------------------------------------------------------------------------------------------


@each_verb
def test_running_twice_with_one_key_acts_once(db: None, writes_nothing: Nothing, case: Case) -> None:
    ready = situation(*case)
    first = world.done(ready.run(key="once"))
    with writes_nothing():
        second = world.done(ready.run(key="once"))
    assert second.replayed
    assert second.objects == first.objects


@each_verb
def test_a_key_does_not_answer_another_request(db: None, writes_nothing: Nothing, case: Case) -> None:
    ready = situation(*case)
    world.done(ready.run(key="once"))
    other = situation(*case)
    with writes_nothing():
        answer = other.run(key="once")
    if case[1].form == "create" and other.rows == ready.rows:
        assert isinstance(answer, Done)
        assert answer.replayed
    else:
        assert isinstance(answer, Refused)
        assert answer.code == "key-reused"


@pytest.mark.parametrize("case", [case for case in VERBS if case[1].reason], ids=name_of)
def test_a_key_with_another_reason_is_another_request(db: None, writes_nothing: Nothing, case: Case) -> None:
    ready = situation(*case)
    world.done(ready.run(key="once"))
    with writes_nothing():
        answer = ready.run(key="once", consent=Consent(reason="Quite another reason."))
    assert isinstance(answer, Refused)
    assert answer.code == "key-reused"


@each_verb
def test_a_key_belongs_to_one_person(db: None, case: Case) -> None:
    ready, other = situation(*case), situation(*case)
    if case[0].slug == "approvals":
        other = situation(*case)
    world.done(ready.run(key="shared"))
    stranger = world.as_role("both" if ready.by.name != world.as_role("both").name else "admin")
    answer = other.run(key="shared", by=stranger)
    assert (isinstance(answer, Done) and not answer.replayed) or (
        isinstance(answer, Refused) and answer.code != "key-reused"
    )


# Stale ------------------------------------------------------------------------------------------------------------


@each_on_records
def test_running_on_what_somebody_else_changed_is_refused(db: None, writes_nothing: Nothing, case: Case) -> None:
    ready = situation(*case)
    row = ready.objects[0]
    with writes_nothing():
        for version in (row.version - 1, row.version + 1, 0):
            answer = ready.run(versions={row.uid: version})
            assert isinstance(answer, Refused), version
            assert answer.code == "conflict", version
            assert str(answer.fact)
            assert str(answer.todo)
            assert answer.details["version"] == row.version
    assert isinstance(ready.run(), Done)


# Without permission -----------------------------------------------------------------------------------------------


@each_verb
def test_running_without_permission_is_refused(db: None, writes_nothing: Nothing, case: Case) -> None:
    resource, action = case
    ready = situation(*case)
    grants = {name: "all" for name in registry.permissions() if name != resource.permission(action.permission_verb)}
    person = world.make_person("almost", grants)
    with writes_nothing():
        answer = ready.run(by=person)
        assert isinstance(answer, Refused)
        assert answer.status == 403
        assert resource.permission(action.permission_verb) in str(answer.todo)
        api = Api("almost")
        if action.form == "create":
            assert api.post(resource.slug, dict(ready.rows[0])).status == 403
        elif action.form == "edit":
            assert api.patch(f"{resource.slug}/{ready.objects[0].uid}", dict(ready.rows[0])).status == 403
        else:
            body = {"reason": "because", **ready.inputs}
            assert api.post(f"{resource.slug}/{ready.objects[0].uid}/{action.verb}", body).status == 403


@each_on_records
def test_scope_own_does_not_reach_what_belongs_to_another(db: None, writes_nothing: Nothing, case: Case) -> None:
    resource, action = case
    ready = situation(*case)
    view, verb = resource.permission("view"), resource.permission(action.permission_verb)
    person = world.make_person("keeper", {view: "all", verb: "own"})
    with writes_nothing():
        answer = ready.run(by=person)
    assert isinstance(answer, Refused)
    assert answer.status == 403
    blind = world.make_person("blind", {verb: "all"})
    with writes_nothing():
        answer = ready.run(by=blind)
    assert isinstance(answer, Refused), "what may not be seen does not exist"
    assert answer.status == 404, "what may not be seen does not exist"


# Killed -----------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at(number: int) -> Iterator[list[str]]:
    """The process dies instead of running its statement of this number."""
    seen: list[str] = []

    def die(execute: Any, text: Any, params: Any, many: bool, context: Any) -> Any:
        if not str(text).lstrip().upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")):
            seen.append(str(text))
            if len(seen) == number:
                raise Killed
        return execute(text, params, many, context)

    with connection.execute_wrapper(die):
        yield seen


@each_verb
def test_killed_at_any_statement_leaves_nothing_half_written(db: None, case: Case) -> None:
    ready = situation(*case)
    before = world.contents()
    for number in range(1, 200):
        try:
            with killed_at(number) as seen:
                answer = ready.run(key=f"killed-{number}")
        except Killed:
            assert world.changed_tables(before) == [], f"killed before {seen[-1][:80]}"
            continue
        assert isinstance(answer, Done), f"after {number - 1} deaths: {answer!r}"
        assert number > 3
        return
    raise AssertionError("more than 200 statements")


@each_verb
def test_killed_just_before_commit_leaves_nothing(
    db: None, writes_nothing: Nothing, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    ready = situation(*case)
    flush = Change.flush

    def die(self: Change) -> Any:
        flush(self)
        raise Killed

    with monkeypatch.context() as patch, writes_nothing():
        patch.setattr(Change, "flush", die)
        with pytest.raises(Killed):
            ready.run(key="killed")
    assert isinstance(ready.run(key="killed"), Done), "the same key may be sent again"


# State ------------------------------------------------------------------------------------------------------------


@each_moving
def test_a_state_that_does_not_allow_the_verb_refuses_it_in_words(
    db: None, writes_nothing: Nothing, case: Case
) -> None:
    resource, action = case
    ready = situation(*case)
    cycle = resource.model.lifecycle
    for state in set(cycle.states) - set(cycle.sources(action.verb)):
        row = record_in(resource, state)
        with writes_nothing():
            answer = ready.with_objects(row).run()
        assert isinstance(answer, Refused), state
        assert answer.code == "wrong-state", state
        assert str(cycle.states[state].label) in str(answer.fact)
        assert str(action.label) in str(answer.fact)


@each_moving
def test_the_verb_leads_where_the_lifecycle_says_and_raises_the_version(db: None, case: Case) -> None:
    resource, action = case
    ready = situation(*case)
    before = ready.objects[0]
    world.done(ready.run())
    after = resource.model._default_manager.get(pk=before.pk)
    assert after.state == (resource.model.lifecycle.target(action.verb) or before.state)
    assert after.version == before.version + 1
    assert after.updated_at > before.updated_at


# Rehearsed --------------------------------------------------------------------------------------------------------

UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
NUMBER = re.compile(r"\b[A-Z]{2}-\d{5,}\b")


def told(changes: Any) -> str:
    """Changes as text, without what is new at each run: identifiers, instants and numbers."""
    text = json.dumps(sorted(changes, key=repr), ensure_ascii=False, sort_keys=True)
    return NUMBER.sub("number", INSTANT.sub("instant", UID.sub("uid", text)))


@each_verb
def test_a_rehearsal_writes_nothing_and_tells_what_the_run_then_logs(
    db: None, writes_nothing: Nothing, case: Case
) -> None:
    ready = situation(*case)
    with writes_nothing():
        rehearsal = world.done(ready.run(dry=True, key="never kept"))
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    answer = world.done(ready.run())
    logged = (
        Event.objects.filter(id__gt=newest, kind=case[0].kind(), verb=case[1].verb)
        .select_related("value")
        .order_by("id")
    )
    assert len(rehearsal.difference) == len(logged) == len(answer.objects)
    for would, event in zip(rehearsal.difference, logged, strict=True):
        expected = [[c.name, as_json(c.old), as_json(c.new)] for c in would.changes]
        assert told(expected) == told([[name, v["old"], v["new"]] for name, v in event.value.data.items()])


# Log --------------------------------------------------------------------------------------------------------------


@each_verb
def test_each_run_appends_one_event_an_object_and_queues_its_reactions(db: None, case: Case) -> None:
    resource, action = case
    ready = situation(*case, count=2)
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    answer = world.done(ready.run())
    events = Event.objects.filter(id__gt=newest, kind=resource.kind(), verb=action.verb)
    assert sorted(events.values_list("object_uid", flat=True)) == sorted(answer.objects)
    assert set(events.values_list("actor_id", flat=True)) == {ready.by.user_id}
    wanted = [
        r for r in registry.reactions.values() if r.kind == resource.kind() and (not r.verbs or action.verb in r.verbs)
    ]
    assert Job.objects.filter(event__in=events).count() == len(wanted) * 2
    if action.reason:
        for event in events.select_related("value"):
            assert event.value.data["reason"]["new"] == REASON.reason


# Bulk -------------------------------------------------------------------------------------------------------------


@each_moving
def test_many_are_done_as_one_whole_or_not_at_all(db: None, writes_nothing: Nothing, case: Case) -> None:
    resource, action = case
    ready = situation(*case, count=2)
    wrong = next(
        (s for s in resource.model.lifecycle.states if s not in resource.model.lifecycle.sources(action.verb)), None
    )
    strays = [record_in(resource, wrong)] if wrong else []
    with writes_nothing():
        for stray in strays:
            rows = [*ready.rows, *ready.rows[:1]]
            answer = ready.with_objects(*ready.objects, stray).run(rows=rows)
            assert isinstance(answer, Refused)
            assert answer.code == "wrong-state"
        forged = [row.uid for row in ready.objects] + [world.user_of("admin").uid]
        answer = ready.run(objects=forged, rows=[*ready.rows, *ready.rows[:1]])
        assert isinstance(answer, Refused)
        assert answer.status == 404
    assert len(world.done(ready.run()).objects) == 2


@each_on_records
def test_naming_one_record_twice_acts_once(db: None, case: Case) -> None:
    ready = situation(*case)
    uid = ready.objects[0].uid
    answer = world.done(ready.run(objects=[uid, uid]))
    assert answer.objects == (uid,)
    assert case[0].model._default_manager.get(uid=uid).version == ready.objects[0].version + 1


# Words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [case for case in VERBS if case[1].reason], ids=name_of)
def test_a_needed_reason_is_asked_for(db: None, writes_nothing: Nothing, case: Case) -> None:
    ready = situation(*case)
    with writes_nothing():
        answer = ready.run(consent=Consent())
        assert isinstance(answer, Refused)
        assert answer.status == 422
        assert "reason" in answer.fields
        assert isinstance(ready.run(consent=Consent(reason="")), Refused)


@each_verb
def test_an_input_that_the_verb_does_not_know_is_refused(db: None, writes_nothing: Nothing, case: Case) -> None:
    ready = situation(*case)
    with writes_nothing():
        answer = ready.run(inputs={**ready.inputs, "no_such_input": 1})
    assert isinstance(answer, Refused)
    assert answer.status == 422
    assert "no_such_input" in answer.fields


@pytest.mark.parametrize("slug", sorted(registry.resources))
def test_a_verb_that_does_not_exist_is_refused(db: None, writes_nothing: Nothing, slug: str) -> None:
    resource = registry.resources[slug]
    row = world.record_of(resource)
    with writes_nothing():
        answer = run(resource, "explode", by=world.as_role("admin"), objects=[row.uid])
        assert isinstance(answer, Refused)
        assert answer.status == 404
        assert Api("admin").post(f"{slug}/{row.uid}/explode").status == 404


# Statements -------------------------------------------------------------------------------------------------------

GROWS_WITH_OBJECTS = {("approvals", "approve")}
"""Verbs whose statements grow with the number of objects: approving runs another verb for each. May only shrink."""


def statements(ready: Any) -> list[str]:
    ready.run(dry=True)
    with sql.count_statements() as texts:
        world.done(ready.run())
    return texts


@each_verb
def test_the_number_of_statements_does_not_grow_with_the_number_of_objects(db: None, case: Case) -> None:
    few, many = statements(situation(*case, count=2)), statements(situation(*case, count=7))
    grows = len(many) > len(few)
    exempt = (case[0].slug, case[1].verb) in GROWS_WITH_OBJECTS
    assert grows == exempt, "\n".join(many)


ORDER_STATEMENTS = {"create": 14, "update": 19, "quote": 7, "confirm": 9, "amend": 21, "cancel": 9, "close": 9}
"""Statements of each verb of an order, however many lines it has; published, so that a change here is a decision."""


@pytest.mark.parametrize("verb", sorted(ORDER_STATEMENTS))
def test_the_statements_of_an_order_do_not_grow_with_its_lines(db: None, verb: str) -> None:
    found = {count: _order_statements(verb, count) for count in (3, 15, 60)}
    counts = {count: len(texts) for count, texts in found.items()}
    assert counts == dict.fromkeys((3, 15, 60), ORDER_STATEMENTS[verb]), "\n".join(found[15])


def _order_statements(verb: str, count: int) -> list[str]:
    """Of an order of so many lines; updating and amending change a third, remove a third and add as many."""
    lines = [world.line(("A-1", "A-2", "A-3")[at % 3], str(at + 1)) for at in range(count)]
    by = world.as_role("manager")
    order = world.make_order(*lines)
    if verb in ("amend", "close"):
        world.done(world.act("confirm", order, by=by))
        order.refresh_from_db()
    rows: list[dict[str, Any]] = []
    if verb in ("update", "amend"):
        stored, third = world.stored_lines(order), count // 3
        changed = [{**each, "quantity": "99"} for each in stored[:third]]
        fresh = [world.line("A-1", "3") for _each in range(third)]
        rows = [{"lines": [*changed, *stored[third : 2 * third], *fresh], "note": "changed"}]
    values = world.order_values(*lines)
    with sql.count_statements() as texts:
        if verb == "create":
            world.done(run(registry.resources["sales-orders"], "create", by=by, rows=[values]))
        else:
            world.done(world.act(verb, order, by=by, rows=rows, consent=REASON))
    return texts
