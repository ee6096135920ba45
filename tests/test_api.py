"""The API as a program meets it: who it is, what it may send, how refusals look, and what is promised about repeats."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client
from openapi_spec_validator import OpenAPIV31SpecValidator

from guantong.core.api.openapi import document
from guantong.core.models import ApiToken, User
from guantong.core.registry import registry
from tests import world
from tests.doors import Api

PROBLEM = "application/problem+json"


# Who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Basic YWRtaW46eA==",
        "Token {token}",
        "{token}",
        "Bearer {token} x",
        "Bearer gt_\xe9",
        "bearer\t{token}",
    ],
)
def test_nobody_comes_in_without_a_valid_token(db: None, header: str) -> None:
    text = header.format(token=world.TOKENS["admin"])
    response = Client().get("/api/v1/me", headers={"Authorization": text} if text else {})
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response["Content-Type"].startswith(PROBLEM)
    assert response.json()["status"] == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(db: None, scheme: str) -> None:
    response = Client().get("/api/v1/me", headers={"Authorization": f"{scheme} {world.TOKENS['admin']}"})
    assert response.status_code == 200
    assert response.json()["name"] == "Lin Yue 林悦"


def test_a_revoked_token_and_an_inactive_user_are_refused_at_once(db: None) -> None:
    assert Api("sales").get("me").status == 200
    ApiToken.objects.filter(user__username="sales").update(revoked_at="2026-01-01T00:00:00Z")
    assert Api("sales").get("me").status == 401
    User.objects.filter(username="manager").update(is_active=False)
    assert Api("manager").get("me").status == 401


def test_a_session_of_a_browser_does_not_open_the_api(browse: Any) -> None:
    """Otherwise a page of somebody else could post to it in the reader's name."""
    assert browse("admin").get("/api/v1/me").status_code == 401


def test_only_the_digest_of_a_token_is_kept(db: None) -> None:
    secret = world.TOKENS["admin"]
    assert secret not in json.dumps(world.contents())
    assert not ApiToken.objects.filter(digest=secret).exists()


def test_rights_are_those_of_now(db: None, api: Any) -> None:
    assert api("sales").get("sales-orders").status == 200
    world.user_of("sales").memberships.all().delete()
    assert api("sales").get("sales-orders").status == 403


def test_the_description_is_open_and_holds_no_data(db: None) -> None:
    response = Client().get("/api/v1/openapi.json")
    assert response.status_code == 200
    assert not [row for row in world.Party.objects.all() if row.name in response.content.decode()]


# Refusals ---------------------------------------------------------------------------------------------------------


def refusals(api: Api) -> list[Any]:
    order = world.make_order()
    return [
        Api("").get("me"),
        api.get("no-such-thing"),
        api.get(f"sales-orders/{uuid4()}"),
        api.get("sales-orders/not-an-id"),
        api.call("PUT", "sales-orders", {}),
        api.call("DELETE", f"sales-orders/{order.uid}"),
        api.call("POST", "sales-orders", raw=b"{"),
        api.post("sales-orders", {}),
        api.post(f"sales-orders/{order.uid}/close"),
        api.post(f"sales-orders/{order.uid}/cancel"),
        api.post(f"sales-orders/{order.uid}/no-such-verb"),
        api.post(f"sales-orders/{order.uid}/create"),
        api.post("sales-orders/confirm", {"ids": []}),
        api.get("a/b/c/d/e"),
        Api("nobody").get("sales-orders"),
    ]


def test_every_refusal_is_a_problem_of_one_form(db: None, api: Any, writes_nothing: Any) -> None:
    """RFC 9457: type, title, status and detail, with the media type that says so."""
    for reply in refusals(api("admin")):
        assert 400 <= reply.status < 500
        assert reply.headers["Content-Type"].startswith(PROBLEM), reply
        assert reply.body["status"] == reply.status
        assert reply.body["type"].startswith("/problems/")
        assert reply.body["title"]
        assert reply.body["detail"]
        for error in reply.body.get("errors", []):
            assert set(error) == {"field", "detail"}
            assert error["detail"]


def test_a_method_that_is_not_possible_names_those_that_are(db: None, api: Any) -> None:
    order = world.make_order()
    for method, path in (
        ("PUT", "sales-orders"),
        ("DELETE", f"sales-orders/{order.uid}"),
        ("GET", f"sales-orders/{order.uid}/confirm"),
        ("POST", "me"),
    ):
        reply = api("admin").call(method, path, {})
        assert reply.status == 405
        assert reply.headers["Allow"]


@pytest.mark.parametrize("path", ["me", "sales-orders"])
def test_head_answers_like_get_without_a_body(db: None, path: str) -> None:
    headers = {"Authorization": f"Bearer {world.TOKENS['admin']}"}
    response = Client().head(f"/api/v1/{path}", headers=headers)
    assert response.status_code == 200
    assert response.content == b""


def test_refusals_speak_the_language_that_is_asked_for(db: None, api: Any) -> None:
    order = world.make_order()
    english = api("admin").post(f"sales-orders/{order.uid}/close", Accept_Language="en")
    chinese = api("admin").post(f"sales-orders/{order.uid}/close", Accept_Language="zh-Hans")
    assert english.body["type"] == chinese.body["type"]
    assert english.body["detail"].isascii() or "“" in english.body["detail"]
    assert any("\u4e00" <= char <= "\u9fff" for char in chinese.body["detail"])
    User.objects.filter(username="admin").update(language="zh-hans")
    assert api("admin").post(f"sales-orders/{order.uid}/close").body["detail"] == chinese.body["detail"]
    for odd in ("xx", "*", ",,,;q=", "zh;q=9999", "\xe9", "a" * 5000):
        assert api("admin").get("me", Accept_Language=odd).status == 200


# Bodies -----------------------------------------------------------------------------------------------------------

BODIES = [
    b"{",
    b"nonsense",
    b"\xff\xfe",
    b'{"a": NaN}',
    b'{"a": Infinity}',
    b'{"a": ' + b"9" * 5000 + b"}",
    b"[" * 20_000 + b"]" * 20_000,
    b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    b"\x00",
    b'{"a": 1}{"b": 2}',
    "{\u2028}".encode(),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda b: repr(b[:12]))
def test_a_body_that_is_no_exact_json_is_refused(db: None, api: Any, writes_nothing: Any, body: bytes) -> None:
    order = world.make_order()
    with writes_nothing():
        for method, path in (
            ("POST", "sales-orders"),
            ("PATCH", f"sales-orders/{order.uid}"),
            ("POST", f"sales-orders/{order.uid}/confirm"),
            ("POST", "sales-orders/confirm"),
        ):
            reply = api("admin").call(method, path, raw=body)
            assert reply.status == 400, (path, reply.status)


@pytest.mark.parametrize("body", [5, "x", True, None, [], [5], [[]], ["x"], [None], 1.5], ids=repr)
def test_json_that_is_no_record_is_refused(db: None, api: Any, writes_nothing: Any, body: Any) -> None:
    order = world.make_order()
    raw = json.dumps(body).encode()
    with writes_nothing():
        for method, path in (
            ("POST", "sales-orders"),
            ("PATCH", f"sales-orders/{order.uid}"),
            ("POST", f"sales-orders/{order.uid}/confirm"),
            ("POST", "sales-orders/confirm"),
        ):
            reply = api("admin").call(method, path, raw=raw)
            assert reply.status == 422, (path, reply.status)


def test_ten_megabytes_are_too_large(db: None, api: Any, writes_nothing: Any) -> None:
    order = world.make_order()
    big = json.dumps({"note": "x" * 10_000_000}).encode()
    with writes_nothing():
        for method, path in (
            ("POST", "sales-orders"),
            ("PATCH", f"sales-orders/{order.uid}"),
            ("POST", f"sales-orders/{order.uid}/confirm"),
        ):
            assert api("admin").call(method, path, raw=big).status == 413
        below = json.dumps({"note": "x" * 7_000_000}).encode()
        assert api("admin").call("PATCH", f"sales-orders/{order.uid}", raw=below).status == 422


def test_a_name_given_twice_is_not_taken_by_chance(db: None, api: Any, writes_nothing: Any) -> None:
    """JSON leaves open which of two values counts; an exact platform does not guess."""
    order = world.make_order()
    with writes_nothing():
        reply = api("admin").call("PATCH", f"sales-orders/{order.uid}", raw=b'{"note": "one", "note": "two"}')
        assert reply.status == 400


@pytest.mark.parametrize(
    "ids", [None, "x", 5, {}, [5], ["x"], [None], [[]], ["00000000-0000-0000-0000-00000000000g"], [""]], ids=repr
)
def test_wrong_identifiers_of_a_bulk_verb_are_refused(db: None, api: Any, writes_nothing: Any, ids: Any) -> None:
    with writes_nothing():
        assert api("admin").post("sales-orders/confirm", {"ids": ids}).status == 422
        many = [str(uuid4()) for _each in range(1001)]
        assert api("admin").post("sales-orders/confirm", {"ids": many}).status == 422


@pytest.mark.parametrize(
    "consent",
    [
        {"reason": 5},
        {"reason": "\x00"},
        {"reason": "\ud800"},
        {"overrides": "x"},
        {"overrides": [5]},
        {"reason": ["x"]},
        {"reason": "a\u202eb"},
    ],
    ids=repr,
)
def test_a_reason_is_read_as_strictly_as_any_text(
    db: None, api: Any, writes_nothing: Any, consent: dict[str, Any]
) -> None:
    order = world.make_order()
    with writes_nothing():
        assert api("admin").post(f"sales-orders/{order.uid}/cancel", {"reason": "why", **consent}).status == 422


@pytest.mark.parametrize("code", ["no-such-code", "\ud800", "\x00", "x" * 100_000], ids=lambda c: repr(c[:12]))
def test_an_override_that_no_warning_asked_for_leaves_no_trace(db: None, api: Any, code: str) -> None:
    order = world.make_order()
    body = {"reason": "why", "overrides": [code]}
    reply = api("admin").call("POST", f"sales-orders/{order.uid}/cancel", raw=json.dumps(body).encode())
    assert reply.status in (200, 422)
    if reply.status == 200:
        newest = api("admin").get(f"sales-orders/{order.uid}/events").body["data"][0]
        assert "overrides" not in newest["values"]


# Repeats and versions ---------------------------------------------------------------------------------------------


def test_the_same_key_acts_once_and_answers_alike(db: None, api: Any) -> None:
    values = world.order_values()
    first = api("admin").post("sales-orders", values, Idempotency_Key="k-1")
    assert first.status == 201
    before = world.contents()
    second = api("admin").post("sales-orders", values, Idempotency_Key="k-1")
    assert second.status in (200, 201)
    assert second.body == first.body
    reordered = dict(
        reversed([(k, [dict(reversed(line.items())) for line in v] if k == "lines" else v) for k, v in values.items()])
    )
    assert api("admin").post("sales-orders", reordered, Idempotency_Key="k-1").body == first.body, (
        "the order of names means nothing"
    )
    assert world.changed_tables(before) == []
    assert api("admin").post("sales-orders", {**values, "note": "other"}, Idempotency_Key="k-1").status == 422
    assert api("manager").post("sales-orders", values, Idempotency_Key="k-1").status == 201, (
        "a key belongs to one person"
    )


@pytest.mark.parametrize("key", ["x" * 201, "a\tb", "a\x7fb", "\x85"], ids=repr)
def test_a_key_that_cannot_be_kept_is_refused(db: None, api: Any, writes_nothing: Any, key: str) -> None:
    with writes_nothing():
        assert api("admin").post("sales-orders", world.order_values(), Idempotency_Key=key).status == 422


def test_if_match_refuses_what_was_changed_meanwhile(db: None, api: Any, writes_nothing: Any) -> None:
    order = world.make_order()
    path = f"sales-orders/{order.uid}"
    with writes_nothing():
        for version in ("2", '"2"', 'W/"2"', "0"):
            assert api("admin").patch(path, {"note": "x"}, If_Match=version).status == 409, version
            assert api("admin").post(f"{path}/confirm", If_Match=version).status == 409
        for wrong in ("x", "-1", "1.0", "²", "9" * 30, '"1", "2"'):
            assert api("admin").patch(path, {"note": "x"}, If_Match=wrong).status == 422, wrong
    changed = api("admin").patch(path, {"note": "x"}, If_Match='"1"')
    assert changed.status == 200
    assert changed.headers["ETag"] == '"2"'
    assert api("admin").patch(path, {"note": "y"}, If_Match="*").status == 200


@pytest.mark.parametrize("word", ["true", "1", "yes", "TRUE"])
def test_a_rehearsal_by_address_writes_nothing(db: None, api: Any, writes_nothing: Any, word: str) -> None:
    order = world.make_order()
    with writes_nothing():
        created = api("admin").post(f"sales-orders?dry_run={word}", world.order_values())
        confirmed = api("admin").post(f"sales-orders/{order.uid}/confirm?dry_run={word}")
        many = api("admin").post(f"sales-orders/confirm?dry_run={word}", {"ids": [str(order.uid)]})
    for reply in (created, confirmed, many):
        assert reply.status == 200
        assert reply.body["status"] == "would-do"
        assert reply.body["difference"]


def test_several_records_are_created_as_one_whole(db: None, api: Any, writes_nothing: Any) -> None:
    good, bad = world.order_values(), world.order_values(world.line(quantity="-1"))
    with writes_nothing():
        reply = api("admin").post("sales-orders", [good, bad])
        assert reply.status == 422
        assert list(reply.fields) == ["1.lines-0-quantity"]
    reply = api("admin").post("sales-orders", [good, good])
    assert reply.status in (200, 201)
    assert len(reply.body["ids"]) == 2


@pytest.mark.parametrize("slug", ["units", "items", "parties", "sites"])
def test_two_records_with_one_unique_value_in_one_request_are_refused(
    db: None, api: Any, writes_nothing: Any, slug: str
) -> None:
    resource = registry.resources[slug]
    assert resource.samples is not None
    values = resource.samples()
    with writes_nothing():
        reply = api("admin").post(slug, [values, values])
        assert reply.status in (409, 422), reply.body
        assert reply.fields
    assert api("admin").post(slug, values).status == 201
    with writes_nothing():
        again = api("admin").post(slug, values)
        assert again.status in (409, 422)
        assert again.fields


# Description ------------------------------------------------------------------------------------------------------


def test_the_description_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(document()).validate()
    assert document()["openapi"].startswith("3.1")


def test_every_verb_of_every_resource_is_described() -> None:
    paths = document()["paths"]
    for slug, resource in registry.resources.items():
        assert f"/{slug}" in paths
        assert f"/{slug}/{{id}}" in paths
        assert f"/{slug}/{{id}}/events" in paths
        for action in registry.actions_of(resource):
            if action.form == "none":
                assert "post" in paths[f"/{slug}/{{id}}/{action.verb}"]
    names = [
        operation["operationId"] for path in paths.values() for key, operation in path.items() if key != "parameters"
    ]
    assert len(names) == len(set(names))


def test_a_rehearsal_answers_as_described(db: None, api: Any) -> None:
    """What 200 means is described for the record and for the difference."""
    content = document()["paths"]["/sales-orders"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert "Done" in json.dumps(content)


@pytest.mark.parametrize("who", ["admin", "sales"])
def test_no_request_that_the_description_allows_breaks_the_server(db: None, who: str) -> None:
    """Requests made from the description by schemathesis; fresh ones at each run, the seed is printed on failure."""
    import hypothesis  # heavy, and needed by this test alone
    import schemathesis

    real = {slug: str(world.record_of(resource).uid) for slug, resource in registry.resources.items()}
    api = Api(who)
    schema = schemathesis.openapi.from_dict(document())
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]

        @hypothesis.settings(
            max_examples=2,
            deadline=None,
            database=None,
            print_blob=True,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy())
        def try_one(case: Any) -> None:
            if case.path_parameters:
                case.path_parameters["id"] = real[operation.path.split("/")[1]]  # noqa: B023
            status = _send(api, case)
            assert status < 500, f"{case.method} {case.formatted_path} {case.query} {case.body!r:.500}"

        try_one()


def _send(api: Api, case: Any) -> int:
    query = urlencode(case.query or {}, doseq=True, errors="replace")
    body = case.body if isinstance(case.body, dict | list | str | int | float | bool) else None
    headers = {
        k: v for k, v in dict(case.headers or {}).items() if k in ("Idempotency-Key", "If-Match") and isinstance(v, str)
    }
    path = case.formatted_path.lstrip("/") + (f"?{query}" if query else "")
    raw = json.dumps(body).encode() if body is not None else b""
    return api.call(case.method.upper(), path, raw=raw, **headers).status
