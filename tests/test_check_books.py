"""check-books finds each kind of corruption, and the database refuses what one row can tell is wrong."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from guantong.books.commitments.models import Commitment
from guantong.master.items.models import Item
from guantong.trade.orders.models import Order, OrderLine, ScheduleLine
from tests import world
from tests.world import commitments, confirmed, deliver, findings, line, make_order

Forge = Callable[[Order], Any]


def _first(order: Order) -> Commitment:
    return commitments(order)[0]


def _orphan(order: Order) -> None:
    lost = _first(order)
    ScheduleLine.objects.filter(commitment=lost).delete()


CORRUPTIONS: dict[str, Forge] = {
    "net of the order": lambda o: Order.objects.filter(pk=o.pk).update(net=o.net + 1),
    "tax of the order": lambda o: Order.objects.filter(pk=o.pk).update(tax=0),
    "total of the order": lambda o: Order.objects.filter(pk=o.pk).update(total=o.total + Decimal("0.01")),
    "net of a line": lambda o: OrderLine.objects.filter(order=o, position=10).update(net=1),
    "net of a line and of its order": lambda o: (
        OrderLine.objects.filter(order=o, position=10).update(net=1, tax=0),
        OrderLine.objects.filter(order=o).exclude(position=10).update(net=0, tax=0),
        Order.objects.filter(pk=o.pk).update(net=1, tax=0, total=1),
    ),
    "quantity of a line": lambda o: OrderLine.objects.filter(order=o, position=10).update(quantity=99),
    "quantity of a commitment": lambda o: Commitment.objects.filter(pk=_first(o).pk).update(quantity=99),
    "state of a commitment": lambda o: Commitment.objects.filter(pk=_first(o).pk).update(state="closed"),
    "a draft under a confirmed order": lambda o: Commitment.objects.filter(pk=_first(o).pk).update(state="draft"),
    "direction of a commitment": lambda o: Commitment.objects.filter(pk=_first(o).pk).update(direction="in"),
    "item of a commitment": lambda o: Commitment.objects.filter(pk=_first(o).pk).update(
        item=Item.objects.get(code="K-1")
    ),
    "company of a commitment": lambda o: Commitment.objects.filter(pk=_first(o).pk).update(
        company=world.Company.objects.get(name=world.THERE)
    ),
    "site of another company": lambda o: Commitment.objects.filter(pk=_first(o).pk).update(
        site=world.Site.objects.get(company__name=world.THERE)
    ),
    "site of the order alone": lambda o: Order.objects.filter(pk=o.pk).update(
        site=world.Site.objects.get(company__name=world.THERE)
    ),
    "moved without a move": lambda o: deliver(_first(o), "1"),
    "billed without an invoice": lambda o: Commitment.objects.filter(pk=_first(o).pk).update(billed=1),
    "a commitment without a line": _orphan,
    "a line without a commitment": _orphan,
    "a state that no verb leads to": lambda o: Order.objects.filter(pk=o.pk).update(state="closed"),
    "a unit that is not the item's": lambda o: OrderLine.objects.filter(order=o, position=10).update(
        unit=Item.objects.get(code="K-1").unit
    ),
}


@pytest.mark.parametrize("what", CORRUPTIONS)
def test_check_books_finds_each_kind_of_corruption(db: None, what: str) -> None:
    order = confirmed(line(), line("A-2"))
    assert findings() == {}
    CORRUPTIONS[what](order)
    found = findings()
    assert found, what
    company = world.Company.objects.get(name=world.HERE).pk
    assert findings(company), "also when asked for the company alone"


def test_the_database_refuses_what_it_can_tell_is_wrong(db: None) -> None:
    """The second line of defence: constraints stand where a check can be written in one row."""
    order = confirmed()
    promise = _first(order)
    for model, pk, values in (
        (Commitment, promise.pk, {"quantity": -1}),
        (Commitment, promise.pk, {"moved": -1}),
        (Commitment, promise.pk, {"first_promised_on": None}),
        (OrderLine, OrderLine.objects.filter(order=order)[0].pk, {"quantity": -1}),
        (Order, order.pk, {"state": "lost"}),
        (Order, order.pk, {"number": make_order().number}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.filter(pk=pk).update(**values)
    if connection.vendor == "sqlite":
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE orders_orderline SET net = 1.5")
