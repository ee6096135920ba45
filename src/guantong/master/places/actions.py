"""Verbs of sites."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import available_timezones

from django.utils.translation import gettext_lazy as _

from guantong.core.inputs import Draft
from guantong.core.records import Problems, own_company, record_verbs
from guantong.master.places.models import Site


def tidy_sites(problems: Problems, drafts: Sequence[Draft], rows: Sequence[Site | None]) -> None:
    """Time zones that exist. That a company has each code once the database itself says."""
    zones = available_timezones()
    for index, draft in enumerate(drafts):
        if draft.values.get("zone") and draft.values["zone"] not in zones:
            problems.add(index, "zone", _("Write a time zone like Asia/Shanghai."))


record_verbs(Site, create=_("New site"), tidy=tidy_sites, defaults=own_company)
