"""Language, theme, row height and company: chosen once, kept, and shown everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.books import Books
from tests.browser.conftest import Open
from tests.browser.hands import Desk, Words

SHELL = """() => {
    const shown = 'nav a, nav h2, .ui-side h2, button, .ui-btn, th, dt, label, legend, main h2, .ui-tabs a, ' +
        '.ui-help, .ui-pop-row, option, [placeholder], [aria-label], [title]';
    const data = '[lang=en], kbd, code, time, #ui-companies, .ui-company, .ui-me, [data-row], .ui-stream, .ui-todo';
    const texts = [];
    for (const part of document.querySelectorAll(shown)) {
        if (part.closest(data)) continue;
        const clone = part.cloneNode(true);
        for (const other of clone.querySelectorAll('kbd, [lang=en], .ui-company, input, select')) other.remove();
        if (!part.matches('nav, section, div, aside, form, table')) texts.push(clone.textContent);
        texts.push(part.getAttribute('placeholder') ?? '', part.getAttribute('aria-label') ?? '');
        if (!part.matches('.ui-mono')) texts.push(part.getAttribute('title') ?? '');
    }
    return texts.map((text) => text.trim()).filter(Boolean);
}"""
NAMES = {
    "guantong",
    "ctrl",
    "enter",
    "english",
    "asia",
    "shanghai",
    "token",
    "openapi",
    "huandao",
    "cycles",
    "europe",
    "wang",
}
"""Latin words that stay in Chinese: names, keys, and what has no other name."""
PAGES = [
    "/",
    "/inbox/",
    "/find/",
    "/settings/",
    "/sales-orders/?view=all",
    "/parties/",
    "/items/",
    "/units/",
    "/currencies/",
    "/sites/",
]
FORMS = ["/sales-orders/new/", "/parties/new/"]


def attribute(person: Desk, name: str) -> str:
    return person.page.locator("html").get_attribute(name) or ""


@pytest.fixture
def auditor(desk: Open) -> Iterator[Desk]:
    """A person whose preferences are put back afterwards."""
    person = desk("audit")
    person.go("/")
    yield person
    person.go("/settings/")
    _choose(person, language="zh-hans", theme="auto", density="comfortable")


def _choose(person: Desk, **wanted: str) -> None:
    form = person.page.locator(".ui-settings form").first
    for name, value in wanted.items():
        form.locator(f"select[name={name}]").select_option(value)
    with person.page.expect_navigation():
        form.locator("button.is-primary").click()


def test_the_language_is_switched_by_one_button_and_kept(auditor: Desk, desk: Open) -> None:
    assert attribute(auditor, "lang") == "zh-Hans"
    auditor.speak("en")
    assert attribute(auditor, "lang") == "en"
    auditor.see("My day")
    elsewhere = desk("audit")
    elsewhere.go("/sales-orders/")
    assert attribute(elsewhere, "lang") == "en"
    assert elsewhere.record == "/sales-orders/"
    elsewhere.say = Words("en")
    elsewhere.speak("zh-hans")
    assert attribute(elsewhere, "lang") == "zh-Hans"


def test_the_language_of_the_door_is_kept_before_anybody_signs_in(desk: Open) -> None:
    person = desk("", locale="zh-CN")
    person.go("/sign-in/")
    assert attribute(person, "lang") == "zh-Hans"
    person.say = Words("zh-hans")
    person.speak("en")
    person.go("/password/reset/")
    assert attribute(person, "lang") == "en"


def test_the_theme_is_light_dark_or_what_the_device_says(auditor: Desk) -> None:
    page = auditor.page

    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    seen = {}
    for theme in ("light", "dark", "auto"):
        page.locator("[popovertarget=ui-person]").click()
        with page.expect_navigation():
            page.locator(f"#ui-person button[name=theme][value={theme}]").click()
        assert attribute(auditor, "data-bs-theme") == theme
        page.emulate_media(color_scheme="light")
        seen[theme, "light"] = background()
        page.emulate_media(color_scheme="dark")
        seen[theme, "dark"] = background()
        auditor.go("/inbox/")
        assert attribute(auditor, "data-bs-theme") == theme
    assert seen["light", "light"] == seen["light", "dark"] == seen["auto", "light"]
    assert seen["dark", "light"] == seen["dark", "dark"] == seen["auto", "dark"]
    assert seen["light", "light"] != seen["dark", "dark"]


def test_rows_are_roomy_or_compact(auditor: Desk) -> None:
    auditor.go("/settings/")
    _choose(auditor, density="compact")
    auditor.go("/sales-orders/?view=all")
    assert attribute(auditor, "data-density") == "compact"
    box = auditor.page.locator("[data-row]").first.bounding_box()
    assert box is not None
    assert 26 <= box["height"] <= 30
    auditor.page.locator("[popovertarget=ui-person]").click()
    with auditor.page.expect_navigation():
        auditor.page.locator("#ui-person button[value=comfortable]").click()
    assert attribute(auditor, "data-density") == "comfortable"
    assert auditor.record == "/sales-orders/?view=all"


def test_settings_refuse_an_unknown_time_zone_and_keep_the_rest(auditor: Desk) -> None:
    auditor.watch.allowed.add(422)
    auditor.go("/settings/")
    auditor.page.locator("[name=zone]").fill("Moon/Base")
    _choose(auditor, theme="dark")
    expect(auditor.page.locator("#id_zone-error")).to_have_text(auditor.say("Write a time zone like Asia/Shanghai."))
    assert auditor.page.locator("[name=zone]").input_value() == "Moon/Base"
    assert auditor.page.locator("#id_theme").input_value() == "dark"


def test_another_company_shows_its_own_name_and_is_kept(desk: Open) -> None:
    person = desk("tom")
    person.go("/sales-orders/")
    page = person.page
    before = page.locator(".ui-company").first.inner_text()
    page.locator("[popovertarget=ui-companies]").click()
    with page.expect_navigation():
        page.locator("#ui-companies button").filter(has_text="Huandao Europe").click()
    expect(page.locator(".ui-company").first).to_contain_text("EUR")
    person.go("/inbox/")
    expect(page.locator(".ui-company").first).to_contain_text("Huandao Europe")
    page.locator("[popovertarget=ui-companies]").click()
    with page.expect_navigation():
        page.locator("#ui-companies button").filter(has_text="Huandao Cycles").click()
    assert page.locator(".ui-company").first.inner_text() == before


@pytest.mark.parametrize("path", [*PAGES, *FORMS, "record"])
def test_chinese_pages_speak_chinese(desk: Open, books: Books, path: str) -> None:
    person = desk("wangli")
    person.go(books.order(by="wangli") if path == "record" else path)
    words = {
        word
        for text in person.page.evaluate(SHELL)
        for word in re.findall(r"[A-Za-z]{4,}", re.sub(r"\S*[/@.:\d]\S*", " ", text))
        if word.lower() not in NAMES
    }
    assert words == set()


@pytest.mark.parametrize("path", [*PAGES, *FORMS, "record"])
def test_english_pages_speak_english(desk: Open, books: Books, path: str) -> None:
    person = desk("siyuan")
    person.go(books.order() if path == "record" else path)
    texts = [text for text in person.page.evaluate(SHELL) if re.search("[\u3400-\u9fff]", text)]
    allowed = re.compile("切换到中文|^中$|^English中文$|^中文$|统一社会信用代码|陈思远")
    assert [text for text in texts if not allowed.search(text)] == []
