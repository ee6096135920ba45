"""Writing the book of promises. Called by the documents above, inside their transaction, with the rows locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from guantong.books.commitments.models import Commitment
from guantong.core import sql
from guantong.core.uid import uuid7

State = Commitment.State


def draft_commitments(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert drafts: company, direction, item, site, quantity (base unit) and due day of each; returns ids in order."""
    full = [
        {
            "uid": uuid7(),
            "state": State.DRAFT,
            "moved": Decimal(0),
            "billed": Decimal(0),
            "first_promised_on": None,
            **row,
        }
        for row in rows
    ]
    return sql.insert(Commitment, full) if full else []


def promise(commitments: Sequence[Commitment]) -> None:
    """Make drafts firm on their due day; the first promise is kept for ever."""
    sql.set_values(
        Commitment,
        {c.pk: {"state": State.FIRM, "first_promised_on": c.first_promised_on or c.due_on} for c in commitments},
    )


def revise(changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Change item, site, quantity or due day of locked commitments; the caller has checked what was moved."""
    if changes:
        sql.set_values(Commitment, {pk: dict(values) for pk, values in sorted(changes.items())})


def promise_new(ids: Mapping[int, date]) -> None:
    """Make commitments firm that were just drafted in the same transaction; ``ids`` gives the due day of each."""
    if ids:
        sql.set_values(
            Commitment, {pk: {"state": State.FIRM, "first_promised_on": day} for pk, day in sorted(ids.items())}
        )


def close_commitments(commitments: Sequence[Commitment]) -> None:
    """Nothing more is owed: what was not moved is given up. A draft that was never promised keeps no promise day."""
    if commitments:
        sql.set_values(Commitment, {c.pk: {"state": State.CLOSED} for c in commitments})


def remove_drafts(ids: Sequence[int]) -> None:
    """Delete drafts that nothing refers to any more."""
    sql.delete(Commitment, "pk", ids, where={"state": State.DRAFT})
