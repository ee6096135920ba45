"""Users, companies and what a role may do.

A role is data: a set of (permission, scope). A user holds roles per company; nothing is allowed unless a role of
that company grants it. Masters are shared by the companies of a tenant, so any company's role opens them.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from guantong.core.fields import TranslatedField
from guantong.core.uid import uuid7


class Company(models.Model):
    """A legal entity that keeps its own books. Bare here; its address, currency and taxes live in master."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(_("Name"), max_length=200)
    zone = models.CharField(_("Time zone"), max_length=64, default="UTC")

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """Somebody who signs in. Preferences are the person's own; rights come only from memberships."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", _("Comfortable")
        COMPACT = "compact", _("Compact")

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(_("Name"), max_length=150, blank=True)
    language = models.CharField(_("Language"), max_length=10, blank=True)
    zone = models.CharField(_("Time zone"), max_length=64, blank=True)
    theme = models.CharField(_("Theme"), max_length=10, choices=Theme.choices, default=Theme.AUTO)
    density = models.CharField(_("Density"), max_length=12, choices=Density.choices, default=Density.COMFORTABLE)
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="+")
    """The company whose pages are open now."""

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name or self.username


class Role(models.Model):
    code = models.CharField(max_length=50, unique=True)
    name = TranslatedField(_("Name"))

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def __str__(self) -> str:
        return self.code


class RoleGrant(models.Model):
    """One permission of a role, over all rows of a company or over the holder's own rows only."""

    class Scope(models.TextChoices):
        ALL = "all", _("all")
        OWN = "own", _("own")

    role = models.ForeignKey(Role, models.CASCADE, related_name="grants")
    permission = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.ALL)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "permission"], name="core_grant_once")]

    def __str__(self) -> str:
        return f"{self.role_id}:{self.permission}:{self.scope}"


class Membership(models.Model):
    """A user holds a role in a company."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    company = models.ForeignKey(Company, models.PROTECT, related_name="memberships")
    role = models.ForeignKey(Role, models.PROTECT, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "company", "role"], name="core_membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id}@{self.company_id}:{self.role_id}"


class ApiToken(models.Model):
    """A bearer token. Only its SHA-256 is kept, so a stolen database opens nothing."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(_("Name"), max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
