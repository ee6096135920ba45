"""Sites: the places planning knows. Locations inside them (bins) stand below a site."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from guantong.core.models import Company, Master


class Site(Master):
    """A warehouse, plant or shop of one company."""

    company = models.ForeignKey(Company, models.PROTECT, verbose_name=_("Company"), related_name="+", editable=False)
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=100)
    city = models.CharField(_("City"), max_length=100, blank=True)
    zone = models.CharField(_("Time zone"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="places_site_code_once")]

    def __str__(self) -> str:
        return self.name
