"""How parties are shown."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from guantong.core.formats import is_chinese
from guantong.core.registry import resource
from guantong.core.resource import Resource, Section, Sorting, View
from guantong.master.parties.lines import ADDRESSES
from guantong.master.parties.models import Party
from guantong.master.parties.samples import party_values


@resource
class Parties(Resource):
    slug = "parties"
    model = Party
    one, many, new = _("party"), _("Parties"), _("New party")
    purpose = _("Everybody you deal with, once each: customers, suppliers, or both.")
    icon = "building-store"
    views = (
        View(
            "customers",
            _("Customers"),
            {"is_customer": "yes", "state": "active"},
            menu="customers",
            order=30,
            icon="building-store",
            side="cust",
            defaults={"is_customer": True},
        ),
        View(
            "suppliers",
            _("Suppliers"),
            {"is_supplier": "yes", "state": "active"},
            menu="suppliers",
            order=30,
            icon="building-factory-2",
            side="supp",
            key="S",
            defaults={"is_supplier": True},
        ),
        View("all", _("All parties")),
    )
    columns = ("name", "local_name", "is_customer", "is_supplier", "identity", "email", "phone", "state")
    filters = ("state", "kind", "is_customer", "is_supplier", "identity_country")
    sort = Sorting("name")
    search = ("name", "local_name", "identity", "email", "phone")
    form = (
        Section("name", "local_name", "kind", "is_customer", "is_supplier"),
        Section("identity_country", "identity", "email", "phone", title=_("Identity and contact")),
        ADDRESSES,
    )
    facts = (
        ("kind", "is_customer", "is_supplier"),
        ("identity_country", "identity"),
        ("email", "phone"),
    )
    changes = {"identity_country": {"max_length": 60, "help": _("Two letters, for example CN.")}}
    samples = party_values

    @classmethod
    def label(cls, row: Party) -> str:
        return row.local_name if is_chinese() and row.local_name else row.name

    @classmethod
    def title(cls, row: Party) -> tuple[str, str]:
        return row.name, row.local_name

    @classmethod
    def hint(cls, row: Any) -> str:
        return (row.name if is_chinese() else row.local_name) or row.identity
