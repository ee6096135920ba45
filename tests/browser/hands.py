"""What a person does at a desk, in words: open, type, choose, press; and the words of both languages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import translation
from playwright.sync_api import Locator, Page, expect

PASSWORD = "guantong-demo"
LANGUAGES = {"wangli": "zh-hans", "audit": "zh-hans"}
"""Whose pages are Chinese in the samples; everybody else's are English."""
NUMBER = re.compile(r"SO-\d+")
_numbers = count(1)


def language_of(username: str) -> str:
    return LANGUAGES.get(username, "en")


def another() -> int:
    """A number no other test of this run has."""
    return next(_numbers)


class Words:
    """``say("Save")``: the words of the interface in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str, **values: Any) -> str:
        with translation.override(self.language):
            said = translation.gettext(text)
        return said % values if values else said

    @property
    def tag(self) -> str:
        return {"zh-hans": "zh-Hans"}.get(self.language, self.language)


def amount_of(text: str | None) -> Decimal:
    """The number in a text of the page."""
    return Decimal(re.sub(r"[^\d.]", "", (text or "").replace("\u2212", "-")) or "0")


class Desk:
    """One page with the hands of one person."""

    def __init__(self, page: Page, say: Words, watch: Any) -> None:
        self.page, self.say, self.watch = page, say, watch

    # Going

    def go(self, path: str) -> None:
        self.page.goto(path)

    def speak(self, language: str) -> None:
        """Switch the language by its button."""
        if self.say.language != language:
            with self.page.expect_navigation():
                self.page.locator(f"button[name=language][value={language}]").first.click()
            self.say = Words(language)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.insert_text(text)

    def see(self, text: str) -> None:
        """The text is somewhere in what the page shows."""
        expect(self.page.locator("body")).to_contain_text(text)

    def button(self, label: str) -> Locator:
        return self.page.get_by_role("button", name=self.say(label), exact=True)

    @property
    def focused(self) -> str:
        """The name, or else the id, of what has the focus."""
        found = self.page.evaluate("document.activeElement.name || document.activeElement.id || ''")
        return str(found)

    # Forms

    def field(self, name: str) -> Locator:
        return self.page.locator(f"#ui-form [name='{name}']:not([type=hidden]), #ui-form [name='{name}.text']")

    def pick(self, words: str, key: str = "Enter") -> None:
        """Type into the combobox that has the focus and take the first choice it offers."""
        self.type(words)
        offered = self.page.locator("#ui-options .ui-item").filter(has_text=words)
        expect(offered.first).to_be_visible()
        self.press(key)

    def save(self) -> None:
        """Save by key and wait for the page that follows."""
        with self.page.expect_navigation():
            self.press("Control+Enter")

    def total(self, name: str = "total") -> Locator:
        return self.page.locator(f"[data-total={name}]")

    # Records

    def act(self, label: str) -> None:
        """Press a verb that runs at once."""
        with self.page.expect_navigation():
            self.page.locator(".ui-record-actions [data-act] button").filter(has_text=self.say(label)).first.click()

    def state_is(self, label: str) -> None:
        expect(self.page.locator(".ui-steps [aria-current=step]")).to_contain_text(self.say(label))

    @property
    def number(self) -> str:
        """The number of the order on the page."""
        found = NUMBER.search(self.page.locator("h1").first.inner_text())
        assert found, self.page.url
        return found.group()

    @property
    def record(self) -> str:
        """The path of the record on the page."""
        return re.sub(r"^https?://[^/]+", "", self.page.url)


def fill_order(desk: Desk, customer: str, lines: Sequence[tuple[str, str]]) -> None:
    """Fill the form of a new order by keyboard alone: customer, reference, wanted date, then a line each."""
    expect(desk.field("customer")).to_be_focused()
    desk.pick(customer)
    desk.press("Tab")
    desk.type(f"PO {another()}")
    desk.press("Tab")
    desk.type("2031-05-19")
    desk.page.locator("[name='lines-0-item.text']").focus()
    for number, (item, quantity) in enumerate(lines):
        desk.pick(item, "Tab")
        desk.press("Tab")
        desk.type(quantity)
        if number + 1 < len(lines):
            desk.press("ArrowDown", "Shift+Tab", "Shift+Tab")


def new_order(desk: Desk, lines: Sequence[tuple[str, str]] = (("FC-115", "10"),), customer: str = "Alpine") -> str:
    """Make an order and stay on its record; returns its path."""
    desk.go("/sales-orders/new/")
    fill_order(desk, customer, lines)
    desk.save()
    expect(desk.page.locator(".ui-record-title h1")).to_contain_text("SO-")
    return desk.record
