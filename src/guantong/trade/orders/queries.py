"""Questions about orders; each takes ``by`` where rows could be somebody else's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db.models import Max, Sum

from guantong.books.commitments.models import Commitment
from guantong.core.access import Actor
from guantong.trade.orders.models import ScheduleLine


def progress_of(ids: Sequence[int], by: Actor) -> dict[int, int]:
    """Percent delivered of each order, weighted by quantity: arithmetic over its commitments, one query."""
    rows = (
        ScheduleLine.objects.filter(line__order_id__in=ids)
        .exclude(commitment__state=Commitment.State.DRAFT)
        .values_list("line__order_id")
        .annotate(quantity=Sum("commitment__quantity"), moved=Sum("commitment__moved"))
    )
    return {order: int(moved * 100 / quantity) if quantity else 0 for order, quantity, moved in rows}


def promised_on_of(ids: Sequence[int], by: Actor) -> dict[int, date]:
    """The day by which the last open line of each order is promised."""
    rows = (
        ScheduleLine.objects.filter(line__order_id__in=ids, commitment__state=Commitment.State.FIRM)
        .values_list("line__order_id")
        .annotate(day=Max("commitment__due_on"))
    )
    return dict(rows)


def line_promised_on(ids: Sequence[int], by: Actor) -> dict[int, date]:
    """The promised day of each line that is firm."""
    rows = (
        ScheduleLine.objects.filter(line_id__in=ids, commitment__state=Commitment.State.FIRM)
        .values_list("line_id")
        .annotate(day=Max("commitment__due_on"))
    )
    return dict(rows)


def line_delivered(ids: Sequence[int], by: Actor) -> dict[int, Decimal]:
    """Quantity moved of each line."""
    rows = ScheduleLine.objects.filter(line_id__in=ids).values_list("line_id").annotate(moved=Sum("commitment__moved"))
    return dict(rows)
