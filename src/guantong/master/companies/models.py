"""What a company needs to do business beside its name: currency, country, address; and the currencies themselves."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from guantong.core.fields import TranslatedField
from guantong.core.models import Company, Master


class Currency(Master):
    """An ISO 4217 currency; ``digits`` are the decimals of its minor unit."""

    code = models.CharField(_("Code"), max_length=3, unique=True)
    digits = models.SmallIntegerField(_("Decimals"))
    name = TranslatedField(_("Name"))

    class Meta:
        verbose_name = _("currency")
        verbose_name_plural = _("currencies")
        constraints = [
            models.CheckConstraint(condition=models.Q(digits__gte=0, digits__lte=4), name="companies_currency_digits")
        ]

    def __str__(self) -> str:
        return self.code


class CompanyDetails(models.Model):
    """The business side of a company, one row each."""

    company = models.OneToOneField(Company, models.PROTECT, primary_key=True, related_name="details")
    currency = models.ForeignKey(Currency, models.PROTECT, related_name="+")
    city = models.CharField(_("City"), max_length=100, blank=True)
    country = models.CharField(_("Country"), max_length=2)

    class Meta:
        verbose_name = _("company details")
        verbose_name_plural = _("company details")

    def __str__(self) -> str:
        return self.company.name
