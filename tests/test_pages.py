"""Pages beyond what resources inherit: hidden inputs, ways back, preferences, and what a browser is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from guantong.core.models import Event, User
from guantong.core.registry import registry
from tests import world
from tests.doors import browser, posted
from tests.world import act, as_role, done

ODD = ["\x00", "abc\x00", "²", "-1", "9" * 50, "x" * 5000, "\u202ex", "<script>alert(1)</script>", "NaN", "🚲"]


# Hidden inputs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["once", "version", "reason", "override", "lines-0-uid", "lines-999999-item", "csrf"])
def test_no_hidden_input_of_a_form_can_break_the_server(db: None, name: str) -> None:
    """What no person types can still be sent: each is read as strictly as a typed field."""
    client = browser("manager", raises=False)
    orders = registry.resources["sales-orders"]
    for value in ODD:
        order = world.make_order()
        typed = posted(orders, world.order_values())
        for path in ("/sales-orders/new/", f"/sales-orders/{order.uid}/edit/"):
            response = client.post(path, {**typed, "version": "1", name: value})
            assert response.status_code in (302, 422), (path, value)
            assert "<script>alert(1)" not in response.content.decode()
        for verb in ("quote", "cancel"):
            sent = {"version": "1", "reason": "why", name: value}
            response = client.post(f"/sales-orders/{order.uid}/{verb}/", sent)
            assert response.status_code in (200, 303, 422), (verb, value)


def test_a_reason_is_kept_without_what_turns_it_round(db: None) -> None:
    order = world.make_order()
    client = browser("manager")
    client.post(f"/sales-orders/{order.uid}/cancel/", {"version": "1", "reason": "good\u202edab"})
    for event in Event.objects.filter(object_uid=order.uid).select_related("value"):
        assert "\u202e" not in str(event.value.data)


def test_a_form_sent_twice_saves_once(db: None) -> None:
    orders = registry.resources["sales-orders"]
    client, before = browser("manager"), world.Order.objects.count()
    data = {**posted(orders, world.order_values()), "once": "one-form"}
    first, second = client.post("/sales-orders/new/", data), client.post("/sales-orders/new/", data)
    assert first["Location"] == second["Location"]
    assert world.Order.objects.count() == before + 1


def test_pages_refuse_what_another_site_sends(db: None, writes_nothing: Callable[[], Any]) -> None:
    order = world.make_order()
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.user_of("manager"), backend="allauth.account.auth_backends.AuthenticationBackend")
    with writes_nothing():
        for path in (f"/sales-orders/{order.uid}/confirm/", "/sales-orders/new/", "/switch/look/", "/settings/tokens/"):
            assert client.post(path, {"theme": "dark", "name": "x"}).status_code == 403, path


def test_reading_a_page_writes_nothing(db: None, writes_nothing: Callable[[], Any]) -> None:
    order = world.make_order()
    client = browser("admin")
    with writes_nothing():
        for path in ("/", "/inbox/", "/find/?q=alpine", "/settings/", "/sales-orders/", f"/sales-orders/{order.uid}/"):
            assert client.get(path).status_code == 200, path


# Ways back --------------------------------------------------------------------------------------------------------


def test_signing_in_leads_back_to_the_whole_address(db: None) -> None:
    response = Client().get("/sales-orders/?view=all&q=alpine&sort=-total")
    page = Client().get(response["Location"])
    assert page.status_code == 200
    assert "sort=-total" in page.content.decode().replace("%3D", "=").replace("%26", "&").replace("&amp;", "&")


@pytest.mark.parametrize(
    "url", ["//evil.example", "https://evil.example", "\\\\evil.example", "javascript:alert(1)", "/\\evil"]
)
def test_a_way_back_never_leads_to_another_site(db: None, url: str) -> None:
    client = browser("sales")
    for path in ("/switch/language/", "/switch/look/"):
        response = client.post(path, {"next": url, "language": "en", "theme": "dark"})
        assert response["Location"] == "/", url


@pytest.mark.parametrize("path", ["/", "/sales-orders/", "/sign-in/", "/nowhere/", "/api/v1/me"])
def test_every_answer_tells_the_browser_what_it_may_do(db: None, path: str) -> None:
    response = browser("admin").get(path)
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "private" in response["Cache-Control"]
    assert "no-cache" in response["Cache-Control"] or "no-store" in response["Cache-Control"]
    page = response.content.decode()
    assert " onclick=" not in page
    assert " style=" not in page


# Preferences ------------------------------------------------------------------------------------------------------


def test_preferences_take_only_what_is_offered(db: None) -> None:
    client = browser("sales")
    for name, path in (("theme", "/switch/look/"), ("density", "/switch/look/"), ("language", "/switch/language/")):
        before = User.objects.values().get(username="sales")
        for value in ODD:
            client.post(path, {name: value, "next": "/"})
        after = User.objects.values().get(username="sales")
        assert after == before, name


def test_a_time_zone_that_does_not_exist_is_refused_and_never_hides_a_page(db: None) -> None:
    client = browser("sales")
    for value in [*ODD, "Asia/Nowhere", "../../etc/passwd"]:
        assert client.post("/settings/", {"zone": value, "language": "en"}).status_code == 422, value
    User.objects.filter(username="sales").update(zone="Mars/Olympus")
    assert client.get("/").status_code == 200


def test_a_token_is_shown_once_and_revoked_by_its_owner_alone(db: None) -> None:
    mine, theirs = browser("sales"), browser("manager")
    mine.post("/settings/tokens/", {"name": "script"})
    first, second = mine.get("/settings/").content.decode(), mine.get("/settings/").content.decode()
    assert "gt_" in first
    assert "gt_" not in second
    token = world.user_of("sales").tokens.order_by("-id")[0]
    theirs.post(f"/settings/tokens/{token.uid}/revoke/")
    token.refresh_from_db()
    assert token.revoked_at is None
    mine.post(f"/settings/tokens/{token.uid}/revoke/")
    token.refresh_from_db()
    assert token.revoked_at is not None


# Search -----------------------------------------------------------------------------------------------------------


def test_a_long_chinese_name_is_found_by_any_two_of_its_characters(db: None) -> None:
    name = "上海浦东新区张江高科技园区环岛智能自行车零部件研发制造与国际贸易服务集团股份有限责任公司华东总部"
    parties = registry.resources["parties"]
    row = world.sample(parties, name=name)
    client = browser("admin")
    for at in range(0, len(name) - 1, 5):
        assert str(row.uid) in client.get("/find/", {"q": name[at : at + 2]}).content.decode(), name[at : at + 2]


@pytest.mark.parametrize("query", ["émile", "EMILE", "Ｅｍｉｌｅ", "emil"])
def test_search_knows_no_case_width_or_accent(db: None, query: str) -> None:
    row = world.sample(registry.resources["parties"], name="Émile Vélos")
    assert str(row.uid) in browser("admin").get("/find/", {"q": query}).content.decode()


def test_a_renamed_record_is_found_by_its_new_words_only(db: None) -> None:
    row = world.sample(registry.resources["parties"], name="Oldname")
    done(act("update", row, by=as_role("admin"), rows=[{"name": "Newname"}]))
    client = browser("admin")
    assert str(row.uid) in client.get("/find/", {"q": "newname"}).content.decode()
    assert str(row.uid) not in client.get("/find/", {"q": "oldname"}).content.decode()
