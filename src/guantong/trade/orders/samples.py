"""Realistic orders for tests and the sample company."""

from __future__ import annotations

from typing import Any

from guantong.core.models import Company
from guantong.master.items.models import Item
from guantong.master.parties.models import Party
from guantong.master.places.models import Site


def sales_order_values(**changes: Any) -> dict[str, Any]:
    """Typed values of an order of two lines, from the first customer, site and items there are."""
    company = changes.pop("company", None) or Company.objects.order_by("id").first()
    customer = Party.objects.filter(is_customer=True, state="active").order_by("id").first()
    site = Site.objects.filter(company=company).order_by("id").first()
    items = list(Item.objects.filter(state="active", unit__decimals=0).order_by("id")[:2])
    if customer is None or site is None or len(items) < 2:
        raise LookupError("An order needs a customer, a site of the company and two items first.")
    return {
        "customer": str(customer.uid),
        "reference": "4500012345",
        "wanted_on": "2026-12-18",
        "site": str(site.uid),
        "lines": [
            {"item": str(items[0].uid), "quantity": "120", "price": "86.50", "tax_rate": "0.13"},
            {"item": str(items[1].uid), "quantity": "60", "price": "92", "tax_rate": "13%", "wanted_on": "2026-12-24"},
        ],
        **changes,
    }
