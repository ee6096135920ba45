"""Everything by keyboard: single keys, layers that close one by one, and a focus that can be seen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.books import Books
from tests.browser.conftest import Open
from tests.browser.hands import Desk

RING = """() => {
    const part = document.activeElement;
    if (part === document.body) return 'body';
    const seen = [part, part.closest('.ui-box'), part.closest('label')].filter(Boolean).some((one) => {
        const style = getComputedStyle(one);
        const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        return outlined || /0px 0px 0px [2-9]px/.test(style.boxShadow);
    });
    return seen ? '' : part.outerHTML.slice(0, 120);
}"""
PLACES = """() => {
    const box = document.activeElement.getBoundingClientRect();
    return [box.left, box.top, Boolean(document.activeElement.closest('.ui-side'))];
}"""


def layers(person: Desk) -> int:
    return person.page.locator("dialog[open]").count()


def test_ctrl_k_opens_the_palette_anywhere_and_escape_gives_the_focus_back(desk: Open) -> None:
    person = desk()
    person.go("/sales-orders/")
    person.press("/")
    person.press("Control+k")
    expect(person.page.locator("#ui-palette input")).to_be_focused()
    person.type("Items")
    expect(person.page.locator("#ui-results .ui-item[aria-selected=true]")).to_contain_text("Items")
    person.press("Escape")
    assert layers(person) == 0
    expect(person.page.locator("#ui-q")).to_be_focused()


def test_the_palette_offers_the_verbs_of_the_page_first(desk: Open, books: Books) -> None:
    person = desk()
    person.go(books.order())
    person.press("Control+k")
    person.type("Quo")
    first = person.page.locator("#ui-results .ui-item").first
    expect(first).to_contain_text("Quote")
    expect(first).to_have_attribute("aria-selected", "true")
    with person.page.expect_navigation():
        person.press("Enter")
    person.state_is("Quoted")


def test_a_question_mark_lists_the_keys(desk: Open) -> None:
    person = desk()
    person.go("/")
    person.press("?")
    expect(person.page.locator("#ui-keys")).to_be_visible()
    expect(person.page.locator("#ui-keys")).to_contain_text("Ctrl K")
    person.press("Escape")
    assert layers(person) == 0


def test_rows_are_walked_and_opened_by_key(desk: Open) -> None:
    person = desk()
    person.go("/sales-orders/")
    rows = person.page.locator("[data-row]")
    person.press("j")
    expect(rows.nth(0)).to_be_focused()
    person.press("j", "j", "k")
    expect(rows.nth(1)).to_be_focused()
    target = rows.nth(1).get_attribute("data-href")
    with person.page.expect_navigation():
        person.press("Enter")
    assert person.record == target


def test_new_edit_and_save_by_key(desk: Open, books: Books) -> None:
    person = desk()
    person.go("/sales-orders/")
    with person.page.expect_navigation():
        person.press("n")
    assert person.record == "/sales-orders/new/"
    record = books.order()
    person.go(record)
    with person.page.expect_navigation():
        person.press("e")
    person.field("note").fill("by key")
    person.save()
    assert person.record == record
    expect(person.page.locator(".ui-facts")).to_contain_text("by key")


def test_g_and_a_letter_go_to_a_place(desk: Open) -> None:
    person = desk()
    person.go("/settings/")
    places = person.page.locator("[data-go]")
    if places.count() == 0:
        pytest.skip("no place has a key yet")
    letter = places.first.get_attribute("data-go") or ""
    with person.page.expect_navigation():
        person.press("g", letter.lower())


def test_single_keys_are_off_in_fields(desk: Open) -> None:
    person = desk()
    person.go("/sales-orders/")
    person.press("/")
    person.page.keyboard.type("nje?")
    expect(person.page.locator("#ui-q")).to_have_value("nje?")
    assert person.record.startswith("/sales-orders/?") or person.record == "/sales-orders/"
    assert layers(person) == 0
    person.press("Escape")
    expect(person.page.locator("#ui-q")).not_to_be_focused()


def test_escape_closes_one_layer_at_a_time(desk: Open, books: Books) -> None:
    person = desk()
    person.go(books.order())
    more = person.button("More actions")
    more.click()
    person.page.locator("#ui-more button").filter(has_text="Cancel order").click()
    expect(person.page.locator("#ui-layer dialog textarea")).to_be_focused()
    person.press("Control+k")
    expect(person.page.locator("#ui-palette input")).to_be_focused()
    person.press("Escape")
    assert layers(person) == 1
    expect(person.page.locator("#ui-layer dialog textarea")).to_be_focused()
    person.press("Escape")
    assert layers(person) == 0


def test_a_menu_closes_by_escape_and_gives_the_focus_back(desk: Open, books: Books) -> None:
    person = desk()
    person.go(books.order())
    more = person.button("More actions")
    more.focus()
    person.press("Enter")
    expect(person.page.locator("#ui-more")).to_be_visible()
    expect(more).to_have_attribute("aria-expanded", "true")
    person.press("Escape")
    expect(person.page.locator("#ui-more")).not_to_be_visible()
    expect(more).to_be_focused()
    expect(more).to_have_attribute("aria-expanded", "false")


def test_a_dialog_keeps_the_focus_inside(desk: Open, books: Books) -> None:
    person = desk()
    person.go(books.order())
    person.button("More actions").click()
    person.page.locator("#ui-more button").filter(has_text="Cancel order").click()
    expect(person.page.locator("#ui-layer dialog textarea")).to_be_focused()
    for _step in range(8):
        person.press("Tab")
        assert person.page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )


def test_a_choice_list_closes_before_its_dialog_or_form(desk: Open) -> None:
    person = desk()
    person.go("/sales-orders/new/")
    person.type("Alp")
    expect(person.page.locator("#ui-options .ui-item").first).to_be_visible()
    person.press("Escape")
    expect(person.page.locator("#ui-options")).not_to_be_visible()
    expect(person.field("customer")).to_be_focused()
    expect(person.field("customer")).to_have_value("Alp")


@pytest.mark.parametrize("path", ["/", "/sales-orders/", "/sales-orders/new/", "/settings/", "/inbox/"])
def test_the_first_tab_stop_skips_to_the_content(desk: Open, path: str) -> None:
    person = desk()
    person.go(path)
    person.page.evaluate("document.activeElement.blur()")
    person.page.locator("body").evaluate(
        "body => { body.tabIndex = -1; body.focus(); body.removeAttribute('tabindex'); }"
    )
    person.press("Tab")
    skip = person.page.locator(".ui-skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    person.press("Enter")
    expect(person.page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("path", ["/", "/sales-orders/", "/parties/new/", "/settings/"])
def test_every_tab_stop_shows_its_focus_and_follows_the_reading_order(desk: Open, path: str) -> None:
    person = desk()
    page = person.page
    person.go(path)
    page.evaluate("document.activeElement.blur()")
    assert page.locator("[tabindex]:not([tabindex='0'], [tabindex='-1'])").count() == 0
    left_menu = False
    for _step in range(30):
        person.press("Tab")
        ring = page.evaluate(RING)
        if ring == "body":
            break
        assert ring == "", "no focus ring"
        in_menu = page.evaluate(PLACES)[2]
        assert not (in_menu and left_menu), "the focus jumped back into the menu"
        left_menu = left_menu or (not in_menu and "ui-skip" not in page.evaluate("document.activeElement.className"))
