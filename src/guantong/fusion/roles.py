"""Roles as shipped: data that a company changes to its liking; a role that exists already is left as it is."""

from __future__ import annotations

from collections.abc import Iterable

from guantong.core.fields import Translated
from guantong.core.models import Role, RoleGrant
from guantong.core.registry import registry

SEE_MASTERS = ["parties.view", "items.view", "units.view", "sites.view", "currencies.view"]
SELL = ["create", "update", "quote", "confirm", "amend", "cancel", "close"]

ROLES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "sales": (
        {"en": "Sales", "zh-hans": "销售"},
        {
            **dict.fromkeys([*SEE_MASTERS, "parties.create", "parties.update", "sales-orders.view"], "all"),
            **dict.fromkeys([f"sales-orders.{verb}" for verb in SELL], "own"),
            "sales-orders.create": "all",
            "approvals.view": "own",
            "approvals.withdraw": "own",
        },
    ),
    "manager": (
        {"en": "Sales manager", "zh-hans": "销售经理"},
        dict.fromkeys(
            [
                *SEE_MASTERS,
                "parties.create",
                "parties.update",
                "parties.archive",
                "parties.restore",
                *[f"sales-orders.{verb}" for verb in ["view", *SELL, "approve"]],
                *[f"approvals.{verb}" for verb in ["view", "approve", "refuse", "withdraw"]],
                "approval-policies.view",
            ],
            "all",
        ),
    ),
    "auditor": ({"en": "Auditor", "zh-hans": "审计"}, {"*.view": "all"}),
    "admin": ({"en": "Administrator", "zh-hans": "管理员"}, {"*": "all"}),
}


def load_roles() -> list[str]:
    """Make the shipped roles that are missing; returns their codes. An administrator gets what is new as well."""
    made = []
    for code, (name, grants) in ROLES.items():
        role, fresh = Role.objects.get_or_create(code=code, defaults={"name": Translated(name)})
        if fresh:
            made.append(code)
        if fresh or code in ("admin", "auditor"):
            _grant(role, _expand(grants))
    return made


def _expand(grants: dict[str, str]) -> dict[str, str]:
    """Replace ``*`` by every permission there is."""
    found: dict[str, str] = {}
    for pattern, scope in grants.items():
        names: Iterable[str] = [pattern]
        if pattern.startswith("*"):
            names = [name for name in registry.permissions() if name.endswith(pattern[1:])]
        found |= dict.fromkeys(names, scope)
    return found


def _grant(role: Role, grants: dict[str, str]) -> None:
    held = set(role.grants.values_list("permission", flat=True))
    RoleGrant.objects.bulk_create(
        RoleGrant(role=role, permission=name, scope=scope) for name, scope in grants.items() if name not in held
    )
