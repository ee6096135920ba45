"""The list page of any resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guantong.core.access import Actor, visible
from guantong.core.formats import show_number
from guantong.core.models import User
from guantong.core.pages.cells import Reader, cell_of, icon_of, loaded_for, side_of, url_of
from guantong.core.pages.filters import ListQuery
from guantong.core.pages.guard import require
from guantong.core.pages.shapes import Cell, Column, ListPage, ListRow, Tab
from guantong.core.pages.shell import head_of, open_view
from guantong.core.registry import registry
from guantong.core.resource import Resource
from guantong.core.schema import FieldSpec
from guantong.core.search import matching
from guantong.core.web import actor_of

COUNTED = 10_000
LOOKUPS = 20


def list_page(request: HttpRequest, slug: str) -> HttpResponse:
    """First fifty rows by an indexed sort; filters, sort and page live in the address."""
    resource, actor = require(request, slug, "view")
    query = ListQuery.read(resource, actor, request.GET.dict())
    open_view(request, query.view)
    page = make_list(query, Reader.of(actor))
    return render(request, "list.html", {"page": page, "title": page.head.many})


def make_list(query: ListQuery, reader: Reader) -> ListPage:
    resource, actor = query.resource, query.actor
    rows, earlier, later = query.page()
    specs = shown_specs(resource, actor)
    loaded = loaded_for(specs, rows, actor)
    count = query.selected().order_by()[: COUNTED + 1].count() if earlier or later else len(rows)
    total = query.everything().order_by()[: COUNTED + 1].count() if not rows else 0
    filters = len(query.filters) + bool(query.query)
    return ListPage(
        head=head_of(resource, actor, query.view),
        count=count_text(count),
        tabs=tuple(
            Tab(
                str(view.label), f"?view={view.code}", view.code == query.view.code, icon=view.icon if view.menu else ""
            )
            for view in resource.all_views()
        ),
        query=query.query,
        chips=query.chips(reader),
        fields=query.fields(lookup_url),
        keep=tuple((k, v) for k, v in query.params.items() if k in {"view", "sort", *query.filters} and v),
        columns=tuple(_column(query, spec, number, rows) for number, spec in enumerate(specs)),
        rows=tuple(_row(resource, row, specs, reader, loaded) for row in rows),
        foot=_foot(query, rows, count),
        previous_url=query.url(before=earlier) if earlier else "",
        next_url=query.url(after=later) if later else "",
        empty="" if rows else "filtered" if total else "first",
        hidden=_hidden(filters, total, query),
        clear_url=query.url(q="", **dict.fromkeys(query.filters, "")) if filters else f"?view={_widest(resource)}",
    )


def _hidden(filters: int, total: int, query: ListQuery) -> str:
    if not total:
        return ""
    if not filters:
        return _("The view “%(view)s” hides all %(total)s.") % {"view": query.view.label, "total": count_text(total)}
    return ngettext("%(filters)s filter hides all %(total)s.", "%(filters)s filters hide all %(total)s.", filters) % {
        "filters": filters,
        "total": count_text(total),
    }


def _widest(resource: type[Resource]) -> str:
    return resource.all_views()[-1].code


def count_text(count: int) -> str:
    return show_number(count) if count <= COUNTED else f"{show_number(COUNTED)}+"


def shown_specs(resource: type[Resource], actor: Actor) -> list[FieldSpec]:
    specs, hidden = resource.specs(), actor.hidden_fields(resource)
    return [specs[name] for name in resource.columns if name not in hidden]


def _column(query: ListQuery, spec: FieldSpec, number: int, rows: Sequence[Any]) -> Column:
    here = query.sort.name == spec.name
    sorted_ = ("desc" if query.sort.descending else "asc") if here else ""
    sortable = spec.sortable and spec.load is None
    flip = f"-{spec.name}" if here and not query.sort.descending else spec.name
    return Column(
        name=spec.name,
        label=str(spec.label) + (_currency_note(spec, rows) if rows else ""),
        numeric=spec.numeric or spec.kind == "date",
        sort_url=query.url(sort=flip) if sortable else "",
        sorted=sorted_,  # type: ignore[arg-type]
        pinned=number < 2,
    )


def _row(
    resource: type[Resource],
    row: Any,
    specs: Sequence[FieldSpec],
    reader: Reader,
    loaded: Mapping[str, Mapping[int, Any]],
) -> ListRow:
    digits = row.currency.digits if resource.has("currency") else 2
    cells = [_quiet(cell_of(spec, row, reader, loaded, digits), number) for number, spec in enumerate(specs)]
    url = url_of(resource, row)
    first = cells[0]
    cells[0] = Cell("ref", first.text, url=url, icon=icon_of(resource, row), side=side_of(resource, row))
    return ListRow(str(row.uid), url, resource.label(row), tuple(cells))


def _quiet(cell: Cell, number: int) -> Cell:
    """In a list only the record itself is a chip; what it points to is plain text, the second column in medium."""
    if cell.kind != "ref" and number != 1:
        return cell
    kind = "strong" if number == 1 and cell.kind in ("ref", "text") else "text" if cell.kind == "ref" else cell.kind
    return Cell(kind, cell.text, lang=cell.lang, title=cell.title)


def _currency_note(spec: FieldSpec, rows: Sequence[Any]) -> str:
    """The currency of an amount column stands in its head, once, when all rows share it."""
    codes = {row.currency.code for row in rows} if spec.kind == "amount" and hasattr(rows[0], "currency") else set()
    return f" ({codes.pop()})" if len(codes) == 1 else ""


def _foot(query: ListQuery, rows: Sequence[Any], count: int) -> tuple[tuple[str, str], ...]:
    """How many are shown, and sums where all rows share one currency."""
    found = [("", _("%(shown)s of %(count)s") % {"shown": len(rows), "count": count_text(count)})] if rows else []
    resource = query.resource
    for name in resource.sums:
        spec = resource.specs()[name]
        if name in query.actor.hidden_fields(resource) or count > COUNTED or not rows:
            continue
        found += [(str(spec.label), text) for text in _sums(query, spec)]
    return tuple(found)


def _sums(query: ListQuery, spec: FieldSpec) -> list[str]:
    rows = query.selected().order_by()
    if not query.resource.has("currency"):
        total = rows.aggregate(total=Sum(spec.source))["total"] or Decimal(0)
        return [show_number(total)]
    groups = (
        rows.values_list("currency__code", "currency__digits")
        .annotate(total=Sum(spec.source))
        .order_by("currency__code")
    )
    return [f"{code} {show_number(total, digits)}" for code, digits, total in groups[:3]]


# Look-ups ---------------------------------------------------------------------------------------------------------


def lookup_url(spec: FieldSpec) -> str:
    """Where a combobox asks for choices of this reference."""
    if spec.model is User:
        return reverse("lookup", args=["users"])
    resource = registry.resource_of(spec.model) if spec.model else None
    if resource is None:
        return ""
    url = reverse("lookup", args=[resource.slug])
    flag = {"customer": "is_customer", "supplier": "is_supplier"}.get(spec.name)
    return f"{url}?only={flag}" if flag else url


def lookup(request: HttpRequest, slug: str) -> JsonResponse:
    """Choices for a combobox: records in use whose words match, with what they suggest for sibling fields."""
    query = request.GET.get("q", "").replace("\x00", "")[:100].strip()
    if slug == "users":
        return JsonResponse({"results": _users(actor_of(request), query)})
    resource, actor = require(request, slug, "view")
    rows = visible(resource, actor)
    if resource.has("company") and actor.company:
        rows = rows.filter(company_id=actor.company.id)
    if "archived" in getattr(resource.model.lifecycle, "states", {}):
        rows = rows.filter(state="active")
    only = request.GET.get("only", "")
    if only in ("is_customer", "is_supplier") and resource.has(only):
        rows = rows.filter(**{only: True})
    if query:
        rows = rows.filter(matching(resource, query, actor))
    source = resource.aliases.get(resource.sort.name, resource.sort.name)
    rows = rows.select_related(*resource.related).order_by(source, "id")[:LOOKUPS]
    return JsonResponse({"results": [_choice(resource, row) for row in rows]})


def _choice(resource: type[Resource], row: Any) -> dict[str, Any]:
    return {
        "uid": str(row.uid),
        "label": resource.label(row),
        "hint": resource.hint(row),
        "fill": dict(resource.fill(row)),
    }


def _users(actor: Actor, query: str) -> list[dict[str, Any]]:
    rows = User.objects.filter(is_active=True, memberships__company__in=list(actor.companies))
    if query:
        rows = rows.filter(name__icontains=query)
    found = rows.distinct().order_by("name", "id")[:LOOKUPS]
    return [{"uid": str(user.uid), "label": user.get_full_name(), "hint": user.username} for user in found]
