"""Tables of the frame: people and roles, the log, the queue, approvals, search. No business word lives here."""

from guantong.core.models.base import Document, Master, Record
from guantong.core.models.log import Event, EventValue
from guantong.core.models.people import ApiToken, Company, Membership, Role, RoleGrant, User
from guantong.core.models.work import ApprovalRequest, IdempotencyKey, Job, Notification, SearchToken

__all__ = [
    "ApiToken",
    "ApprovalRequest",
    "Company",
    "Document",
    "Event",
    "EventValue",
    "IdempotencyKey",
    "Job",
    "Master",
    "Membership",
    "Notification",
    "Record",
    "Role",
    "RoleGrant",
    "SearchToken",
    "User",
]
