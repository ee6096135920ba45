"""The form of any resource: sections, line grid, preview while typing; what was typed is never lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guantong.core.access import Actor
from guantong.core.actions import run
from guantong.core.answers import Answer, Done, NeedsConfirmation, Pending, Refused
from guantong.core.formats import edit_number, edit_rate, show_number, show_sentences
from guantong.core.inputs import MAX_LINES, read_consent, read_key, rows_by_uid
from guantong.core.pages.cells import Reader, cell_of
from guantong.core.pages.guard import find_row, require
from guantong.core.pages.lists import lookup_url
from guantong.core.pages.records import edit_verb
from guantong.core.pages.shapes import Column, Field, FormPage, LineGrid, LineRow, Option, TheirChange
from guantong.core.pages.shapes import Section as SectionShape
from guantong.core.pages.shell import head_of, open_view, view_of
from guantong.core.registry import registry
from guantong.core.resource import Lines, Resource, View
from guantong.core.schema import LANGUAGES, FieldSpec, WrongValue, read_value
from guantong.core.uid import uuid7
from guantong.core.web import actor_of

Typed = dict[str, Any]
LINE_KEY = re.compile(r"([a-z_]+)-(\d{1,6})-([a-z_]+)")
LINE_TEXT = re.compile(LINE_KEY.pattern + r"\.text")
LANGUAGE_LABELS = {"en": gettext_lazy("English"), "zh-hans": gettext_lazy("Chinese")}
INPUT_KINDS = {"integer": "number", "amount": "number", "rate": "number", "instant": "text"}


# Pages ------------------------------------------------------------------------------------------------------------


def new_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Create a record: GET shows the form, POST saves it."""
    resource, actor = require(request, slug, "create")
    if registry.action(resource, "create") is None:
        raise Refused("not-found", _("There is no such page."), status=404)
    view = resource.view(request.GET.get("view", ""))
    open_view(request, view)
    if request.method == "POST":
        typed = read_post(resource, request)
        answer = run(resource, "create", by=actor, rows=[typed], key=read_key(request.POST.get("once", "")))
        if isinstance(answer, Done):
            return _saved(request, resource, answer.objects[0], _("Created."))
        return _again(request, resource, actor, None, typed, answer)
    start = {**resource.defaults(actor), **view.defaults}
    typed = typed_values(resource, start, actor)
    return _show(request, resource, actor, None, typed)


def edit_page(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    """Change a record by the verb its state allows; a lost race shows what the other person saved."""
    resource, actor = require(request, slug, "view")
    row = find_row(resource, actor, uid)
    open_view(request, view_of(resource, row))
    verb = edit_verb(resource, row)
    if verb is None:
        messages.warning(request, _("This record cannot be changed in its state."))
        return HttpResponseRedirect(reverse("record", args=[slug, uid]))
    if request.method != "POST":
        return _show(request, resource, actor, row, stored_typed(resource, row, actor))
    typed = read_post(resource, request)
    answer = run(
        resource,
        verb.verb,
        by=actor,
        objects=[uid],
        versions={uid: _version(request)},
        rows=[typed],
        consent=read_consent(request.POST.get("reason", ""), request.POST.getlist("override")),
        key=read_key(request.POST.get("once", "")),
    )
    if isinstance(answer, Done):
        return _saved(request, resource, uid, _("Saved."))
    if isinstance(answer, Pending):
        messages.info(request, _("Waits for approval: %(fact)s") % {"fact": answer.fact})
        return HttpResponseRedirect(reverse("record", args=[slug, uid]))
    return _again(request, resource, actor, row, typed, answer)


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _saved(request: HttpRequest, resource: type[Resource], uid: UUID, text: str) -> HttpResponse:
    messages.success(request, text)
    return HttpResponseRedirect(reverse("record", args=[resource.slug, uid]))


def _show(
    request: HttpRequest, resource: type[Resource], actor: Actor, row: Any, typed: Typed, answer: Answer | None = None
) -> HttpResponse:
    page = make_form(resource, actor, row, typed, answer, getattr(request, "open_view", None))
    status = 422 if answer is not None else 200
    return render(request, "form.html", {"page": page, "title": page.title}, status=status)


def _again(
    request: HttpRequest, resource: type[Resource], actor: Actor, row: Any, typed: Typed, answer: Answer
) -> HttpResponse:
    """Show the form once more with everything that was typed and what is wrong with it."""
    if isinstance(answer, Refused) and answer.status in (403, 404):
        raise answer
    if isinstance(answer, Refused) and answer.code == "conflict" and row is not None:
        row = find_row(resource, actor, row.uid)
    return _show(request, resource, actor, row, typed, answer)


def preview(request: HttpRequest, slug: str) -> JsonResponse:
    """Computed texts and problems of what is typed so far. Pure: nothing is written, nothing is locked."""
    resource, actor = require(request, slug, "view")
    typed = read_post(resource, request)
    errors: dict[str, str] = {}
    values = _read_section(resource.input_specs(), typed, "", errors)
    lines = {grid.name: _read_grid(grid, typed.get(grid.name, []), errors) for grid in resource.grids()}
    _resolve([values, *(line for rows in lines.values() for line in rows)], resource, actor)
    values["__digits__"] = _digits(resource, None, actor)
    computed = resource.preview(values, lines)
    texts = {
        f"{grid}-{index}-{name}": text
        for grid, rows in computed.get("lines", {}).items()
        for index, cells in rows.items()
        for name, text in cells.items()
    }
    return JsonResponse({"fields": {}, "lines": texts, "totals": computed.get("totals", {}), "errors": errors})


def _read_section(specs: Sequence[FieldSpec], typed: Mapping[str, Any], prefix: str, errors: dict[str, str]) -> Typed:
    values: Typed = {}
    for spec in specs:
        try:
            values[spec.name] = read_value(spec, typed.get(spec.name))
        except WrongValue as wrong:
            errors[prefix + spec.name] = str(wrong)
    return values


def _read_grid(grid: Lines, rows: Sequence[Mapping[str, Any]], errors: dict[str, str]) -> list[Typed]:
    found = []
    for row in rows[:MAX_LINES]:
        prefix = f"{grid.name}-{row['__index__']}-"
        if any(str(row.get(name) or "").strip() for name in grid.specs):
            values = _read_section(list(grid.specs.values()), row, prefix, errors)
            found.append({**values, "__index__": row["__index__"]})
    return found


def _resolve(holders: Sequence[Typed], resource: type[Resource], actor: Actor) -> None:
    """Replace uids of references by their rows, one query a model; unknown ones become None."""
    specs = [*resource.input_specs(), *(spec for grid in resource.grids() for spec in grid.specs.values())]
    for spec in specs:
        if spec.kind != "ref" or spec.model is None:
            continue
        wanted = {h[spec.name] for h in holders if isinstance(h.get(spec.name), UUID)}
        rows = rows_by_uid(spec.model, wanted, actor) if wanted else {}
        for holder in holders:
            if isinstance(holder.get(spec.name), UUID):
                holder[spec.name] = rows.get(holder[spec.name])


# Reading ----------------------------------------------------------------------------------------------------------


def read_post(resource: type[Resource], request: HttpRequest) -> Typed:
    """The posted form as typed values; rows of a grid in the order of their index."""
    post = request.POST
    typed: Typed = {}
    hidden = actor_of(request).hidden_fields(resource)
    for spec in resource.input_specs():
        if spec.name in hidden:
            continue
        if spec.kind == "translated":
            typed[spec.name] = {code: post.get(f"{spec.name}.{code}", "") for code in LANGUAGES}
        else:
            typed[spec.name] = post.get(spec.name, "") or _typed_name(spec, post.get(f"{spec.name}.text", ""))
    grids = {grid.name: grid for grid in resource.grids()}
    rows: dict[str, dict[int, Typed]] = {name: {} for name in grids}
    for key in post:
        match = LINE_KEY.fullmatch(key)
        if match and match[1] in grids and match[3] in {*grids[match[1]].specs, "uid"}:
            rows[match[1]].setdefault(int(match[2]), {})[match[3]] = post.get(key, "")
    for key in post:
        match = LINE_TEXT.fullmatch(key)
        if match and match[1] in grids and match[3] in grids[match[1]].specs:
            row = rows[match[1]].setdefault(int(match[2]), {})
            row[match[3]] = row.get(match[3]) or _typed_name(grids[match[1]].specs[match[3]], post.get(key, ""))
    for name, found in rows.items():
        typed[name] = [{**found[index], "__index__": index} for index in sorted(found)]
    return typed


def _typed_name(spec: FieldSpec, text: str) -> str:
    """What was typed into a reference without choosing: kept word for word, so that nothing is lost when refused."""
    return text if spec.kind == "ref" else ""


def typed_values(resource: type[Resource], values: Mapping[str, Any], actor: Actor) -> Typed:
    """Start values as the form would post them."""
    typed: Typed = {}
    for spec in resource.input_specs():
        value = values.get(spec.name, spec.default)
        if isinstance(value, Actor):
            value = str(value.uid)
        typed[spec.name] = typed_value(spec, value)
    for grid in resource.grids():
        typed[grid.name] = []
    return typed


def typed_value(spec: FieldSpec, value: Any) -> Any:
    """One stored value as it would be typed."""
    if spec.kind == "flag":
        return "on" if value else ""
    if spec.kind == "translated":
        return {code: (value or {}).get(code, "") for code in LANGUAGES}
    if value is None:
        return ""
    if isinstance(value, models.Model):
        return str(value.uid)  # type: ignore[attr-defined]
    if spec.kind == "rate":
        return edit_rate(value)
    return edit_number(value) if spec.numeric else str(value)


def stored_typed(resource: type[Resource], row: Any, actor: Actor) -> Typed:
    """A stored record as the form would post it."""
    typed: Typed = {spec.name: typed_value(spec, getattr(row, spec.source)) for spec in resource.input_specs()}
    for grid in resource.grids():
        typed[grid.name] = [
            {
                "uid": str(line.uid),
                "__index__": index,
                **{name: typed_value(spec, getattr(line, spec.source)) for name, spec in grid.specs.items()},
            }
            for index, line in enumerate(grid_rows(grid, row))
        ]
    return typed


def grid_rows(grid: Lines, row: Any) -> list[Any]:
    rows = grid.model._default_manager.filter(**{grid.parent: row}, **grid.editable)
    return list(rows.select_related(*grid.related).order_by(grid.order).distinct())


# Shapes -----------------------------------------------------------------------------------------------------------


def make_form(
    resource: type[Resource],
    actor: Actor,
    row: Any,
    typed: Typed,
    answer: Answer | None = None,
    view: View | None = None,
) -> FormPage:
    errors = dict(answer.fields) if isinstance(answer, Refused) else {}
    labels = _ref_labels(resource, typed, actor)
    hidden = actor.hidden_fields(resource)
    sections = tuple(
        SectionShape(
            str(section.title),
            tuple(
                field_of(resource.specs()[name], name, typed.get(name), errors, labels)
                for name in section.names
                if name not in hidden
            ),
        )
        for section in resource.sections()
    )
    head = head_of(resource, actor, view)
    here = reverse("record", args=[resource.slug, row.uid]) if row else head.url
    label = resource.label(row) if row else ""
    grids = tuple(
        _grid(resource, grid, typed.get(grid.name, []), errors, labels, row, actor) for grid in resource.grids()
    )
    shown = {f.name for s in sections for f in s.fields} | {g.name for g in grids}
    return FormPage(
        head=head,
        title=_("Edit %(record)s") % {"record": label} if row else str(resource.new) or str(resource.one),
        action_url=reverse("edit", args=[resource.slug, row.uid]) if row else _new_url(resource, view),
        cancel_url=here,
        submit_label=_("Save"),
        version=str(row.version) if row else "",
        once=str(uuid7()),
        sections=sections,
        grids=grids,
        preview_url=reverse("preview", args=[resource.slug]),
        errors=tuple(_general(answer, errors, shown)),
        overrides=answer.codes if isinstance(answer, NeedsConfirmation) else (),
        conflict=_conflict(resource, row, typed, answer, actor),
        conflict_who=str(answer.fact) if isinstance(answer, Refused) and answer.code == "conflict" else "",
    )


def _new_url(resource: type[Resource], view: View | None) -> str:
    """Where a new record is posted; through the view it was begun from."""
    url = reverse("new", args=[resource.slug])
    return f"{url}?view={view.code}" if view and view.defaults else url


def _general(answer: Answer | None, errors: Mapping[str, Any], shown: set[str]) -> list[str]:
    """What is wrong with the whole: the fact, what to do, and messages whose field is not on the form."""
    if isinstance(answer, NeedsConfirmation):
        return [str(caution.fact) for caution in answer.cautions]
    if not isinstance(answer, Refused) or answer.code == "conflict":
        return []
    homeless = [str(text) for name, text in errors.items() if name not in shown and not LINE_KEY.fullmatch(name)]
    todo = answer.todo or (_("Correct the marked fields and save again.") if errors else "")
    return [text for text in (show_sentences(answer.fact, todo), *homeless) if text]


def field_of(
    spec: FieldSpec, name: str, value: Any, errors: Mapping[str, Any], labels: Mapping[str, str], suffix: str = ""
) -> Field:
    """One input with what was typed in it."""
    text = value if isinstance(value, str) else ""
    translations: tuple[tuple[str, str, str], ...] = ()
    if spec.kind == "translated":
        texts = value if isinstance(value, Mapping) else {}
        translations = tuple((code, str(LANGUAGE_LABELS[code]), str(texts.get(code, ""))) for code in LANGUAGES)
    options = tuple(Option(code, str(label), code == text) for code, label in spec.choices)
    if spec.kind == "choice" and not spec.required and spec.default is None:
        options = (Option("", "–", not text), *options)
    return Field(
        name=name,
        label=str(spec.label),
        kind=INPUT_KINDS.get(spec.kind, spec.kind),  # type: ignore[arg-type]
        value=text,
        shown=labels.get(text, text) if spec.kind == "ref" else "",
        options=options,
        lookup_url=lookup_url(spec) if spec.kind == "ref" else "",
        error=str(errors.get(name, "")),
        help=str(spec.help),
        suffix=suffix,
        required=spec.required,
        max_length=spec.max_length if spec.kind in ("text", "email", "phone", "translated") else 0,
        translations=translations,
        wide=spec.kind == "long",
    )


def _ref_labels(resource: type[Resource], typed: Typed, actor: Actor) -> dict[str, str]:
    """Labels of every reference on the form by uid, one query a model."""
    wanted: dict[type[models.Model], set[UUID]] = {}
    pairs = [(spec, typed.get(spec.name)) for spec in resource.input_specs()]
    for grid in resource.grids():
        pairs += [(spec, row.get(name)) for row in typed.get(grid.name, []) for name, spec in grid.specs.items()]
    for spec, value in pairs:
        if spec.kind == "ref" and spec.model and isinstance(value, str):
            try:
                wanted.setdefault(spec.model, set()).add(UUID(value))
            except ValueError:
                continue
    return {
        str(uid): _label(row) for model, uids in wanted.items() for uid, row in rows_by_uid(model, uids, actor).items()
    }


def _label(row: models.Model) -> str:
    resource = registry.resource_of(type(row), row)
    return resource.label(row) if resource else str(row)


def _grid(
    resource: type[Resource],
    grid: Lines,
    rows: Sequence[Mapping[str, Any]],
    errors: Mapping[str, Any],
    labels: Mapping[str, str],
    row: Any,
    actor: Actor,
) -> LineGrid:
    computed = [spec for spec in grid.computed if spec.name in grid.shown]
    specs = [*grid.specs.values(), *computed]
    digits = _digits(resource, row, actor)
    stored = {str(line.uid): line for line in grid_rows(grid, row)} if row and computed else {}
    reader = Reader.of(actor)

    def line(index: int | str, values: Mapping[str, Any]) -> LineRow:
        fields = [
            field_of(spec, f"{grid.name}-{index}-{name}", values.get(name), errors, labels)
            for name, spec in grid.specs.items()
        ]
        known = stored.get(str(values.get("uid", "")))
        fields += [
            Field(
                name=f"{grid.name}-{index}-{spec.name}",
                label=str(spec.label),
                kind="computed",
                shown=cell_of(spec, known, reader, {}, digits).text if known else "",
            )
            for spec in computed
        ]
        number = index if isinstance(index, int) else -1
        return LineRow(
            number, str(values.get("uid", "") or ""), tuple(fields), str(errors.get(f"{grid.name}-{index}", ""))
        )

    empty = rows or [{"__index__": 0}]
    blank = {name: typed_value(spec, spec.default) for name, spec in grid.specs.items() if spec.default is not None}
    return LineGrid(
        name=grid.name,
        title=str(grid.title),
        add_label=str(grid.add_label),
        columns=tuple(Column(s.name, str(s.label), s.numeric or s.kind == "date") for s in specs),
        widths=tuple(grid.widths.get(s.name, "m") for s in specs),
        rows=tuple(line(values["__index__"], {**blank, **values} if not rows else values) for values in empty),
        blank=line("__index__", blank),
        totals=tuple((name, str(label), _total(row, name, digits)) for name, label in resource.total_labels()),
        error=str(errors.get(grid.name, "")),
    )


def _total(row: Any, name: str, digits: int) -> str:
    return show_number(getattr(row, name) if row else 0, digits)


def _digits(resource: type[Resource], row: Any, actor: Actor) -> int:
    """Decimals of amounts on this form: the document's currency, or the company's for a new one."""
    digits = getattr(resource, "digits", None)
    return digits(row, actor) if digits else 2


def _conflict(
    resource: type[Resource], row: Any, typed: Typed, answer: Answer | None, actor: Actor
) -> tuple[TheirChange, ...]:
    """What somebody else saved meanwhile, beside what was typed here, for the fields that differ."""
    if not isinstance(answer, Refused) or answer.code != "conflict" or row is None:
        return ()
    theirs = stored_typed(resource, row, actor)
    labels = {**_ref_labels(resource, theirs, actor), **_ref_labels(resource, typed, actor)}

    def shown(value: Any) -> str:
        if isinstance(value, Mapping):
            return " / ".join(text for text in value.values() if text)
        return labels.get(str(value), str(value or "–"))

    found = [
        TheirChange(str(spec.label), shown(theirs[spec.name]), shown(typed.get(spec.name)))
        for spec in resource.input_specs()
        if spec.name in typed and theirs[spec.name] != typed[spec.name]
    ]
    for grid in resource.grids():
        found += _line_conflicts(grid, typed[grid.name], theirs[grid.name], shown)
    return tuple(found)


def _line_conflicts(
    grid: Lines, mine: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]], shown: Callable[[Any], str]
) -> list[TheirChange]:
    """Lines that differ, field by field; a line that only one side has is told whole."""
    typed = {str(line.get("uid")): line for line in mine if line.get("uid")}
    found = []
    for number, line in enumerate(theirs, start=1):
        yours = typed.pop(str(line["uid"]), None)
        label = _("Line %(line)s") % {"line": number}
        if yours is None:
            found.append(TheirChange(label, _summary(grid, line, shown), "–"))
            continue
        for name, spec in grid.specs.items():
            if (line.get(name) or "") != (yours.get(name) or ""):
                place = _("Line %(line)s, %(field)s") % {"line": number, "field": spec.label}
                found.append(TheirChange(place, shown(line.get(name)), shown(yours.get(name))))
    fresh = [line for line in mine if not line.get("uid") and any(line.get(name) for name in grid.specs)]
    return [*found, *(TheirChange(str(grid.add_label), "–", _summary(grid, line, shown)) for line in fresh)]


def _summary(grid: Lines, line: Mapping[str, Any], shown: Callable[[Any], str]) -> str:
    return ", ".join(shown(line[name]) for name in grid.specs if line.get(name))
