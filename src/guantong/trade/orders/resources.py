"""How orders are shown: sales orders and purchase orders are two views of one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from guantong.core.answers import Text
from guantong.core.formats import show_number
from guantong.core.registry import resource
from guantong.core.resource import Lines, Resource, Section, Sorting, View
from guantong.core.schema import FieldSpec
from guantong.master.companies.models import CompanyDetails
from guantong.master.parties.resources import Parties
from guantong.master.places.models import Site
from guantong.trade.orders import queries
from guantong.trade.orders.models import Order, OrderLine
from guantong.trade.orders.rules import MAX_LINE, ZERO, price_line, total_of
from guantong.trade.orders.samples import sales_order_values

LINES = Lines(
    "lines",
    OrderLine,
    parent="order",
    names=("item", "description", "quantity", "price", "tax_rate", "wanted_on"),
    title=_("Lines"),
    add_label=_("Add line"),
    order="position",
    needed=True,
    related=("item", "unit", "order"),
    labels={"wanted_on": _("Wanted")},
    changes={
        "quantity": {"required": True, "minimum": Decimal(0), "suffix_from": "unit"},
        "price": {"minimum": Decimal(0)},
        "tax_rate": {"minimum": Decimal(0)},
    },
    computed=(
        FieldSpec("position", "position", "#", "integer", editable=False),
        FieldSpec("net", "net", _("Amount"), "amount", editable=False, numeric=True),
        FieldSpec("wanted", "wanted", _("Wanted"), "date", editable=False, numeric=True),
        FieldSpec(
            "promised_on", "", _("Promised"), "date", editable=False, load=queries.line_promised_on, numeric=True
        ),
        FieldSpec("delivered", "", _("Delivered"), "number", editable=False, load=queries.line_delivered, numeric=True),
    ),
    columns=("position", "item", "quantity", "delivered", "price", "tax_rate", "net", "wanted", "promised_on"),
    sums=("net",),
    shown=("net",),
    editable={"schedule__commitment__state__in": ["draft", "requested", "firm"]},
    widths={
        "item": "xl",
        "description": "l",
        "quantity": "s",
        "price": "s",
        "tax_rate": "xs",
        "wanted_on": "m",
        "net": "s",
    },
)


class Orders(Resource):
    """What both sides share."""

    model = Order
    sort = Sorting("number", descending=True)
    owner = "salesperson"
    related = ("party", "currency", "site", "salesperson")
    computed = (
        FieldSpec("progress", "", _("Delivered"), "integer", editable=False, load=queries.progress_of),
        FieldSpec("promised_on", "", _("Promised"), "date", editable=False, load=queries.promised_on_of, numeric=True),
    )
    panel = (_("Money"), ("net", "tax", "total"), ("total",))
    sums = ("total",)

    @classmethod
    def title(cls, row: Order) -> tuple[str, str]:
        return row.number, Parties.label(row.party)

    @classmethod
    def hint(cls, row: Order) -> str:
        return Parties.label(row.party)

    @classmethod
    def preview(cls, values: Mapping[str, Any], lines: Mapping[str, Sequence[Mapping[str, Any]]]) -> Mapping[str, Any]:
        digits = values.get("__digits__", 2)
        amounts, moneys = {}, []
        for line in lines.get("lines", ()):
            quantity, item = line.get("quantity"), line.get("item")
            price = line.get("price") if line.get("price") is not None else getattr(item, "price", None)
            rate = line.get("tax_rate") if line.get("tax_rate") is not None else getattr(item, "tax_rate", None)
            if quantity is None or price is None or quantity * price > MAX_LINE or not 0 <= (rate or ZERO) < 1:
                continue
            money = price_line(quantity, price, rate or ZERO, digits)
            moneys.append(money)
            amounts[line["__index__"]] = {"net": show_number(money.net, digits)}
        total = total_of(moneys)
        texts = {name: show_number(getattr(total, name), digits) for name in ("net", "tax", "total")}
        return {"lines": {"lines": amounts}, "totals": texts}

    @classmethod
    def total_labels(cls) -> Sequence[tuple[str, Text]]:
        return (("net", _("Net")), ("tax", _("Tax")), ("total", _("Total")))

    @classmethod
    def digits(cls, row: Order | None, actor: Any) -> int:
        """Decimals of the document's currency, or of the company's for a new one."""
        if row is not None:
            return int(row.currency.digits)
        details = CompanyDetails.objects.select_related("currency").filter(company_id=actor.company.id).first()
        return int(details.currency.digits) if details else 2

    @classmethod
    def defaults(cls, actor: Any) -> Mapping[str, Any]:
        sites = (
            list(Site.objects.filter(company_id=actor.company.id, state="active").order_by("id")[:2])
            if actor.company
            else []
        )
        return {"site": sites[0] if len(sites) == 1 else None, "salesperson": actor}


@resource
class SalesOrders(Orders):
    slug = "sales-orders"
    only = {"side": "sell", "kind": "order"}
    one, many, new = _("sales order"), _("Sales orders"), _("New order")
    purpose = _("What customers want from you, by when and for how much.")
    icon, side = "shopping-cart", "cust"
    aliases = {"customer": "party"}
    labels = {"customer": _("Customer"), "wanted_on": _("Wanted"), "reference": _("Customer ref.")}
    views = (
        View(
            "open",
            _("Open"),
            {"state": "draft,quoted,confirmed"},
            menu="customers",
            order=20,
            icon="shopping-cart",
            side="cust",
            key="O",
        ),
        View("mine", _("Mine"), {"state": "draft,quoted,confirmed"}, mine=True),
        View("quoted", _("Quoted"), {"state": "quoted"}),
        View("confirmed", _("To deliver"), {"state": "confirmed"}),
        View("all", _("All")),
    )
    columns = (
        "number",
        "customer",
        "state",
        "total",
        "wanted_on",
        "promised_on",
        "progress",
        "salesperson",
    )
    filters = ("state", "customer", "salesperson", "wanted_on", "site")
    search = ("number", "reference", "customer")
    form = (Section("customer", "reference", "wanted_on", "site", "salesperson", "note"), LINES)
    facts = (
        ("customer", "reference", "site"),
        ("wanted_on", "promised_on", "confirmed_at"),
        ("currency", "salesperson", "note"),
    )
    meta = ("total", "salesperson")
    samples = sales_order_values
