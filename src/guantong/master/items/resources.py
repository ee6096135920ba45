"""How items and units are shown."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from guantong.core.formats import edit_number, edit_rate
from guantong.core.registry import resource
from guantong.core.resource import Resource, Section, Sorting, View
from guantong.master.items.models import Item, Unit
from guantong.master.items.samples import item_values, unit_values


@resource
class Items(Resource):
    slug = "items"
    model = Item
    one, many, new = _("item"), _("Items"), _("New item")
    purpose = _("What you buy, make, keep and sell.")
    icon = "package"
    views = (
        View("active", _("Items"), {"state": "active"}, menu="operations", order=20, icon="package"),
        View("all", _("With archived")),
    )
    columns = ("code", "name", "kind", "unit", "price", "tax_rate", "state")
    filters = ("state", "kind", "unit")
    sort = Sorting("code")
    search = ("code", "name")
    form = (Section("code", "name", "kind", "unit"), Section("price", "tax_rate", title=_("Selling")))
    facts = (("code", "kind"), ("unit",), ("price", "tax_rate"))
    changes = {"price": {"minimum": Decimal(0)}}
    related = ("unit",)
    samples = item_values

    @classmethod
    def label(cls, row: Item) -> str:
        return f"{row.code} {row.name.text(get_language() or 'en')}".strip()

    @classmethod
    def title(cls, row: Item) -> tuple[str, str]:
        return row.code, row.name.text(get_language() or "en")

    @classmethod
    def fill(cls, row: Item) -> Mapping[str, Any]:
        return {"price": edit_number(row.price), "tax_rate": edit_rate(row.tax_rate)}


@resource
class Units(Resource):
    slug = "units"
    model = Unit
    one, many, new = _("unit"), _("Units"), _("New unit")
    purpose = _("What quantities are counted in.")
    icon = "ruler-measure"
    views = (View("active", _("Units"), {"state": "active"}, menu="company", order=60), View("all", _("With archived")))
    columns = ("code", "name", "decimals", "state")
    filters = ("state",)
    sort = Sorting("code")
    search = ("code", "name")
    form = (Section("code", "name", "decimals"),)
    changes = {"decimals": {"required": True, "minimum": Decimal(0)}}
    samples = unit_values

    @classmethod
    def label(cls, row: Unit) -> str:
        return row.code

    @classmethod
    def title(cls, row: Unit) -> tuple[str, str]:
        return row.code, row.name.text(get_language() or "en")

    @classmethod
    def hint(cls, row: Unit) -> str:
        return row.name.text(get_language() or "en")
