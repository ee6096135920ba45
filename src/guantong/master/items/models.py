"""Items: what is bought, made, stocked and sold, once each, and the units they are counted in."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from guantong.core.fields import RateField, TranslatedField, UnitPriceField
from guantong.core.models import Master


class Unit(Master):
    """A unit of measure; ``decimals`` is how finely it can be counted (0 for pieces)."""

    code = models.CharField(_("Code"), max_length=10, unique=True)
    name = TranslatedField(_("Name"))
    decimals = models.SmallIntegerField(_("Decimals"), default=0)

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        constraints = [
            models.CheckConstraint(condition=models.Q(decimals__gte=0, decimals__lte=6), name="items_unit_decimals")
        ]

    def __str__(self) -> str:
        return self.code


class Item(Master):
    """A good or a service. Quantities everywhere are in its unit."""

    class Kind(models.TextChoices):
        GOOD = "good", _("Good")
        SERVICE = "service", _("Service")

    code = models.CharField(_("Code"), max_length=40, unique=True)
    name = TranslatedField(_("Name"))
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices, default=Kind.GOOD)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("Unit"), related_name="+")
    price = UnitPriceField(_("List price"), null=True, blank=True)
    tax_rate = RateField(_("Tax rate"), null=True, blank=True)

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")

    def __str__(self) -> str:
        return self.code
