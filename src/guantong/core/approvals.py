"""Approvals: what is Pending, and who decides it.

A check in a port may ask for an approval. The action is then undone and kept as a request; when somebody else with
the needed permission approves, the action runs once more, in the requester's name, in the approver's transaction. A
record that changed meanwhile makes the request stale: it must be asked again, because what was approved is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from guantong.core import sql
from guantong.core.access import Actor, load_actor
from guantong.core.actions import Call, perform
from guantong.core.answers import Consent, NeedsApproval, Refused
from guantong.core.change import Change
from guantong.core.models import ApprovalRequest, User
from guantong.core.models.base import Record
from guantong.core.registry import action, registry, resource
from guantong.core.resource import Resource, Sorting, kind_of
from guantong.core.schema import FieldSpec
from guantong.core.uid import uuid7


@resource
class Approvals(Resource):
    slug = "approvals"
    model = ApprovalRequest
    one, many = _("approval request"), _("Approval requests")
    purpose = _("What waits for somebody’s yes before it goes on.")
    icon = "rosette-discount-check"
    columns = ("label", "fact", "state", "requested_by", "created_at")
    computed = (FieldSpec("fact", "fact", _("Why it waits"), "long", editable=False),)
    fields = ("decided_by", "decided_at", "reason")
    facts = (("label", "fact"), ("requested_by", "created_at"), ("decided_by", "decided_at", "reason"))
    labels: ClassVar[dict[str, Any]] = {
        "label": _("Record"),
        "requested_by": _("Asked by"),
        "decided_by": _("Decided by"),
        "decided_at": _("Decided"),
        "created_at": _("Asked"),
    }
    filters = ("state",)
    sort = Sorting("id", descending=True)
    owner = "requested_by"
    related = ("requested_by", "decided_by")

    @classmethod
    def label(cls, row: ApprovalRequest) -> str:
        return row.label


@action(
    ApprovalRequest, "ask", label=_("Ask for approval"), past=_("asked for approval"), style="hidden", form="create"
)
def ask_approval(
    wanted: Sequence[tuple[Record, NeedsApproval]], *, by: Actor, change: Change, call: Call
) -> list[ApprovalRequest]:
    """Keep what was asked; a request that waits already for this version is found again, an outdated one withdrawn."""
    kind = kind_of(call.resource.model)
    waiting = {
        request.object_id: request
        for request in ApprovalRequest.objects.filter(
            kind=kind, object_id__in=[row.pk for row, _need in wanted], verb=call.verb, state="waiting"
        )
    }
    stale = [r for row, _need in wanted if (r := waiting.get(row.pk)) and r.object_version != row.version]
    if stale:
        sql.set_values(ApprovalRequest, {request.pk: {"state": "withdrawn"} for request in stale})
    for request in stale:
        change.add_root(request)
        change.set(request, state="withdrawn")
    fresh = [(row, need) for row, need in wanted if row.pk not in waiting or waiting[row.pk] in stale]
    made = _insert_requests(call, change, fresh)
    return [*(r for r in waiting.values() if r not in stale), *made]


def _insert_requests(
    call: Call, change: Change, wanted: Sequence[tuple[Record, NeedsApproval]]
) -> list[ApprovalRequest]:
    if not wanted:
        return []
    rows = [
        {
            "uid": uuid7(),
            "version": 1,
            "created_at": change.at,
            "updated_at": change.at,
            "custom": {},
            "kind": kind_of(call.resource.model),
            "object_id": row.pk,
            "object_uid": row.uid,
            "object_version": row.version,
            "company_id": getattr(row, "company_id", None),
            "resource": call.resource.slug,
            "verb": call.verb,
            "arguments": arguments_of(call, row),
            "label": call.resource.label(row)[:200],
            "permission": need.permission,
            "policy": need.policy,
            "fact_data": need.fact.as_json(),
            "requested_by_id": call.by.user_id,
            "state": "waiting",
            "reason": "",
        }
        for row, need in wanted
    ]
    made = [ApprovalRequest(pk=pk, **row) for pk, row in zip(sql.insert(ApprovalRequest, rows), rows, strict=True)]
    for request in made:
        change.add_root(request, created=True)
        change.note(request, "object", None, {"uid": str(request.object_uid), "label": request.label})
        change.note(request, "verb", None, request.verb)
    return made


def arguments_of(call: Call, row: Record) -> dict[str, Any]:
    """What is needed to run the call again for this one record."""
    rows = [raw for uid, raw in zip(call.objects, call.rows, strict=False) if uid == row.uid]
    return {"inputs": dict(call.inputs), "rows": [dict(raw) for raw in rows], "reason": call.consent.reason}


@action(
    ApprovalRequest,
    "approve",
    label=_("Approve"),
    past=_("approved this"),
    icon="check",
    style="primary",
    order=10,
)
def approve_requests(requests: list[ApprovalRequest], *, by: Actor, change: Change) -> None:
    """Run what was asked, in the name of who asked. Refused for one's own requests: four eyes see more than two."""
    for request in requests:
        _check_decider(request, by)
        _stamp(request, by, change)
        _run_request(request)


@action(
    ApprovalRequest,
    "refuse",
    label=_("Refuse"),
    past=_("refused this"),
    icon="x",
    style="danger",
    reason=True,
    order=20,
)
def refuse_requests(requests: list[ApprovalRequest], *, by: Actor, change: Change) -> None:
    """Say no, with a reason for who asked."""
    for request in requests:
        _check_decider(request, by)
        _stamp(request, by, change)


@action(
    ApprovalRequest,
    "withdraw",
    label=_("Withdraw"),
    past=_("withdrew this"),
    icon="arrow-back-up",
    style="menu",
    order=30,
)
def withdraw_requests(requests: list[ApprovalRequest], *, by: Actor, change: Change) -> None:
    """Take one's own request back."""
    for request in requests:
        if request.requested_by_id != by.user_id:
            raise Refused("not-yours", _("Only who asked can withdraw this."), status=403)


def _check_decider(request: ApprovalRequest, by: Actor) -> None:
    if request.requested_by_id == by.user_id:
        raise Refused(
            "own-request", _("You asked for this yourself."), _("Somebody else has to decide it."), status=403
        )
    if not by.can(request.permission, request.company_id):
        raise Refused(
            "not-allowed",
            _("Your roles do not allow this."),
            _("Ask an administrator for the permission “%(permission)s”.") % {"permission": request.permission},
            status=403,
        )


def _stamp(request: ApprovalRequest, by: Actor, change: Change) -> None:
    change.set(request, decided_by_id=by.user_id, decided_at=change.at, reason=change.consent.reason)


def _run_request(request: ApprovalRequest) -> None:
    target = registry.resources[request.resource]
    verb = registry.action(target, request.verb)
    user = User.objects.get(pk=request.requested_by_id)
    asker = load_actor(user)
    consent = Consent(reason=request.arguments.get("reason", ""), approvals=frozenset({request.pk}))
    call = Call(
        target,
        request.verb,
        asker,
        objects=[UUID(str(request.object_uid))],
        versions={request.object_uid: request.object_version},
        inputs=request.arguments.get("inputs", {}),
        rows=request.arguments.get("rows", []),
        consent=consent,
    )
    if verb is None or not user.is_active or not asker.can(target.permission(verb.permission_verb), request.company_id):
        raise Refused("not-allowed", _("Who asked may no longer do this."), _("Refuse the request."), status=403)
    change = Change(target, verb, asker, consent)
    perform(call, verb, change)
    left = [need for need in change.approvals if need.permission != request.permission]
    if left or change.cautions:
        raise Refused(
            "changed", _("The rules changed since this was asked."), _("Refuse it and let it be asked again.")
        )


def waiting_for(by: Actor) -> list[ApprovalRequest]:
    """Requests that this actor may decide, oldest first."""
    rows = ApprovalRequest.objects.filter(state="waiting", company_id__in=list(by.companies)).order_by("id")
    rows = rows.exclude(requested_by_id=by.user_id).select_related("requested_by")
    return [r for r in rows[:200] if by.can("approvals.approve", r.company_id) and by.can(r.permission, r.company_id)]
