"""How policies are shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from guantong.core.registry import resource
from guantong.core.resource import Resource, Section, Sorting, View
from guantong.fusion.models import ApprovalPolicy


def policy_values(**changes: Any) -> dict[str, Any]:
    return {"side": "sell", "from_amount": "500000", "valid_from": "2026-01-01", **changes}


@resource
class ApprovalPolicies(Resource):
    slug = "approval-policies"
    model = ApprovalPolicy
    one, many, new = _("approval policy"), _("Approval policies"), _("New policy")
    purpose = _("From which total on somebody else must approve an order.")
    icon = "rosette-discount-check"
    views = (
        View("active", _("Approval policies"), {"state": "active"}, menu="company", order=50),
        View("all", _("With archived")),
    )
    columns = ("side", "from_amount", "valid_from", "valid_to", "state")
    filters = ("state",)
    sort = Sorting("valid_from", descending=True)
    form = (Section("side", "from_amount", "valid_from", "valid_to"),)
    changes = {"from_amount": {"minimum": Decimal(0)}}
    samples = policy_values

    @classmethod
    def label(cls, row: ApprovalPolicy) -> str:
        return str(row)
