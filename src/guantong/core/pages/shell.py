"""The frame around every page: menu, company, person, preferences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _

from guantong.core.access import Actor
from guantong.core.formats import initials_of, show_person
from guantong.core.models import Membership, Notification, User
from guantong.core.pages.shapes import CompanyChoice, Head, NavGroup, NavItem, Shell, Side
from guantong.core.registry import registry
from guantong.core.resource import Resource, View
from guantong.core.web import actor_of

GROUPS: list[tuple[str, Any, Side]] = [
    ("customers", pgettext_lazy("menu group", "Customers"), "cust"),
    ("operations", pgettext_lazy("menu group", "Operations"), "own"),
    ("suppliers", pgettext_lazy("menu group", "Suppliers"), "supp"),
    ("company", pgettext_lazy("menu group", "Company"), "ink"),
]


company_notes: list[Callable[[int], str]] = []
"""What upper rooms add under the company's name in the menu (its currency); each gets the company's id."""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor; empty for people who are not signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"language": get_language()}
    actor = actor_of(request)
    return {"shell": make_shell(request, cast(User, user), actor)}


def make_shell(request: HttpRequest, user: User, actor: Actor) -> Shell:
    path = request.path
    unread = Notification.objects.filter(user_id=user.pk, read_at=None)[:100].count()
    roles = Membership.objects.filter(user_id=user.pk, company_id=actor.company.id if actor.company else 0)
    names = [name.text(get_language() or "en") for name in roles.values_list("role__name", flat=True)]
    return Shell(
        company=actor.company.name if actor.company else _("No company"),
        company_meta=" · ".join(filter(None, (note(actor.company.id) for note in company_notes)))
        if actor.company
        else "",
        companies=tuple(
            CompanyChoice(str(c.uid), c.name, bool(actor.company and c.id == actor.company.id))
            for c in actor.companies.values()
        ),
        top=(
            NavItem(_("My day"), "sun-high", reverse("day"), path == reverse("day"), key="D"),
            NavItem(_("Inbox"), "inbox", reverse("inbox"), path == reverse("inbox"), count=unread or None),
        ),
        groups=tuple(group for group in _groups(request, actor) if group.items),
        person=show_person(actor.name),
        person_meta=", ".join(names),
        initials=initials_of(actor.name),
        language="zh-hans" if get_language() == "zh-hans" else "en",
        theme=user.theme,  # type: ignore[arg-type]
        density=user.density,  # type: ignore[arg-type]
        unread=unread,
        here=request.get_full_path() if request.method == "GET" else path,
    )


def _groups(request: HttpRequest, actor: Actor) -> Iterable[NavGroup]:
    for code, label, side in GROUPS:
        entries = sorted(
            (
                (view.order, str(view.label), resource, view)
                for resource in registry.resources.values()
                for view in resource.all_views()
                if view.menu == code and actor.can(resource.permission("view"))
            ),
            key=lambda entry: entry[:2],
        )
        items = tuple(_item(request, resource, view) for _order, _label, resource, view in entries)
        yield NavGroup(str(label), side, items)


def _item(request: HttpRequest, resource: type[Resource], view: View) -> NavItem:
    return NavItem(
        menu_label(resource, view),
        view.icon or resource.icon,
        list_url(resource, view),
        is_here(request, resource, view),
        key=view.key,
    )


def menu_label(resource: type[Resource], view: View) -> str:
    """What a view is called in the menu; the open ones are called by the resource itself."""
    return str(resource.many if view.code == "open" else view.label)


def list_url(resource: type[Resource], view: View | None = None) -> str:
    url = reverse("list", args=[resource.slug])
    first = resource.all_views()[0].code
    return f"{url}?view={view.code}" if view and view.code != first else url


def open_view(request: HttpRequest, view: View) -> None:
    """Tell the menu through which view this page is seen."""
    setattr(request, "open_view", view)  # noqa: B010


def view_of(resource: type[Resource], row: Any) -> View:
    """The menu entry a record belongs to: the first whose yes-or-no filters it meets."""
    menus = [view for view in resource.all_views() if view.menu]
    fitting = (v for v in menus if all(getattr(row, name, False) for name, value in v.where.items() if value == "yes"))
    return next(fitting, menus[0] if menus else resource.all_views()[0])


def is_here(request: HttpRequest, resource: type[Resource], view: View) -> bool:
    """Whether this menu entry leads to the page that is open: its list, or a record reached through it."""
    if not request.path.startswith(reverse("list", args=[resource.slug])):
        return False
    menus = [each for each in resource.all_views() if each.menu]
    opened = getattr(request, "open_view", None) or resource.view(request.GET.get("view", ""))
    return view is (opened if opened in menus else menus[0])


def head_of(resource: type[Resource], actor: Actor, view: View | None = None) -> Head:
    """Who a page is about, seen through a view where one is open."""
    action = registry.action(resource, "create")
    company = actor.company.id if actor.company and resource.has("company") else None
    may = action is not None and actor.can(resource.permission("create"), company)
    url = reverse("new", args=[resource.slug])
    named = view if view and view.menu and view.code != "open" else None
    return Head(
        slug=resource.slug,
        one=str(resource.one),
        many=str(named.label if named else resource.many),
        icon=(view.icon if view else "") or resource.icon,
        side=(view.side if view else None) or resource.side,
        url=list_url(resource, view if view and view.menu else None),
        new_url=(f"{url}?view={view.code}" if view and view.defaults else url) if may else "",
        new_label=str(resource.new),
        purpose=str(resource.purpose),
    )
