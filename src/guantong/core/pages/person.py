"""Pages about the person: my day, inbox, find, settings, switches."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from guantong.core.access import Actor, visible
from guantong.core.approvals import waiting_for
from guantong.core.change import now
from guantong.core.formats import show_ago, show_day, show_long_day, show_money, show_person, zone_of
from guantong.core.models import ApprovalRequest, Notification, User
from guantong.core.pages.cells import Reader, icon_of, ref_cell, side_of
from guantong.core.pages.records import decision_buttons, entry_of
from guantong.core.pages.shapes import Cell, DayPage, Entry, Field, FormPage, Head, NavItem, Option, Section, Todo
from guantong.core.pages.shell import list_url, menu_label
from guantong.core.registry import registry
from guantong.core.resource import Resource
from guantong.core.schema import FieldSpec
from guantong.core.search import matching
from guantong.core.tokens import create_token, revoke_token, tokens_of
from guantong.core.web import actor_of

FOUND = 6
NEWS = 30


# My day, inbox ----------------------------------------------------------------------------------------------------


def day(request: HttpRequest) -> HttpResponse:
    """What needs this person now; empty yet honest when nothing does."""
    actor = actor_of(request)
    page = _day_page(actor, news=[])
    return render(request, "day.html", {"page": page, "title": _("My day")})


def inbox(request: HttpRequest) -> HttpResponse:
    """Decisions that wait for this person, and what others did that concerns them; POST marks all as read."""
    actor = actor_of(request)
    mine = Notification.objects.filter(user=cast(User, request.user))
    if request.method == "POST":
        mine.filter(read_at=None).update(read_at=now())
        return HttpResponseRedirect(reverse("inbox"))
    news = list(mine.select_related("event__actor", "event__value").order_by("-id")[:NEWS])
    return render(request, "inbox.html", {"page": _day_page(actor, news), "title": _("Inbox")})


def _day_page(actor: Actor, news: list[Notification]) -> DayPage:
    local = datetime.now(UTC).astimezone(zone_of(actor.zone))
    told = [pair for pair in (_news(notification, actor) for notification in news) if pair]
    return DayPage(
        greeting=_greeting(local.hour) % {"name": _first_name(show_person(actor.name))},
        today=show_long_day(local.date()),
        todos=tuple(_todos(actor)),
        news=tuple(entry for entry, _cell in told),
        news_links=tuple(cell for _entry, cell in told),
        starts=tuple(_starts(actor)),
    )


def _greeting(hour: int) -> str:
    if 5 <= hour < 12:
        return _("Good morning, %(name)s")
    return _("Good afternoon, %(name)s") if 12 <= hour < 18 else _("Good evening, %(name)s")


def _first_name(name: str) -> str:
    """What one calls a person: the given name in Latin letters, the whole name in Chinese."""
    words = name.split()
    return words[0] if words else name


def _todos(actor: Actor) -> list[Todo]:
    """Decisions that wait for this person, the largest amount first."""
    found = []
    for request in waiting_for(actor):
        resource = registry.resources[request.resource]
        row = resource.model._default_manager.select_related(*resource.related).filter(pk=request.object_id).first()
        if row is not None:
            spec = _amount_spec(resource, actor)
            found.append((getattr(row, spec.source) if spec else 0, _todo(request, resource, row, spec, actor)))
    return [todo for _amount, todo in sorted(found, key=lambda pair: -pair[0])]


def _todo(request: ApprovalRequest, resource: type[Resource], row: Any, spec: FieldSpec | None, actor: Actor) -> Todo:
    stale = row.version != request.object_version
    money = show_money(getattr(row, spec.source), row.currency.code, row.currency.digits) if spec else ""
    return Todo(
        fact=_("%(who)s asks for approval") % {"who": show_person(request.requested_by.get_full_name())},
        reason=_("It was changed after the request. Ask again.") if stale else request.fact,
        amount=money,
        amount_meta=resource.hint(row),
        chain=(ref_cell(resource, row, actor),),
        actions=tuple(decision_buttons(request, actor, stale=stale)),
        tone="risk",
        when=show_ago(request.created_at, actor.zone),
    )


def _amount_spec(resource: type[Resource], actor: Actor) -> FieldSpec | None:
    """The amount in the head of this resource's records, if it has one that the reader may see."""
    hidden = actor.hidden_fields(resource)
    specs = [resource.specs()[name] for name in resource.meta if name not in hidden]
    return next((spec for spec in specs if spec.kind == "amount"), None) if resource.has("currency") else None


def _news(notification: Notification, actor: Actor) -> tuple[Entry, Cell] | None:
    event = notification.event
    for resource in registry.resources_of_kind(event.kind):
        row = visible(resource, actor).select_related(*resource.related).filter(pk=event.object_id).first()
        if row is not None:
            return entry_of(resource, event, Reader.of(actor), 0), row_cell_of(resource, row, actor)
    return None


def row_cell_of(resource: type[Resource], row: Any, actor: Actor) -> Cell:
    """The chip of what an event is about; an approval points on to its record."""
    if resource.slug != "approvals":
        return ref_cell(resource, row, actor)
    target = registry.resources[row.resource]
    url = reverse("record", args=[row.resource, row.object_uid])
    return Cell("ref", row.label, url=url, icon=target.icon, side=target.side)


def _starts(actor: Actor) -> list[NavItem]:
    """First steps for an empty day: what this person may begin."""
    found = []
    for resource in registry.resources.values():
        company = actor.company.id if actor.company and resource.has("company") else None
        main = next((view for view in resource.views if view.menu in ("customers", "operations")), None)
        if main and registry.action(resource, "create") and actor.can(resource.permission("create"), company):
            found.append(NavItem(str(resource.new), resource.icon, reverse("new", args=[resource.slug])))
    return found[:4]


# Find -------------------------------------------------------------------------------------------------------------


def find(request: HttpRequest) -> HttpResponse:
    """Records and places whose words match; a part of a page for the palette, a page of its own on phones."""
    query = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    actor = actor_of(request)
    context = {"groups": _groups(actor, query), "query": query, "title": _("Find"), "here": "find"}
    template = "find_results.html" if request.headers.get("HX-Request") else "find.html"
    return render(request, template, context)


def _groups(actor: Actor, query: str) -> list[dict[str, Any]]:
    groups = []
    for resource in registry.resources.values():
        if not query or not resource.search or not actor.can(resource.permission("view")):
            continue
        rows = visible(resource, actor).filter(matching(resource, query, actor)).select_related(*resource.related)
        found = list(rows.order_by("-id")[:FOUND])
        items = [{"cell": _found(resource, row), "hint": resource.hint(row)} for row in found]
        if items:
            groups.append({"label": str(resource.many), "items": items})
    return [*groups, *_places(actor, query.casefold())]


def _found(resource: type[Resource], row: Any) -> Cell:
    url = reverse("record", args=[resource.slug, row.uid])
    return Cell("ref", resource.label(row), url=url, icon=icon_of(resource, row), side=side_of(resource, row))


def _places(actor: Actor, query: str) -> list[dict[str, Any]]:
    items = [
        {
            "cell": Cell(
                "ref", menu_label(resource, view), url=list_url(resource, view), icon=view.icon or resource.icon
            ),
            "hint": str(resource.many) if str(resource.many) != menu_label(resource, view) else "",
        }
        for resource in registry.resources.values()
        for view in resource.all_views()
        if view.menu and actor.can(resource.permission("view"))
        if query in menu_label(resource, view).casefold() or query in str(resource.many).casefold()
    ]
    return [{"label": _("Go to"), "items": items}] if items else []


# Settings ---------------------------------------------------------------------------------------------------------


def settings_page(request: HttpRequest) -> HttpResponse:
    """Language, time zone, look, and API tokens of the person."""
    user = cast(User, request.user)
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = _save_settings(user, request)
        if not errors:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(reverse("settings"))
    context = {
        "forms_fields": _settings_form(user, request.POST if errors else None, errors),
        "tokens": _tokens(user),
        "new_token": request.session.pop("new_token", ""),
        "token_create_url": reverse("token_create"),
        "title": _("Settings"),
        "here": "settings",
    }
    return render(request, "settings.html", context, status=422 if errors else 200)


def _save_settings(user: User, request: HttpRequest) -> dict[str, str]:
    post = request.POST
    zone = post.get("zone", "").strip()
    if zone and zone not in available_timezones():
        return {"zone": _("Write a time zone like Asia/Shanghai.")}
    for name in ("language", "theme", "density"):
        if post.get(name, "") in dict(CHOICES[name]):
            setattr(user, name, post[name])
    user.zone = zone
    user.save(update_fields=["language", "theme", "density", "zone"])
    return {}


CHOICES: dict[str, list[tuple[str, Any]]] = {
    "language": [("en", "English"), ("zh-hans", "中文")],
    "theme": list(User.Theme.choices),
    "density": list(User.Density.choices),
}


def _settings_form(user: User, typed: Any, errors: dict[str, str]) -> FormPage:
    labels = {"language": _("Language"), "theme": _("Theme"), "density": _("Row height")}

    def choice(name: str) -> Field:
        value = (typed.get(name, "") if typed else getattr(user, name)) or "en"
        options = tuple(Option(code, str(label), code == value) for code, label in CHOICES[name])
        return Field(name, labels[name], "choice", value, options=options)

    zone = Field(
        "zone",
        _("Time zone"),
        "text",
        typed.get("zone", "") if typed else user.zone,
        error=errors.get("zone", ""),
        help=_("For example Asia/Shanghai; empty for the company’s."),
    )
    head = Head("settings", "", _("Settings"), "settings", "ink", reverse("settings"))
    fields = (choice("language"), zone, choice("theme"), choice("density"))
    return FormPage(
        head=head,
        title=_("Preferences"),
        action_url=reverse("settings"),
        cancel_url=reverse("day"),
        submit_label=_("Save"),
        version="",
        once="",
        sections=(Section("", fields),),
        grids=(),
    )


def _tokens(user: User) -> list[dict[str, str]]:
    return [
        {
            "name": token.name,
            "created": show_day(token.created_at.date()),
            "last_used": show_day(token.last_used_on) if token.last_used_on else "",
            "revoke_url": reverse("token_revoke", args=[token.uid]),
        }
        for token in tokens_of(user)
    ]


def token_create(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("name", "").replace("\x00", "").strip()[:80]
    if not name:
        messages.error(request, _("Say what the token is for."))
    else:
        request.session["new_token"] = create_token(cast(User, request.user).username, name)
    return HttpResponseRedirect(reverse("settings"))


def token_revoke(request: HttpRequest, uid: Any) -> HttpResponse:
    if revoke_token(cast(User, request.user), str(uid)):
        messages.success(request, _("The token is revoked."))
    return HttpResponseRedirect(reverse("settings"))


# Switches ---------------------------------------------------------------------------------------------------------


def _next(request: HttpRequest) -> HttpResponse:
    url = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(url if safe and url.startswith("/") else reverse("day"))


def switch_language(request: HttpRequest) -> HttpResponse:
    """Change the language for the person, or for this browser when nobody is signed in."""
    language = request.POST.get("language", "")
    response = _next(request)
    if language not in dict(CHOICES["language"]):
        return response
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=language)
    response.set_cookie("guantong_language", language, max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
    return response


def switch_look(request: HttpRequest) -> HttpResponse:
    changes = {n: request.POST[n] for n in ("theme", "density") if request.POST.get(n, "") in dict(CHOICES[n])}
    if changes:
        User.objects.filter(pk=cast(User, request.user).pk).update(**changes)
    return _next(request)


def switch_company(request: HttpRequest) -> HttpResponse:
    """Open another company’s pages; only one where the person holds a role."""
    actor = actor_of(request)
    wanted = request.POST.get("company", "")
    company = next((c for c in actor.companies.values() if str(c.uid) == wanted), None)
    if company is not None:
        User.objects.filter(pk=cast(User, request.user).pk).update(company_id=company.id)
    return HttpResponseRedirect(reverse("day"))
