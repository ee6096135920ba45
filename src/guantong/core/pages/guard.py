"""The door of every page: signed in, known resource, permitted."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from guantong.core.access import Actor, visible
from guantong.core.actions import missing
from guantong.core.answers import Refused
from guantong.core.formats import show_sentences
from guantong.core.registry import registry
from guantong.core.resource import Resource
from guantong.core.web import actor_of

View = Callable[..., HttpResponse]


def require(request: HttpRequest, slug: str, verb: str) -> tuple[type[Resource], Actor]:
    """The resource and the actor, if the actor's roles allow the verb; raises ``Refused`` otherwise."""
    resource = registry.resources.get(slug)
    if resource is None:
        raise Refused("not-found", _("There is no such page."), _("Check the address."), status=404)
    actor = actor_of(request)
    if not actor.can(resource.permission(verb)):
        raise Refused(
            "not-allowed",
            _("Your roles do not allow this."),
            _("Ask an administrator for the permission “%(permission)s”.") % {"permission": resource.permission(verb)},
            status=403,
        )
    return resource, actor


def find_row(resource: type[Resource], actor: Actor, uid: UUID) -> Any:
    """One visible row with its references; the same refusal whether it is hidden or does not exist."""
    row = visible(resource, actor).select_related(*resource.related).filter(uid=uid).first()
    if row is None:
        raise missing()
    return row


def signed_out(request: HttpRequest) -> HttpResponse:
    """The session ended while a form was open: say so, and how not to lose what was typed."""
    fact = _("You were signed out.")
    todo = _("What you typed was not saved. Sign in in another tab, then go back here and save again.")
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"detail": show_sentences(fact, todo)}, status=401)
    context = {"code": 401, "fact": fact, "todo": todo, "link_label": _("Sign in"), "link_url": "/sign-in/"}
    return HttpResponse(render_to_string("error_bare.html", context), status=401)


def signed_in(view: View) -> View:
    """Pages are for people who are signed in; a partial request is sent to the sign-in page whole."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated and request.method == "POST" and not request.headers.get("HX-Request"):
            return signed_out(request)
        if not request.user.is_authenticated:
            from_here = (
                f"/sign-in/?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else "/sign-in/"
            )
            response = HttpResponse(status=302, headers={"Location": from_here})
            if request.headers.get("HX-Request"):
                response = HttpResponse(status=204, headers={"HX-Redirect": "/sign-in/"})
            return response
        return view(request, *args, **kwargs)

    return guarded
