"""Filters, sorting and keyset paging of a list, all of it in the address so that back and share just work."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from guantong.core.access import Actor, visible
from guantong.core.formats import show_day
from guantong.core.inputs import rows_by_uid
from guantong.core.pages.cells import Reader
from guantong.core.pages.shapes import FilterChip, FilterField, Option
from guantong.core.registry import registry
from guantong.core.resource import Resource, Sorting, View
from guantong.core.schema import FieldSpec, WrongValue, clean_date, clean_number, clean_uid
from guantong.core.search import matching

PAGE = 50
LIST_PARAMETERS = frozenset({"view", "q", "sort", "after", "before"})


@dataclass
class ListQuery:
    """What the address asks for, checked. ``params`` are only those that were understood."""

    resource: type[Resource]
    actor: Actor
    view: View
    params: dict[str, str]
    query: str = ""
    filters: dict[str, str] = field(default_factory=dict)
    sort: Sorting = field(default_factory=lambda: Sorting("id"))
    after: str = ""
    before: str = ""

    @classmethod
    def read(cls, resource: type[Resource], actor: Actor, params: Mapping[str, str]) -> ListQuery:
        hidden = actor.hidden_fields(resource)
        specs = {name: spec for name, spec in resource.specs().items() if name not in hidden}
        allowed = {name for name in resource.filters if name in specs}
        keys = {f"{name}{suffix}" for name in allowed for suffix in ("", ".from", ".until")}
        clean = {k: v.replace("\x00", "")[:500] for k, v in params.items()}
        sort = clean.get("sort", "")
        name = sort.lstrip("-")
        known = name in resource.columns and name in specs and specs[name].sortable and not specs[name].load
        return cls(
            resource=resource,
            actor=actor,
            view=resource.view(clean.get("view", "")),
            params=clean,
            query=clean.get("q", "").strip()[:200],
            filters={k: v for k, v in clean.items() if k in keys and v.strip()},
            sort=Sorting(name, sort.startswith("-")) if known else resource.sort,
            after=clean.get("after", ""),
            before=clean.get("before", ""),
        )

    def problems(self) -> dict[str, str]:
        """What a program asked for and this list does not understand; pages pass over it."""
        names = {*LIST_PARAMETERS, *self._filter_keys()}
        found = {name[:60]: _("There is no such parameter.") for name in self.params if name not in names}
        for key, raw in self.filters.items():
            name, _dot, bound = key.partition(".")
            spec = self.resource.specs()[name]
            try:
                filter_rule(spec, bound, raw)
                if spec.kind == "choice" and not set(raw.split(",")) <= set(dict(spec.choices)):
                    found[key] = _("Pick one of the choices.")
            except WrongValue as wrong:
                found[key] = str(wrong)
        sort = self.params.get("sort", "").lstrip("-")
        if sort and sort != self.sort.name:
            found["sort"] = _("This cannot be sorted by.")
        source = self.resource.aliases.get(self.sort.name, self.sort.name)
        for name in ("after", "before"):
            cursor = self.params.get(name, "")
            if cursor and read_cursor(cursor, self.resource.model._meta.get_field(source)) is None:
                found[name] = _("This is no cursor of this list.")
        return found

    def _filter_keys(self) -> set[str]:
        hidden = self.actor.hidden_fields(self.resource)
        return {
            f"{name}{suffix}"
            for name in self.resource.filters
            if name not in hidden
            for suffix in ("", ".from", ".until")
        }

    # Rows ------------------------------------------------------------------------------------------------------

    def everything(self) -> QuerySet[Any]:
        """Rows the reader may see in the open company, before any filter."""
        rows = visible(self.resource, self.actor)
        if self.resource.has("company") and self.actor.company:
            rows = rows.filter(company_id=self.actor.company.id)
        return rows

    def selected(self) -> QuerySet[Any]:
        """Rows of the view, the filters and the search; no order yet."""
        rows = self.everything().filter(self._rule({**self.view.where, **self.filters}))
        if self.view.mine and self.resource.owner:
            rows = rows.filter(**{self.resource.owner: self.actor.user_id})
        return rows.filter(matching(self.resource, self.query, self.actor)) if self.query else rows

    def _rule(self, filters: Mapping[str, str]) -> Q:
        rule = Q()
        for key, raw in filters.items():
            name, _dot, bound = key.partition(".")
            try:
                rule &= filter_rule(self.resource.specs()[name], bound, raw)
            except WrongValue:
                rule &= Q(pk=None)
        return rule

    def page(self) -> tuple[list[Any], str, str]:
        """Rows of this page and the cursors before and after it; reads one row more than it shows."""
        source = self.resource.aliases.get(self.sort.name, self.sort.name)
        backwards = bool(self.before)
        descending = self.sort.descending != backwards
        rows = self.selected()
        field = self.resource.model._meta.get_field(source)
        cursor = read_cursor(self.before or self.after, field)
        if cursor is not None:
            rows = rows.filter(_beyond(source, cursor, descending))
        signs = ("-" if descending else "") + source, ("-" if descending else "") + "id"
        related = [path for path in self.resource.related if path]
        found = list(rows.select_related(*related).order_by(*dict.fromkeys(signs))[: PAGE + 1])
        more, found = len(found) > PAGE, found[:PAGE]
        if backwards:
            found.reverse()
        first, last = (found[0], found[-1]) if found else (None, None)
        earlier = make_cursor(first, field) if first and (more if backwards else cursor is not None) else ""
        later = make_cursor(last, field) if last and (True if backwards else more) else ""
        return found, earlier, later

    # Addresses -------------------------------------------------------------------------------------------------

    def url(self, **changes: str) -> str:
        """This page's address with changes; an empty value drops the parameter, and paging starts over."""
        keep = {k: v for k, v in self.params.items() if k in {*self.filters, "view", "q", "sort"} and v}
        query = {k: v for k, v in {**keep, **changes}.items() if v}
        return "?" + urlencode(query) if query else "?"

    # Shapes ----------------------------------------------------------------------------------------------------

    def chips(self, reader: Reader) -> tuple[FilterChip, ...]:
        found = []
        for key, raw in self.filters.items():
            name, _dot, bound = key.partition(".")
            spec = self.resource.specs()[name]
            operator, text = self._told(spec, bound, raw, reader)
            found.append(FilterChip(key, str(spec.label), operator, text, self.url(**{key: ""})))
        return tuple(found)

    def _told(self, spec: FieldSpec, bound: str, raw: str, reader: Reader) -> tuple[str, str]:
        if spec.kind == "choice":
            labels = [str(dict(spec.choices).get(code, code)) for code in raw.split(",")]
            return (_("is"), labels[0]) if len(labels) == 1 else (_("is any of"), f"{labels[0]} +{len(labels) - 1}")
        if spec.kind == "flag":
            return _("is"), _("yes") if raw == "yes" else _("no")
        if spec.kind == "ref":
            return _("is"), self._ref_label(spec, raw)
        if spec.kind == "date":
            try:
                text = show_day(clean_date(raw), reader.today)
            except WrongValue:
                text = raw
            return {"from": _("from"), "until": _("until")}.get(bound, _("is")), text
        return _("begins with"), raw

    def _ref_label(self, spec: FieldSpec, raw: str) -> str:
        try:
            uid = clean_uid(raw)
        except WrongValue:
            return raw
        row = rows_by_uid(spec.model, [uid], self.actor).get(uid) if spec.model else None
        if row is None:
            return _("unknown")
        resource = registry.resource_of(type(row), row)
        return resource.label(row) if resource else str(row)

    def fields(self, lookup: Any) -> tuple[FilterField, ...]:
        """Filters that can be added; ``lookup`` gives the address to search a reference's target."""
        specs = self.resource.specs()
        hidden = self.actor.hidden_fields(self.resource)
        return tuple(self._field(specs[name], lookup) for name in self.resource.filters if name not in hidden)

    def _field(self, spec: FieldSpec, lookup: Any) -> FilterField:
        label = str(spec.label)
        if spec.kind == "choice":
            chosen = set(self.filters.get(spec.name, "").split(","))
            options = tuple(Option(code, str(text), code in chosen) for code, text in spec.choices)
            return FilterField(spec.name, label, "choice", options)
        if spec.kind == "flag":
            options = (Option("yes", _("yes")), Option("no", _("no")))
            return FilterField(spec.name, label, "flag", options)
        if spec.kind == "ref":
            return FilterField(spec.name, label, "ref", lookup_url=lookup(spec))
        return FilterField(spec.name, label, "date" if spec.kind == "date" else "text")


def filter_rule(spec: FieldSpec, bound: str, raw: str) -> Q:
    """One filter as a condition; raises ``WrongValue`` when it cannot be understood."""
    if spec.kind == "choice":
        return Q(**{f"{spec.source}__in": [code for code in raw.split(",") if code in dict(spec.choices)]})
    if spec.kind == "flag":
        return Q(**{spec.source: raw == "yes"})
    if spec.kind == "ref":
        return Q(**{f"{spec.source}__uid": clean_uid(raw)})
    if spec.kind == "date":
        day = clean_date(raw)
        return Q(**{f"{spec.source}{ {'from': '__gte', 'until': '__lte'}.get(bound, '') }": day})
    if spec.numeric:
        return Q(**{spec.source: clean_number(spec, raw)})
    return Q(**{f"{spec.source}__gte": raw, f"{spec.source}__lt": raw + "\U0010ffff"})


def _beyond(source: str, cursor: tuple[Any, int], descending: bool) -> Q:
    """Rows after the cursor; the first condition bounds the index range, the second breaks ties by id."""
    value, row_id = cursor
    op = "lt" if descending else "gt"
    if source == "id":
        return Q(**{f"id__{op}": row_id})
    return Q(**{f"{source}__{op}e": value}) & (Q(**{f"{source}__{op}": value}) | Q(**{f"id__{op}": row_id}))


def make_cursor(row: Any, field: models.Field[Any, Any]) -> str:
    """The place of a row in the order of a field: its value as text, and its id."""
    text = json.dumps([field.value_to_string(row), row.pk])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, field: models.Field[Any, Any]) -> tuple[Any, int] | None:
    """The place a cursor names; None for one that was made for another order or tampered with."""
    if not text:
        return None
    try:
        raw, row_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        raw.encode()
        value = field.get_prep_value(field.to_python(raw))
        fits = value is not None and "\x00" not in raw and isinstance(row_id, int) and abs(row_id) < 2**62
        return (field.to_python(raw), row_id) if fits else None
    except (ValueError, TypeError, AttributeError, ArithmeticError, ValidationError):
        return None
