"""Parties: everybody we deal with, once each. A party can be customer and supplier at the same time."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from guantong.core.models import Master
from guantong.core.uid import uuid7


class Party(Master):
    """An organisation or a person. ``canonical`` points to the winner after a merge; no key is ever rewritten."""

    class Kind(models.TextChoices):
        ORGANIZATION = "organization", _("Organization")
        PERSON = "person", _("Person")

    kind = models.CharField(_("Kind"), max_length=12, choices=Kind.choices, default=Kind.ORGANIZATION)
    name = models.CharField(_("Name"), max_length=200)
    local_name = models.CharField(_("Name in its own language"), max_length=200, blank=True)
    is_customer = models.BooleanField(_("Customer"), default=False)
    is_supplier = models.BooleanField(_("Supplier"), default=False)
    identity_country = models.CharField(_("Country of registration"), max_length=2, blank=True)
    identity = models.CharField(
        _("Registration number"),
        max_length=40,
        blank=True,
        help_text=_("In China the 18-character 统一社会信用代码; elsewhere the tax or company number."),
    )
    email = models.EmailField(_("E-mail"), blank=True)
    phone = models.CharField(_("Phone"), max_length=40, blank=True)
    canonical = models.ForeignKey("self", models.PROTECT, null=True, blank=True, editable=False, related_name="merged")

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        indexes = [models.Index(fields=["name", "id"], name="parties_party_name")]
        constraints = [
            models.UniqueConstraint(
                fields=["identity_country", "identity"],
                name="parties_identity_once",
                condition=~models.Q(identity="") & models.Q(canonical=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name if not self.local_name else f"{self.name} {self.local_name}"


class Address(models.Model):
    """Where a party can be reached or delivered to."""

    class Use(models.TextChoices):
        OFFICE = "office", _("Office")
        DELIVERY = "delivery", _("Delivery")
        INVOICE = "invoice", _("Invoice")

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    party = models.ForeignKey(Party, models.PROTECT, related_name="addresses")
    use = models.CharField(_("Use"), max_length=10, choices=Use.choices, default=Use.OFFICE)
    street = models.CharField(_("Street"), max_length=200)
    city = models.CharField(_("City"), max_length=100)
    region = models.CharField(_("Region"), max_length=100, blank=True)
    postcode = models.CharField(_("Postcode"), max_length=20, blank=True)
    country = models.CharField(_("Country"), max_length=2)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")

    def __str__(self) -> str:
        return f"{self.street}, {self.city}"
