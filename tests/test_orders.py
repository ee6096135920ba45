"""Orders: money and quantities to the last digit, and what may be changed once something was promised or delivered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.books.commitments.models import Commitment
from guantong.core.actions import run
from guantong.core.answers import Done, Pending, Refused
from guantong.core.registry import registry
from guantong.master.companies.models import CompanyDetails, Currency
from guantong.master.items.models import Item
from guantong.trade.orders.models import Order, OrderLine
from guantong.trade.orders.rules import fits_unit, price_line, round_money, total_of
from tests import world
from tests.doors import Api, browser
from tests.situations import REASON
from tests.world import (
    act,
    as_role,
    commitments,
    confirmed,
    deliver,
    done,
    findings,
    line,
    make_order,
    order_values,
    stored_lines,
)

ORDERS = registry.resources["sales-orders"]


def amend(order: Order, lines: list[dict[str, Any]] | None = None, **changes: Any) -> Any:
    order.refresh_from_db()
    rows = [{**({"lines": lines} if lines is not None else {}), **changes}]
    answer = act("amend", order, by=as_role("manager"), rows=rows)
    order.refresh_from_db()
    return answer


COUNTERS = "no counter is beyond what its facts allow"
"""The check that is right to complain about deliveries that a test simulates: nothing writes moves yet."""


# Money ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "digits", "quantity", "price", "net", "tax"),
    [
        ("JPY", 0, "3", "33.335", "100", "13"),
        ("JPY", 0, "1", "0.5", "1", "0"),
        ("CNY", 2, "3", "33.335", "100.01", "13"),
        ("CNY", 2, "1", "0.005", "0.01", "0"),
        ("KWD", 3, "3", "33.3335", "100.001", "13"),
        ("KWD", 3, "7", "0.0005", "0.004", "0.001"),
    ],
)
def test_amounts_are_rounded_once_to_the_minor_unit_of_the_currency(
    db: None, clean_books: None, code: str, digits: int, quantity: str, price: str, net: str, tax: str
) -> None:
    currency = Currency.objects.get(code=code)
    assert currency.digits == digits
    CompanyDetails.objects.filter(company__name=world.HERE).update(currency=currency)
    order = make_order(line(quantity=quantity, price=price, tax_rate="0.13"))
    stored = OrderLine.objects.get(order=order)
    assert (stored.net, stored.tax) == (Decimal(net), Decimal(tax))
    assert (order.net, order.tax, order.total) == (stored.net, stored.tax, stored.net + stored.tax)


def test_totals_are_the_sums_of_rounded_lines(db: None, clean_books: None) -> None:
    """Three lines of a third each print 0.33, so the total is 0.99 and not 1.00."""
    order = make_order(*[line(quantity="1", price="0.333333", tax_rate="0") for _each in range(3)])
    assert order.net == Decimal("0.99")


@settings(max_examples=60, deadline=None, database=None)
@given(
    st.decimals(0, 10**5, places=6),
    st.decimals(0, 10**5, places=6),
    st.decimals(0, "0.99", places=4),
    st.integers(0, 4),
)
def test_rounding_is_half_away_from_zero_and_never_off_by_more_than_half(
    quantity: Decimal, price: Decimal, rate: Decimal, digits: int
) -> None:
    money, half = price_line(quantity, price, rate, digits), Decimal("0.5").scaleb(-digits)
    assert abs(money.net - quantity * price) <= half
    assert abs(money.tax - money.net * rate) <= half
    assert money.net == round_money(money.net, digits)
    assert round_money(-(quantity * price), digits) == -money.net
    assert total_of([money, money]).total == 2 * money.total


@settings(max_examples=40, deadline=None, database=None)
@given(st.integers(0, 10**9), st.integers(0, 6), st.integers(0, 6))
def test_a_quantity_fits_a_unit_when_it_has_no_finer_digits(number: int, places: int, decimals: int) -> None:
    quantity = Decimal(number).scaleb(-places)
    assert fits_unit(quantity, decimals) == (number % 10 ** max(0, places - decimals) == 0)


def test_price_and_tax_come_from_the_item_when_they_are_left_out(db: None, clean_books: None) -> None:
    order = make_order(line("A-1", "2"), line("A-1", "2", price="0"), line("A-1", "2", price="1", tax_rate="0"))
    assert [(row.price, row.tax_rate) for row in order.lines.order_by("position")] == [
        (Decimal("86.5"), Decimal("0.13")),
        (Decimal(0), Decimal("0.13")),
        (Decimal(1), Decimal(0)),
    ]


@pytest.mark.parametrize(
    ("code", "quantity", "fits"),
    [
        ("A-1", "1", True),
        ("A-1", "1.5", False),
        ("A-1", "1.000000", True),
        ("K-1", "0.001", True),
        ("K-1", "0.0001", False),
        ("K-1", "1.5", True),
    ],
)
def test_a_quantity_is_counted_as_finely_as_its_unit(
    db: None, clean_books: None, code: str, quantity: str, fits: bool
) -> None:
    reply = Api("manager").post("sales-orders", order_values(line(code, quantity)))
    assert (reply.status == 201) == fits, reply.body
    if not fits:
        assert list(reply.fields) == ["lines-0-quantity"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "-1"}, "quantity"),
        ({"price": "-0.01"}, "price"),
        ({"tax_rate": "1"}, "tax_rate"),
        ({"tax_rate": "100%"}, "tax_rate"),
        ({"tax_rate": "-1%"}, "tax_rate"),
        ({"quantity": "999999999999", "price": "999999999999"}, "quantity"),
    ],
)
def test_a_line_that_cannot_be_agreed_is_refused_at_its_field(
    db: None, writes_nothing: Callable[[], Any], changes: dict[str, str], name: str
) -> None:
    with writes_nothing():
        reply = Api("manager").post("sales-orders", order_values(line(), line(**changes)))
        assert reply.status == 422
        assert list(reply.fields) == [f"lines-1-{name}"]


def test_lines_that_are_small_enough_alone_can_be_too_much_together(
    db: None, writes_nothing: Callable[[], Any]
) -> None:
    """The total must be kept exactly as well, or be refused in words."""
    lines = [line(quantity="1000000", price="999999", tax_rate="0.99") for _each in range(1000)]
    with writes_nothing():
        reply = Api("manager").post("sales-orders", order_values(*lines))
        assert reply.status == 422, reply.status
    big = make_order(*lines[:40])
    assert big.total == sum((row.net + row.tax for row in big.lines.all()), Decimal(0))


def test_the_preview_says_what_saving_will_say(db: None) -> None:
    client = browser("manager")
    client.get("/sales-orders/new/")
    uid = world.item_uid("A-1")
    data = {"lines-0-item": uid, "lines-0-quantity": "3", "lines-0-price": "33.335", "lines-0-tax_rate": "13%"}
    shown = client.post("/sales-orders/preview/", data).json()
    order = make_order(line(quantity="3", price="33.335", tax_rate="13%"))
    assert shown["lines"]["lines-0-net"] == f"{order.net:.2f}"
    assert shown["totals"] == {name: f"{getattr(order, name):.2f}" for name in ("net", "tax", "total")}


@pytest.mark.parametrize("value", ["999999999999", "9" * 40, "-1", "NaN", "1e9", "\x00", "²", "%", "１２"])
def test_the_preview_never_breaks_while_typing(db: None, value: str) -> None:
    client = browser("manager", raises=False)
    data = {
        "lines-0-item": world.item_uid("A-1"),
        "lines-0-quantity": value,
        "lines-0-price": value,
        "lines-0-tax_rate": value,
    }
    for name in (None, *data):
        shown = (
            {**data, "lines-0-quantity": "2"}
            if name is None
            else {**dict.fromkeys(data, "1"), "lines-0-item": data["lines-0-item"], name: value}
        )
        assert client.post("/sales-orders/preview/", shown).status_code == 200, name
    assert (
        client.post(
            "/sales-orders/preview/", {f"lines-{10**5}-quantity": "1", "lines-x-quantity": "1", "lines-0-uid": value}
        ).status_code
        == 200
    )


# What an order may point to ---------------------------------------------------------------------------------------


def test_an_order_stays_within_its_company(db: None, writes_nothing: Callable[[], Any]) -> None:
    """Somebody who works in two companies cannot send the goods of one from the site of the other."""
    there = str(world.Site.objects.get(company__name=world.THERE).uid)
    order = make_order(by=as_role("both"))
    with writes_nothing():
        answer = run(ORDERS, "create", by=as_role("both"), rows=[order_values(site=there)])
        assert isinstance(answer, Refused)
        assert list(answer.fields) == ["site"]
        answer = act("update", order, by=as_role("both"), rows=[{"site": there}])
        assert isinstance(answer, Refused)
        assert list(answer.fields) == ["site"]


@pytest.mark.parametrize(("slug", "name"), [("parties", "customer"), ("sites", "site"), ("items", "lines-0-item")])
def test_what_was_archived_cannot_be_picked_any_more(
    db: None, writes_nothing: Callable[[], Any], slug: str, name: str
) -> None:
    row = world.sample(registry.resources[slug])
    done(act("archive", row, by=as_role("admin")))
    values = (
        order_values({"item": str(row.uid), "quantity": "1"})
        if slug == "items"
        else order_values(**{name: str(row.uid)})
    )
    with writes_nothing():
        answer = run(ORDERS, "create", by=as_role("admin"), rows=[values])
    assert isinstance(answer, Refused)
    assert list(answer.fields) == [name]


def test_an_archived_item_that_an_order_has_already_can_stay(db: None, clean_books: None) -> None:
    order = confirmed(line("A-3"))
    done(act("archive", Item.objects.get(code="A-3"), by=as_role("admin")))
    assert isinstance(amend(order, [{**stored_lines(order)[0], "quantity": "12"}]), Done)


def test_a_supplier_is_no_customer(db: None, writes_nothing: Callable[[], Any]) -> None:
    supplier = world.Party.objects.get(name="Ningbo Forging")
    with writes_nothing():
        answer = run(ORDERS, "create", by=as_role("manager"), rows=[order_values(customer=str(supplier.uid))])
    assert isinstance(answer, Refused)
    assert list(answer.fields) == ["customer"]


def test_an_order_of_nothing_is_refused(db: None, writes_nothing: Callable[[], Any]) -> None:
    with writes_nothing():
        nothings: list[Any] = [[], [{}], [{"description": ""}], None]
        for lines in nothings:
            reply = Api("manager").post("sales-orders", {**order_values(), "lines": lines})
            assert reply.status == 422, lines
            assert list(reply.fields) == ["lines"], lines


# Commitments ------------------------------------------------------------------------------------------------------


def test_confirming_an_order_makes_its_lines_firm(db: None, clean_books: None) -> None:
    order = make_order(line(wanted_on="2030-06-01"), line("A-2"))
    assert [each.state for each in commitments(order)] == ["draft", "draft"]
    assert [each.first_promised_on for each in commitments(order)] == [None, None]
    done(act("confirm", order, by=as_role("manager")))
    found = commitments(order)
    assert [(each.state, each.direction, each.quantity) for each in found] == [("firm", "out", 10), ("firm", "out", 10)]
    assert [each.first_promised_on for each in found] == [date(2030, 6, 1), date(2030, 5, 19)]
    assert all(each.company_id == order.company_id and each.site_id == order.site_id for each in found)


def test_a_draft_follows_every_change_of_its_lines(db: None, clean_books: None) -> None:
    order = make_order(line("A-1"), line("A-2"))
    lines = stored_lines(order)
    changed = [
        {**lines[0], "item": world.item_uid("A-3"), "quantity": "7", "wanted_on": "2030-07-01"},
        line("K-1", "0.5"),
    ]
    done(act("update", order, by=as_role("manager"), rows=[{"lines": changed}]))
    found = commitments(order)
    assert [(each.item.code, each.quantity, each.due_on) for each in found] == [
        ("A-3", Decimal(7), date(2030, 7, 1)),
        ("K-1", Decimal("0.5"), date(2030, 5, 19)),
    ]
    assert Commitment.objects.filter(schedule_line=None).count() == 0


def test_the_first_promised_day_is_kept_for_ever(db: None, clean_books: None) -> None:
    order = confirmed(line(wanted_on="2030-06-01"))
    for day in ("2030-07-01", "2030-05-20"):
        done(amend(order, [{**stored_lines(order)[0], "wanted_on": day}]))
        (promise,) = commitments(order)
        assert promise.due_on == date.fromisoformat(day)
        assert promise.first_promised_on == date(2030, 6, 1)
    done(act("close", order, by=as_role("manager")))
    assert commitments(order)[0].first_promised_on == date(2030, 6, 1)


def test_a_quote_that_was_given_up_promised_nothing(db: None, clean_books: None) -> None:
    order = make_order()
    done(act("quote", order, by=as_role("manager")))
    order.refresh_from_db()
    done(act("cancel", order, by=as_role("manager"), consent=REASON))
    (promise,) = commitments(order)
    assert promise.state == "closed"
    assert promise.first_promised_on is None


def test_the_site_of_the_head_is_the_site_of_what_is_still_promised(db: None, clean_books: None) -> None:
    order = confirmed(line(), line("A-2"))
    other = world.sample(registry.resources["sites"])
    done(amend(order, site=str(other.uid)))
    assert {each.site_id for each in commitments(order)} == {other.pk}


# Amending what was delivered --------------------------------------------------------------------------------------


def test_amending_up_and_down_follows_to_the_commitment(db: None, clean_books: None) -> None:
    order = confirmed(line(quantity="10", price="5", tax_rate="0"))
    for quantity in ("15", "3", "8"):
        done(amend(order, [{**stored_lines(order)[0], "quantity": quantity}]))
        assert commitments(order)[0].quantity == Decimal(quantity)
        assert order.net == 5 * Decimal(quantity)


def test_nothing_goes_below_what_was_delivered(db: None, writes_nothing: Callable[[], Any]) -> None:
    order = confirmed(line(quantity="10"), line("A-2", "5"))
    deliver(commitments(order)[0], "4")
    lines = stored_lines(order)
    with writes_nothing():
        answer = amend(order, [{**lines[0], "quantity": "3"}, lines[1]])
        assert isinstance(answer, Refused)
        assert list(answer.fields) == ["lines-0-quantity"]
        assert "4" in str(answer.fields["lines-0-quantity"])
        answer = amend(order, [{**lines[0], "item": world.item_uid("A-3")}, lines[1]])
        assert isinstance(answer, Refused)
        assert list(answer.fields) == ["lines-0-item"]
    done(amend(order, [{**lines[0], "quantity": "4"}, lines[1]]))
    assert [(each.quantity, each.moved) for each in commitments(order)] == [(4, 4), (5, 0)]
    assert set(findings()) == {COUNTERS}


def test_a_partly_delivered_line_that_is_taken_off_keeps_what_was_delivered(db: None) -> None:
    """Given 4 of 10 pieces at 5.00 delivered, when the line is taken off, then 20.00 are still to be paid."""
    order = confirmed(line(quantity="10", price="5", tax_rate="0.1"), line("A-2", "1", price="1", tax_rate="0"))
    deliver(commitments(order)[0], "4")
    done(amend(order, stored_lines(order)[1:]))
    gone = OrderLine.objects.get(order=order, position=10)
    assert (gone.quantity, gone.net, gone.tax) == (Decimal(4), Decimal(20), Decimal(2))
    promise = commitments(order)[0]
    assert (promise.state, promise.quantity, promise.moved) == ("closed", 4, 4)
    assert (order.net, order.total) == (Decimal(21), Decimal(23))
    assert set(findings()) == {"no counter is beyond what its facts allow"}


def test_an_undelivered_line_that_is_taken_off_is_closed_at_nothing(db: None, clean_books: None) -> None:
    order = confirmed(line(quantity="10", price="5"), line("A-2", "1", price="1", tax_rate="0"))
    done(amend(order, stored_lines(order)[1:]))
    promise = commitments(order)[0]
    assert (promise.state, promise.quantity) == ("closed", 0)
    assert order.net == Decimal(1)
    assert len(stored_lines(order)) == 1


def test_a_line_that_is_gone_cannot_be_brought_back_or_taken_from_elsewhere(
    db: None, writes_nothing: Callable[[], Any]
) -> None:
    order, other = confirmed(line(), line("A-2")), confirmed(line())
    gone, kept = stored_lines(order)
    done(amend(order, [kept]))
    with writes_nothing():
        for stray in (gone, stored_lines(other)[0], {**kept, "uid": str(uuid4())}):
            answer = amend(order, [kept, stray])
            assert isinstance(answer, Refused), stray
            assert answer.fields, stray
        for broken in ("nonsense", 5, ["x"]):
            answer = amend(order, [kept, {**line(), "uid": broken}])
            assert isinstance(answer, Refused), broken
            assert answer.fields, broken


def test_one_line_sent_twice_is_not_counted_twice(db: None, clean_books: None) -> None:
    order = confirmed(line(quantity="10", price="5", tax_rate="0"))
    (stored,) = stored_lines(order)
    answer = amend(order, [{**stored, "quantity": "6"}, {**stored, "quantity": "7"}])
    if isinstance(answer, Done):
        assert commitments(order)[0].quantity == OrderLine.objects.get(order=order).quantity
    else:
        assert isinstance(answer, Refused)


def test_all_lines_of_a_confirmed_order_cannot_be_taken_off(db: None, writes_nothing: Callable[[], Any]) -> None:
    order = confirmed(line())
    with writes_nothing():
        assert isinstance(amend(order, []), Refused)


def test_new_lines_of_a_confirmed_order_are_promised_at_once(db: None, clean_books: None) -> None:
    order = confirmed(line())
    done(amend(order, [*stored_lines(order), line("A-2", "3", wanted_on="2031-01-01")]))
    new = commitments(order)[1]
    assert (new.state, new.quantity, new.first_promised_on) == ("firm", 3, date(2031, 1, 1))


# Ending -----------------------------------------------------------------------------------------------------------


def test_canceling_is_refused_once_something_was_delivered(db: None, writes_nothing: Callable[[], Any]) -> None:
    order = confirmed(line(), line("A-2"))
    deliver(commitments(order)[1], "1")
    with writes_nothing():
        answer = act("cancel", order, by=as_role("manager"), consent=REASON)
    assert isinstance(answer, Refused)
    assert answer.code == "delivered"
    done(act("close", order, by=as_role("manager")))
    assert {(each.state, each.moved) for each in commitments(order)} == {("closed", 0), ("closed", 1)}


@pytest.mark.parametrize("verb", ["close", "cancel"])
def test_nothing_is_owed_on_an_order_that_ended(db: None, clean_books: None, verb: str) -> None:
    order = confirmed(line(), line("A-2"))
    done(act(verb, order, by=as_role("manager"), consent=REASON))
    assert {each.state for each in commitments(order)} == {"closed"}
    order.refresh_from_db()
    for other in ("quote", "confirm", "close", "cancel", "amend", "update"):
        answer = act(other, order, by=as_role("manager"), rows=[{"note": "x"}], consent=REASON)
        assert isinstance(answer, Refused)
        assert answer.code == "wrong-state"


def test_progress_is_arithmetic(db: None) -> None:
    order = confirmed(line(quantity="10"), line("A-2", "30"))
    deliver(commitments(order)[0], "10")
    assert Api("manager").get(f"sales-orders/{order.uid}").body["progress"] == 25
    assert [each["delivered"] for each in Api("manager").get(f"sales-orders/{order.uid}").body["lines"]] == ["10", "0"]


# Approval ---------------------------------------------------------------------------------------------------------


def test_who_may_approve_needs_no_approval(db: None, clean_books: None) -> None:
    world.waiting_order()
    order = make_order(line(quantity="1000"))
    assert isinstance(act("confirm", order, by=as_role("manager")), Done)


@pytest.mark.parametrize(("quantity", "waits"), [("511", False), ("512", True)])
def test_the_limit_counts_from_its_own_amount_on(db: None, quantity: str, waits: bool) -> None:
    """512 pieces of 86.50 and 13 % tax are 50,045.44; 511 are 49,947.70."""
    world.waiting_order()
    order = make_order(line(quantity=quantity), by=as_role("sales"))
    answer = act("confirm", order, by=as_role("sales"))
    assert isinstance(answer, Pending) == waits


def test_a_policy_counts_within_its_dates_and_company(db: None) -> None:
    order, request = world.waiting_order()
    done(act("withdraw", request, by=as_role("sales")))
    policy = world.ApprovalPolicy.objects.get()
    for changes in (
        {"valid_from": date(2199, 1, 1)},
        {"valid_to": date(2020, 1, 2)},
        {"company": world.Company.objects.get(name=world.THERE)},
        {"state": "archived"},
    ):
        with transaction.atomic():
            world.ApprovalPolicy.objects.filter(pk=policy.pk).update(**changes)
            assert isinstance(act("confirm", order, by=as_role("sales"), dry=True), Done), changes
            transaction.set_rollback(True)
    assert isinstance(act("confirm", order, by=as_role("sales"), dry=True), Pending)


def test_lines_without_a_day_of_their_own_follow_the_day_of_the_order(db: None, clean_books: None) -> None:
    """Given one line with its own day and one without, when the order moves, then only the latter moves."""
    order = confirmed(line(wanted_on=""), line("A-2", "1", wanted_on="2030-06-01"))
    done(amend(order, stored_lines(order), wanted_on="2030-07-01"))
    assert [str(promise.due_on) for promise in commitments(order)] == ["2030-07-01", "2030-06-01"]
    assert [str(promise.first_promised_on) for promise in commitments(order)] == ["2030-05-19", "2030-06-01"]
