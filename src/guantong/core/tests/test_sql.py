"""Compiled statements: the same rows, exact values and few statements on both databases."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from uuid import UUID

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, IntegrityError, OperationalError, connection, connections, transaction
from django.test import TestCase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guantong.core import sql
from guantong.core.fields import InexactNumber, Translated
from guantong.core.tests.spine_models import Line, Order, order, tables  # noqa: F401
from guantong.core.uid import uuid7

D = Decimal
AT = dt.datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=dt.UTC)

on_postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL only: it locks rows")


def lines_of(order: Order, count: int) -> list[dict[str, object]]:  # noqa: F811
    return [{"order_id": order.pk, "quantity": D(at), "position": at, "at": AT} for at in range(count)]


def test_rows_are_read_back_as_django_would_write_and_read_them(order: Order) -> None:  # noqa: F811
    full = {
        "uid": uuid7(),
        "order_id": order.pk,
        "quantity": D("12.345678"),
        "moved": D("0.000001"),
        "price": D("9999999.5"),
        "rate": D("0.19"),
        "amount": D("-12.3456"),
        "position": -7,
        "note": "100 % “ü” \\ {a,b} '",
        "title": {"en": "Bolt", "zh-hans": "螺栓"},
        "custom": {"a": [1, None, "ü"]},
        "checked": True,
        "day": dt.date(2026, 2, 28),
        "at": AT,
    }
    bare = {**full, "uid": uuid7(), "price": None, "title": {}, "custom": {}, "checked": False, "day": None, "note": ""}
    ids = sql.insert(Line, [full, bare])
    Line.objects.create(**{**full, "uid": uuid7()})
    read = sql.fetch(Line, "id", ids)
    for line, values in zip(read, (full, bare), strict=True):
        assert {name: getattr(line, name) for name in values} == values
        assert vars(Line.objects.get(pk=line.pk)) | {"_state": None} == vars(line) | {"_state": None}
    assert isinstance(read[0].title, Translated)
    assert Line.objects.filter(custom=full["custom"], title=full["title"], at=AT, day=full["day"]).count() == 2


def test_columns_not_named_get_their_default(order: Order) -> None:  # noqa: F811
    ids = sql.insert(Line, [{"order_id": order.pk, "quantity": 2}, {"order_id": order.pk, "quantity": 3}])
    first, second = sql.fetch(Line, "pk", ids)
    assert [first.rate, first.note, first.title, first.custom, first.price, first.day] == [1, "", {}, {}, None, None]
    assert first.uid != second.uid
    assert first.at is not None


@pytest.mark.parametrize("count", [1, 2, 7, 100, 2_000])
def test_ids_are_answered_in_the_order_of_the_rows(order: Order, count: int) -> None:  # noqa: F811
    rows = lines_of(order, count)
    with sql.write_transaction():
        ids = sql.insert(Line, rows)
        names = sql.insert(Order, [{"name": f"N{at}"} for at in range(count)])
    assert [line.position for line in sql.fetch(Line, "id", ids)] == list(range(count))
    assert dict(Line.objects.values_list("id", "position")) == dict(zip(ids, range(count), strict=True))
    assert [each.name for each in sql.fetch(Order, "id", names)] == [f"N{at}" for at in range(count)]


def test_bulk_rows_need_no_transaction_and_leave_none_half_written(order: Order) -> None:  # noqa: F811
    rows = lines_of(order, 1_000)
    assert sql.insert(Line, rows, returning=False) == []
    assert Line.objects.count() == 1_000
    rows[-1]["quantity"] = D(-1)
    with pytest.raises(IntegrityError):
        sql.insert(Line, rows)
    assert Line.objects.count() == 1_000


def test_rows_with_other_keys_and_unknown_columns_are_refused(order: Order) -> None:  # noqa: F811
    rows = lines_of(order, 2)
    with pytest.raises(ValueError, match="keys of the first"):
        sql.insert(Line, [rows[0], {**rows[1], "note": "x"}])
    with pytest.raises(KeyError):
        sql.insert(Line, [rows[0], {**{k: v for k, v in rows[1].items() if k != "at"}, "day": None}])
    with pytest.raises(FieldDoesNotExist):
        sql.insert(Line, [{"nothing": 1}])
    with pytest.raises(InexactNumber):
        sql.insert(Line, [{**rows[0], "quantity": 0.5}])
    with pytest.raises(ValueError, match="20 are the most"):
        sql.insert(Line, [{**rows[0], "note": "x" * 21}])
    assert sql.insert(Line, []) == []


def test_reserved_ids_can_be_used_in_the_row_and_are_not_given_again(tables: None) -> None:  # noqa: F811
    with sql.write_transaction():
        reserved = sql.reserve_ids(Order, 3)
        assert reserved == sorted(set(reserved))
        assert sql.insert(Order, [{"id": id_, "name": f"N{id_}"} for id_ in reserved]) == reserved
        more = sql.reserve_ids(Order, 2)
        after = sql.insert(Order, [{"name": "after"}])
    created = Order.objects.create(name="orm").pk
    assert max(reserved) < min(more) <= max(more) < after[0] < created
    assert {each.name for each in sql.fetch(Order, "id", reserved)} == {f"N{id_}" for id_ in reserved}


def test_counters_move_by_their_difference_and_other_columns_stay(order: Order) -> None:  # noqa: F811
    ids = sql.insert(Line, lines_of(order, 3))
    with sql.count_statements() as texts:
        assert sql.bump(Line, {ids[2]: {"moved": D("0.5")}, ids[1]: {"quantity": D("0.1"), "position": 4}}) == 2
        assert sql.bump(Line, {}) == 0
    assert len(texts) == 1
    assert list(Line.objects.order_by("id").values_list("quantity", "moved", "position")) == [
        (0, 0, 0),
        (D("1.1"), 0, 5),
        (2, D("0.5"), 2),
    ]


def test_a_counter_of_a_row_that_does_not_exist_changes_nothing(order: Order) -> None:  # noqa: F811
    ids = sql.insert(Line, lines_of(order, 1))
    with pytest.raises(sql.RowsMissing), sql.write_transaction():
        sql.bump(Line, {ids[0]: {"quantity": 1}, ids[0] + 999: {"quantity": 1}})
    assert Line.objects.get().quantity == 0


def test_rows_may_set_different_columns(order: Order) -> None:  # noqa: F811
    ids = sql.insert(Line, lines_of(order, 4))
    with sql.write_transaction():
        changed = sql.set_values(
            Line,
            {
                ids[3]: {"note": "three", "day": dt.date(2026, 1, 2)},
                ids[0]: {"note": "zero", "day": None},
                ids[1]: {"title": {"en": "x"}, "checked": True, "price": D("1.5"), "uid": (uid := uuid7())},
                ids[2]: {"price": None, "at": AT + dt.timedelta(1)},
            },
        )
    assert changed == 4
    first, second, third, fourth = Line.objects.order_by("id")
    assert (first.note, first.day, fourth.note, fourth.day) == ("zero", None, "three", dt.date(2026, 1, 2))
    assert (second.title, second.checked, second.price, second.uid) == ({"en": "x"}, True, D("1.5"), uid)
    assert (third.price, third.at) == (None, AT + dt.timedelta(1))


@pytest.mark.parametrize("count", [1, 2, 3, 1_500])
def test_large_sets_are_changed_whole(order: Order, count: int) -> None:  # noqa: F811
    with sql.write_transaction():
        ids = sql.insert(Line, lines_of(order, count))
        assert sql.bump(Line, {id_: {"quantity": D("0.5")} for id_ in ids}) == count
        assert sql.set_values(Line, {id_: {"note": str(id_), "position": -id_} for id_ in reversed(ids)}) == count
        read = sql.lock(Line, ids)
    assert [line.quantity for line in read] == [at + D("0.5") for at in range(count)]
    assert all(line.note == str(line.pk) and line.position == -line.pk for line in read)


def test_rows_are_loaded_by_any_column_in_order_of_id_with_further_filters(order: Order) -> None:  # noqa: F811
    other = Order.objects.create(name="two, {three}", key="7")
    uids = [UUID(int=uuid7().int ^ at) for at in range(4)]
    rows = [{**row, "uid": uid} for row, uid in zip(lines_of(order, 4), uids, strict=True)]
    rows[3]["order_id"] = other.pk
    ids = sql.insert(Line, rows)
    sql.set_values(Line, {ids[1]: {"day": dt.date(2026, 1, 2)}})

    def found(column: str, values: list[object], **where: object) -> list[int]:
        return [line.position for line in sql.fetch(Line, column, values, where=where)]

    assert found("order_id", [other.pk, order.pk, order.pk]) == [0, 1, 2, 3]
    assert found("order_id", [order.pk], day=None) == [0, 2]
    assert found("order_id", [order.pk], day=dt.date(2026, 1, 2), note="") == [1]
    assert found("uid", [uids[3], uids[0], uuid7()]) == [0, 3]
    assert found("quantity", [D(2), D("2.5")]) == [2]
    assert found("position", []) == []
    with sql.write_transaction():
        assert [each.pk for each in sql.lock_where(Order, "name", ["two, {three}", "7", '"'])] == [other.pk]
        assert [each.pk for each in sql.lock_where(Order, "key", ["7", "1,2"])] == [other.pk]
        assert [line.pk for line in sql.lock(Line, reversed(ids))] == ids
        assert sql.lock(Line, [ids[0], 10**9], where={"checked": True}) == []


def test_columns_not_asked_for_are_deferred(order: Order) -> None:  # noqa: F811
    (id_,) = sql.insert(Line, lines_of(order, 1))
    (line,) = sql.fetch(Line, "id", [id_], ["quantity"])
    assert line.get_deferred_fields().isdisjoint({"id", "quantity"})
    with sql.count_statements() as texts:
        assert line.quantity == 0
        assert line.position == 0
    assert len(texts) == 1


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-(10**12), 10**12)), max_size=12))
def test_bumps_add_up_to_what_python_adds(order: Order, moves: list[tuple[int, int]]) -> None:  # noqa: F811
    ids = sql.insert(Line, [{"order_id": order.pk, "quantity": 0} for _ in range(5)])
    expected = [D(0)] * 5
    for at, units in moves:
        delta = D(units) / 10**4
        expected[at] += delta
        sql.bump(Line, {ids[at]: {"amount": delta}})
    assert [line.amount for line in sql.fetch(Line, "id", ids)] == expected


def test_the_number_of_statements_does_not_grow_with_the_rows(order: Order) -> None:  # noqa: F811
    for count in (1, 5, 200):
        with sql.count_statements() as texts, sql.write_transaction():
            ids = sql.insert(Line, lines_of(order, count))
            sql.lock(Line, ids)
            sql.bump(Line, {id_: {"quantity": 1} for id_ in ids})
            sql.set_values(Line, {id_: {"note": "x"} for id_ in ids})
        assert len(texts) == 4, texts


def test_an_inner_write_transaction_is_part_of_the_outer_one(tables: None) -> None:  # noqa: F811
    with sql.write_transaction():
        Order.objects.create(name="outer")
        with pytest.raises(RuntimeError), sql.write_transaction():
            raise RuntimeError
        with pytest.raises(transaction.TransactionManagementError):
            Order.objects.count()
    assert Order.objects.count() == 0


class TestInsideDjangosTestCase(TestCase):
    """Its own transaction must not make a refused action the end of the test."""

    def test_a_test_goes_on_after_a_refused_action(self) -> None:
        with pytest.raises(RuntimeError), sql.write_transaction():
            raise RuntimeError
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        with sql.write_transaction(), transaction.atomic(), sql.write_transaction():
            pass


class Lost(Exception):
    """Stands for an error of the driver in tests."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


def lost(sqlstate: str) -> OperationalError:
    error = OperationalError(sqlstate)
    error.__cause__ = Lost(sqlstate)
    return error


def test_work_that_lost_against_another_writer_is_tried_again(tables: None) -> None:  # noqa: F811
    errors = [lost("40P01"), lost("40001")]

    def work() -> str:
        if errors:
            raise errors.pop()
        return "done"

    assert sql.run_with_retry(work) == "done"


@pytest.mark.parametrize(("state", "calls"), [("40P01", 3), ("22003", 1)])
def test_other_errors_and_the_last_attempt_are_raised(state: str, calls: int, tables: None) -> None:  # noqa: F811
    made = []

    def work() -> None:
        made.append(1)
        raise lost(state)

    with pytest.raises(OperationalError):
        sql.run_with_retry(work, attempts=3)
    assert len(made) == calls


def test_a_lost_race_for_an_idempotency_key_is_told_from_a_mistake(tables: None) -> None:  # noqa: F811
    Order.objects.create(name="first", key="k")

    def work() -> str:
        if made:
            return Order.objects.get(key="k").name
        made.append(1)
        with sql.write_transaction():
            sql.insert(Order, [{"name": "second", "key": "k"}])
        raise AssertionError("the key is unique")

    made: list[int] = []
    assert sql.run_with_retry(work, races=[Order]) == "first"
    made = []
    with pytest.raises(IntegrityError):
        sql.run_with_retry(work, races=[Line])


def in_threads(count: int, work: object) -> list[BaseException]:
    """Run `work(number)` in threads that close their own connection."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@on_postgres
def test_counters_of_many_writers_in_any_order_neither_deadlock_nor_lose(order: Order) -> None:  # noqa: F811
    ids = sql.insert(Line, lines_of(order, 6))

    def work(number: int) -> None:
        for turn in range(60):
            chosen = ids[::-1] if (number + turn) % 2 else ids
            with sql.write_transaction():
                sql.bump(Line, {id_: {"quantity": D("0.5")} for id_ in chosen})
                sql.set_values(Line, {id_: {"note": str(turn)} for id_ in chosen})

    assert in_threads(4, work) == []
    assert [line.quantity for line in sql.fetch(Line, "id", ids)] == [at + 120 for at in range(6)]


@on_postgres
def test_a_locked_row_is_waited_for_and_read_as_the_other_left_it(order: Order) -> None:  # noqa: F811
    (id_,) = sql.insert(Line, lines_of(order, 1))
    locked, seen = threading.Event(), []

    def work(number: int) -> None:
        if number == 0:
            with sql.write_transaction():
                sql.lock(Line, [id_])
                locked.set()
                sql.bump(Line, {id_: {"quantity": 7}})
        else:
            locked.wait(5)
            with sql.write_transaction():
                seen.append(sql.lock(Line, [id_])[0].quantity)

    assert in_threads(2, work) == []
    assert seen == [7]


@on_postgres
def test_a_deadlock_is_known_as_a_conflict(order: Order) -> None:  # noqa: F811
    ids = sql.insert(Line, lines_of(order, 2))
    barrier, words = threading.Barrier(2), []

    def work(number: int) -> None:
        first, second = ids if number else ids[::-1]
        try:
            with sql.write_transaction():
                sql.lock(Line, [first])
                barrier.wait(5)
                sql.lock(Line, [second])
        except DatabaseError as error:
            words.append(sql.conflict(error))

    assert in_threads(2, work) == []
    assert words == ["deadlock"]


@on_postgres
def test_statements_are_prepared_once_whatever_the_size_of_their_integers(order: Order) -> None:  # noqa: F811
    def prepared() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO \"spine_line%%'"
            )
            return int(cursor.fetchone()[0])

    with sql.write_transaction():
        for power in range(12):
            sql.insert(Line, [{"order_id": order.pk, "quantity": D(10**power), "price": None, "position": power}])
            sql.insert(
                Line, [{"order_id": order.pk, "quantity": D(1), "price": D(power), "position": power % 2 * 70_000}]
            )
        assert prepared() == 1


@on_postgres
def test_texts_are_ordered_by_bytes_whatever_the_locale(tables: None) -> None:  # noqa: F811
    names = ["b", "B", "a", "Ä", "ä", "Z", "é", "1"]
    sql.insert(Order, [{"name": name} for name in names])
    with connection.cursor() as cursor:
        cursor.execute("SELECT collation_name FROM information_schema.columns WHERE table_name = 'spine_order'")
        assert ("C",) in cursor.fetchall()
    assert list(Order.objects.order_by("name").values_list("name", flat=True)) == sorted(names)
    for folded in ("ä", "é"):
        assert Order.objects.filter(name__icontains=folded).count() == 1
        assert Order.objects.filter(name__iexact=folded).count() == 1
    assert Order.objects.filter(name__iexact="A").count() == 1
