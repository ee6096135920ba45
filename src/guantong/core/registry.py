"""All nouns and verbs of the running platform, filled while Django starts and read-only afterwards.

Packages from outside join through the entry point group ``guantong.apps``: each names a module whose import registers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Literal

from django.db import models

from guantong.core.answers import Text
from guantong.core.ports import CheckPort
from guantong.core.resource import Resource, kind_of
from guantong.core.schema import FieldSpec

Style = Literal["primary", "second", "menu", "danger", "hidden"]
Form = Literal["none", "create", "edit"]


@dataclass(frozen=True)
class Action:
    """One verb of one model: its words, where it may run, what it asks for, and the function that does it.

    ``run(objects, *, by, change, **inputs)`` gets all objects loaded, locked in id order and checked; for ``create``
    it gets the list of drafts instead and returns the objects made.
    """

    model: type[models.Model]
    verb: str
    run: Callable[..., Any]
    label: Text
    past: Text
    """What the log says: ``confirmed this``; a sentence without its subject."""
    icon: str
    style: Style
    inputs: tuple[FieldSpec, ...] = ()
    ports: tuple[CheckPort, ...] = ()
    question: Text = ""
    """Asked before it runs; empty when it runs at once."""
    reason: bool = False
    """True when the reason is always needed."""
    order: int = 50
    same_as: str = ""
    """The verb whose permission is asked instead of its own."""
    form: Form = "none"
    """``create`` gets typed rows and returns the objects made; ``edit`` gets one typed draft an object."""

    @property
    def permission_verb(self) -> str:
        return self.same_as or self.verb


@dataclass
class Registry:
    resources: dict[str, type[Resource]] = field(default_factory=dict)
    actions: dict[tuple[str, str], Action] = field(default_factory=dict)
    reactions: dict[str, Reaction] = field(default_factory=dict)
    frozen: bool = False

    def add_resource(self, resource: type[Resource]) -> type[Resource]:
        self._open()
        if resource.slug in self.resources:
            raise ValueError(f"resource {resource.slug} is declared twice")
        self.resources[resource.slug] = resource
        return resource

    def add_action(self, action: Action) -> None:
        self._open()
        key = (kind_of(action.model), action.verb)
        if key in self.actions:
            raise ValueError(f"verb {action.verb} of {key[0]} is written twice")
        self.actions[key] = action

    def add_reaction(self, reaction: Reaction) -> None:
        self._open()
        if reaction.name in self.reactions:
            raise ValueError(f"reaction {reaction.name} is bound twice")
        self.reactions[reaction.name] = reaction

    def _open(self) -> None:
        if self.frozen:
            raise RuntimeError("the registry is filled while Django starts and read-only afterwards")

    def freeze(self) -> None:
        for entry in entry_points(group="guantong.apps"):
            entry.load()
        self.frozen = True

    def actions_of(self, resource: type[Resource]) -> list[Action]:
        """The verbs of a resource, in the order they are shown."""
        kind = resource.kind()
        found = [a for (k, verb), a in self.actions.items() if k == kind and offers(resource, verb)]
        return sorted(found, key=lambda action: (action.order, action.verb))

    def action(self, resource: type[Resource], verb: str) -> Action | None:
        return self.actions.get((resource.kind(), verb)) if offers(resource, verb) else None

    def resource_of(self, model: type[models.Model], row: Any = None) -> type[Resource] | None:
        """The resource that shows this row: the one whose fixed values it has."""
        for resource in self.resources.values():
            if resource.model is model and (row is None or all(getattr(row, k) == v for k, v in resource.only.items())):
                return resource
        return None

    def resources_of_kind(self, kind: str) -> list[type[Resource]]:
        return [resource for resource in self.resources.values() if resource.kind() == kind]

    def permissions(self) -> list[str]:
        """Every permission that exists: verbs of every resource, viewing, and private fields."""
        found: set[str] = set()
        for resource in self.resources.values():
            found.add(resource.permission("view"))
            found.update(resource.permission(action.permission_verb) for action in self.actions_of(resource))
            found.update(resource.private.values())
        for action in self.actions.values():
            for port in action.ports:
                found.update(port.permissions)
        return sorted(found)


def offers(resource: type[Resource], verb: str) -> bool:
    return resource.verbs is None or verb in resource.verbs


@dataclass(frozen=True)
class Reaction:
    """What may follow an event: a durable job keyed by (event, reaction), run at least once, so idempotent."""

    name: str
    kind: str
    verbs: frozenset[str]
    """Verbs that set it off; empty for all."""
    run: Callable[[Any], None]
    label: Text


registry = Registry()


def action(
    model: type[models.Model],
    verb: str,
    *,
    label: Text,
    past: Text,
    icon: str = "arrow-right",
    style: Style = "second",
    inputs: Sequence[FieldSpec] = (),
    ports: Sequence[CheckPort] = (),
    question: Text = "",
    reason: bool = False,
    order: int = 50,
    same_as: str = "",
    form: Form = "none",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Write a verb once: its button, endpoint, permission, state change, event and agent tool follow."""

    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        registry.add_action(
            Action(
                model=model,
                verb=verb,
                run=run,
                label=label,
                past=past,
                icon=icon,
                style=style,
                inputs=tuple(inputs),
                ports=tuple(ports),
                question=question,
                reason=reason,
                order=order,
                same_as=same_as,
                form=form,
            )
        )
        return run

    return register


def resource(cls: type[Resource]) -> type[Resource]:
    """Register a declared noun."""
    return registry.add_resource(cls)


def react(name: str, model: type[models.Model], verbs: Iterable[str], run: Callable[[Any], None], label: Text) -> None:
    """Bind a reaction; all such lines stand in ``fusion/reactions.py``."""
    registry.add_reaction(Reaction(name, kind_of(model), frozenset(verbs), run, label))
