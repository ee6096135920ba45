"""What every resource has: a bigint key inside, a uid outside, a version, room for custom fields."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from guantong.core.lifecycle import Lifecycle, Move, State
from guantong.core.uid import uuid7


class Record(models.Model):
    """A row that people can name. ``version`` grows by one with every action; ``custom`` holds custom fields."""

    uid = models.UUIDField(_("Identifier"), default=uuid7, unique=True, editable=False)
    version = models.IntegerField(_("Version"), default=1, editable=False)
    created_at = models.DateTimeField(_("Created"), editable=False)
    updated_at = models.DateTimeField(_("Changed"), editable=False)
    custom = models.JSONField(default=dict, editable=False)

    lifecycle: ClassVar[Lifecycle | None] = None

    class Meta:
        abstract = True


class Master(Record):
    """Master data: used by documents for ever, so it is archived, never deleted."""

    lifecycle = Lifecycle(
        states=[State("active", _("Active"), "done"), State("archived", _("Archived"), "open", step=False, open=False)],
        moves=[Move("archive", ("active",), "archived"), Move("restore", ("archived",), "active")],
        stays={"update": ("active",)},
    )

    state = models.CharField(_("State"), max_length=20, default="active", editable=False)

    class Meta:
        abstract = True


class Document(Record):
    """A record of one company with a number and a state that verbs move."""

    company = models.ForeignKey(
        "core.Company", models.PROTECT, verbose_name=_("Company"), related_name="+", editable=False
    )
    number = models.CharField(_("Number"), max_length=30, editable=False)
    state = models.CharField(_("State"), max_length=20, editable=False)

    class Meta:
        abstract = True
