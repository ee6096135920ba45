"""Pressing a verb: run it, or ask first (inputs, warnings), always with the answer in words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from guantong.core.access import Actor
from guantong.core.actions import run
from guantong.core.answers import Answer, Consent, Done, NeedsConfirmation, ObjectChange, Pending, Refused
from guantong.core.formats import show_sentences
from guantong.core.inputs import read_consent, read_key
from guantong.core.jobs import retry_job
from guantong.core.models import ApprovalRequest, Job
from guantong.core.pages.cells import Reader, plain_text
from guantong.core.pages.forms import field_of
from guantong.core.pages.guard import find_row, require
from guantong.core.pages.shapes import Change, Dialog
from guantong.core.registry import Action, registry
from guantong.core.resource import Resource
from guantong.core.schema import FieldSpec
from guantong.core.uid import uuid7
from guantong.core.web import actor_of

REASON = FieldSpec("reason", "reason", "", "long", required=True, max_length=500)


def act(request: HttpRequest, slug: str, uid: UUID, verb: str) -> HttpResponse:
    """GET asks what the verb needs; POST runs it and goes back to the record."""
    resource, actor = require(request, slug, "view")
    row = find_row(resource, actor, uid)
    action = registry.action(resource, verb)
    if action is None or action.style == "hidden":
        raise Refused("no-such-verb", _("There is no such action here."), status=404)
    if request.method != "POST":
        return _ask(request, resource, row, action, actor)
    answer = run(
        resource,
        verb,
        by=actor,
        objects=[uid],
        versions=_versions(request, uid),
        inputs={spec.name: request.POST.get(spec.name, "") for spec in action.inputs},
        consent=consent_of(request),
        key=read_key(request.POST.get("once", "")),
    )
    return _tell(request, resource, row, action, actor, answer)


def consent_of(request: HttpRequest) -> Consent:
    return read_consent(request.POST.get("reason", ""), request.POST.getlist("override"))


def _versions(request: HttpRequest, uid: UUID) -> dict[UUID, int]:
    text = request.POST.get("version", "")
    return {uid: int(text)} if text.isascii() and text.isdigit() and len(text) < 10 else {}


def _tell(
    request: HttpRequest, resource: type[Resource], row: Any, action: Action, actor: Actor, answer: Answer
) -> HttpResponse:
    if isinstance(answer, Done):
        messages.success(request, _done(resource, row, action))
    elif isinstance(answer, Pending):
        messages.info(request, _("Waits for approval: %(fact)s") % {"fact": answer.fact})
    elif isinstance(answer, NeedsConfirmation) or (answer.status == 422 and (action.inputs or action.reason)):
        return _ask(request, resource, row, action, actor, answer)
    else:
        messages.error(request, show_sentences(answer.fact, answer.todo))
    return back(request, _home(resource, row))


def _done(resource: type[Resource], row: Any, action: Action) -> str:
    """What is true now, in words."""
    target = row.lifecycle.target(action.verb) if row.lifecycle else None
    if target is None:
        return _("%(record)s is saved.") % {"record": resource.label(row)}
    state = row.lifecycle.states[target].label
    return _("%(record)s is now “%(state)s”.") % {"record": resource.label(row), "state": state}


def _home(resource: type[Resource], row: Any) -> str:
    """Where to go afterwards: the record; for an approval the record it is about."""
    if isinstance(row, ApprovalRequest):
        return reverse("record", args=[row.resource, row.object_uid])
    return reverse("record", args=[resource.slug, row.uid])


def back(request: HttpRequest, url: str) -> HttpResponse:
    """Go to a page, from a full request or from a part of one."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url, status=303)


def _ask(
    request: HttpRequest,
    resource: type[Resource],
    row: Any,
    action: Action,
    actor: Actor,
    answer: NeedsConfirmation | Refused | None = None,
) -> HttpResponse:
    """The dialog before a verb runs."""
    errors = dict(answer.fields) if isinstance(answer, Refused) else {}
    cautions = answer.cautions if isinstance(answer, NeedsConfirmation) else ()
    typed = {spec.name: request.POST.get(spec.name, "") for spec in action.inputs}
    fields = [field_of(spec, spec.name, typed.get(spec.name), errors, {}) for spec in action.inputs]
    if action.reason and not cautions:
        spec = FieldSpec(**{**REASON.__dict__, "label": _("Reason")})
        fields.append(field_of(spec, "reason", request.POST.get("reason", ""), errors, {}))
    home = _home(resource, row)
    dialog = Dialog(
        title=_("%(action)s: %(record)s") % {"action": action.label, "record": resource.label(row)},
        text=str(action.question),
        action_url=reverse("act", args=[resource.slug, row.uid, action.verb]),
        submit_label=str(action.label),
        danger=action.style == "danger",
        version=str(row.version),
        once=str(uuid7()),
        fields=tuple(fields),
        warnings=tuple(str(caution.fact) for caution in cautions),
        overrides=tuple(caution.code for caution in cautions),
        difference=tuple(_changes(resource, answer.difference, actor)) if isinstance(answer, NeedsConfirmation) else (),
    )
    partial = bool(request.headers.get("HX-Request"))
    context = {"page": dialog, "title": dialog.title, "partial": partial, "cancel_url": home}
    return render(request, "dialog.html", context, status=422 if errors else 200)


def _changes(resource: type[Resource], difference: tuple[ObjectChange, ...], actor: Actor) -> list[Change]:
    reader = Reader.of(actor)
    hidden = actor.hidden_fields(resource)
    labels = {spec.source: str(spec.label) for name, spec in resource.specs().items() if name not in hidden}
    return [
        Change(labels[c.name], plain_text(c.old, reader), plain_text(c.new, reader))
        for each in difference
        for c in each.changes
        if c.name in labels
    ]


def retry(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Let a failed reaction run again; for people who may see the record it belongs to."""
    job = Job.objects.filter(uid=uid).first()
    actor = actor_of(request)
    for resource in registry.resources_of_kind(job.kind) if job else []:
        row = resource.model._default_manager.filter(pk=job.object_id).first() if job else None
        if row is not None and actor.may(resource.permission("view"), row, resource.owner):
            retry_job(uid)
            messages.info(request, _("It runs again now."))
            return back(request, reverse("record", args=[resource.slug, row.uid]))
    raise Refused("not-found", _("This record does not exist, or you may not see it."), status=404)
