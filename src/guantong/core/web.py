"""Middleware: security headers and limits of each request, and the person behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language_from_request

from guantong.core.access import Actor, load_actor
from guantong.core.models import User

View = Callable[[HttpRequest], HttpResponse]


class RequestMiddleware:
    """Sets the headers every answer carries and refuses addresses that cannot be stored or shown."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
        if settings.SESSION_COOKIE_SECURE:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-cache, private")
        return response


class PersonMiddleware:
    """Gives the request its actor (rights as they are now) and its language."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        setattr(request, "actor", SimpleLazyObject(lambda: load_actor(cast(User, request.user))))  # noqa: B010
        with translation.override(language_of(request)):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response


def language_of(request: HttpRequest) -> str:
    """The person's own choice, else this browser's choice, else what the browser asks for."""
    user: Any = request.user
    if user.is_authenticated and user.language:
        return str(user.language)
    return get_language_from_request(request)


def actor_of(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]
