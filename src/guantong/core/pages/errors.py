"""Refusals as pages: what is wrong, what to do, never a trace."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from guantong.core.answers import Refused

log = logging.getLogger(__name__)


class RefusalMiddleware:
    """Turns a ``Refused`` raised by a page into its page, and anything unexpected into a reference for the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Refused):
            return error_page(request, error.status, str(error.fact), str(error.todo))
        return None


def error_page(request: HttpRequest, code: int, fact: str, todo: str, reference: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        "code": code,
        "fact": fact,
        "todo": todo,
        "reference": reference,
        "title": fact,
        "link_label": _("My day"),
        "link_url": reverse("day"),
    }
    signed_in = getattr(request, "user", None) is not None and request.user.is_authenticated
    return render(request, "error.html" if signed_in else "error_bare.html", context, status=code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return _bare(413, _("This is too large."), _("Send at most 8 MB at once."))
    return _bare(400, _("This request cannot be understood."), _("Load the page again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 403, _("You may not do this."), _("Ask an administrator for access."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _bare(403, _("This page was open for too long."), _("Go back, load the page again and send it once more."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 404, _("There is no such page."), _("Check the address."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Needs neither database nor session: either may be what failed."""
    reference = secrets.token_hex(4)
    log.error("reference %s: %s %s", reference, request.method, request.path)
    fact = _("Something went wrong here.")
    return _bare(500, fact, _("Nothing was saved. Try again; if it stays, give this reference to support."), reference)


def _bare(code: int, fact: str, todo: str, reference: str = "") -> HttpResponse:
    context = {
        "code": code,
        "fact": fact,
        "todo": todo,
        "reference": reference,
        "link_label": _("My day"),
        "link_url": "/",
    }
    return HttpResponse(render_to_string("error_bare.html", context), status=code)
