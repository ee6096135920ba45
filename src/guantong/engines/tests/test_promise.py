"""What a promise says: dates, reasons, ways out with whom they move, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from guantong.engines import BadInput, Cancelled
from guantong.engines import promise as pm
from guantong.engines.tests.promise_cases import HORIZON, Case


def late_part() -> Case:
    """A product of two parts: one on hand, one to be ordered that takes about three weeks."""
    case = Case(capacity=[[50] * HORIZON])
    slow, fast = case.law({18: 0.5, 24: 0.5}), case.law({4: 0.8, 9: 0.2})
    transfer = case.law({3: 1.0})
    case.item(0, 0, 1)
    for item in (1, 2, 3):
        case.item(item)
    case.part(0, 1)
    case.part(0, 2)
    case.stock(1, 100)
    case.source(2, slow, cost=1.0, quicker=fast)
    case.source(2, fast, preference=1, cost=3.0)
    case.substitutes.append((2, 3, 2, 1, 0.5))
    case.stock(3, 40)
    case.stock(2, 30, site=1)
    case.transfer_law = transfer
    case.stock(2, 10)
    case.demand(2, 10, due=40, order=77)
    return case


def test_what_is_on_hand_is_promised_today() -> None:
    case = Case()
    case.item(0)
    case.stock(0, 5)
    answer = case.ask(0, 5, wanted=0)
    assert (answer.dates.p50, answer.dates.promised, answer.dates.wanted_chance) == (0, 0, 1.0)
    assert answer.reasons[-1] == "everything is on hand"
    assert not answer.held_by
    assert not answer.ways_out


def test_units_promised_to_others_are_not_promised_again() -> None:
    case = Case()
    case.item(0)
    case.stock(0, 5)
    case.demand(0, 4, due=30)
    case.source(0, case.law({12: 1.0}))
    assert case.ask(0, 1).dates.promised == 0
    assert case.ask(0, 2).dates.promised == 12


def test_look_ahead_frees_stock_when_a_later_receipt_covers_a_later_promise() -> None:
    case = Case()
    case.item(0)
    case.stock(0, 5)
    case.receipt(0, 5, case.law({10: 1.0}))
    case.demand(0, 5, due=15)
    assert case.ask(0, 5).dates.promised == 0


def test_units_kept_for_better_classes_are_not_promised_to_others() -> None:
    case = Case()
    case.item(0)
    case.stock(0, 10)
    case.protected.append((0, 0, 7))
    case.source(0, case.law({12: 1.0}))
    assert case.ask(0, 4, class_rank=0).dates.promised == 0
    assert case.ask(0, 4, class_rank=1).dates.promised == 12
    assert case.ask(0, 3, class_rank=1).dates.promised == 0


def test_it_says_what_holds_the_date_and_by_how_many_days() -> None:
    answer = late_part().ask(0, 5, wanted=10)
    assert answer.held_by[0].item == 2
    assert answer.held_by[0].kind == "new order"
    assert answer.held_by[0].days == 24
    assert "item 2 waits for new order" in answer.reasons[1]


def test_capacity_that_holds_the_date_is_named() -> None:
    case = Case(capacity=[[0] * 20 + [10] * 40])
    case.item(0, 0, 1)
    case.item(1)
    case.part(0, 1)
    case.stock(1, 100)
    answer = case.ask(0, 5, wanted=3)
    assert answer.dates.promised == 20
    assert answer.held_by[0].kind == "capacity"
    assert answer.held_by[0].days == 20


def test_every_kind_of_way_out_is_offered_with_date_odds_and_cost() -> None:
    case = late_part()
    problem = pm.PromiseProblem(case.network(), pm.Question(0, 5, 10), ways_out=12)
    ways = {way.kind: way for way in pm.solve(problem).ways_out}
    assert set(ways) >= {
        "expedite",
        "alternate supplier",
        "substitute",
        "alternate site",
        "take from an order with slack",
    }
    assert ways["alternate supplier"].dates.promised == 9
    assert ways["alternate supplier"].cost == pytest.approx(10.0)
    assert ways["expedite"].dates.wanted_chance == pytest.approx(1.0)
    assert ways["expedite"].cost == pytest.approx(25.0)
    assert ways["substitute"].dates.promised == 0
    assert ways["alternate site"].dates.promised == 3
    assert all(way.dates.promised < 24 for way in ways.values())


def test_taking_from_an_order_names_whom_it_moves_and_the_odds_before_and_after() -> None:
    problem = pm.PromiseProblem(late_part().network(), pm.Question(0, 5, 10), ways_out=12)
    taken = next(way for way in pm.solve(problem).ways_out if way.kind.startswith("take"))
    assert [(move.order, move.quantity, move.due_day) for move in taken.moved] == [(77, 5, 40)]
    assert (taken.moved[0].chance_before, taken.moved[0].chance_after) == (1.0, 1.0)
    assert taken.dates.promised == 0


def test_an_order_without_slack_is_not_offered() -> None:
    case = late_part()
    case.demands[0] = (2, 10, 5, 0, 77)
    problem = pm.PromiseProblem(case.network(), pm.Question(0, 5, 10), ways_out=12)
    assert not [way for way in pm.solve(problem).ways_out if way.kind.startswith("take")]


def test_a_split_delivers_first_what_can_be_had_in_time() -> None:
    case = Case()
    case.item(0)
    case.stock(0, 7)
    case.source(0, case.law({20: 1.0}))
    answer = case.ask(0, 10, wanted=5)
    split = next(way for way in answer.ways_out if way.kind == "split")
    assert split.first_quantity == 7
    assert split.dates.promised == 0
    assert split.rest_dates is not None
    assert split.rest_dates.promised == 20
    assert split.cost == 9.0


def test_steps_for_different_parts_are_joined_when_one_alone_does_not_help() -> None:
    case = Case()
    slow, fast = case.law({20: 1.0}), case.law({5: 1.0})
    for item in range(3):
        case.item(item)
    for part in (1, 2):
        case.part(0, part)
        case.source(part, slow, quicker=fast)
    case.sources[0] = (*case.sources[0][:2], case.law({21: 1.0}), *case.sources[0][3:])
    answer = case.ask(0, 1, wanted=6)
    assert answer.ways_out[0].kind == "joined"
    assert answer.ways_out[0].dates.promised == 5
    assert answer.ways_out[0].cost == pytest.approx(50.0)


def test_a_lot_with_rejects_may_have_to_be_ordered_again() -> None:
    case = Case()
    case.item(0)
    case.source(0, case.law({6: 1.0}), enough=0.7)
    answer = case.ask(0, 10, wanted=8)
    assert answer.below[8] == pytest.approx(0.7)
    assert answer.dates.p90 == 12


def test_component_needs_are_rounded_up_once_per_edge() -> None:
    case = Case()
    case.item(0)
    case.item(1)
    case.part(0, 1, 11, 10)
    case.stock(1, 11)
    case.source(1, case.law({9: 1.0}))
    assert case.ask(0, 10).dates.promised == 0
    assert case.ask(0, 11).dates.promised == 9


def test_an_item_nobody_can_deliver_has_no_date_but_a_reason() -> None:
    case = Case()
    case.item(0)
    case.item(1)
    case.part(0, 1)
    answer = case.ask(0, 1)
    assert answer.unmet == (1,)
    assert not answer.within_horizon
    assert answer.reasons == ("item 1 can neither be taken, made nor bought",)


def test_transport_comes_last() -> None:
    case = Case()
    case.item(0)
    case.stock(0, 5)
    lane = case.law({2: 0.5, 4: 0.5})
    answer = case.ask(0, 5, wanted=3, transport_law=lane)
    assert (answer.dates.p50, answer.dates.p90, answer.dates.wanted_chance) == (2, 4, 0.5)


def test_a_cycle_is_refused_and_named() -> None:
    case = Case()
    for item in (5, 6, 7):
        case.item(item)
    case.part(5, 6)
    case.part(6, 7)
    case.part(7, 6)
    with pytest.raises(BadInput, match="bill row 2, child: cycle 6 -> 7 -> 6"):
        case.ask(5, 1)


@pytest.mark.parametrize(
    ("table", "column", "row", "value", "words"),
    [
        ("supplies", "item", 2, 99, "supplies row 2, item: unknown item 99"),
        ("demands", "quantity", 0, -1, "demands row 0, quantity: -1 is below 0"),
        ("supplies", "ordered_day", 0, 3, "supplies row 0, ordered_day: is after today"),
        ("bill", "per_denominator", 1, 0, "bill row 1, per_denominator: 0 is below 1"),
        ("sources", "law", 0, 44, "sources row 0, law: 44 is not between 0 and"),
        ("sources", "unit_cost", 1, float("nan"), "sources row 1, unit_cost: nan is not a finite number"),
        ("demands", "quantity", 0, 1.5, "demands row 0, quantity: 1.5 is not a whole number"),
        ("sources", "enough_chance", 1, 1.5, "sources row 1, enough_chance: not in"),
        ("items", "key", 1, 0, "items row 1, key: item 0 appears twice"),
    ],
)
def test_a_bad_row_is_named(table: str, column: str, row: int, value: float, words: str) -> None:
    case = late_part()
    case.receipt(1, 5, 0, 3)
    network = case.network()
    rows = getattr(network, table)
    values = np.array(getattr(rows, column), dtype=float if isinstance(value, float) else np.int64)
    values[row] = value
    if column == "ordered_day":
        values[:] = value
        words = words.replace("row 0", "row 4")
    broken = replace(network, **{table: replace(rows, **{column: values})})
    with pytest.raises(BadInput, match=words.replace("(", r"\(")):
        pm.solve(pm.PromiseProblem(broken, pm.Question(0, 1, 5)))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (pm.Question(42, 1, 5), "unknown item 42"),
        (pm.Question(0, 0, 5), "not a whole number from 1 on"),
        (pm.Question(0, 1, -2), "before today"),
        (pm.Question(0, 1, 5, level=1.0), "not a chance between 0 and 1"),
        (pm.Question(0, 1, 5, transport_law=50), "no row of the laws"),
    ],
)
def test_a_bad_question_is_refused(question: pm.Question, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        pm.solve(pm.PromiseProblem(late_part().network(), question))


def test_laws_that_are_no_laws_are_named() -> None:
    network = late_part().network()
    laws = network.laws.copy()
    laws[1, 0] += 0.5
    with pytest.raises(BadInput, match="laws row 1"):
        pm.solve(pm.PromiseProblem(replace(network, laws=laws), pm.Question(0, 1, 5)))


def test_it_stops_when_told() -> None:
    with pytest.raises(Cancelled):
        pm.solve(pm.PromiseProblem(late_part().network(), pm.Question(0, 1, 5)), stop=lambda done, step: True)


def test_the_same_question_gets_the_same_answer() -> None:
    first, again = (late_part().ask(0, 5, wanted=10) for _ in range(2))
    assert (first.below == again.below).all()
    assert first.ways_out == again.ways_out


def test_asking_for_more_or_with_less_stock_is_never_earlier() -> None:
    case = late_part()
    case.stock(2, 8)
    few, many = case.ask(0, 5), case.ask(0, 30)
    assert (few.below >= many.below - 1e-9).all()
