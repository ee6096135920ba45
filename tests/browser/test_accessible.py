"""No page breaks WCAG 2.2 A or AA as far as axe-core can tell.

Every template, light and dark, in both languages, at a desk and on a phone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.books import Books
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.hands import Desk
from tools.frontend import MODULES

TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""What a theme can change; the other rules were checked in the light one."""
RUN = """async (only) => {
    const { violations } = await axe.run(document, { runOnly: only, resultTypes: ['violations'] });
    const why = (node) => [...node.any, ...node.all].map((check) => check.message).join(' ').slice(0, 200);
    const place = (node) => `${node.html.slice(0, 160)} (${why(node)})`;
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 4).map(place).join(' | ')}`);
}"""
State = Callable[[Desk, Books], None]


def _open(path: str) -> State:
    return lambda person, books: person.go(path)


def _record(path: str = "", state: str = "") -> State:
    def go(person: Desk, books: Books) -> None:
        me = "wangli" if person.say.language == "zh-hans" else "siyuan"
        record = books.order([("BK-E400", "60"), ("FC-115", "3")], by=me)
        if state:
            books.act(record, state, by=me)
        person.go(record + path)

    return go


def _dialog(person: Desk, books: Books) -> None:
    _record()(person, books)
    person.button("More actions").click()
    person.page.locator("#ui-more button").filter(has_text=person.say("Cancel order")).click()
    expect(person.page.locator("dialog[open] textarea")).to_be_focused()


def _menu(person: Desk, books: Books) -> None:
    _record()(person, books)
    person.button("More actions").click()


def _palette(person: Desk, books: Books) -> None:
    person.go("/sales-orders/")
    person.press("Control+k")
    person.type("骑行")
    expect(person.page.locator("#ui-results .ui-item").filter(has_text="SO-").first).to_be_visible()


def _keys(person: Desk, books: Books) -> None:
    person.go("/")
    person.press("?")


def _filter(person: Desk, books: Books) -> None:
    person.go("/sales-orders/?view=all")
    person.page.locator("[popovertarget=ui-filter]").click()
    person.page.locator("#ui-filter summary").first.click()


def _wrong(person: Desk, books: Books) -> None:
    person.go("/sales-orders/new/")
    person.field("note").fill("nothing else")
    person.page.locator("[name='lines-0-quantity']").fill("many")
    person.save()


def _conflict(person: Desk, books: Books) -> None:
    _record()(person, books)
    me = "wangli" if person.say.language == "zh-hans" else "siyuan"
    person.press("e")
    expect(person.field("note")).to_be_visible()
    path = person.record.removesuffix("edit/").strip("/")
    books.call(me, "PATCH", path, {"reference": "changed"})
    person.field("note").fill("mine")
    person.save()
    person.page.locator(".ui-conflict summary").click()


def _item(person: Desk, books: Books) -> None:
    person.go(f"/items/{books.uid('items', 'BK-E400')}/")


def _choices(person: Desk, books: Books) -> None:
    person.go("/sales-orders/new/")
    person.type("a")
    expect(person.page.locator("#ui-options .ui-item").first).to_be_visible()


def _computing(person: Desk, books: Books) -> None:
    _record("edit/")(person, books)
    person.page.route("**/preview/", lambda route: None)
    person.page.locator("[name='lines-0-quantity']").fill("61")
    expect(person.page.locator("#ui-form.is-stale")).to_be_visible()


STATES: dict[str, State] = {
    "my day": _open("/"),
    "inbox": _open("/inbox/"),
    "find": _open("/find/?q=Urban"),
    "settings": _open("/settings/"),
    "list": _open("/sales-orders/"),
    "list, filtered": _open("/sales-orders/?view=all&state=confirmed,closed&q=urban"),
    "list, nothing matches": _open("/sales-orders/?q=zzzzzz"),
    "list, filter open": _filter,
    "parties": _open("/parties/"),
    "record": _record(state="quote"),
    "record, waiting": _record(state="confirm"),
    "log": _record("log/", state="quote"),
    "menu": _menu,
    "dialog": _dialog,
    "palette": _palette,
    "keys": _keys,
    "new order": _open("/sales-orders/new/"),
    "new party": _open("/parties/new/"),
    "item": _item,
    "choices": _choices,
    "form with errors": _wrong,
    "form with a conflict": _conflict,
    "edit": _record("edit/"),
    "computing": _computing,
    "no right": _open("/approval-policies/"),
    "no page": _open("/nowhere/"),
}
STRANGERS = {
    "sign in": "/sign-in/",
    "reset password": "/password/reset/",
    "no address": "/a/b/c/d/e/",
}


def check(person: Desk, *, settled: bool = True) -> None:
    """Every combination of theme and size."""
    page = person.page
    if settled:
        expect(page.locator("#ui-form.is-stale")).to_have_count(0)
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text("utf-8"))
    troubles: list[str] = []
    for width, height in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            only: dict[str, Any] = (
                {"type": "tag", "values": TAGS} if theme == "light" else {"type": "rule", "values": COLOURS}
            )
            troubles += [f"{theme} {width} {trouble}" for trouble in page.evaluate(RUN, only)]
    assert troubles == []


@pytest.mark.parametrize("username", ["siyuan", "wangli"], ids=["en", "zh"])
@pytest.mark.parametrize("state", STATES)
def test_a_page_of_a_person_is_accessible(desk: Open, books: Books, state: str, username: str) -> None:
    person = desk(username, bypass_csp=True)
    person.watch.allowed |= {403, 404, 422}
    STATES[state](person, books)
    check(person, settled=state != "computing")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("state", STRANGERS)
def test_a_page_of_nobody_is_accessible(desk: Open, state: str, language: str) -> None:
    person = desk("", bypass_csp=True)
    person.watch.allowed |= {404}
    person.go("/sign-in/")
    person.speak(language)
    person.go(STRANGERS[state])
    check(person)


def test_a_refused_sign_in_is_accessible(desk: Open) -> None:
    person = desk("", bypass_csp=True)
    person.go("/sign-in/")
    person.page.fill("input[name=login]", "nobody-here")
    person.page.fill("input[name=password]", "wrong")
    with person.page.expect_navigation():
        person.press("Enter")
    expect(person.page.locator(".ui-alert")).to_be_visible()
    check(person)
