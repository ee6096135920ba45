"""Many at once: threads and processes on a real database, with everything that two writers can do to each other.

The database is emptied after each of these tests, because what threads commit cannot be rolled back.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction

from guantong.core import jobs, sql
from guantong.core.actions import run
from guantong.core.answers import Done, Pending, Refused
from guantong.core.change import now
from guantong.core.checks import find_all
from guantong.core.models import ApprovalRequest, Event, Job, Notification
from guantong.core.registry import registry
from guantong.trade.orders.models import Order, OrderLine
from tests import world

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS = registry.resources["sales-orders"]
CHILD = Path(__file__).with_name("child.py")


def at_once(works: Sequence[Callable[..., Any]]) -> list[Any]:
    """Run each in a thread of its own, begun together; answers in order, an exception as what it is."""
    gate = threading.Barrier(len(works))
    answers: list[Any] = [None] * len(works)

    def one(at: int, work: Callable[[], Any]) -> None:
        try:
            gate.wait(30)
            answers[at] = work()
        except BaseException as error:
            answers[at] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return answers


def wrong() -> list[Any]:
    return [(name, finding) for name, finding in find_all() if finding is not None]


@contextmanager
def child(work: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A process of its own on the same database; killed at the end if it still runs."""
    from django.conf import settings

    entry = settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        url = os.environ["DATABASE_URL"]
    env = {**os.environ, "DATABASE_URL": url, "TEST_DATABASE": str(name), "PYTHONPATH": os.pathsep.join(sys.path)}
    assert entry
    process = subprocess.Popen(
        [sys.executable, str(CHILD), work, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if line != word:
        process.kill()
        raise AssertionError(f"{line!r} instead of {word!r}: {process.communicate()[1][-2000:]}")


# Writers ----------------------------------------------------------------------------------------------------------


def test_eight_people_create_and_confirm_at_once(db: None) -> None:
    by, values = world.as_role("manager"), world.order_values(world.line(), world.line("A-2", "4"))

    def work() -> list[Any]:
        found = []
        for _turn in range(3):
            made = world.done(run(ORDERS, "create", by=by, rows=[values]))
            found.append(run(ORDERS, "confirm", by=by, objects=made.objects))
        return found

    answers = at_once([work] * 8)
    assert all(isinstance(each, Done) for answer in answers for each in answer), answers
    assert Order.objects.filter(state="confirmed").count() == 24
    assert len(set(Order.objects.values_list("number", flat=True))) == 24
    assert wrong() == []


def test_of_two_who_amend_one_order_one_wins_and_nothing_is_lost(db: None) -> None:
    """Both read version 2; the first to write makes it 3, the other is told who changed it and writes nothing."""
    order = world.make_order(world.line(quantity="10"))
    world.done(world.act("confirm", order, by=world.as_role("manager")))
    order.refresh_from_db()
    lines = world.stored_lines(order)

    def amend(who: str, quantity: str) -> Callable[[], Any]:
        actor = world.as_role(who)
        rows = [{"note": who, "lines": [{**lines[0], "quantity": quantity}]}]
        return lambda: run(
            ORDERS, "amend", by=actor, objects=[order.uid], versions={order.uid: order.version}, rows=rows
        )

    answers = at_once([amend("manager", "11"), amend("second", "12")])
    winners = [answer for answer in answers if isinstance(answer, Done)]
    losers = [answer for answer in answers if isinstance(answer, Refused)]
    assert (len(winners), len(losers)) == (1, 1), answers
    assert losers[0].code == "conflict"
    order.refresh_from_db()
    assert order.version == 3
    expected = {"manager": 11, "second": 12}[order.note]
    assert OrderLine.objects.get(order=order).quantity == expected
    assert Event.objects.filter(object_uid=order.uid, verb="amend").count() == 1
    assert wrong() == []


def test_blind_writers_queue_and_each_counts(db: None) -> None:
    """Without versions the last word stands, but each amendment is a version with its event."""
    order = world.make_order()
    world.done(world.act("confirm", order, by=world.as_role("manager")))
    by = world.as_role("manager")
    works = [(lambda n=n: run(ORDERS, "amend", by=by, objects=[order.uid], rows=[{"note": str(n)}])) for n in range(8)]
    answers = at_once(works)
    assert all(isinstance(answer, Done) for answer in answers), answers
    order.refresh_from_db()
    assert order.version == 10
    assert Event.objects.filter(object_uid=order.uid, verb="amend").count() == 8


def test_overlapping_bulk_runs_in_opposite_order_do_not_block_each_other(db: None) -> None:
    by = world.as_role("manager")
    uids = [world.make_order().uid for _each in range(6)]
    works = [lambda: run(ORDERS, "quote", by=by, objects=uids), lambda: run(ORDERS, "quote", by=by, objects=uids[::-1])]
    answers = at_once(works)
    kinds = sorted(type(answer).__name__ for answer in answers)
    assert kinds == ["Done", "Refused"], answers
    assert set(Order.objects.values_list("state", flat=True)) == {"quoted"}


@pytest.mark.parametrize("verb", ["create", "confirm"])
def test_one_key_from_eight_threads_acts_once(db: None, verb: str) -> None:
    by, order = world.as_role("manager"), world.make_order()
    values = world.order_values()
    call = {"rows": [values]} if verb == "create" else {"objects": [order.uid]}
    answers = at_once([lambda: run(ORDERS, verb, by=by, key="one", **call)] * 8)
    assert all(isinstance(answer, Done) for answer in answers), answers
    assert sum(not answer.replayed for answer in answers) == 1
    assert len({answer.objects for answer in answers}) == 1
    assert Event.objects.filter(verb=verb, kind="order").count() == (2 if verb == "create" else 1)


@pytest.mark.parametrize("slug", ["items", "parties", "sites", "units"])
def test_one_unique_value_from_four_threads_is_taken_once(db: None, slug: str) -> None:
    resource, by = registry.resources[slug], world.as_role("admin")
    assert resource.samples is not None
    values = resource.samples()
    answers = at_once([lambda: run(resource, "create", by=by, rows=[values])] * 4)
    assert sum(isinstance(answer, Done) for answer in answers) == 1, answers
    assert all(isinstance(answer, Refused) and answer.fields for answer in answers if not isinstance(answer, Done)), (
        answers
    )


# Approvals --------------------------------------------------------------------------------------------------------


def test_two_approvers_at_once_approve_once(db: None) -> None:
    order, request = world.waiting_order()
    approvals = registry.resources["approvals"]
    works = [
        lambda who=who: run(approvals, "approve", by=world.as_role(who), objects=[request.uid])
        for who in ("manager", "second")
    ]
    answers = at_once(works)
    assert sorted(type(answer).__name__ for answer in answers) == ["Done", "Refused"], answers
    order.refresh_from_db()
    assert (order.state, order.version) == ("confirmed", 2)
    assert Event.objects.filter(object_uid=order.uid, verb="confirm").count() == 1
    assert wrong() == []


def test_asking_twice_at_once_makes_one_request(db: None) -> None:
    world.waiting_order()
    order = world.make_order(world.line(quantity="1000"), by=world.as_role("sales"))
    by = world.as_role("sales")
    answers = at_once([lambda: run(ORDERS, "confirm", by=by, objects=[order.uid])] * 4)
    assert all(isinstance(answer, Pending) for answer in answers), answers
    assert ApprovalRequest.objects.filter(object_uid=order.uid).count() == 1


def test_approving_while_the_order_is_changed_never_approves_what_was_not_read(db: None) -> None:
    order, request = world.waiting_order()
    by = world.as_role("sales")
    works = [
        lambda: run(registry.resources["approvals"], "approve", by=world.as_role("manager"), objects=[request.uid]),
        lambda: run(ORDERS, "update", by=by, objects=[order.uid], rows=[{"note": "meanwhile"}]),
    ]
    answers = at_once(works)
    order.refresh_from_db()
    approved, changed = (isinstance(answer, Done) for answer in answers)
    assert approved != changed, answers
    assert (order.state == "confirmed") == approved
    assert wrong() == []


# Jobs -------------------------------------------------------------------------------------------------------------


def queue_jobs(count: int) -> None:
    """Orders of sales that the manager confirmed: each must tell sales once."""
    manager = world.as_role("manager")
    for _each in range(count):
        order = world.make_order(by=world.as_role("sales"))
        world.done(world.act("confirm", order, by=manager))


def work_all() -> None:
    while jobs.work_once():
        pass


def test_two_workers_do_each_reaction_exactly_once(db: None) -> None:
    queue_jobs(10)
    at_once([work_all, work_all])
    work_all()
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert Job.objects.count() == 10
    assert set(Job.objects.values_list("attempts", flat=True)) == {1}
    assert Notification.objects.filter(user__username="sales").count() == 10


def test_a_failing_reaction_is_tried_again_later_and_leaves_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    queue_jobs(1)
    reaction = registry.reactions["tell_salesperson"]

    def half(job: Job) -> None:
        reaction.run(job)
        raise RuntimeError("in the middle")

    with monkeypatch.context() as patch:
        patch.setitem(registry.reactions, "tell_salesperson", type(reaction)(**{**reaction.__dict__, "run": half}))
        for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
            assert jobs.work_once()
            job = Job.objects.get()
            assert job.attempts == attempt
            assert job.state == ("failed" if attempt == jobs.MAX_ATTEMPTS else "waiting")
            assert "in the middle" in job.error
            assert Notification.objects.count() == 0
            assert not jobs.work_once(), "not before it is due again"
            Job.objects.update(due_at=now())
        assert not jobs.work_once()
    jobs.retry_job(Job.objects.get().uid)
    assert jobs.work_once()
    assert (Job.objects.get().state, Notification.objects.count()) == ("done", 1)


def test_a_lost_lease_cannot_commit(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that was paused past its lease rolls back what it did; the other one's work stands once."""
    queue_jobs(1)
    reaction = registry.reactions["tell_salesperson"]
    paused, resume = threading.Event(), threading.Event()
    first = threading.get_ident()

    def slowly(job: Job) -> None:
        if threading.get_ident() != first:
            paused.set()
            if connection.vendor == "postgresql":
                resume.wait(30)
        reaction.run(job)

    monkeypatch.setitem(registry.reactions, "tell_salesperson", type(reaction)(**{**reaction.__dict__, "run": slowly}))
    lease = sql.run_with_retry(jobs._lease)
    assert lease is not None
    Job.objects.update(leased_until=now() - timedelta(seconds=1))
    assert jobs.work_once(), "another worker takes it over"
    with pytest.raises(jobs.LostLease):
        jobs._run(*lease)
    assert Notification.objects.count() == 1
    assert Job.objects.get().state == "done"
    jobs._fail(*lease, RuntimeError("too late"))
    assert Job.objects.get().state == "done", "whoever lost the lease has no say"


def test_a_worker_killed_in_the_middle_leaves_the_job_to_the_next(db: None) -> None:
    queue_jobs(1)
    with child("die_in_a_job") as process:
        wait_for(process, "in the middle")
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert Notification.objects.count() == 0
    assert not jobs.work_once(), "its lease still runs"
    Job.objects.update(leased_until=now() - timedelta(seconds=1))
    assert jobs.work_once()
    assert (Job.objects.get().state, Job.objects.get().attempts, Notification.objects.count()) == ("done", 2, 1)


def test_a_job_that_kills_its_worker_each_time_is_given_up(db: None) -> None:
    queue_jobs(1)
    for _death in range(jobs.MAX_ATTEMPTS):
        assert sql.run_with_retry(jobs._lease) is not None
        Job.objects.update(leased_until=now() - timedelta(seconds=1))
    assert not jobs.work_once()
    assert Job.objects.get().state == "failed"


# Killed for real --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["create", "amend", "approve"])
def test_a_process_killed_just_before_commit_leaves_nothing_half_written(db: None, verb: str) -> None:
    if verb == "approve":
        order, request = world.waiting_order()
        words = [str(request.uid)]
    else:
        order = world.make_order(world.line(), world.line("A-2", "5"))
        if verb == "amend":
            world.done(world.act("confirm", order, by=world.as_role("manager")))
        words = [str(order.uid)]
    before = world.contents()
    with child(f"die_in_{verb}", *words) as process:
        wait_for(process, "in the middle")
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    _until_unlocked()
    assert world.changed_tables(before) == []
    assert wrong() == []
    started = time.monotonic()
    world.make_order()
    assert time.monotonic() - started < 20, "the dead process holds no lock"


def _until_unlocked() -> None:
    """PostgreSQL notices a dead client when it next speaks to it; writers then go on."""
    with transaction.atomic():
        Order.objects.select_for_update().count()


def test_processes_and_threads_write_side_by_side(db: None) -> None:
    with child("create_orders", "6") as one, child("create_orders", "6") as two:
        by, values = world.as_role("manager"), world.order_values()
        answers = at_once([lambda: [run(ORDERS, "create", by=by, rows=[values]) for _turn in range(3)]] * 2)
        for process in (one, two):
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, err[-2000:]
            assert out.strip() == "done"
    assert all(isinstance(each, Done) for answer in answers for each in answer)
    assert Order.objects.count() == 18
    assert len(set(Order.objects.values_list("number", flat=True))) == 18
    assert wrong() == []
