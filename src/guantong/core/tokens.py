"""Bearer tokens of the API. The secret is shown once; only its SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime

from django.db import connection
from django.db.models import F

from guantong.core.models import ApiToken, User

PREFIX = "gt_"


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(username: str, name: str) -> str:
    """Make a token for the user and return its secret; raises ``LookupError`` when there is no such active user."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise LookupError(f"There is no active user {username}.")
    secret = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        user=user, name=name[:100] or "token", digest=digest_of(secret), created_at=datetime.now(UTC)
    )
    return secret


def user_of(secret: str) -> User | None:
    """The active user a secret stands for; None when it is unknown or revoked."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=digest_of(secret), revoked_at=None, user__is_active=True)
        .first()
    )
    if token is None:
        return None
    today = datetime.now(UTC).date()
    if token.last_used_on != today and not connection.in_atomic_block:
        ApiToken.objects.filter(pk=token.pk).exclude(last_used_on=today).update(last_used_on=today)
    return token.user


def revoke_token(user: User, uid: str) -> bool:
    """Revoke one of the user's own tokens."""
    rows = ApiToken.objects.filter(user=user, uid=uid, revoked_at=None)
    return bool(rows.update(revoked_at=datetime.now(UTC)))


def tokens_of(user: User) -> list[ApiToken]:
    return list(ApiToken.objects.filter(user=user, revoked_at=None).order_by(F("id").desc()))
