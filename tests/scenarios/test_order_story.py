"""One sales order from the wish to the end, told in the order in which people do it; the books are clean after each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from guantong.core import jobs
from guantong.core.answers import Done, Pending, Refused
from guantong.core.checks import find_all, run_check_books
from guantong.core.models import ApprovalRequest, Event, Membership, Notification, Role
from guantong.core.registry import registry
from guantong.master.parties.models import Party
from guantong.trade.orders.models import Order
from tests import world
from tests.doors import Api, browser, posted
from tests.situations import REASON
from tests.world import act, as_role, done

pytestmark = pytest.mark.usefixtures("clean_books")


def work() -> None:
    """The worker beside the server has done what waits."""
    while jobs.work_once():
        pass


def inbox(username: str) -> str:
    return str(browser(username).get("/inbox/").content.decode())


def fresh(row: Any) -> Any:
    return type(row)._default_manager.get(pk=row.pk)


def test_from_a_new_customer_to_a_closed_order(db: None) -> None:
    """Siyuan meets a customer, quotes, confirms, amends by the API, and the order is closed; everybody can read how."""
    sales, parties = browser("sales"), registry.resources["parties"]
    assert parties.samples is not None
    response = sales.post(
        "/parties/new/", {**posted(parties, {**parties.samples(), "name": "Metro Bike"}), "once": "p"}
    )
    assert response.status_code == 302
    customer = Party.objects.get(name="Metro Bike")

    orders = registry.resources["sales-orders"]
    values = world.order_values(
        world.line("A-1", "120", price="86.50"), world.line("A-2", "60"), customer=str(customer.uid)
    )
    response = sales.post(
        "/sales-orders/new/", {**posted(orders, {**values, "salesperson": str(as_role("sales").uid)}), "once": "o"}
    )
    assert response.status_code == 302, response.content.decode()[-2000:]
    order = Order.objects.get(party=customer)
    page = f"/sales-orders/{order.uid}/"

    for verb, state in (("quote", "quoted"), ("confirm", "confirmed")):
        assert sales.post(f"{page}{verb}/", {"version": fresh(order).version, "once": verb}).status_code == 303
        assert fresh(order).state == state

    api = Api("sales")
    read = api.get(f"sales-orders/{order.uid}")
    lines = [
        {name: line[name] for name in ("id", "item", "quantity", "price", "tax_rate", "wanted_on")}
        for line in read.body["lines"]
    ]
    lines[0]["quantity"] = "150"
    amended = api.patch(
        f"sales-orders/{order.uid}", {"lines": lines}, If_Match=read.headers["ETag"], Idempotency_Key="a"
    )
    assert amended.status == 200, amended.body
    assert Decimal(amended.body["net"]) == 150 * Decimal("86.50") + 60 * Decimal(92)

    assert sales.post(f"{page}close/", {"version": fresh(order).version, "once": "close"}).status_code == 303
    assert fresh(order).state == "closed"
    verbs = list(Event.objects.filter(object_uid=order.uid).order_by("id").values_list("verb", flat=True))
    assert verbs == ["create", "quote", "confirm", "amend", "close"]
    log = browser("auditor").get(f"{page}log/").content.decode()
    assert log.count("Siyuan Chen") >= 5
    assert run_check_books("", _Nowhere()) == 0  # type: ignore[arg-type]


class _Nowhere:
    def write(self, text: str) -> None:
        assert "wrong" not in text


def test_a_large_order_waits_for_somebody_elses_yes(db: None) -> None:
    order, request = world.waiting_order()
    assert fresh(order).state == "draft", "nothing was promised while it waits"
    work()
    assert order.number in inbox("manager")
    assert order.number not in inbox("colleague")

    again = act("confirm", fresh(order), by=as_role("sales"))
    assert isinstance(again, Pending), "asking twice is asking once"
    assert again.requests == (request.uid,), "asking twice is asking once"

    response = browser("manager").post(f"/approvals/{request.uid}/approve/", {"version": request.version, "once": "y"})
    assert response.status_code == 303
    assert fresh(order).state == "confirmed"
    confirm = Event.objects.get(object_uid=order.uid, verb="confirm")
    approve = Event.objects.get(object_uid=request.uid, verb="approve")
    assert confirm.actor_id == as_role("sales").user_id, "it runs in the name of who asked"
    assert approve.actor_id == as_role("manager").user_id
    assert fresh(request).decided_by_id == as_role("manager").user_id
    work()
    assert Notification.objects.filter(user__username="sales", event=approve).exists()


def test_nobody_approves_their_own_request(db: None, writes_nothing: Callable[[], Any]) -> None:
    """Siyuan asked as a salesperson and became a manager since: still another pair of eyes is needed."""
    order, request = world.waiting_order()
    asker = world.user_of("sales")
    Membership.objects.create(user=asker, company=order.company, role=Role.objects.get(code="manager"))
    with writes_nothing():
        answer = act("approve", request, by=as_role("sales"))
        assert isinstance(answer, Refused)
        assert answer.code == "own-request"
        answer = act("refuse", request, by=as_role("sales"), consent=REASON)
        assert isinstance(answer, Refused)
        assert answer.code == "own-request"


def test_approving_needs_the_permission_that_the_policy_asks_for(db: None, writes_nothing: Callable[[], Any]) -> None:
    _order, request = world.waiting_order()
    grants = dict.fromkeys(["approvals.view", "approvals.approve", "approvals.refuse", "sales-orders.view"], "all")
    clerk = world.make_person("clerk", grants)
    with writes_nothing():
        for verb in ("approve", "refuse"):
            answer = act(verb, request, by=clerk, consent=REASON)
            assert isinstance(answer, Refused)
            assert answer.status == 403
            assert "sales-orders.approve" in str(answer.todo)


def test_what_changed_since_it_was_asked_is_not_approved(db: None, writes_nothing: Callable[[], Any]) -> None:
    order, request = world.waiting_order()
    lines = [{**line, "quantity": "5000"} for line in world.stored_lines(fresh(order))]
    done(act("update", fresh(order), by=as_role("sales"), rows=[{"lines": lines}]))
    with writes_nothing():
        answer = act("approve", request, by=as_role("manager"))
        assert isinstance(answer, Refused)
        assert answer.code == "conflict"
    page = browser("manager").get(f"/sales-orders/{order.uid}/").content.decode()
    assert "Ask again" in page
    assert f"/approvals/{request.uid}/approve/" not in page

    again = act("confirm", fresh(order), by=as_role("sales"))
    assert isinstance(again, Pending)
    assert again.requests != (request.uid,)
    assert fresh(request).state == "withdrawn"
    assert Event.objects.filter(object_uid=request.uid).count() == fresh(request).version, (
        "each change of state has its event"
    )
    done(act("approve", ApprovalRequest.objects.get(uid=again.requests[0]), by=as_role("manager")))
    assert fresh(order).total == fresh(order).net + fresh(order).tax > Decimal(400_000)


def test_who_asked_and_may_no_longer_do_it_is_not_helped(db: None, writes_nothing: Callable[[], Any]) -> None:
    _order, request = world.waiting_order()
    world.user_of("sales").memberships.all().delete()
    with writes_nothing():
        answer = act("approve", request, by=as_role("manager"))
        assert isinstance(answer, Refused)
        assert answer.status == 403


def test_who_asked_and_left_the_company_is_not_helped(db: None, writes_nothing: Callable[[], Any]) -> None:
    _order, request = world.waiting_order()
    world.User.objects.filter(username="sales").update(is_active=False)
    with writes_nothing():
        answer = act("approve", request, by=as_role("manager"))
        assert isinstance(answer, Refused)


def test_a_request_is_refused_with_a_reason_that_who_asked_reads(db: None) -> None:
    order, request = world.waiting_order()
    done(act("refuse", request, by=as_role("manager"), consent=REASON))
    assert (fresh(request).state, fresh(request).reason) == ("refused", REASON.reason)
    assert fresh(order).state == "draft"
    work()
    assert REASON.reason in inbox("sales")
    assert isinstance(act("approve", fresh(request), by=as_role("second")), Refused)
    assert isinstance(act("confirm", fresh(order), by=as_role("sales")), Pending), "it may be asked again"


def test_who_asked_takes_the_request_back(db: None, writes_nothing: Callable[[], Any]) -> None:
    _order, request = world.waiting_order()
    with writes_nothing():
        assert isinstance(act("withdraw", request, by=as_role("colleague")), Refused)
        assert isinstance(act("withdraw", request, by=as_role("manager")), Refused)
    done(act("withdraw", request, by=as_role("sales")))
    assert fresh(request).state == "withdrawn"
    assert isinstance(act("approve", fresh(request), by=as_role("manager")), Refused)


def test_amending_beyond_the_limit_waits_as_well(db: None) -> None:
    """What Siyuan confirmed alone cannot grow beyond the limit alone; the amendment that waits is kept whole."""
    _other, _request = world.waiting_order()
    order = world.make_order(world.line(quantity="10"), by=as_role("sales"))
    done(act("confirm", order, by=as_role("sales")))
    lines = [{**line, "quantity": "1000"} for line in world.stored_lines(fresh(order))]
    answer = act("amend", fresh(order), by=as_role("sales"), rows=[{"lines": lines, "note": "more"}])
    assert isinstance(answer, Pending)
    assert fresh(order).note == ""
    done(act("approve", ApprovalRequest.objects.get(uid=answer.requests[0]), by=as_role("manager")))
    assert fresh(order).note == "more"
    assert world.stored_lines(fresh(order))[0]["quantity"] == "1000"


def test_of_many_orders_the_large_ones_make_all_wait(db: None) -> None:
    """A bulk run is one whole: if one order needs an approval, none is confirmed yet."""
    world.waiting_order()
    small = world.make_order(by=as_role("sales"))
    large = world.make_order(world.line(quantity="1000"), by=as_role("sales"))
    answer = act("confirm", small, large, by=as_role("sales"))
    assert isinstance(answer, Pending)
    assert len(answer.requests) == 1
    assert (fresh(small).state, fresh(large).state) == ("draft", "draft")


def test_two_people_edit_one_order_and_nobody_loses_what_they_typed(db: None) -> None:
    order = world.make_order(by=as_role("manager"))
    first, second = browser("manager"), browser("second")
    orders = registry.resources["sales-orders"]
    typed = {**posted(orders, world.order_values(world.line(quantity="7"))), "version": "1"}
    assert first.post(f"/sales-orders/{order.uid}/edit/", {**typed, "note": "mine", "once": "1"}).status_code == 302
    response = second.post(f"/sales-orders/{order.uid}/edit/", {**typed, "note": "theirs", "once": "2"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Tom Becker" in page
    assert "theirs" in page, "both texts stand side by side"
    assert "mine" in page, "both texts stand side by side"
    assert fresh(order).note == "mine"


def test_the_books_are_clean_after_a_hundred_random_decisions(db: None) -> None:
    """People press whatever they may, in any order; no sequence of allowed verbs leaves the books wrong."""
    import random

    seed = random.SystemRandom().randrange(10**9)
    draw, orders = random.Random(seed), [world.make_order(by=as_role("manager")) for _each in range(4)]
    by, answers = as_role("manager"), 0
    for _turn in range(100):
        order = fresh(draw.choice(orders))
        verb = draw.choice(["quote", "confirm", "update", "amend", "update", "amend", "cancel", "close"])
        if verb in ("cancel", "close") and draw.random() < 0.7:
            continue
        stored = world.stored_lines(order)
        lines = [{**line, "quantity": str(draw.randint(1, 50))} for line in stored if draw.random() < 0.8]
        lines += [
            world.line(draw.choice(["A-1", "A-2", "K-1"]), str(draw.randint(1, 9)))
            for _each in range(draw.randint(0, 2))
        ]
        answer = act(verb, order, by=by, rows=[{"lines": lines or [world.line()]}], consent=REASON)
        assert isinstance(answer, Done | Refused), seed
        answers += isinstance(answer, Done)
        wrong = [finding for _name, finding in find_all() if finding is not None]
        assert wrong == [], f"seed {seed}, {verb}: {wrong}"
    assert answers > 5, seed
