"""Orders, one model for both sides: what we sell and what we buy are kinds of one thing with a side.

The line keeps what was *agreed* (item, quantity, price, tax, wanted day); its commitments keep what is *promised*, one
per schedule line and usually exactly one.
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guantong.books.commitments.models import Commitment
from guantong.core.fields import AmountField, QuantityField, RateField, UnitPriceField
from guantong.core.lifecycle import Lifecycle, Move, State
from guantong.core.models import Document, User
from guantong.core.uid import uuid7
from guantong.master.companies.models import Currency
from guantong.master.items.models import Item, Unit
from guantong.master.parties.models import Party
from guantong.master.places.models import Site


class Order(Document):
    """An agreement to trade. ``state`` is a decision; how far it is delivered is arithmetic over its commitments."""

    class Side(models.TextChoices):
        SELL = "sell", _("Sell")
        BUY = "buy", _("Buy")

    class Kind(models.TextChoices):
        REQUEST = "request", _("Request")
        OFFER = "offer", _("Offer")
        ORDER = "order", _("Order")
        AGREEMENT = "agreement", _("Agreement")
        RETURN = "return", _("Return")

    lifecycle = Lifecycle(
        states=[
            State("draft", _("Draft"), "open"),
            State("quoted", _("Quoted"), "open"),
            State("confirmed", _("Confirmed"), "half"),
            State("closed", _("Closed"), "done", open=False),
            State("canceled", _("Canceled"), "open", step=False, open=False),
        ],
        moves=[
            Move("quote", ("draft",), "quoted"),
            Move("confirm", ("draft", "quoted"), "confirmed"),
            Move("close", ("confirmed",), "closed"),
            Move("cancel", ("draft", "quoted", "confirmed"), "canceled"),
        ],
        stays={"update": ("draft", "quoted"), "amend": ("confirmed",)},
    )

    side = models.CharField(max_length=4, choices=Side.choices, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.ORDER, editable=False)
    party = models.ForeignKey(Party, models.PROTECT, related_name="orders")
    reference = models.CharField(_("Their reference"), max_length=60, blank=True)
    currency = models.ForeignKey(Currency, models.PROTECT, verbose_name=_("Currency"), related_name="+", editable=False)
    site = models.ForeignKey(Site, models.PROTECT, verbose_name=_("Site"), related_name="+")
    wanted_on = models.DateField(_("Wanted date"))
    salesperson = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("Salesperson"), related_name="+", null=True, blank=True
    )
    note = models.TextField(_("Note"), blank=True)
    net = AmountField(_("Net"), default=0, editable=False)
    tax = AmountField(_("Tax"), default=0, editable=False)
    total = AmountField(_("Total"), default=0, editable=False)
    confirmed_at = models.DateTimeField(pgettext_lazy("when", "Confirmed"), null=True, editable=False)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="orders_number_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "quoted", "confirmed", "closed", "canceled"]),
                name="orders_known_state",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "side", "kind", "-id"], name="orders_list"),
            models.Index(fields=["company", "side", "kind", "wanted_on", "id"], name="orders_wanted"),
            models.Index(fields=["party", "-id"], name="orders_party"),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """One agreed line. ``quantity`` is in ``unit``; ``net`` and ``tax`` are rounded to the currency, once, on entry."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    position = models.IntegerField(_("Position"))
    item = models.ForeignKey(Item, models.PROTECT, verbose_name=_("Item"), related_name="+")
    description = models.CharField(_("Description"), max_length=200, blank=True)
    quantity = QuantityField(_("Quantity"))
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("Unit"), related_name="+")
    price = UnitPriceField(_("Price"), null=True, blank=True)
    tax_rate = RateField(_("Tax rate"), null=True, blank=True)
    wanted_on = models.DateField(_("Wanted date"), null=True, blank=True)
    net = AmountField(_("Amount"), default=0)
    tax = AmountField(_("Tax"), default=0)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gte=0), name="orders_line_quantity"),
            models.UniqueConstraint(fields=["order", "position"], name="orders_line_position"),
        ]

    def __str__(self) -> str:
        return f"{self.position}"

    @property
    def wanted(self) -> date:
        """The line's own wanted day, or the order's, which it then follows."""
        return self.wanted_on or self.order.wanted_on


class ScheduleLine(models.Model):
    """One delivery of a line; owns its commitment."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="schedule")
    sequence = models.IntegerField(default=1)
    commitment = models.OneToOneField(Commitment, models.PROTECT, related_name="schedule_line")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "sequence"], name="orders_schedule_sequence")]

    def __str__(self) -> str:
        return f"{self.line_id}/{self.sequence}"
