"""Where an upper room has a say in a lower room's verb.

The lower room declares a port; upper rooms bind checks to it at start-up, all of them in ``fusion/bindings.py``. A
check may refuse, warn or ask for an approval; it changes nothing. Without a binding the lower room works alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from guantong.core.answers import Objection

Check = Callable[..., Iterable[Objection]]
"""``check(objects, *, by, change) -> objections``, run inside the verb's transaction after the locks."""


@dataclass
class CheckPort:
    """A typed place to object: declared order is running order."""

    name: str
    checks: list[Check] = field(default_factory=list)
    permissions: set[str] = field(default_factory=set)
    """Permissions that bound checks may ask for, so that roles can grant them."""

    def bind(self, check: Check, *, permissions: Sequence[str] = ()) -> None:
        if check in self.checks:
            raise ValueError(f"{self.name}: {check.__name__} is bound twice")
        self.checks.append(check)
        self.permissions.update(permissions)

    def ask(self, objects: Sequence[Any], **context: Any) -> list[Objection]:
        return [objection for check in self.checks for objection in check(objects, **context)]

    def __hash__(self) -> int:
        return hash(self.name)
