"""Who acts, and what they may do. Deny by default: without a grant nothing is seen and nothing runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from guantong.core.models import Company, Membership, User
from guantong.core.resource import Resource


@dataclass(frozen=True)
class CompanyRef:
    id: int
    uid: UUID
    name: str
    zone: str


@dataclass(frozen=True)
class Actor:
    """A user with rights as they are now, or the system itself. Loaded once a request."""

    user_id: int | None
    uid: UUID | None
    name: str
    language: str = "en"
    zone: str = "UTC"
    company: CompanyRef | None = None
    """The company whose pages are open; new documents belong to it."""
    companies: dict[int, CompanyRef] = field(default_factory=dict)
    grants: dict[int, dict[str, str]] = field(default_factory=dict)
    """Company id → permission → scope (all or own)."""
    system: bool = False

    def scope(self, permission: str, company_id: int | None = None) -> str:
        """``all``, ``own`` or nothing; without a company the widest scope of any company counts."""
        if self.system:
            return "all"
        if company_id is not None:
            return self.grants.get(company_id, {}).get(permission, "")
        scopes = {grants.get(permission, "") for grants in self.grants.values()}
        return "all" if "all" in scopes else "own" if "own" in scopes else ""

    def can(self, permission: str, company_id: int | None = None) -> bool:
        return bool(self.scope(permission, company_id))

    def may(self, permission: str, row: Any, owner: str) -> bool:
        """Whether the permission reaches this row: its company, and the owner where the scope is own."""
        scope = self.scope(permission, getattr(row, "company_id", None))
        return scope == "all" or (scope == "own" and bool(owner) and getattr(row, f"{owner}_id") == self.user_id)

    def hidden_fields(self, resource: type[Resource]) -> set[str]:
        return {name for name, permission in resource.private.items() if not self.can(permission)}


SYSTEM = Actor(user_id=None, uid=None, name="", system=True)


def load_actor(user: User) -> Actor:
    """The user's rights in two queries: companies and grants."""
    memberships = (
        Membership.objects.filter(user_id=user.pk)
        .values_list("company_id", "role__grants__permission", "role__grants__scope")
        .order_by("company_id")
    )
    grants: dict[int, dict[str, str]] = {}
    for company_id, permission, scope in memberships:
        held = grants.setdefault(company_id, {})
        if permission and held.get(permission) != "all":
            held[permission] = scope
    rows = Company.objects.filter(pk__in=grants).order_by("pk")
    companies = {row.pk: CompanyRef(row.pk, row.uid, row.name, row.zone) for row in rows}
    current = companies.get(user.company_id or 0) or next(iter(companies.values()), None)
    return Actor(
        user_id=user.pk,
        uid=user.uid,
        name=user.get_full_name(),
        language=user.language or "en",
        zone=user.zone or (current.zone if current else "UTC"),
        company=current,
        companies=companies,
        grants=grants,
    )


def visible(resource: type[Resource], actor: Actor, permission: str = "") -> QuerySet[Any]:
    """The only way to reach rows: those of the resource that this actor may see (or act on, by ``permission``)."""
    wanted = permission or resource.permission("view")
    rows = resource.model._default_manager.filter(**resource.only)
    if actor.system:
        return rows
    if not resource.has("company"):
        scope = actor.scope(wanted)
        if scope == "own" and resource.owner:
            return rows.filter(**{resource.owner: actor.user_id})
        return rows if scope == "all" else rows.none()
    return rows.filter(_company_filter(resource, actor, wanted))


def _company_filter(resource: type[Resource], actor: Actor, permission: str) -> Q:
    whole = [company for company in actor.grants if actor.scope(permission, company) == "all"]
    own = [company for company in actor.grants if actor.scope(permission, company) == "own"]
    rule = Q(company_id__in=whole)
    if own and resource.owner:
        rule |= Q(company_id__in=own, **{resource.owner: actor.user_id})
    return rule


def holders(permission: str, company_id: int | None) -> Iterable[User]:
    """Active users who hold the permission over all rows of the company (of any company when None)."""
    grants = {"memberships__role__grants__permission": permission, "memberships__role__grants__scope": "all"}
    if company_id is not None:
        grants["memberships__company_id"] = company_id  # type: ignore[assignment]
    return User.objects.filter(is_active=True, **grants).distinct().order_by("pk")
