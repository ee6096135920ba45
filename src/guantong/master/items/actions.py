"""Verbs of items and units."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from guantong.core.inputs import Draft
from guantong.core.records import Problems, record_verbs, refuse_taken
from guantong.master.items.models import Item, Unit


def tidy_items(problems: Problems, drafts: Sequence[Draft], rows: Sequence[Item | None]) -> None:
    """One code an item; a used unit stays, because quantities everywhere are counted in it."""
    refuse_taken(problems, Item, "code", drafts, rows, _("There is an item with this code already."))
    for index, draft in enumerate(drafts):
        rate = draft.values.get("tax_rate")
        if rate is not None and not 0 <= rate < 1:
            problems.add(index, "tax_rate", _("Write it like 13% or 0.13."))
    changed = {
        row.pk: index
        for index, (draft, row) in enumerate(zip(drafts, rows, strict=True))
        if row is not None and "unit" in draft.values and draft.values["unit"].pk != row.unit_id
    }
    for pk in used_items(changed):
        problems.add(changed[pk], "unit", _("This item was used already. Make a new item for another unit."))


def used_items(ids: Sequence[int] | dict[int, int]) -> list[int]:
    """Those of the items that anything was ever promised of, in one query."""
    if not ids:
        return []
    return list(
        Item.objects.filter(pk__in=list(ids), commitments__isnull=False).distinct().values_list("pk", flat=True)
    )


def tidy_units(problems: Problems, drafts: Sequence[Draft], rows: Sequence[Unit | None]) -> None:
    """One code a unit, and as many decimals as quantities can keep."""
    refuse_taken(problems, Unit, "code", drafts, rows, _("There is a unit with this code already."))
    for index, draft in enumerate(drafts):
        decimals = draft.values.get("decimals")
        if decimals is not None and not 0 <= decimals <= 6:
            problems.add(index, "decimals", _("From 0 to 6."))


record_verbs(Item, create=_("New item"), tidy=tidy_items)
record_verbs(Unit, create=_("New unit"), tidy=tidy_units)
