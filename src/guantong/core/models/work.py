"""Queue, approvals, notifications, idempotency and search: the frame's own rows about any object.

Only here may a row point to "any object" by (kind, id); business rooms use real foreign keys.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guantong.core.answers import Sentence
from guantong.core.lifecycle import Lifecycle, Move, State
from guantong.core.models.base import Record
from guantong.core.uid import uuid7


class AboutObject(models.Model):
    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()

    class Meta:
        abstract = True


class Job(AboutObject):
    """One reaction to one event, queued in the event's own transaction and run at least once.

    A worker holds a lease; it commits its effects and ``done`` together and only while the lease is still its own.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    event = models.ForeignKey("core.Event", models.PROTECT, related_name="jobs")
    reaction = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "reaction"], name="core_job_once")]
        indexes = [
            models.Index(fields=["due_at", "id"], name="core_job_due", condition=models.Q(state="waiting")),
            models.Index(fields=["kind", "object_id"], name="core_job_failed", condition=models.Q(state="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.reaction} {self.state}"


class ApprovalRequest(AboutObject, Record):
    """An action that waits for somebody else's yes. Approving it runs the action in the requester's name."""

    lifecycle = Lifecycle(
        states=[
            State("waiting", pgettext_lazy("approval", "Waiting"), "open"),
            State("approved", _("Approved"), "done", open=False),
            State("refused", _("Refused"), "late", step=False, open=False),
            State("withdrawn", _("Withdrawn"), "done", step=False, open=False),
        ],
        moves=[
            Move("approve", ("waiting",), "approved"),
            Move("refuse", ("waiting",), "refused"),
            Move("withdraw", ("waiting",), "withdrawn"),
        ],
    )

    company = models.ForeignKey("core.Company", models.PROTECT, null=True, related_name="+")
    state = models.CharField(_("State"), max_length=20, choices=lifecycle.choices(), default="waiting")
    object_uid = models.UUIDField()
    object_version = models.IntegerField()
    resource = models.CharField(max_length=60)
    verb = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict)
    label = models.CharField(max_length=200)
    permission = models.CharField(max_length=100)
    policy = models.CharField(max_length=100, blank=True)
    fact_data = models.JSONField()
    """Why it waits, as a ``Sentence``."""
    requested_by = models.ForeignKey("core.User", models.PROTECT, related_name="+")
    decided_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(_("Reason"), blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_id", "verb"],
                name="core_approval_one_waiting",
                condition=models.Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.label}"

    @property
    def fact(self) -> str:
        """Why it waits, in the language of who reads it."""
        return str(Sentence(**self.fact_data))


class Notification(models.Model):
    """Something a user should know; shown in the inbox until read."""

    user = models.ForeignKey("core.User", models.CASCADE, related_name="notifications")
    event = models.ForeignKey("core.Event", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="core_notification_once")]
        indexes = [
            models.Index(fields=["user", "-id"], name="core_notification_unread", condition=models.Q(read_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.user_id}:{self.event_id}"


class IdempotencyKey(models.Model):
    """What a key did, so that the same request sent twice acts once."""

    user = models.ForeignKey("core.User", models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    objects_done = models.JSONField(default=list)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="core_idempotency_once")]

    def __str__(self) -> str:
        return self.key


class SearchToken(AboutObject):
    """One word of one object: Latin words whole, Chinese as single characters and pairs. Same on both databases."""

    field = models.CharField(max_length=60)
    """Where the word stands, so that a word of a field finds nothing for who may not see the field."""
    token = models.CharField(max_length=64)
    company = models.ForeignKey("core.Company", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "token", "object_id", "field"], name="core_search_once")]
        indexes = [models.Index(fields=["kind", "object_id"], name="core_search_object")]

    def __str__(self) -> str:
        return self.token
