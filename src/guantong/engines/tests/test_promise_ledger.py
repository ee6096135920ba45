"""Two askers never get the same unit, whatever they ask, give back or see too late."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.engines import promise as pm
from guantong.engines.tests.promise_cases import HORIZON, Case


def shop() -> pm.Network:
    """Ten finished units, four of them promised; parts for more on hand and on order; little capacity."""
    case = Case(capacity=[[2] * HORIZON])
    law = case.law({3: 0.5, 6: 0.5})
    case.item(0, 0, 1)
    case.item(1)
    case.part(0, 1, 2)
    case.stock(0, 10)
    case.demand(0, 4, 20)
    case.stock(1, 9)
    case.receipt(1, 6, law, 1)
    case.source(1, law)
    return case.network()


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "place", "release", "lapse"]), st.integers(0, 3), st.integers(1, 9)), max_size=14
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_holds_never_exceed_what_is_free_however_askers_interleave(steps: list[tuple[str, int, int]]) -> None:
    network = shop()
    book = pm.open_book(network)
    opened = pm.open_ledger(book)
    ledger = opened
    answers: dict[int, pm.Hold] = {}
    for number, (what, asker, quantity) in enumerate(steps):
        if what == "ask":
            question = pm.Question(0, quantity, 5)
            key = f"{asker}-{number}"
            problem = pm.PromiseProblem(network, question, ledger, ways_out=0, points=4, hold_key=key)
            answers[asker] = pm.solve(problem, book=book).hold
        elif what == "place" and asker in answers:
            try:
                ledger = ledger.place(answers.pop(asker))
            except pm.Taken:
                pass
        elif what == "release" and ledger.holds:
            ledger = ledger.release(ledger.holds[asker % len(ledger.holds)].key)
        elif what == "lapse":
            ledger = ledger.lapse(quantity)
        supply, capacity = ledger.held()
        assert (supply <= opened.supply).all()
        assert (capacity <= opened.capacity).all()
        assert (supply + 0 <= network.supplies.quantity).all()
    assert opened.supply[0] == 6, "units already promised are not for holding"


def test_of_two_askers_who_saw_the_last_unit_one_is_refused_and_asks_again() -> None:
    case = Case()
    case.item(0)
    case.stock(0, 1)
    law = case.law({7: 1.0})
    case.source(0, law)
    network = case.network()
    book = pm.open_book(network)
    ledger = pm.open_ledger(book)

    def ask(key: str, at: pm.Ledger) -> pm.Promise:
        return pm.solve(pm.PromiseProblem(network, pm.Question(0, 1, 0), at, hold_key=key), book=book)

    first, second = ask("first", ledger), ask("second", ledger)
    assert first.dates.promised == second.dates.promised == 0
    ledger = ledger.place(first.hold)
    with pytest.raises(pm.Taken, match="supply row 0: 1 more held than there are"):
        ledger.place(second.hold)
    again = ask("second", ledger)
    assert again.dates.promised == 7
    assert ledger.place(again.hold).version == 2


def test_the_last_hour_of_a_work_center_is_given_once() -> None:
    case = Case(capacity=[[0, 3, 0, 0, 3] + [3] * 50])
    case.item(0, 0, 1)
    case.item(1)
    case.part(0, 1)
    case.stock(1, 50)
    network = case.network()
    book = pm.open_book(network)
    ledger = pm.open_ledger(book)
    first = pm.solve(pm.PromiseProblem(network, pm.Question(0, 3, 9), ledger, hold_key="a"), book=book)
    second = pm.solve(pm.PromiseProblem(network, pm.Question(0, 3, 9), ledger, hold_key="b"), book=book)
    assert first.dates.promised == second.dates.promised == 1
    ledger = ledger.place(first.hold)
    with pytest.raises(pm.Taken, match="work center 0 on day 1"):
        ledger.place(second.hold)
    again = pm.solve(pm.PromiseProblem(network, pm.Question(0, 3, 9), ledger, hold_key="b"), book=book)
    assert again.dates.promised == 4


def test_a_ledger_is_a_value() -> None:
    ledger = pm.Ledger(np.array([5]), np.zeros((1, 3), dtype=np.int64))
    later = ledger.place(pm.Hold("a", (0,), (5,)))
    assert ledger.free()[0][0] == 5
    assert later.free()[0][0] == 0
    assert later.release("a").free()[0][0] == 5


def test_a_quote_lapses_after_its_last_day() -> None:
    ledger = pm.Ledger(np.array([5]), np.zeros((0, 0), dtype=np.int64))
    ledger = ledger.place(pm.Hold("quote", (0,), (5,), until_day=3))
    assert ledger.lapse(3).free()[0][0] == 0
    assert ledger.lapse(4).free()[0][0] == 5


@pytest.mark.parametrize(
    ("hold", "words"),
    [
        (pm.Hold("a", (0,), (0,)), "not positive"),
        (pm.Hold("a", (9,), (1,)), "unknown supply row"),
        (pm.Hold("a", (0,), ()), "differ in number"),
        (pm.Hold("a", work_center=(0,), day=(99,), units=(1,)), "unknown work center or day"),
    ],
)
def test_a_hold_that_makes_no_sense_is_refused(hold: pm.Hold, words: str) -> None:
    ledger = pm.Ledger(np.array([5]), np.ones((1, 3), dtype=np.int64))
    with pytest.raises(ValueError, match=words):
        ledger.place(hold)


def test_a_name_is_used_once_and_an_unknown_one_is_not_released() -> None:
    ledger = pm.Ledger(np.array([5]), np.zeros((0, 0), dtype=np.int64)).place(pm.Hold("a", (0,), (1,)))
    with pytest.raises(ValueError, match="'a' exists"):
        ledger.place(pm.Hold("a", (0,), (1,)))
    with pytest.raises(KeyError):
        ledger.release("b")


def test_a_way_out_offers_no_unit_that_is_held() -> None:
    case = Case()
    slow = case.law({20: 1.0})
    case.transfer_law = case.law({3: 1.0})
    case.item(0)
    case.item(1)
    case.source(0, slow)
    case.stock(0, 4, site=1)
    case.stock(1, 4)
    case.substitutes.append((0, 1, 1, 1, 0.5))
    network = case.network()
    book = pm.open_book(network)
    ledger = pm.open_ledger(book)

    def kinds(at: pm.Ledger) -> set[str]:
        answer = pm.solve(pm.PromiseProblem(network, pm.Question(0, 4, 5), at, hold_key="mine"), book=book)
        for way in answer.ways_out:
            if way.kind != "split":
                at.place(way.hold)
        return {way.kind for way in answer.ways_out}

    assert {"substitute", "alternate site"} <= kinds(ledger)
    held = ledger.place(pm.Hold("other", (0, 1), (4, 4)))
    assert not {"substitute", "alternate site"} & kinds(held)
