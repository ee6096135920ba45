"""Two people at once, and one person twice."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.books import Books
from tests.browser.conftest import Open
from tests.browser.hands import another, fill_order


def test_who_saves_second_sees_what_the_other_saved_and_loses_nothing(desk: Open, books: Books) -> None:
    record = books.order()
    siyuan, tom = desk("siyuan"), desk("tom")
    siyuan.watch.allowed.add(422)
    siyuan.go(f"{record}edit/")
    tom.go(f"{record}edit/")
    tom.field("reference").fill("asked by Tom")
    tom.save()
    siyuan.field("note").fill("Ring before noon")
    siyuan.page.locator("[name='lines-0-quantity']").fill("33")
    siyuan.save()
    conflict = siyuan.page.locator(".ui-conflict")
    expect(conflict).to_contain_text("Tom Becker")
    expect(conflict).to_contain_text("Your edits are kept.")
    conflict.locator("summary").click()
    row = conflict.locator("tr").filter(has_text="Customer ref.")
    expect(row.locator("td").first).to_have_text("asked by Tom")
    assert siyuan.field("note").input_value() == "Ring before noon"
    assert siyuan.page.locator("[name='lines-0-quantity']").input_value() == "33"
    siyuan.field("reference").fill("agreed with Tom")
    siyuan.save()
    expect(siyuan.page.locator(".ui-facts")).to_contain_text("agreed with Tom")
    expect(siyuan.page.locator(".ui-facts")).to_contain_text("Ring before noon")
    expect(siyuan.page.locator(".ui-lines tbody tr")).to_contain_text("33")


def test_two_people_who_press_one_verb_get_one_answer_each(desk: Open, books: Books) -> None:
    record = books.order()
    siyuan, tom = desk("siyuan"), desk("tom")
    siyuan.go(record)
    tom.go(record)
    tom.act("Quote")
    tom.state_is("Quoted")
    siyuan.act("Confirm")
    expect(siyuan.page.locator(".ui-toasts")).to_contain_text("Tom Becker changed this meanwhile.")
    siyuan.state_is("Quoted")


def test_a_double_click_on_save_makes_one_record(desk: Open, books: Books) -> None:
    person = desk()
    mark = f"TWICE{another()}"
    person.go("/sales-orders/new/")
    fill_order(person, "Alpine", [("FC-115", "3")])
    person.field("reference").fill(mark)
    person.page.locator("button[form=ui-form]").dblclick()
    expect(person.page.locator(".ui-record-title h1")).to_contain_text("SO-")
    assert books.orders(mark) == 1


def test_a_double_click_on_a_verb_runs_it_once(desk: Open, books: Books) -> None:
    person = desk()
    record = books.order()
    person.go(record)
    with person.page.expect_navigation():
        person.page.locator(".ui-record-actions .is-primary").dblclick()
    person.state_is("Confirmed")
    person.go(f"{record}log/")
    expect(person.page.locator(".ui-log .ui-stream > li").filter(has_text="confirmed this")).to_have_count(1)


def test_back_after_posting_is_harmless(desk: Open, books: Books) -> None:
    person = desk()
    mark = f"BACK{another()}"
    person.go("/sales-orders/new/")
    fill_order(person, "Alpine", [("FC-115", "3")])
    person.field("reference").fill(mark)
    person.save()
    person.page.go_back()
    expect(person.page.locator("#ui-form")).to_be_visible()
    assert books.orders(mark) == 1
    person.page.go_forward()
    expect(person.page.locator(".ui-record-title h1")).to_contain_text("SO-")
    person.act("Quote")
    person.act("Confirm")
    person.page.go_back()
    expect(person.page.locator("#ui-form")).to_be_visible()
    person.page.go_forward()
    person.state_is("Confirmed")
    assert books.orders(mark) == 1
