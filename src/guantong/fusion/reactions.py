"""All reactions: what may follow an event, later and on its own."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from guantong.core import sql
from guantong.core.access import holders
from guantong.core.change import now
from guantong.core.models import ApprovalRequest, Job, Notification
from guantong.core.registry import react
from guantong.trade.orders.models import Order


def tell(job: Job, user_ids: Iterable[int | None]) -> None:
    """Put the job's event into inboxes; told once however often the job runs, and never to who did it."""
    wanted = {pk for pk in user_ids if pk is not None and pk != job.event.actor_id}
    known = set(
        Notification.objects.filter(event_id=job.event_id, user_id__in=wanted).values_list("user_id", flat=True)
    )
    rows = [{"user_id": pk, "event_id": job.event_id, "created_at": now()} for pk in sorted(wanted - known)]
    if rows:
        sql.insert(Notification, rows, returning=False)


def tell_approvers(job: Job) -> None:
    """Somebody asked for approval: tell those who can decide."""
    request = ApprovalRequest.objects.get(pk=job.object_id)
    tell(job, (user.pk for user in holders(request.permission, request.company_id)))


def tell_asker(job: Job) -> None:
    """A request was decided: tell who asked."""
    tell(job, [ApprovalRequest.objects.values_list("requested_by_id", flat=True).get(pk=job.object_id)])


def tell_salesperson(job: Job) -> None:
    """Somebody else moved your order: tell you."""
    tell(job, [Order.objects.values_list("salesperson_id", flat=True).get(pk=job.object_id)])


REACTIONS = [
    ("tell_approvers", ApprovalRequest, ["ask"], tell_approvers, _("Tell who can approve")),
    ("tell_asker", ApprovalRequest, ["approve", "refuse"], tell_asker, _("Tell who asked")),
    ("tell_salesperson", Order, ["confirm", "amend", "cancel", "close"], tell_salesperson, _("Tell the salesperson")),
]


def react_all() -> None:
    for name, model, verbs, run, label in REACTIONS:
        react(name, model, verbs, run, label)
