"""Rules across rooms that are data: who must approve what, from when."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from guantong.core.fields import AmountField
from guantong.core.models import Company, Master


class ApprovalPolicy(Master):
    """From ``valid_from`` on, orders whose total reaches ``from_amount`` need an approver."""

    company = models.ForeignKey(Company, models.PROTECT, verbose_name=_("Company"), related_name="+", editable=False)
    side = models.CharField(_("Applies to"), max_length=4, choices=[("sell", _("Sales orders"))], default="sell")
    from_amount = AmountField(_("From total"))
    valid_from = models.DateField(_("Valid from"))
    valid_to = models.DateField(_("Valid to"), null=True, blank=True)

    class Meta:
        verbose_name = _("approval policy")
        verbose_name_plural = _("approval policies")

    def __str__(self) -> str:
        return f"{self.get_side_display()} ≥ {self.from_amount.normalize():f}"
