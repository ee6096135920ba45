"""The one log: an immutable row an event, and beside it the values, which may be erased.

``body`` is the canonical JSON (RFC 8785) that a leaf of the Merkle tree is made of. It names actor, verb, object and,
for each changed field, a salted hash; the values and salts stand in ``EventValue``. Erasing a person's data deletes
values and salts and leaves every proof whole. The order of leaves is assigned later by the sealer, so that posting
never waits for it.
"""

from __future__ import annotations

from django.db import models

from guantong.core.uid import uuid7

EVENT_SCHEMA = 1


class Event(models.Model):
    """One action on one object. Never changed or deleted: a trigger refuses both."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    at = models.DateTimeField()
    company = models.ForeignKey("core.Company", models.PROTECT, null=True, related_name="+")
    actor = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    """Empty for the system itself."""
    verb = models.CharField(max_length=60)
    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    object_uid = models.UUIDField()
    body = models.TextField()
    leaf = models.CharField(max_length=64)
    """Hex of the RFC 9162 leaf hash of ``body`` in UTF-8."""

    class Meta:
        indexes = [models.Index(fields=["kind", "object_id", "-id"], name="core_event_object")]

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {self.object_uid}"


class EventValue(models.Model):
    """Values and salts of one event: ``{field: {"salt", "old", "new"}}``. May be emptied, never invented."""

    event = models.OneToOneField(Event, models.PROTECT, primary_key=True, related_name="value")
    data = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"values of {self.event_id}"
