"""For each verb of each resource: a record in a state that allows it, who may run it, and what it needs.

Derived from the declarations (lifecycle, samples, inputs), so that a new verb is tested by being written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guantong.core.access import Actor
from guantong.core.actions import run
from guantong.core.answers import Consent
from guantong.core.models import ApprovalRequest
from guantong.core.registry import Action, registry
from guantong.core.resource import Resource
from tests import world

REASON = Consent(reason="Because the test says so.")
NOT_RUN_FROM_OUTSIDE = {("approvals", "ask")}
"""Verbs that only the frame itself runs, with arguments that no outside caller can send."""

VERBS = [
    (resource, action)
    for slug, resource in sorted(registry.resources.items())
    for action in registry.actions_of(resource)
    if (slug, action.verb) not in NOT_RUN_FROM_OUTSIDE
]


def name_of(case: Any) -> str:
    return f"{case[0].slug}.{case[1].verb}"


@dataclass(frozen=True)
class Situation:
    """Everything needed to run one verb once."""

    resource: type[Resource]
    action: Action
    by: Actor
    objects: tuple[Any, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def run(self, **changes: Any) -> Any:
        return run(
            self.resource,
            self.action.verb,
            **{
                "by": self.by,
                "objects": [row.uid for row in self.objects],
                "versions": {row.uid: row.version for row in self.objects},
                "rows": self.rows,
                "inputs": self.inputs,
                "consent": REASON if self.action.reason else Consent(),
                **changes,
            },
        )

    def with_objects(self, *objects: Any) -> Situation:
        return replace(self, objects=objects)


def situation(resource: type[Resource], action: Action, count: int = 1) -> Situation:
    """The verb, ready to run on ``count`` records."""
    by = world.as_role(WHO.get((resource.slug, action.verb), "admin"))
    if action.form == "create":
        return Situation(resource, action, by, rows=tuple(_values(resource) for _each in range(count)))
    state = next(iter(_sources(resource, action)))
    objects = tuple(record_in(resource, state) for _each in range(count))
    rows = tuple(_values(resource) for _each in objects) if action.form == "edit" else ()
    inputs = {spec.name: example(spec) for spec in action.inputs}
    return Situation(resource, action, by, objects, rows, inputs)


WHO = {("approvals", verb): who for verb, who in (("approve", "manager"), ("refuse", "manager"), ("withdraw", "sales"))}
"""Who runs a verb where an administrator of the world may not."""


def _sources(resource: type[Resource], action: Action) -> Sequence[str]:
    cycle = resource.model.lifecycle
    return (cycle.sources(action.verb) or [cycle.initial]) if cycle else [""]


def _values(resource: type[Resource]) -> dict[str, Any]:
    """A sample whose first number and first free text are its own."""
    assert resource.samples is not None
    values = resource.samples()
    specs = {spec.name: spec for spec in resource.input_specs()}
    number = next((name for name in values if name in specs and specs[name].kind == "amount"), None)
    return {**values, number: "777777"} if number else values


def example(spec: Any) -> Any:
    """A value of the kind a verb asks for."""
    return {"date": "2030-01-31", "flag": True, "integer": "3", "number": "3", "amount": "3"}.get(
        spec.kind, spec.choices[0][0] if spec.choices else "Something said"
    )


def path_to(resource: type[Resource], state: str) -> list[str]:
    """The fewest verbs that lead from a new record to the state."""
    cycle = resource.model.lifecycle
    queue: deque[tuple[str, list[str]]] = deque([(cycle.initial, [])])
    seen = {cycle.initial}
    while queue:
        here, verbs = queue.popleft()
        if here == state:
            return verbs
        for move in cycle.moves.values():
            if here in move.sources and move.target not in seen:
                seen.add(move.target)
                queue.append((move.target, [*verbs, move.verb]))
    raise AssertionError(f"{resource.slug}: no verb leads to {state}")


def record_in(resource: type[Resource], state: str) -> Any:
    """A new record, taken to the state by its own verbs."""
    row = world.record_of(resource)
    for verb in path_to(resource, state) if resource.model.lifecycle else []:
        by = world.as_role(WHO.get((resource.slug, verb), "admin"))
        world.done(world.act(verb, row, by=by, consent=REASON))
        row = resource.model._default_manager.get(pk=row.pk)
    assert not isinstance(row, ApprovalRequest) or row.state == state
    return row
