"""States and the verbs that move between them, declared as data.

A state is a person's decision (draft, quoted, confirmed, closed, canceled). Progress is arithmetic and never a state.
A verb that the current state does not allow is an error, never silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from guantong.core.answers import Text

Tone = Literal["open", "half", "done", "ok", "risk", "late"]


@dataclass(frozen=True)
class State:
    """``step`` states make the chevrons in a record's head; the others (canceled) replace them when reached."""

    code: str
    label: Text
    tone: Tone = "half"
    step: bool = True
    open: bool = True
    """Counted among open documents; a list shows these first."""


@dataclass(frozen=True)
class Move:
    verb: str
    sources: tuple[str, ...]
    target: str


class Lifecycle:
    """The states of one model in their order, and which verb leads from where to where.

    ``stays`` lists verbs that are allowed in some states but do not change them, such as amending.
    """

    def __init__(
        self, states: Iterable[State], moves: Iterable[Move], stays: dict[str, tuple[str, ...]] | None = None
    ) -> None:
        self.states = {state.code: state for state in states}
        self.moves = {move.verb: move for move in moves}
        self.stays = stays or {}
        self.initial = next(iter(self.states))
        for move in self.moves.values():
            unknown = {*move.sources, move.target} - set(self.states)
            if unknown:
                raise ValueError(f"{move.verb}: unknown state {', '.join(sorted(unknown))}")

    def sources(self, verb: str) -> tuple[str, ...] | None:
        """States in which the verb is allowed; None when it is allowed in all of them."""
        if verb in self.moves:
            return self.moves[verb].sources
        return self.stays.get(verb)

    def allows(self, verb: str, state: str) -> bool:
        sources = self.sources(verb)
        return sources is None or state in sources

    def target(self, verb: str) -> str | None:
        move = self.moves.get(verb)
        return move.target if move else None

    def choices(self) -> list[tuple[str, Text]]:
        return [(state.code, state.label) for state in self.states.values()]
