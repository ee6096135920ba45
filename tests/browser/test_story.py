"""The whole story in the browser, in English and in Chinese: from signing in to an order that was approved."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from guantong.master.parties.samples import chinese_identity
from tests.browser.conftest import Open, Site, sign_in
from tests.browser.hands import Desk, amount_of, another, fill_order, new_order

SELLERS = {"en": "siyuan", "zh-hans": "wangli"}
TAX = Decimal("1.13")
LINES = [("FC-115", "10", "86.5"), ("SC-220", "24", "11.2"), ("TY-280", "40", "72")]

pytestmark = pytest.mark.both
languages = pytest.mark.parametrize("language", list(SELLERS))


def wrong(identity: str) -> str:
    """The same number with another check digit."""
    return identity[:-1] + ("A" if identity[-1] != "A" else "B")


def totals(lines: list[tuple[str, str, str]]) -> tuple[Decimal, Decimal, Decimal]:
    """Net, tax and total, each line rounded once."""
    cent = Decimal("0.01")
    nets = [(Decimal(quantity) * Decimal(price)).quantize(cent) for _item, quantity, price in lines]
    taxes = [(net * (TAX - 1)).quantize(cent) for net in nets]
    return sum(nets, Decimal(0)), sum(taxes, Decimal(0)), sum(nets, Decimal(0)) + sum(taxes, Decimal(0))


def wait_for_pip(desk: Desk) -> None:
    """The bell carries a pip once the background worker has told the person."""
    for _attempt in range(40):
        desk.go("/")
        if desk.page.locator(".ui-head-end .ui-pip").count():
            return
        desk.page.wait_for_timeout(250)
    pytest.fail("nobody was told")


@languages
def test_signing_in_leads_to_a_day_that_is_empty_and_says_so(desk: Open, language: str) -> None:
    person = desk("")
    person.go("/sales-orders/")
    assert "/sign-in/" in person.page.url
    person.speak(language)
    expect(person.page.locator("h1")).to_have_text(person.say("Sign in"))
    sign_in(person.page, SELLERS[language])
    expect(person.page.locator("html")).to_have_attribute("lang", person.say.tag)
    person.see(person.say("Nothing waits for you"))
    person.see(person.say("Start something"))


@languages
def test_a_wrong_check_digit_is_said_at_its_field_and_what_was_typed_stays(desk: Open, language: str) -> None:
    person = desk(SELLERS[language])
    page = person.page
    person.watch.allowed.add(422)
    identity, name = chinese_identity(777_000_000 + another() + len(language)), f"Lotus Bikes {another()}"
    person.go("/parties/")
    person.press("n")
    expect(person.field("name")).to_be_focused()
    person.type(name)
    person.press("Tab")
    person.type("荷花单车行")
    expect(person.field("is_customer")).to_be_checked()
    person.field("identity_country").focus()
    person.type("CN")
    person.press("Tab")
    person.type(wrong(identity))
    page.locator("[name='addresses-0-street']").focus()
    person.type("荷花路 8 号")
    person.press("Tab")
    person.type("苏州")
    page.locator("[name='addresses-0-country']").focus()
    person.type("CN")
    person.save()
    message = person.say("This number fails its own check digit. Compare it with the certificate.")
    expect(page.locator("#id_identity-error")).to_have_text(message)
    expect(person.field("identity")).to_be_focused()
    assert person.field("name").input_value() == name
    assert person.field("local_name").input_value() == "荷花单车行"
    assert page.locator("[name='addresses-0-street']").input_value() == "荷花路 8 号"
    person.press("Control+a")
    person.type(identity)
    person.save()
    expect(page.locator(".ui-record-title h1")).to_contain_text(name)
    person.see("荷花路 8 号")
    person.see(identity)


@languages
def test_a_new_item_is_made_by_who_may(desk: Open, language: str) -> None:
    person = desk("admin")
    person.go("/items/")
    person.speak(language)
    person.press("n")
    code = f"NB-{another()}{language[:2]}"
    expect(person.field("code")).to_be_focused()
    person.type(code)
    person.press("Tab")
    person.type("Bell, brass")
    person.press("Tab")
    person.type("黄铜车铃")
    person.field("unit").focus()
    person.pick("pcs")
    person.field("price").fill("18.4")
    person.field("tax_rate").fill("13%")
    person.save()
    expect(person.page.locator(".ui-record-title h1")).to_contain_text(code)
    name = {"en": "Bell, brass", "zh-hans": "黄铜车铃"}[language]
    expect(person.page.locator(".ui-record-title h1")).to_contain_text(name)
    person.speak("en")


@languages
def test_an_order_lives_from_a_draft_to_its_cancelation(desk: Open, language: str) -> None:
    person = desk(SELLERS[language])
    _make_draft_by_keyboard(person)
    _check_draft(person)
    person.act("Quote")
    person.state_is("Quoted")
    person.act("Confirm")
    person.state_is("Confirmed")
    _amend(person)
    _cancel(person)
    _read_log(person)
    _find_it_again(person)


def _make_draft_by_keyboard(person: Desk) -> None:
    page = person.page
    person.go("/sales-orders/")
    person.press("n")
    fill_order(person, "城市骑行" if person.say.language == "zh-hans" else "Urban", [line[:2] for line in LINES])
    for number, (_item, _quantity, price) in enumerate(LINES):
        expect(page.locator(f"[name='lines-{number}-price']")).to_have_value(price)
        expect(page.locator(f"[name='lines-{number}-tax_rate']")).to_have_value("13%")
    for name, value in zip(("net", "tax", "total"), totals(LINES), strict=True):
        expect(person.total(name)).to_have_text(f"{value:,.2f}")
    person.press("ArrowDown", "Shift+Tab", "Shift+Tab")
    rows = "\n".join(f"{item}\tbatch {number}\t{number + 1}" for number, item in enumerate(["DS-040", "CH-008"] * 10))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", rows)
    person.press("Control+v")
    expect(page.locator("[data-count]")).to_have_text("23")
    pasted = [
        (item, str(n + 1), {"DS-040": "24.8", "CH-008": "49"}[item]) for n, item in enumerate(["DS-040", "CH-008"] * 10)
    ]
    for name, value in zip(("net", "tax", "total"), totals(LINES + pasted), strict=True):
        expect(person.total(name)).to_have_text(f"{value:,.2f}")
    person.save()


def _check_draft(person: Desk) -> None:
    page = person.page
    expect(page.locator(".ui-record-title h1")).to_contain_text("SO-")
    person.state_is("Draft")
    expect(page.locator(".ui-lines tbody tr")).to_have_count(23)
    pasted = [("", str(n + 1), ["24.8", "49"][n % 2]) for n in range(20)]
    expect(page.locator(".ui-panels")).to_contain_text(f"{totals(LINES + pasted)[2]:,.2f}")


def _amend(person: Desk) -> None:
    person.press("e")
    quantity = person.page.locator("[name='lines-0-quantity']")
    expect(quantity).to_have_value("10")
    quantity.fill("12")
    person.save()
    person.state_is("Confirmed")
    expect(person.page.locator(".ui-lines tbody tr").first).to_contain_text("12")


def _cancel(person: Desk) -> None:
    page = person.page
    person.watch.allowed.add(422)
    person.button("More actions").click()
    page.locator("#ui-more button").filter(has_text=person.say("Cancel order")).click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text(person.say("All that is not delivered yet is given up."))
    expect(dialog.locator("textarea")).to_be_focused()
    dialog.locator("[type=submit]").click()
    expect(page.locator("dialog[open] .ui-error span")).to_have_text(person.say("This is needed."))
    page.locator("dialog[open] textarea").fill("The shop closed 店铺关闭")
    with page.expect_navigation():
        person.press("Control+Enter")
    person.state_is("Canceled")


def _read_log(person: Desk) -> None:
    page = person.page
    page.locator(".ui-tabs a").nth(1).click()
    entries = page.locator(".ui-log .ui-stream > li")
    said = ["canceled this", "amended this", "confirmed this", "quoted this", "created this"]
    expect(entries).to_have_count(len(said))
    name = {"en": "Siyuan Chen 陈思远", "zh-hans": "王丽"}[person.say.language]
    for number, what in enumerate(said):
        expect(entries.nth(number)).to_contain_text(name)
        expect(entries.nth(number)).to_contain_text(person.say(what))
        assert entries.nth(number).locator("time").get_attribute("title")
    expect(entries.first).to_contain_text("The shop closed 店铺关闭")
    expect(entries.nth(1).locator("del")).to_contain_text(["10"])


def _find_it_again(person: Desk) -> None:
    page, number = person.page, person.number
    person.go("/sales-orders/?view=all")
    person.press("/")
    expect(page.locator("#ui-q")).to_be_focused()
    person.type("骑行")
    expect(page.locator("[data-row]").filter(has_text=number)).to_be_visible()
    page.locator("#ui-q").fill(number.removeprefix("SO-"))
    expect(page.locator("[data-row]")).to_have_count(1)
    person.press("Control+k")
    person.type(number)
    expect(page.locator("#ui-results .ui-item[aria-selected=true]")).to_contain_text(number)
    with page.expect_navigation():
        person.press("Enter")
    expect(page.locator(".ui-record-title h1")).to_contain_text(number)


@languages
def test_an_order_over_the_limit_waits_for_the_manager(desk: Open, site: Site, language: str) -> None:
    seller, manager = desk(SELLERS[language]), desk("tom")
    record = new_order(seller, [("BK-E400", "60")])
    number = seller.number
    seller.act("Confirm")
    seller.state_is("Draft")
    alert = seller.page.locator(".ui-record-body .ui-alert.is-risk")
    expect(alert).to_contain_text(seller.say("Withdraw"))
    expect(alert).to_contain_text(number)
    wait_for_pip(manager)
    manager.speak(language)
    manager.go("/inbox/")
    todo = manager.page.locator(".ui-todo").filter(has_text=number)
    expect(todo).to_be_visible()
    with manager.page.expect_navigation():
        place = todo
        if language == "zh-hans":
            manager.go(record)
            place = manager.page.locator(".ui-record-body .ui-alert")
        place.get_by_role("button", name=manager.say("Approve")).click()
    expect(manager.page).to_have_url(f"{site.url}{record}")
    manager.state_is("Confirmed")
    manager.speak("en")
    wait_for_pip(seller)
    seller.go("/inbox/")
    expect(seller.page.locator(".ui-stream > li").filter(has_text=number).first).to_contain_text("Tom Becker")
    seller.button("Mark all as read").click()
    expect(seller.page.locator(".ui-head-end .ui-pip")).to_have_count(0)
    seller.go(record)
    seller.state_is("Confirmed")
    assert amount_of(seller.page.locator(".ui-record-meta span").first.inner_text()) == Decimal("541044.00")
