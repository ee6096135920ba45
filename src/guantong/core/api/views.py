"""The API of every resource, under the same permissions and row scope as its pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from guantong.core.access import Actor, load_actor, visible
from guantong.core.actions import missing, run
from guantong.core.answers import Answer, Consent, Done, NeedsConfirmation, Pending, Refused, Text
from guantong.core.api import openapi
from guantong.core.api.json import difference_json, read_body, read_record, records_json
from guantong.core.api.problems import needs_confirmation, pending, problem, refused, unexpected
from guantong.core.inputs import read_consent, read_key
from guantong.core.models import Event
from guantong.core.pages.filters import PAGE, ListQuery
from guantong.core.pages.records import edit_verb
from guantong.core.registry import registry
from guantong.core.resource import Resource
from guantong.core.tokens import user_of

Endpoint = Callable[..., HttpResponse]
EVENTS = 200


def api(*methods: str) -> Callable[[Endpoint], Endpoint]:
    """An endpoint for a bearer token; every refusal becomes a problem, nothing of the inside is shown."""

    def wrap(view: Endpoint) -> Endpoint:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                actor = authenticate(request)
                language = translation.get_language() if request.headers.get("Accept-Language") else actor.language
                with translation.override(language):
                    method = "GET" if request.method == "HEAD" else request.method
                    if method not in methods:
                        return not_here(request, methods)
                    return view(request, actor, *args, **kwargs)
            except Refused as refusal:
                return refused(refusal)
            except Exception as error:
                return unexpected(error)

        return guarded

    return wrap


def not_here(request: HttpRequest, methods: tuple[str, ...]) -> HttpResponse:
    text = _("%(method)s is not possible here.") % {"method": request.method}
    response = problem(405, "method-not-allowed", text)
    response["Allow"] = ", ".join(methods)
    return response


def authenticate(request: HttpRequest) -> Actor:
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    user = user_of(secret.strip()) if scheme.lower() == "bearer" and secret else None
    if user is None:
        text = _("Send a valid token: Authorization: Bearer …")
        raise Refused("not-signed-in", text, _("Make a token in your settings."), status=401)
    return load_actor(user)


def resource_at(slug: str, actor: Actor) -> type[Resource]:
    resource = registry.resources.get(slug)
    if resource is None:
        raise Refused("not-found", _("There is no such resource."), status=404)
    if not actor.can(resource.permission("view")):
        raise Refused("not-allowed", _("Your roles do not allow this."), status=403)
    return resource


def row_at(resource: type[Resource], actor: Actor, uid: UUID) -> Any:
    row = visible(resource, actor).select_related(*resource.related).filter(uid=uid).first()
    if row is None:
        raise missing()
    return row


# Reading ----------------------------------------------------------------------------------------------------------


def openapi_json(request: HttpRequest) -> HttpResponse:
    """The description of everything below; open, because it holds no data."""
    return JsonResponse(openapi.document(), json_dumps_params={"ensure_ascii": False})


@api("GET")
def me(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Who the token stands for, and its companies."""
    companies = [{"id": str(c.uid), "name": c.name, "zone": c.zone} for c in actor.companies.values()]
    current = str(actor.company.uid) if actor.company else None
    body = {"id": str(actor.uid), "name": actor.name, "company": current, "companies": companies}
    return JsonResponse(body, json_dumps_params={"ensure_ascii": False})


@api("GET", "POST")
def collection(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    resource = resource_at(slug, actor)
    return _create(request, resource, actor) if request.method == "POST" else _list(request, resource, actor)


def _list(request: HttpRequest, resource: type[Resource], actor: Actor) -> HttpResponse:
    """Fifty records and the cursor of the next ones; filters and sort as in the page's address."""
    params = request.GET.dict()
    if "view" not in params:
        params["view"] = "all"
    query = ListQuery.read(resource, actor, params)
    fields: dict[str, Text] = {**query.problems()}
    if fields:
        text = _("This list does not understand some parameters.")
        raise Refused("invalid", text, _("See /api/v1/openapi.json."), status=422, fields=fields)
    rows, _earlier, later = query.page()
    data = records_json(resource, rows, actor, lines=False)
    return JsonResponse({"data": data, "next": later or None, "limit": PAGE}, json_dumps_params={"ensure_ascii": False})


@api("GET", "PATCH")
def item(request: HttpRequest, actor: Actor, slug: str, uid: UUID) -> HttpResponse:
    resource = resource_at(slug, actor)
    if request.method == "PATCH":
        return _change(request, resource, actor, uid)
    return _record(resource, actor, uid)


def _record(resource: type[Resource], actor: Actor, uid: UUID, status: int = 200) -> HttpResponse:
    row = row_at(resource, actor, uid)
    body = records_json(resource, [row], actor, lines=True)[0]
    response = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    response["ETag"] = f'"{row.version}"'
    if status == 201:
        response["Location"] = f"/api/v1/{resource.slug}/{uid}"
    return response


@api("GET")
def events(request: HttpRequest, actor: Actor, slug: str, uid: UUID) -> HttpResponse:
    """The log of one record, newest first: the sealed body of each event, and the values the actor may see."""
    resource = resource_at(slug, actor)
    row = row_at(resource, actor, uid)
    specs = resource.specs()
    hidden = {specs[name].source for name in actor.hidden_fields(resource)}
    rows = Event.objects.filter(kind=resource.kind(), object_id=row.pk).select_related("value").order_by("-id")[:EVENTS]
    data = [
        {
            "id": str(event.uid),
            "body": event.body,
            "leaf": event.leaf,
            "values": {name: value for name, value in event.value.data.items() if name.split("/")[0] not in hidden},
        }
        for event in rows
    ]
    return JsonResponse({"data": data}, json_dumps_params={"ensure_ascii": False})


# Writing ----------------------------------------------------------------------------------------------------------


def _dry(request: HttpRequest) -> bool:
    return request.GET.get("dry_run", "").lower() in ("1", "true", "yes")


def _key(request: HttpRequest) -> str:
    return read_key(request.headers.get("Idempotency-Key", ""))


def _version(request: HttpRequest) -> int | None:
    text = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not text or text == "*":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refused("invalid", _('If-Match holds the version of the record, for example "3".'), status=422)
    return int(text)


def _create(request: HttpRequest, resource: type[Resource], actor: Actor) -> HttpResponse:
    """One record from an object, or several from a list: all or none."""
    body = read_body(request)
    rows = [read_record(resource, raw) for raw in (body if isinstance(body, list) else [body])]
    answer = run(resource, "create", by=actor, rows=rows, key=_key(request), dry=_dry(request))
    if isinstance(answer, Done) and not _dry(request) and not isinstance(body, list):
        return _record(resource, actor, answer.objects[0], status=200 if answer.replayed else 201)
    return _tell(resource, actor, answer, _dry(request))


def _change(request: HttpRequest, resource: type[Resource], actor: Actor, uid: UUID) -> HttpResponse:
    """Change some fields, by the verb that the record's state allows; a grid that is sent replaces its rows."""
    row = row_at(resource, actor, uid)
    raw = read_body(request)
    consent = _consent(raw if isinstance(raw, dict) else {})
    values = read_record(resource, raw)
    verb = edit_verb(resource, row) or next(iter(a for a in registry.actions_of(resource) if a.form == "edit"), None)
    if verb is None:
        raise Refused("no-such-verb", _("This resource cannot be changed."), status=405)
    version = _version(request)
    answer = run(
        resource,
        verb.verb,
        by=actor,
        objects=[uid],
        versions={uid: version} if version is not None else {},
        rows=[values],
        consent=consent,
        key=_key(request),
        dry=_dry(request),
    )
    if isinstance(answer, Done) and not _dry(request):
        return _record(resource, actor, uid)
    return _tell(resource, actor, answer, _dry(request))


def _consent(body: dict[str, Any]) -> Consent:
    """Reason and overridden warnings, taken out of the body."""
    reason, overrides = body.pop("reason", ""), body.pop("overrides", [])
    return read_consent(reason, overrides)


@api("POST")
def verb_on_one(request: HttpRequest, actor: Actor, slug: str, uid: UUID, verb: str) -> HttpResponse:
    resource = resource_at(slug, actor)
    body = read_body(request)
    answer = _run(request, resource, actor, verb, [uid], body)
    if isinstance(answer, Done) and not _dry(request):
        return _record(resource, actor, uid)
    return _tell(resource, actor, answer, _dry(request))


@api("GET", "POST")
def verb_on_many(request: HttpRequest, actor: Actor, slug: str, verb: str) -> HttpResponse:
    """The bulk form: ``{"ids": [...]}``; all of them or none."""
    resource = resource_at(slug, actor)
    if request.method != "POST":
        raise missing()
    body = read_body(request)
    ids = body.pop("ids", None) if isinstance(body, dict) else None
    if not isinstance(ids, list) or not 0 < len(ids) <= 1000:
        raise Refused("invalid", _("Send “ids”: 1 to 1,000 identifiers."), status=422)
    try:
        uids = [UUID(text) if isinstance(text, str) else UUID("") for text in ids]
    except ValueError as error:
        raise Refused("invalid", _("Send “ids”: 1 to 1,000 identifiers."), status=422) from error
    return _tell(resource, actor, _run(request, resource, actor, verb, uids, body), _dry(request))


def _run(
    request: HttpRequest, resource: type[Resource], actor: Actor, verb: str, uids: list[UUID], body: Any
) -> Answer:
    action = registry.action(resource, verb)
    if action is None or action.form != "none":
        raise Refused("no-such-verb", _("There is no such action here."), status=404)
    if not isinstance(body, dict):
        raise Refused("invalid", _("Send a JSON object."), status=422)
    consent = _consent(body)
    version = _version(request)
    return run(
        resource,
        verb,
        by=actor,
        objects=uids,
        versions={uids[0]: version} if version is not None and len(uids) == 1 else {},
        inputs=body,
        consent=consent,
        key=_key(request),
        dry=_dry(request),
    )


def _tell(resource: type[Resource], actor: Actor, answer: Answer, dry: bool) -> HttpResponse:
    specs = resource.specs()
    hidden = {specs[name].source for name in actor.hidden_fields(resource)}
    if isinstance(answer, Refused):
        return refused(answer)
    if isinstance(answer, Pending):
        return pending(answer)
    if isinstance(answer, NeedsConfirmation):
        return needs_confirmation(answer, difference_json(answer.difference, hidden))
    difference = difference_json(answer.difference, hidden)
    body: dict[str, Any] = {"status": "would-do" if dry else "done", "difference": difference}
    if not dry:
        body["ids"] = [str(uid) for uid in answer.objects]
    return JsonResponse(body, json_dumps_params={"ensure_ascii": False})


@api("GET", "POST", "PATCH", "PUT", "DELETE")
def nowhere(request: HttpRequest, actor: Actor, rest: str = "") -> HttpResponse:
    raise Refused("not-found", _("There is no such resource."), _("See /api/v1/openapi.json."), status=404)
