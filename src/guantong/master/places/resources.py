"""How sites are shown."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guantong.core.registry import resource
from guantong.core.resource import Resource, Section, Sorting, View
from guantong.master.places.models import Site
from guantong.master.places.samples import site_values


@resource
class Sites(Resource):
    slug = "sites"
    model = Site
    one, many, new = _("site"), _("Sites"), _("New site")
    purpose = _("Your warehouses, plants and shops.")
    icon = "building-warehouse"
    views = (
        View("active", _("Sites"), {"state": "active"}, menu="operations", order=40, icon="building-warehouse"),
        View("all", _("With archived")),
    )
    columns = ("code", "name", "city", "zone", "state")
    filters = ("state",)
    sort = Sorting("code")
    search = ("code", "name", "city")
    form = (Section("code", "name", "city", "zone"),)
    samples = site_values

    @classmethod
    def title(cls, row: Site) -> tuple[str, str]:
        return row.code, row.name
