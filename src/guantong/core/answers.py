"""The four answers of an action: Done, Refused, NeedsConfirmation, Pending.

Every page, API call, import, job and agent gets one of these and nothing else; texts are lazy translations, so the
same answer can be shown in the language of whoever reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext

Text = str | Promise


@dataclass(frozen=True)
class Sentence:
    """A message kept as data, so that each reader gets it in their own language, whoever caused it.

    ``text`` is the English source with ``%(name)s`` places, marked with ``gettext_noop`` where it is written.
    """

    text: str
    args: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return gettext(self.text) % self.args

    def as_json(self) -> dict[str, Any]:
        return {"text": self.text, "args": dict(self.args)}


@dataclass(frozen=True)
class FieldChange:
    """One value before and after, as the event keeps it."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True)
class ObjectChange:
    """What an action did, or in a dry run would do, to one object."""

    kind: str
    uid: UUID
    label: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True)
class Done:
    """The action ran; ``objects`` are the uids it acted on or created, in the order given."""

    objects: tuple[UUID, ...]
    difference: tuple[ObjectChange, ...] = ()
    replayed: bool = False
    """True when the same idempotency key had already run: nothing was done twice."""


class Refused(Exception):
    """The action did not run and nothing was written.

    ``code`` is stable for programs; ``fact`` says what is wrong, ``todo`` what to do about it; ``fields`` puts each
    message at the input it belongs to, keyed like the form posts it (``lines-0-quantity``).
    """

    def __init__(
        self,
        code: str,
        fact: Text,
        todo: Text = "",
        *,
        status: int = 409,
        fields: dict[str, Text] | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.fact = fact
        self.todo = todo
        self.status = status
        self.fields = fields or {}
        self.details = details or {}

    def __str__(self) -> str:
        return f"{self.code}: {self.fact}"


@dataclass(frozen=True)
class Caution:
    """A warning: the action may go on when somebody with ``permission`` gives a reason."""

    code: str
    fact: Text
    permission: str


@dataclass(frozen=True)
class NeedsConfirmation:
    """The action would run but for warnings; run it again with ``overrides`` and a reason."""

    cautions: tuple[Caution, ...]
    difference: tuple[ObjectChange, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(caution.code for caution in self.cautions)


@dataclass(frozen=True)
class NeedsApproval:
    """Yielded by a check: the action waits until somebody else with ``permission`` approves it."""

    object_id: int
    permission: str
    fact: Sentence
    policy: str = ""


@dataclass(frozen=True)
class Pending:
    """The action waits for an approval; ``requests`` are what to look at."""

    requests: tuple[UUID, ...]
    fact: Text | Sentence = ""


Answer = Done | Refused | NeedsConfirmation | Pending
Objection = Refused | Caution | NeedsApproval


@dataclass(frozen=True)
class Consent:
    """What a caller brings to get past objections: overridden warnings with a reason, or granted approvals."""

    overrides: frozenset[str] = frozenset()
    reason: str = ""
    approvals: frozenset[int] = field(default_factory=frozenset)
    """Ids of the approval requests that were granted for this run."""


NO_CONSENT = Consent()


def objections_of(objections: Sequence[Objection]) -> tuple[list[Caution], list[NeedsApproval]]:
    """Split what checks said; the first refusal among them is raised."""
    for objection in objections:
        if isinstance(objection, Refused):
            raise objection
    cautions = [o for o in objections if isinstance(o, Caution)]
    approvals = [o for o in objections if isinstance(o, NeedsApproval)]
    return cautions, approvals
