"""Verbs of parties."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from guantong.core.inputs import Draft
from guantong.core.records import Problems, record_verbs
from guantong.master.parties.lines import ADDRESSES
from guantong.master.parties.models import Party
from guantong.master.parties.rules import checked_identity, is_country


def tidy_parties(problems: Problems, drafts: Sequence[Draft], rows: Sequence[Party | None]) -> None:
    """Check countries and each identity's own check digit, and that no identity is somebody else's."""
    wanted: dict[tuple[str, str], int] = {}
    for index, (draft, row) in enumerate(zip(drafts, rows, strict=True)):
        key = _checked(problems, index, draft, row)
        if key in wanted:
            problems.add(index, "identity", _("Another line of this list has this number."))
        elif key:
            wanted[key] = index
        for line in draft.lines.get("addresses", []):
            if not is_country(line.values.get("country", "")):
                name = f"addresses-{line.index}-country"
                problems.add(index, name, _("Write the country’s two letters, for example CN."))
    for other in _owners(wanted):
        index = wanted[other.identity_country, other.identity]
        if rows[index] is None or other.pk != rows[index].pk:  # type: ignore[union-attr]
            problems.add(index, "identity", _("This is the number of %(party)s already.") % {"party": other})


def _checked(problems: Problems, index: int, draft: Draft, row: Party | None) -> tuple[str, str] | None:
    """Country and number of one draft, the number in its compact form; None when there is none or it is wrong."""
    country = draft.values.get("identity_country", row.identity_country if row else "").upper()
    number = draft.values.get("identity", row.identity if row else "")
    if "identity_country" in draft.values:
        draft.values["identity_country"] = country
    if number and not country:
        problems.add(index, "identity_country", _("Say in which country it is registered."))
    elif country and not is_country(country):
        problems.add(index, "identity_country", _("Write the country’s two letters, for example CN."))
    elif number:
        try:
            draft.values["identity"] = number = checked_identity(country, number)
        except ValueError:
            problems.add(
                index, "identity", _("This number fails its own check digit. Compare it with the certificate.")
            )
        else:
            return country, number
    return None


def _owners(wanted: Collection[tuple[str, str]]) -> list[Party]:
    """Parties that have one of these identities, in one query."""
    if not wanted:
        return []
    rows = Party.objects.filter(identity__in={number for _country, number in wanted}, canonical=None)
    return [row for row in rows if (row.identity_country, row.identity) in wanted]


def _grids() -> Any:
    return (ADDRESSES,)


record_verbs(Party, create=_("New party"), grids=_grids, tidy=tidy_parties)
