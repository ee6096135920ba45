"""What every resource inherits by being registered: its pages, its API, its permissions, its history and its search."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs
import pytest
from django.utils.html import escape

from guantong.core.api.openapi import document
from guantong.core.canonical import salted_hash
from guantong.core.merkle import leaf_hash
from guantong.core.models import Event, SearchToken, User
from guantong.core.registry import registry
from guantong.core.resource import Resource
from guantong.core.search import query_words
from tests import world
from tests.doors import Api, browser, posted

RESOURCES = [registry.resources[slug] for slug in sorted(registry.resources)]
CREATED = [resource for resource in RESOURCES if registry.action(resource, "create")]
OF_COMPANIES = [resource for resource in RESOURCES if resource.has("company")]
OWNED = [resource for resource in RESOURCES if resource.owner]

NO_SAMPLES: set[str] = set()
"""Resources that can be created but have no samples yet. May only shrink."""

each_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda r: r.slug)
each_created = pytest.mark.parametrize("resource", CREATED, ids=lambda r: r.slug)
each_of_company = pytest.mark.parametrize("resource", OF_COMPANIES, ids=lambda r: r.slug)
each_owned = pytest.mark.parametrize("resource", OWNED, ids=lambda r: r.slug)


def pages_of(resource: type[Resource], row: Any) -> list[str]:
    """Addresses of the record's pages that anybody with all rights can open."""
    base = f"/{resource.slug}/"
    found = [base, f"{base}{row.uid}/", f"{base}{row.uid}/log/"]
    found += [f"{base}?view={view.code}" for view in resource.all_views()]
    if registry.action(resource, "create"):
        found += [f"{base}new/", *(f"{base}new/?view={view.code}" for view in resource.all_views())]
        found.append(f"{base}{row.uid}/edit/")
    return found


def doors_of(resource: type[Resource], row: Any) -> list[tuple[str, str]]:
    """Method and address of every door of the resource, on pages and in the API."""
    found = [("GET", path) for path in pages_of(resource, row)]
    found += [("GET", f"/lookup/{resource.slug}/"), ("POST", f"/{resource.slug}/preview/")]
    api = f"/api/v1/{resource.slug}"
    found += [("GET", api), ("GET", f"{api}/{row.uid}"), ("GET", f"{api}/{row.uid}/events")]
    found += [("POST", api), ("PATCH", f"{api}/{row.uid}")]
    for action in registry.actions_of(resource):
        found += [
            ("GET", f"/{resource.slug}/{row.uid}/{action.verb}/"),
            ("POST", f"/{resource.slug}/{row.uid}/{action.verb}/"),
        ]
        found += [("POST", f"{api}/{row.uid}/{action.verb}"), ("POST", f"{api}/{action.verb}")]
    return found


def body_for(path: str, row: Any) -> bytes:
    verb = path.rsplit("/", 1)[-1]
    return json.dumps({"ids": [str(row.uid)]} if path.count("/") == 4 and verb != str(row.uid) else {}).encode()


# Declarations -----------------------------------------------------------------------------------------------------


def test_every_resource_that_can_be_created_has_samples() -> None:
    without = {resource.slug for resource in CREATED if resource.samples is None}
    assert without <= NO_SAMPLES, "declare samples, so that the inherited tests can make a record"
    assert without >= NO_SAMPLES, "these have samples now: take them off the list"


def test_every_resource_that_cannot_be_created_has_another_source_of_records() -> None:
    assert {resource.slug for resource in RESOURCES if resource not in CREATED} == set(world.MADE_OTHERWISE)


@each_resource
def test_every_declared_name_is_a_field(resource: type[Resource]) -> None:
    names = {*resource.columns, *resource.filters, *resource.search, *resource.sums, *resource.meta, *resource.private}
    assert names <= set(resource.specs())
    assert all(spec.label or spec.kind for spec in resource.specs().values())


# Pages ------------------------------------------------------------------------------------------------------------


@each_resource
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_answers_in_both_languages(db: None, resource: type[Resource], language: str) -> None:
    row = world.record_of(resource)
    User.objects.filter(username="admin").update(language=language)
    client = browser("admin")
    for path in pages_of(resource, row):
        response = client.get(path)
        expected = {200, 302} if path.endswith("/edit/") else {200}
        assert response.status_code in expected, path
        assert response["Content-Language"] == language
        if response.status_code == 200:
            assert f'lang="{ {"en": "en", "zh-hans": "zh-Hans"}[language] }"' in response.content.decode(), path


@each_resource
def test_the_record_page_calls_the_record_by_its_name(db: None, resource: type[Resource]) -> None:
    row = world.record_of(resource)
    text = browser("admin").get(f"/{resource.slug}/{row.uid}/").content.decode()
    number, name = resource.title(row)
    assert escape(number or name) in text


# Permission -------------------------------------------------------------------------------------------------------


@each_resource
@pytest.mark.parametrize("who", ["nobody", "guest"])
def test_every_door_refuses_whoever_has_no_grant(
    db: None, writes_nothing: Callable[[], Any], resource: type[Resource], who: str
) -> None:
    """``nobody`` has no role at all; ``guest`` holds a role of the company that grants nothing."""
    row = world.record_of(resource)
    world.make_person("guest", {})
    label = escape(resource.label(row))
    client, api = browser(who, raises=False), Api(who)
    with writes_nothing():
        for method, path in doors_of(resource, row):
            if path.startswith("/api/"):
                reply = api.call(method, path.removeprefix("/api/v1/"), raw=body_for(path, row))
                status, text = reply.status, reply.text
            else:
                response = client.generic(method, path)
                status, text = response.status_code, response.content.decode()
            assert status in (403, 404), (method, path, status)
            assert len(label) < 5 or label not in text, (method, path)
            assert str(row.uid) in path or str(row.uid) not in text, (method, path)


@each_resource
def test_every_door_is_closed_to_who_is_not_signed_in(
    client: Any, db: None, writes_nothing: Callable[[], Any], resource: type[Resource]
) -> None:
    row = world.record_of(resource)
    with writes_nothing():
        for method, path in doors_of(resource, row):
            if path.startswith("/api/"):
                reply = Api("").call(method, path.removeprefix("/api/v1/"), raw=body_for(path, row))
                assert reply.status == 401, (method, path)
                assert reply.headers["WWW-Authenticate"] == "Bearer"
            else:
                response = client.generic(method, path)
                assert response.status_code in (302, 401), (method, path)
                assert response.status_code == 401 or response["Location"].startswith("/sign-in/")


@each_resource
def test_viewing_alone_opens_no_verb(db: None, writes_nothing: Callable[[], Any], resource: type[Resource]) -> None:
    row = world.record_of(resource)
    world.make_person("viewer", {resource.permission("view"): "all"})
    api, client = Api("viewer"), browser("viewer")
    assert api.get(f"{resource.slug}/{row.uid}").status == 200
    page = client.get(f"/{resource.slug}/{row.uid}/").content.decode()
    with writes_nothing():
        for action in registry.actions_of(resource):
            if action.form == "none":
                reply = api.post(f"{resource.slug}/{row.uid}/{action.verb}", {"reason": "because"})
                assert reply.status == 403, action.verb
                assert api.post(f"{resource.slug}/{action.verb}", {"ids": [str(row.uid)], "reason": "x"}).status == 403
            assert f'/{resource.slug}/{row.uid}/{action.verb}/"' not in page, action.verb
        if registry.action(resource, "create"):
            assert api.post(resource.slug, resource.samples() if resource.samples else {}).status == 403
            assert api.patch(f"{resource.slug}/{row.uid}", {}).status == 403
            assert client.get(f"/{resource.slug}/new/").status_code == 403


@each_owned
def test_scope_own_shows_only_ones_own_rows(db: None, resource: type[Resource]) -> None:
    row = world.record_of(resource)
    world.make_person("keeper", {resource.permission("view"): "own"})
    api, client = Api("keeper"), browser("keeper")
    assert api.get(resource.slug).body["data"] == []
    assert api.get(f"{resource.slug}/{row.uid}").status == 404
    assert client.get(f"/{resource.slug}/{row.uid}/").status_code == 404
    resource.model.objects.filter(pk=row.pk).update(**{resource.owner: world.user_of("keeper")})
    assert [each["id"] for each in api.get(resource.slug).body["data"]] == [str(row.uid)]
    assert api.get(f"{resource.slug}/{row.uid}").status == 200
    assert client.get(f"/{resource.slug}/{row.uid}/").status_code == 200


@each_of_company
def test_another_companys_people_see_nothing(
    db: None, writes_nothing: Callable[[], Any], resource: type[Resource]
) -> None:
    row = world.record_of(resource)
    label = escape(resource.label(row))
    word = next(
        iter(
            sorted(SearchToken.objects.filter(kind=resource.kind(), object_id=row.pk).values_list("token", flat=True))
        ),
        label,
    )
    api, client = Api("stranger"), browser("stranger", raises=False)
    client.post("/switch/company/", {"company": str(row.company.uid)})
    with writes_nothing():
        for method, path in doors_of(resource, row):
            with_uid = str(row.uid) in path
            if path.startswith("/api/"):
                reply = api.call(method, path.removeprefix("/api/v1/"), raw=body_for(path, row))
                assert str(row.uid) not in reply.text, (method, path)
                assert not with_uid or reply.status == 404, (method, path, reply.status)
            else:
                response = client.generic(method, path)
                assert not with_uid or response.status_code == 404, (method, path)
                text = response.content.decode()
                assert with_uid or str(row.uid) not in text, (method, path)
                assert label not in text, (method, path)
    for path in (
        f"/find/?q={word}",
        f"/lookup/{resource.slug}/?q={word}",
        f"/{resource.slug}/?view=all&q={word}",
        "/",
        "/inbox/",
    ):
        text = client.get(path).content.decode()
        assert str(row.uid) not in text, path
    assert str(row.uid) not in json.dumps(api.get(f"{resource.slug}?view=all&q={word}").body)


@each_of_company
def test_another_companys_record_cannot_be_pointed_to(
    db: None, writes_nothing: Callable[[], Any], resource: type[Resource]
) -> None:
    row = world.record_of(resource)
    for other in CREATED:
        values = other.samples() if other.samples else {}
        for spec in other.input_specs():
            if spec.model is resource.model:
                with writes_nothing():
                    reply = Api("stranger").post(other.slug, {**values, spec.name: str(row.uid)})
                assert reply.status == 422
                assert spec.name in reply.fields


# The API and the page say the same ---------------------------------------------------------------------------------


@each_created
def test_what_is_sent_comes_back_and_sending_it_again_changes_nothing(db: None, resource: type[Resource]) -> None:
    assert resource.samples is not None
    values, api = resource.samples(), Api("admin")
    made = api.post(resource.slug, values)
    assert made.status == 201, made.body
    uid = made.body["id"]
    assert made.headers["Location"] == f"/api/v1/{resource.slug}/{uid}"
    read = api.get(f"{resource.slug}/{uid}")
    assert read.body == made.body
    assert read.headers["ETag"] == f'"{read.body["version"]}"'
    inputs = {spec.name for spec in resource.input_specs()}
    again = {name: value for name, value in read.body.items() if name in inputs}
    for grid in resource.grids():
        again[grid.name] = [
            {name: value for name, value in line.items() if name in {*grid.specs, "id"}}
            for line in read.body[grid.name]
        ]
    rehearsal = api.patch(f"{resource.slug}/{uid}?dry_run=true", again)
    assert rehearsal.status == 200, rehearsal.body
    assert [each["changes"] for each in rehearsal.body["difference"]] == [[]]


@each_created
def test_the_form_saves_what_the_api_saves(db: None, resource: type[Resource]) -> None:
    assert resource.samples is not None
    values = resource.samples()
    before = set(resource.model.objects.values_list("pk", flat=True))
    response = browser("admin").post(f"/{resource.slug}/new/", {**posted(resource, values), "once": "form-1"})
    assert response.status_code == 302, response.content.decode()[:3000]
    row = resource.model.objects.exclude(pk__in=before).get()
    by_api = Api("admin").post(resource.slug, {**values, **_unlike(resource)})
    assert by_api.status == 201, by_api.body
    shown = Api("admin").get(f"{resource.slug}/{row.uid}").body
    told = {"id", "updated_at", "number", *_unlike(resource), *(grid.name for grid in resource.grids())}
    assert {k: v for k, v in shown.items() if k not in told} == {k: v for k, v in by_api.body.items() if k not in told}
    for grid in resource.grids():
        strip = [
            [{k: v for k, v in line.items() if k != "id"} for line in body[grid.name]] for body in (shown, by_api.body)
        ]
        assert strip[0] == strip[1]


def _unlike(resource: type[Resource]) -> dict[str, Any]:
    """Values that may stand only once, from another sample."""
    assert resource.samples is not None
    other = resource.samples()
    once = (
        {name for constraint in resource.model._meta.total_unique_constraints for name in constraint.fields}
        | {field.name for field in resource.model._meta.fields if field.unique}
        | {"identity"}
    )
    return {name: value for name, value in other.items() if name in once}


@each_resource
def test_the_openapi_document_describes_what_the_api_answers(db: None, resource: type[Resource]) -> None:
    row = world.record_of(resource)
    name = resource.__name__
    components = document()["components"]
    schema = {"$ref": f"#/components/schemas/{name}", "components": components}
    validator = jsonschema_rs.Draft202012Validator(schema)
    one = Api("admin").get(f"{resource.slug}/{row.uid}").body
    some = Api("admin").get(f"{resource.slug}?view=all").body["data"]
    for body in (one, *some):
        errors = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(body)]
        assert errors == []
        assert set(body) <= set(components["schemas"][name]["properties"])
    listed = next((each for each in some if each["id"] == one["id"]), None)
    assert listed is not None
    assert all(one[key] == value for key, value in listed.items())


# History and search -----------------------------------------------------------------------------------------------


@each_created
def test_creating_is_told_in_the_log_with_values_that_the_event_vouches_for(db: None, resource: type[Resource]) -> None:
    row = world.sample(resource)
    event = Event.objects.get(kind=resource.kind(), object_id=row.pk)
    body = json.loads(event.body)
    assert (event.verb, body["verb"], body["object"]) == ("create", "create", str(row.uid))
    assert body["actor"] == str(world.user_of("admin").uid)
    assert body["company"] == (str(row.company.uid) if resource.has("company") else None)
    assert event.leaf == leaf_hash(event.body.encode()).hex()
    assert set(body["fields"]) == set(event.value.data)
    for name, value in event.value.data.items():
        assert body["fields"][name] == salted_hash(bytes.fromhex(value["salt"]), name, value["old"], value["new"])
    told = Api("admin").get(f"{resource.slug}/{row.uid}/events").body["data"]
    assert [each["body"] for each in told] == [event.body]
    page = browser("admin").get(f"/{resource.slug}/{row.uid}/log/").content.decode()
    assert "Lin Yue" in page
    assert event.leaf[:8] in page
    assert str(registry.actions[resource.kind(), "create"].past) in page


@pytest.mark.parametrize("resource", [r for r in CREATED if r.search], ids=lambda r: r.slug)
def test_search_finds_a_record_by_each_of_its_words(db: None, resource: type[Resource]) -> None:
    row = world.sample(resource)
    client = browser("admin")
    tokens = list(SearchToken.objects.filter(kind=resource.kind(), object_id=row.pk).values_list("token", flat=True))
    assert tokens
    for token in tokens:
        assert str(row.uid) in client.get("/find/", {"q": token}).content.decode(), token
        assert (
            str(row.uid) in json.dumps(client.get(f"/lookup/{resource.slug}/", {"q": token}).json()) or len(token) < 4
        ), token
        assert (
            str(row.uid) in client.get(f"/{resource.slug}/", {"view": "all", "q": token}).content.decode()
            or len(token) < 4
        )


@pytest.mark.parametrize("resource", [r for r in CREATED if r.search], ids=lambda r: r.slug)
def test_a_search_for_nothing_that_is_a_word_finds_nothing(db: None, resource: type[Resource]) -> None:
    row = world.sample(resource)
    for text in ("!!!", "----", "🚲", "“”"):
        assert not query_words(text)
        assert str(row.uid) not in browser("admin").get("/find/", {"q": text}).content.decode(), text


# Private fields ---------------------------------------------------------------------------------------------------


PART_OF_THE_NAME = {("parties", "local_name")}
"""Fields that a record is called by: whoever may see the record must see them, so they cannot be private."""

SECRETS = [
    (resource, spec.name)
    for resource in CREATED
    for spec in resource.input_specs()
    if not spec.required and spec.kind in ("text", "phone", "amount", "date", "choice")
    if (resource.slug, spec.name) not in PART_OF_THE_NAME
]
each_secret = pytest.mark.parametrize(("resource", "name"), SECRETS, ids=lambda v: v if isinstance(v, str) else v.slug)


FREE_TEXT = {"city", "phone", "reference", "region", "local_name", "note"}
"""Fields whose text follows no rule of its own."""


@each_secret
def test_a_private_field_is_hidden_at_every_door(
    db: None, monkeypatch: pytest.MonkeyPatch, resource: type[Resource], name: str
) -> None:
    assert resource.samples is not None
    values = resource.samples()
    if resource.specs()[name].kind == "text":
        values |= {name: "Secretword"} if name in FREE_TEXT else {}
    made = Api("admin").post(resource.slug, values)
    assert made.status == 201, made.body
    secret, uid = str(made.body[name] or ""), made.body["id"]
    monkeypatch.setattr(resource, "private", {name: f"{resource.slug}.view_secret"})
    api, client = Api("admin"), browser("admin")
    assert name not in api.get(f"{resource.slug}/{uid}").body
    assert all(name not in each for each in api.get(f"{resource.slug}?view=all").body["data"])
    assert all(name not in each["values"] for each in api.get(f"{resource.slug}/{uid}/events").body["data"])
    dry = api.post(f"{resource.slug}?dry_run=true", _without(resource, values, name))
    assert all(f'"{name}"' not in json.dumps(each["changes"]) for each in dry.body["difference"])
    for path in pages_of(resource, made_row := resource.model.objects.get(uid=uid)):
        text = client.get(path).content.decode()
        assert f'name="{name}"' not in text, path
        assert secret != "Secretword" or secret not in text, path
    assert api.patch(f"{resource.slug}/{uid}", {name: values.get(name, "")}).status == 422
    assert made_row.uid is not None
    if name in resource.search and secret == "Secretword":
        assert uid not in client.get("/find/", {"q": secret}).content.decode()
        assert uid not in client.get(f"/{resource.slug}/", {"view": "all", "q": secret}).content.decode()


@each_secret
def test_who_may_not_see_a_private_field_can_still_save_the_form(
    db: None, monkeypatch: pytest.MonkeyPatch, resource: type[Resource], name: str
) -> None:
    row = world.sample(resource)
    attribute = resource.specs()[name].source
    monkeypatch.setattr(resource, "private", {name: f"{resource.slug}.view_secret"})
    assert resource.samples is not None
    values = _without(resource, resource.samples(), name)
    data = {**posted(resource, values), "version": "1", "once": "secret-1"}
    response = browser("admin").post(f"/{resource.slug}/{row.uid}/edit/", data)
    assert response.status_code == 302, [line for line in response.content.decode().splitlines() if "error" in line]
    after = resource.model.objects.get(pk=row.pk)
    assert after.version == 2
    assert getattr(after, attribute) == getattr(row, attribute), "what is hidden stays as it was"


def _without(resource: type[Resource], values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The values without the private one; those that may stand only once from another sample."""
    told = {**values, **_unlike(resource)}
    if name == "identity_country":
        del told["identity"]
    return {k: v for k, v in told.items() if k != name}
