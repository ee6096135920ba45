"""The first page is light, and a form of 200 lines stays right."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import CDPSession, expect

from tests.browser.conftest import Open
from tests.browser.hands import Desk

LARGEST = 300_000
"""Bytes over the wire of a first visit with nothing in the cache, fonts and icons included."""


def received(person: Desk, path: str) -> int:
    """Open a page as on a first visit; the bytes that came."""
    session: CDPSession = person.page.context.new_cdp_session(person.page)
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    person.page.goto(path, wait_until="networkidle")
    assert len(sizes) >= 4, "page, style, script and font"
    return sum(sizes)


@pytest.mark.parametrize(
    ("username", "path"), [("", "/sign-in/"), ("siyuan", "/"), ("wangli", "/"), ("siyuan", "/sales-orders/")]
)
def test_a_first_visit_stays_under_300_kb(desk: Open, username: str, path: str) -> None:
    assert received(desk(username), path) < LARGEST


def test_a_form_of_200_lines_adds_up_and_saves_every_row(desk: Open) -> None:
    person = desk()
    page = person.page
    person.go("/sales-orders/new/")
    person.pick("Alpine")
    person.field("wanted_on").fill("2031-05-19")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    rows = "\n".join(f"FC-115\tlot {number}\t{number}" for number in range(1, 201))
    page.evaluate("text => navigator.clipboard.writeText(text)", rows)
    page.locator("[name='lines-0-item.text']").focus()
    person.press("Control+v")
    expect(page.locator("[data-count]")).to_have_text("200")
    expect(person.total("net")).to_have_text(f"{Decimal(20100) * Decimal('86.5'):,.2f}", timeout=20_000)
    page.locator("[name='lines-120-quantity']").fill("1000")
    expect(person.total("net")).to_have_text(f"{Decimal(20100 - 121 + 1000) * Decimal('86.5'):,.2f}", timeout=20_000)
    expect(page.locator("[data-computed='lines-120-net']")).to_have_text("86,500.00")
    page.locator("button[form=ui-form]").click()
    expect(page.locator(".ui-record-title h1")).to_contain_text("SO-", timeout=30_000)
    expect(page.locator(".ui-lines tbody tr")).to_have_count(200)
    person.press("e")
    expect(page.locator("[data-line]")).to_have_count(200, timeout=20_000)
    assert page.locator("[name='lines-120-quantity']").input_value() == "1000"
    assert page.locator("[name='lines-199-description']").input_value() == "lot 200"
