"""On a phone, 390 × 844; and on a desk, where the page itself does not scroll."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.books import Books
from tests.browser.conftest import PHONE, Open
from tests.browser.hands import Desk

PAGES = [
    "/",
    "/inbox/",
    "/find/",
    "/settings/",
    "/sales-orders/",
    "/parties/",
    "/items/",
    "/sales-orders/new/",
    "/parties/new/",
]
SMALL = """() => [...document.querySelectorAll(
        '.ui-bottom a, .ui-btn:not(.is-small), .ui-icon-btn:not(.is-small), .ui-input, ' +
        '.ui-tabs a, .ui-item, .ui-starts a')]
    .filter((part) => part.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .map((part) => [part, (part.closest('.ui-box') ?? part).getBoundingClientRect()])
    .filter(([, box]) => box.width > 1 && box.height > 1 && Math.min(box.width, box.height) < 43.5)
    .map(([part, box]) => `${Math.round(box.width)}×${Math.round(box.height)} ${part.outerHTML.slice(0, 90)}`)"""


def does_not_scroll_sideways(person: Desk) -> None:
    width = person.page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]")
    assert width[0] == width[1] == width[2], width


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("username", ["siyuan", "wangli"])
def test_a_phone_page_fits_and_its_controls_can_be_touched(desk: Open, path: str, username: str) -> None:
    person = desk(username, PHONE)
    person.go(path)
    does_not_scroll_sideways(person)
    assert person.page.evaluate(SMALL) == []


def test_tabs_at_the_bottom_lead_everywhere(desk: Open) -> None:
    person = desk("siyuan", PHONE)
    person.go("/")
    tabs = person.page.locator(".ui-bottom a")
    expect(tabs).to_have_text(["My day", "Find", "Inbox", "Me"])
    expect(person.page.locator(".ui-side")).not_to_be_visible()
    for number, path in enumerate(["/", "/find/", "/inbox/", "/settings/"]):
        tabs.nth(number).tap()
        person.page.wait_for_url(f"**{path}")
        expect(tabs.nth(number)).to_have_attribute("aria-current", "page")
        assert person.page.evaluate("document.querySelector('.ui-bottom').getBoundingClientRect().bottom") == PHONE[1]


def test_find_is_a_page_that_answers_while_typing(desk: Open) -> None:
    person = desk("siyuan", PHONE)
    person.go("/find/")
    person.page.locator(".ui-find input[type=search]").tap()
    person.type("骑行")
    found = person.page.locator("#ui-found a").filter(has_text="Urban Ride").first
    expect(found).to_be_visible()
    found.tap()
    expect(person.page.locator("h1")).to_contain_text("SO-" if "sales-orders" in person.page.url else "Urban Ride")


def test_a_list_shows_each_row_on_two_lines(desk: Open) -> None:
    person = desk("siyuan", PHONE)
    person.go("/sales-orders/?view=all")
    row = person.page.locator("[data-row]").first
    box = row.bounding_box()
    assert box is not None
    assert box["height"] >= 52
    number, customer = row.locator("td").nth(0).bounding_box(), row.locator("td").nth(1).bounding_box()
    assert number is not None
    assert customer is not None
    assert customer["y"] < number["y"]
    expect(person.page.locator(".ui-list-table thead")).not_to_be_visible()
    row.tap(position={"x": 200, "y": 12})
    expect(person.page.locator(".ui-record-title h1")).to_contain_text("SO-")


def test_a_record_has_its_activity_on_a_page_of_its_own(desk: Open, books: Books) -> None:
    person = desk("siyuan", PHONE)
    person.go(books.order())
    does_not_scroll_sideways(person)
    assert person.page.evaluate(SMALL) == []
    activity = person.page.locator("#ui-activity")
    expect(activity).not_to_be_visible()
    person.button("Activity").tap()
    expect(activity).to_be_visible()
    box = activity.bounding_box()
    assert box == {"x": 0, "y": 0, "width": PHONE[0], "height": PHONE[1]}
    activity.get_by_role("button", name="Close").tap()
    expect(activity).not_to_be_visible()
    expect(person.button("Activity")).to_be_focused()
    primary = person.page.locator(".ui-record-actions .is-primary")
    expect(primary).to_be_in_viewport(ratio=1)
    primary.tap()
    person.state_is("Confirmed")


def test_an_order_can_be_entered_by_thumb(desk: Open) -> None:
    person = desk("siyuan", PHONE)
    page = person.page
    person.go("/sales-orders/new/")
    for name, words in (("customer", "Alpine"), ("lines-0-item", "FC-115")):
        page.locator(f"[name='{name}.text']").tap()
        page.locator(f"[name='{name}.text']").fill(words)
        page.locator("#ui-options .ui-item").filter(has_text=words).first.tap()
    person.field("wanted_on").fill("2031-05-19")
    page.locator("[name='lines-0-quantity']").fill("4")
    does_not_scroll_sideways(person)
    expect(person.total()).to_have_text("390.98")
    assert page.evaluate(SMALL) == []
    page.locator("button[form=ui-form]").tap()
    expect(page.locator(".ui-record-title h1")).to_contain_text("SO-")


@pytest.mark.parametrize("path", [*PAGES, "record"])
def test_a_work_screen_does_not_scroll_at_a_desk(desk: Open, books: Books, path: str) -> None:
    person = desk("siyuan")
    person.go(books.order([("FC-115", "1")] * 30) if path == "record" else path)
    height = person.page.evaluate("[document.documentElement.scrollHeight, document.body.scrollHeight, innerHeight]")
    assert height[0] == height[1] == height[2], height
    does_not_scroll_sideways(person)
