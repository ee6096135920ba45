"""What is refused says so: why, and what to do next; never silence, never a trace."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.browser.books import Books
from tests.browser.conftest import Open
from tests.browser.hands import Desk, another, fill_order

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "שלום مرحبا عالم left",
    "👩‍🔧🚲 {{7*7}} ${7*7} %s %(x)s \"'&amp;",
]


def test_a_verb_that_must_wait_shows_its_reason_in_the_menu(desk: Open, books: Books) -> None:
    person = desk()
    person.go(books.order())
    person.button("More actions").click()
    item = person.page.locator("#ui-more [aria-disabled=true]").filter(has_text="Close")
    expect(item.locator("small")).to_contain_text("Confirmed")


def test_a_disabled_button_is_reached_by_keyboard_and_tells_why(desk: Open, books: Books) -> None:
    record = books.order()
    books.act(record, "cancel", reason="Twice by mistake")
    person = desk()
    person.go(record)
    button = person.page.locator(".ui-record-actions [aria-disabled=true]").first
    tip = person.page.locator(f"#{button.get_attribute('aria-describedby')}")
    expect(tip).not_to_be_visible()
    for _step in range(40):
        person.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    expect(button).to_be_focused()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("Canceled")
    person.press("Enter")
    expect(tip).to_be_visible()


@pytest.mark.parametrize("username", ["siyuan", "wangli"])
def test_a_page_without_the_right_says_who_can_grant_it(desk: Open, username: str) -> None:
    person = desk(username)
    person.watch.allowed.add(403)
    person.go("/approval-policies/")
    expect(person.page.locator("main h1")).to_have_text(person.say("Your roles do not allow this."))
    person.see(
        person.say("Ask an administrator for the permission “%(permission)s”.", permission="approval-policies.view")
    )
    person.page.locator("main a.is-primary").click()
    person.see(person.say("Start something"))


@pytest.mark.parametrize(
    "path", ["/nowhere/", f"/sales-orders/{UUID(int=7)}/", "/sales-orders/not-a-number/", "/a/b/c/d/e/"]
)
def test_an_unknown_address_says_so(desk: Open, path: str) -> None:
    person = desk()
    person.watch.allowed.add(404)
    person.go(path)
    expect(person.page.locator("h1").last).to_have_text(
        person.say("This record does not exist, or you may not see it.")
        if len(path) > 45
        else person.say("There is no such page.")
    )
    expect(person.page.get_by_role("link", name=person.say("My day")).last).to_be_visible()


def test_a_session_that_ended_in_the_middle_of_a_form_loses_nothing_silently(desk: Open, books: Books) -> None:
    person = desk()
    person.watch.allowed |= {401, 403}
    mark = f"SESSION{another()}"
    person.go("/sales-orders/new/")
    fill_order(person, "Alpine", [("FC-115", "3")])
    person.field("reference").fill(mark)
    person.page.context.clear_cookies(name="guantong_session")
    person.save()
    person.see("You were signed out")
    person.see("not saved")
    assert books.orders(mark) == 0


def test_an_action_after_the_session_ended_leads_to_the_sign_in_page(desk: Open, books: Books) -> None:
    person = desk()
    record = books.order()
    person.go(record)
    person.page.context.clear_cookies(name="guantong_session")
    with person.page.expect_navigation():
        person.page.locator(".ui-record-actions .is-primary").click()
    assert "/sign-in/" in person.page.url
    expect(person.page.locator("input[name=login]")).to_be_visible()


def test_a_form_whose_protection_ended_says_what_to_do(desk: Open) -> None:
    person = desk()
    person.watch.allowed.add(403)
    person.go("/parties/new/")
    person.page.context.clear_cookies(name="guantong_csrf")
    person.save()
    person.see("This page was open for too long.")


def test_an_action_without_a_connection_says_so_and_works_afterwards(desk: Open, books: Books) -> None:
    person = desk()
    person.watch.offline = True
    person.go(books.order())
    person.page.context.set_offline(True)
    person.page.locator(".ui-record-actions .is-primary").click()
    expect(person.page.locator("[data-toast]")).to_contain_text("No connection. Try again when it is back.")
    person.page.context.set_offline(False)
    person.act("Confirm")
    person.state_is("Confirmed")


def test_choices_that_do_not_load_say_so(desk: Open) -> None:
    person = desk()
    person.watch.offline = True
    person.go("/sales-orders/new/")
    expect(person.field("customer")).to_be_focused()
    person.page.context.set_offline(True)
    person.type("Alp")
    expect(person.page.locator("#ui-options")).to_contain_text("The choices did not load. Try again.")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text_everywhere(desk: Open, books: Books, text: str) -> None:
    person = desk()
    page = person.page
    page.on("dialog", lambda dialog: person.watch.troubles.append(f"a dialog opened: {dialog.message}"))
    name = f"{text} {another()}x"
    person.go("/parties/new/?view=customers")
    person.field("name").fill(name)
    person.field("local_name").fill(text)
    page.locator("[name='addresses-0-street']").fill(text)
    page.locator("[name='addresses-0-city']").fill(text)
    page.locator("[name='addresses-0-country']").fill("CN")
    person.save()
    _shows(page, ".ui-record-title", name)
    _shows(page, ".ui-lines", text)
    _order_of(person, name, text)
    _shows(page, ".ui-facts", text)
    person.page.locator(".ui-tabs a").nth(1).click()
    _shows(page, ".ui-log", text)
    person.go("/sales-orders/?view=mine")
    _shows(page, ".ui-list-table", name)
    person.press("Control+k")
    person.type(name.split()[-1])
    _shows(page, "#ui-results", name)
    person.press("Escape")
    assert page.evaluate("window.__proved") is None


def _order_of(person: Desk, name: str, text: str) -> None:
    person.go("/sales-orders/new/")
    expect(person.field("customer")).to_be_focused()
    person.type(name.split()[-1])
    _shows(person.page, "#ui-options", name)
    person.press("Enter")
    person.field("reference").fill(text)
    person.field("wanted_on").fill("2031-05-19")
    person.field("note").fill(text)
    person.page.locator("[name='lines-0-item.text']").focus()
    person.pick("FC-115", "Tab")
    person.type(text)
    person.press("Tab")
    person.type("2")
    person.save()
    _shows(person.page, ".ui-lines", text)


def _shows(page: Page, selector: str, text: str) -> None:
    expect(page.locator(selector).first).to_contain_text(text)
    assert page.locator(f"{selector} :is(script, img)").count() == 0
