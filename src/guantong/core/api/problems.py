"""Answers that are not success, as problem details (RFC 9457)."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from guantong.core.answers import NeedsConfirmation, Pending, Refused

log = logging.getLogger(__name__)
TITLES = {400: "Bad request", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 409: "Conflict"}


def problem(status: int, code: str, detail: str, **more: Any) -> HttpResponse:
    """``type`` is stable for programs, ``detail`` is for people in their language."""
    body = {
        "type": f"/problems/{code}",
        "title": TITLES.get(status, code.replace("-", " ").capitalize()),
        "status": status,
        "detail": detail,
        **more,
    }
    response = HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json"
    )
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def refused(refusal: Refused) -> HttpResponse:
    """A refusal with each message at its field."""
    errors = [{"field": name, "detail": str(text)} for name, text in refusal.fields.items()]
    more: dict[str, Any] = {"todo": str(refusal.todo)} if refusal.todo else {}
    if errors:
        more["errors"] = errors
    return problem(refusal.status, refusal.code, str(refusal.fact), **more, **refusal.details)


def needs_confirmation(answer: NeedsConfirmation, difference: list[Mapping[str, Any]]) -> HttpResponse:
    cautions = [{"code": c.code, "detail": str(c.fact), "permission": c.permission} for c in answer.cautions]
    text = _("This needs to be confirmed with a reason.")
    return problem(409, "needs-confirmation", text, cautions=cautions, difference=difference)


def pending(answer: Pending) -> HttpResponse:
    body = {"status": "pending", "detail": str(answer.fact), "approvals": [str(uid) for uid in answer.requests]}
    return JsonResponse(body, status=202, json_dumps_params={"ensure_ascii": False})


def unexpected(error: Exception) -> HttpResponse:
    """Nothing of the inside is shown; the reference finds the trace in the log."""
    reference = secrets.token_hex(4)
    log.exception("reference %s", reference, exc_info=error)
    return problem(500, "unexpected", _("Something went wrong here."), reference=reference)
