"""The record page of any resource: head, steps, facts, lines, activity; and its log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guantong.core.access import Actor
from guantong.core.actions import why_not
from guantong.core.formats import show_ago, show_instant, show_money, show_number, show_person
from guantong.core.models import ApprovalRequest, Event, Job
from guantong.core.pages.cells import Reader, cell_of, loaded_for, plain_text, side_of, suffix_text
from guantong.core.pages.guard import find_row, require
from guantong.core.pages.shapes import (
    ActionButton,
    Alert,
    Cell,
    Change,
    Column,
    Entry,
    Fact,
    Panel,
    RecordPage,
    Step,
    Tab,
)
from guantong.core.pages.shapes import Lines as LinesTable
from guantong.core.pages.shell import head_of, open_view, view_of
from guantong.core.registry import Action, registry
from guantong.core.resource import Lines, Resource, kind_of
from guantong.core.schema import FieldSpec

ACTIVITY, LOG_PAGE, CHANGES = 12, 50, 6
HOUSEKEEPING = frozenset({"id", "number", "side", "kind", "state", "reason", "overrides", "object", "verb"})


def record_page(request: HttpRequest, slug: str, uid: UUID, tab: str = "overview") -> HttpResponse:
    resource, actor = require(request, slug, "view")
    row = find_row(resource, actor, uid)
    view = view_of(resource, row)
    open_view(request, view)
    page = make_record(resource, row, Reader.of(actor), tab, before=request.GET.get("before", ""))
    return render(
        request,
        "record.html",
        {"page": replace(page, head=head_of(resource, actor, view)), "title": resource.label(row)},
    )


def make_record(resource: type[Resource], row: Any, reader: Reader, tab: str, before: str = "") -> RecordPage:
    actor = reader.actor
    number, name = resource.title(row)
    asked = list(ApprovalRequest.objects.filter(_about(resource, row)).select_related("requested_by"))
    requests = [request for request in asked if request.state == "waiting"]
    log = _log_of(resource, row, asked)
    events = _events(log, tab, before)
    whole = len(events) < ACTIVITY and not before
    entries = [entry_of(resource, event, reader, CHANGES if tab == "overview" else 400) for event in events]
    specs = resource.specs()
    loaded = loaded_for(list(specs.values()), [row], actor)
    log_url = reverse("log", args=[resource.slug, row.uid])
    edit_url, edit_why = _edit(resource, row, actor)
    overview = tab == "overview"
    return RecordPage(
        head=head_of(resource, actor),
        uid=str(row.uid),
        number=number,
        name=name if number else name or resource.label(row),
        version=row.version,
        meta=_meta(resource, row, reader, loaded),
        edit_url=edit_url,
        edit_why_not=edit_why,
        actions=tuple(_buttons(resource, row, actor, requests)),
        steps=tuple(_steps(row, reader, events if whole else log)),
        tabs=_tabs(resource, row, tab, log_url, len(events) if whole else log.count()),
        alerts=(*_waiting(requests, row, reader), *_failed(resource, row)),
        facts=_facts(resource, row, reader, loaded) if overview else (),
        lines=tuple(lines_table(grid, row, reader) for grid in resource.grids()) if overview else (),
        panels=_panels(resource, row, reader, loaded) if overview else (),
        activity=tuple(entries),
        more_activity_url=_more(log_url, events, overview),
        tab="overview" if overview else "log",
    )


def _tabs(resource: type[Resource], row: Any, tab: str, log_url: str, entries: int) -> tuple[Tab, ...]:
    overview = reverse("record", args=[resource.slug, row.uid])
    return (
        Tab(_("Overview"), overview, tab == "overview"),
        Tab(_("Log"), log_url, tab != "overview", count=show_number(entries)),
    )


def _more(log_url: str, events: Sequence[Event], overview: bool) -> str:
    if overview:
        return log_url
    return f"{log_url}?before={events[-1].pk}" if len(events) == LOG_PAGE else ""


def _meta(
    resource: type[Resource], row: Any, reader: Reader, loaded: Mapping[str, Mapping[int, Any]]
) -> tuple[str, ...]:
    parts = []
    for name in resource.meta:
        spec = resource.specs()[name]
        if name in reader.actor.hidden_fields(resource):
            continue
        if spec.kind == "amount" and resource.has("currency"):
            parts.append(show_money(getattr(row, spec.source), row.currency.code, row.currency.digits))
        else:
            cell = cell_of(spec, row, reader, loaded)
            parts.append(cell.text if cell.kind != "empty" else "")
    if row.lifecycle is not None and len(row.lifecycle.states) < 3 and row.state != row.lifecycle.initial:
        parts.insert(0, str(row.lifecycle.states[row.state].label))
    parts.append(_("Changed %(when)s") % {"when": show_ago(row.updated_at, reader.actor.zone)})
    return tuple(part for part in parts if part)


# Actions ----------------------------------------------------------------------------------------------------------


def edit_verb(resource: type[Resource], row: Any) -> Action | None:
    """The verb by which the form saves in this state: ``update``, or ``amend`` once others rely on the record."""
    verbs = [a for a in registry.actions_of(resource) if a.form == "edit"]
    if row.lifecycle is None:
        return verbs[0] if verbs else None
    return next((a for a in verbs if row.lifecycle.allows(a.verb, row.state)), None)


def _edit(resource: type[Resource], row: Any, actor: Actor) -> tuple[str, str]:
    verbs = [a for a in registry.actions_of(resource) if a.form == "edit"]
    if not any(actor.may(resource.permission(a.permission_verb), row, resource.owner) for a in verbs):
        return "", ""
    verb = edit_verb(resource, row)
    if verb is None:
        return "", str(why_not(resource, verbs[0], row))
    if not actor.may(resource.permission(verb.permission_verb), row, resource.owner):
        return "", _("Your roles do not allow this.")
    return reverse("edit", args=[resource.slug, row.uid]), ""


def _buttons(
    resource: type[Resource], row: Any, actor: Actor, requests: Sequence[ApprovalRequest]
) -> list[ActionButton]:
    """Verbs the reader's roles reach for this row; in a state that forbids one it is shown with the reason."""
    found, has_primary = [], False
    asked = {request.verb for request in requests if request.object_version == row.version}
    for action in registry.actions_of(resource):
        if action.style == "hidden" or not actor.may(resource.permission(action.permission_verb), row, resource.owner):
            continue
        reason = str(why_not(resource, action, row))
        if action.verb in asked:
            reason = _("It waits for approval already.")
        if reason and not _worth_showing(row, action):
            continue
        style = action.style
        if style == "primary" and (has_primary or reason):
            style = "second"
        has_primary = has_primary or style == "primary"
        found.append(
            ActionButton(
                verb=action.verb,
                label=str(action.label),
                icon=action.icon,
                url=reverse("act", args=[resource.slug, row.uid, action.verb]),
                style=style,
                enabled=not reason,
                why_not=reason,
                asks=bool(action.question or action.inputs or action.reason),
            )
        )
    return found


def _worth_showing(row: Any, action: Action) -> bool:
    """A verb that is past is left out; one that is still to come is shown with what it waits for."""
    steps = [code for code, state in row.lifecycle.states.items() if state.step]
    target = row.lifecycle.target(action.verb)
    if target not in steps or row.state not in steps:
        return False
    return steps.index(target) > steps.index(row.state)


def _steps(row: Any, reader: Reader, log: QuerySet[Event] | Sequence[Event]) -> list[Step]:
    """Chevrons of the lifecycle with who and when; a state outside the way stands at the end."""
    if row.lifecycle is None or len(row.lifecycle.states) < 3:
        return []
    made = _made_steps(row, reader, log)
    steps = [state for state in row.lifecycle.states.values() if state.step or state.code == row.state]
    if not row.lifecycle.states[row.state].step:
        steps = [s for s in steps if s.code == row.state or s.code in made or s.code == row.lifecycle.initial]
    at = [state.code for state in steps].index(row.state)
    found = []
    for number, state in enumerate(steps):
        reached = number < at and (state.code in made or number == 0)
        kind = "on" if number == at else "done" if reached else "later"
        if number < at and not reached:
            continue
        found.append(Step(str(state.label), kind, made.get(state.code, "")))  # type: ignore[arg-type]
    return found


def _made_steps(row: Any, reader: Reader, log: QuerySet[Event] | Sequence[Event]) -> dict[str, str]:
    """State → who reached it and when, from the log; asked once more only where the page shows part of it."""
    targets = {move.verb: move.target for move in row.lifecycle.moves.values()}
    targets["create"] = row.lifecycle.initial
    if isinstance(log, QuerySet):
        log = list(log.filter(verb__in=list(targets)).select_related("actor"))
    own = [event for event in log if event.object_uid == row.uid and event.verb in targets]
    found = {}
    for event in sorted(own, key=lambda event: event.pk):
        who = who_of(event)
        found[targets[event.verb]] = f"{who}, {show_instant(event.at, reader.actor.zone)}"
    return found


# Alerts -----------------------------------------------------------------------------------------------------------


def _about(resource: type[Resource], row: Any) -> Q:
    return Q(kind=resource.kind(), object_id=row.pk)


def _waiting(requests: Sequence[ApprovalRequest], row: Any, reader: Reader) -> list[Alert]:
    """Approvals that this record waits for, with the decision in place for who may make it."""
    alerts = []
    for request in requests:
        stale = request.object_version != row.version
        who = show_person(request.requested_by.get_full_name())
        when = show_ago(request.created_at, reader.actor.zone)
        alerts.append(
            Alert(
                kind="risk",
                fact=_("Waits for approval, asked by %(who)s %(when)s.") % {"who": who, "when": when},
                reason=_("It was changed after the request. Ask again.") if stale else request.fact,
                actions=tuple(decision_buttons(request, reader.actor, stale=stale)),
            )
        )
    return alerts


def decision_buttons(request: ApprovalRequest, actor: Actor, *, stale: bool = False) -> list[ActionButton]:
    """Approve and refuse for who may decide; withdraw for who asked."""
    decides = actor.can(request.permission, request.company_id) and request.requested_by_id != actor.user_id
    wanted = (["refuse"] if stale else ["approve", "refuse"]) if decides else []
    if request.requested_by_id == actor.user_id:
        wanted = ["withdraw"]
    approvals = registry.resources["approvals"]
    buttons = []
    for verb in wanted:
        action = registry.action(approvals, verb)
        if action and actor.can(approvals.permission(verb), request.company_id):
            url = reverse("act", args=["approvals", request.uid, verb])
            style = "primary" if verb == "approve" else "second"
            buttons.append(
                ActionButton(
                    verb,
                    str(action.label),
                    action.icon,
                    url,
                    style,  # type: ignore[arg-type]
                    asks=action.reason,
                    version=request.version,
                )
            )
    return buttons


def _failed(resource: type[Resource], row: Any) -> list[Alert]:
    """Reactions that did not succeed show on the record they belong to, with the next action."""
    jobs = Job.objects.filter(kind=resource.kind(), object_id=row.pk, state=Job.State.FAILED).order_by("id")[:5]
    return [
        Alert(
            kind="late",
            fact=_("Did not work: %(what)s.") % {"what": registry.reactions[job.reaction].label},
            reason=_("The record itself is saved."),
            actions=(ActionButton("retry", _("Try again"), "refresh", reverse("retry_job", args=[job.uid]), "second"),),
        )
        for job in jobs
        if job.reaction in registry.reactions
    ]


# Facts ------------------------------------------------------------------------------------------------------------


def digits_of(resource: type[Resource], row: Any) -> int:
    return int(row.currency.digits) if resource.has("currency") else 2


def _facts(
    resource: type[Resource], row: Any, reader: Reader, loaded: Mapping[str, Mapping[int, Any]]
) -> tuple[tuple[Fact, ...], ...]:
    names = resource.facts or _thirds(resource.input_names() or list(resource.columns))
    return tuple(_fact_column(resource, row, reader, loaded, column) for column in names)


def _thirds(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(names[start::3]) for start in range(min(3, len(names))))


def _fact_column(
    resource: type[Resource],
    row: Any,
    reader: Reader,
    loaded: Mapping[str, Mapping[int, Any]],
    names: Sequence[str],
) -> tuple[Fact, ...]:
    specs, hidden = resource.specs(), reader.actor.hidden_fields(resource)
    digits = digits_of(resource, row)
    return tuple(
        Fact(str(specs[name].label), cell_of(specs[name], row, reader, loaded, digits))
        for name in names
        if name not in hidden
    )


def _panels(
    resource: type[Resource], row: Any, reader: Reader, loaded: Mapping[str, Mapping[int, Any]]
) -> tuple[Panel, ...]:
    if resource.panel is None:
        return ()
    title, names, strong = resource.panel
    facts = _fact_column(resource, row, reader, loaded, names)
    labels = tuple(str(resource.specs()[name].label) for name in strong)
    return (Panel(str(title), facts, labels),) if facts else ()


def lines_table(grid: Lines, row: Any, reader: Reader) -> LinesTable:
    """The rows of a record with their computed columns and sums."""
    computed = {spec.name: spec for spec in grid.computed}
    names = grid.columns or grid.names
    specs = [computed.get(name) or grid.specs[name] for name in names]
    rows = list(
        grid.model._default_manager.filter(**{grid.parent: row}).select_related(*grid.related).order_by(grid.order)
    )
    loaded = loaded_for(specs, rows, reader.actor)
    digits = row.currency.digits if hasattr(row, "currency") else 2
    columns = tuple(Column(spec.name, str(spec.label), spec.numeric or spec.kind == "date") for spec in specs)
    cells = tuple(tuple(_line_cell(spec, line, reader, loaded, digits) for spec in specs) for line in rows)
    return LinesTable(str(grid.title), columns, cells, _line_foot(grid, specs, rows, digits))


def _line_cell(
    spec: FieldSpec, line: Any, reader: Reader, loaded: Mapping[str, Mapping[int, Any]], digits: int
) -> Cell:
    cell = cell_of(spec, line, reader, loaded, digits)
    if spec.suffix_from and cell.kind == "number":
        return Cell("number", f"{cell.text} {suffix_text(getattr(line, spec.suffix_from))}")
    if spec.kind == "ref" and cell.kind == "ref":
        description = getattr(line, "description", "")
        return Cell("strong", f"{cell.text}, {description}" if description else cell.text, url=cell.url)
    return cell


def count_lines(count: int) -> str:
    return ngettext("%(count)s line", "%(count)s lines", count) % {"count": count}


def _line_foot(grid: Lines, specs: Sequence[FieldSpec], rows: Sequence[Any], digits: int) -> tuple[Cell, ...]:
    if not grid.sums:
        return ()
    foot = []
    for number, spec in enumerate(specs):
        if spec.name in grid.sums:
            total = sum(getattr(line, spec.source) for line in rows)
            foot.append(Cell("number", show_number(total, digits)))
        else:
            text = count_lines(len(rows)) if number == 1 else ""
            foot.append(Cell("text", text) if text else Cell("empty", ""))
    return tuple(foot)


# Log --------------------------------------------------------------------------------------------------------------


def _events(log: QuerySet[Event], tab: str, before: str) -> list[Event]:
    rows = log.select_related("actor", "value")
    if tab != "overview" and before.isascii() and before.isdigit() and len(before) < 18:
        rows = rows.filter(pk__lt=int(before))
    return list(rows.order_by("-id")[: ACTIVITY if tab == "overview" else LOG_PAGE])


def _log_of(resource: type[Resource], row: Any, asked: Sequence[ApprovalRequest]) -> QuerySet[Event]:
    """Events of the record, and those of the approvals that were asked for it."""
    rule = _about(resource, row)
    if asked:
        rule |= Q(kind=kind_of(ApprovalRequest), object_id__in=[request.pk for request in asked])
    return Event.objects.filter(rule)


def entry_of(resource: type[Resource], event: Event, reader: Reader, limit: int) -> Entry:
    """An event in the reader's words; values that were erased or are private are said to be hidden."""
    action = registry.actions.get((event.kind, event.verb))
    vouched = list(json.loads(event.body)["fields"])
    hidden = {resource.specs()[name].source for name in reader.actor.hidden_fields(resource)}
    values = event.value.data
    reason = values.get("reason", {}).get("new", "")
    names = [name for name in vouched if _told(name)]
    if event.verb == "create" and limit == CHANGES:
        names = []
    changes = tuple(_change(resource, name, values.get(name), reader, hidden) for name in names[:limit])
    return Entry(
        uid=str(event.uid),
        icon=action.icon if action else "point",
        tone=side_of(resource, None) if resource.side != "own" else "own",
        who=who_of(event),
        what=str(action.past) if action else event.verb,
        when=show_ago(event.at, reader.actor.zone),
        when_title=show_instant(event.at, reader.actor.zone),
        reason=str(reason or ""),
        changes=changes,
        more=max(0, len(names) - limit),
        leaf=event.leaf,
    )


def who_of(event: Event) -> str:
    return show_person(event.actor.get_full_name()) if event.actor else "Guantong"


def _told(name: str) -> bool:
    """Keys, fixed values and instants the entry tells anyway are proof, not news."""
    return name not in HOUSEKEEPING and not name.endswith(("_id", "_at"))


def _change(
    resource: type[Resource], name: str, value: Mapping[str, Any] | None, reader: Reader, hidden: set[str]
) -> Change:
    grid_name, *rest = name.split("/")
    spec = _spec_of(resource, grid_name, rest)
    label = str(spec.label) if spec else grid_name
    if rest and len(rest[0]) < 10:
        places = {"line": rest[0], "field": label}
        label = _("Line %(line)s, %(field)s") % places if len(rest) > 1 else _("Line %(line)s") % places
    if value is None or (not rest and grid_name in hidden):
        return Change(label or name, "", "", hidden=True)
    return Change(label, plain_text(value["old"], reader, spec), plain_text(value["new"], reader, spec))


def _spec_of(resource: type[Resource], name: str, rest: Sequence[str]) -> FieldSpec | None:
    if rest:
        grid = next((grid for grid in resource.grids() if grid.name == name), None)
        return grid.specs.get(rest[-1]) if grid else None
    return next((spec for spec in resource.specs().values() if spec.source == name), None)
