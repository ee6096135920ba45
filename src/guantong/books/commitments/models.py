"""The book of what is promised: one row each for a quantity of an item at a site by a day, going out or coming in.

A commitment knows no document; order lines, work orders and transfer legs point down to it. It *is* the physical half
of a line, not a copy: item, site, due date and quantity in the base unit stand only here.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from guantong.core.fields import QuantityField
from guantong.core.models import Company
from guantong.core.uid import uuid7
from guantong.master.items.models import Item
from guantong.master.places.models import Site


class Commitment(models.Model):
    """A promise. One writer a counter: ``quantity`` by promising, ``moved`` by moves, ``billed`` by invoices."""

    class Direction(models.TextChoices):
        OUT = "out", _("Going out")
        IN = "in", _("Coming in")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        """Quote or bid: not counted by planning."""
        REQUESTED = "requested", _("Requested")
        """Requisition or held order: planned for, not promisable."""
        FIRM = "firm", _("Firm")
        CLOSED = "closed", _("Closed")

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    item = models.ForeignKey(Item, models.PROTECT, related_name="commitments")
    site = models.ForeignKey(Site, models.PROTECT, related_name="commitments")
    quantity = QuantityField(default=0)
    moved = QuantityField(default=0)
    billed = QuantityField(default=0)
    due_on = models.DateField()
    first_promised_on = models.DateField(null=True)
    """The first date ever promised; kept for ever, so that a broken promise stays visible."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0, moved__gte=0, billed__gte=0), name="commitments_not_negative"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="firm") | ~models.Q(first_promised_on=None),
                name="commitments_firm_has_day",
            ),
        ]
        indexes = [
            models.Index(
                fields=["item", "site", "due_on"],
                name="commitments_open",
                condition=models.Q(state__in=["requested", "firm"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.quantity} by {self.due_on}"
