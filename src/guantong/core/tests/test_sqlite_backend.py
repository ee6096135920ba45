"""The queue of writers on one SQLite file, whatever database the other tests run on."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import multiprocessing
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connections, transaction

from guantong.core import sql

ALIAS = "writers"


@pytest.fixture
def file(tmp_path: Path, django_db_blocker: Any) -> Iterator[Path]:
    """A database file with one counter, reached as the alias `writers`."""
    with django_db_blocker.unblock():
        yield from _made(tmp_path)


def _made(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "books.sqlite3"
    entry = {"ENGINE": "guantong.core.sqlite", "NAME": str(path)}
    known = connections.settings
    known[ALIAS] = connections.configure_settings({"default": {}, ALIAS: entry})[ALIAS]
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("CREATE TABLE counter (id integer PRIMARY KEY, n bigint NOT NULL)")
        cursor.execute("CREATE TABLE parent (id integer PRIMARY KEY)")
        cursor.execute("CREATE TABLE child (p REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
        cursor.execute("INSERT INTO counter VALUES (1, 0)")
    yield path
    connections[ALIAS].close()
    del connections[ALIAS]
    del known[ALIAS]


def run(text: str, *params: int) -> Any:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(text, params)
        return cursor.fetchone() if cursor.description else cursor.rowcount


def count() -> int:
    return int(run("SELECT n FROM counter")[0])


def add_one() -> float:
    """A write transaction that reads, thinks and writes: the shape that loses updates or fails without a queue."""
    began = time.monotonic()
    with sql.write_transaction(ALIAS):
        entered = time.monotonic()
        number = count()
        time.sleep(0.0005)
        run("UPDATE counter SET n = %s WHERE id = 1", number + 1)
    return entered - began


def is_free(path: Path) -> bool:
    """Whether the next writer would get its turn at once."""
    with open(f"{path}.lock", "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def in_threads(threads: int, work: Callable[[], None]) -> list[BaseException]:
    errors: list[BaseException] = []

    def body() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    running = [threading.Thread(target=body) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return errors


def _writers(threads: int, turns: int, answers: Any) -> None:
    """One process with several writing threads; answers their errors and waits."""
    waits: list[float] = []
    errors = in_threads(threads, lambda: waits.extend([add_one() for _ in range(turns)]))
    answers.put(([repr(error) for error in errors], waits))


@pytest.mark.parametrize(("processes", "threads"), [(4, 2), (1, 8), (8, 1)])
def test_eight_writers_of_fifty_transactions_all_succeed_and_none_starves(
    file: Path, processes: int, threads: int
) -> None:
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    workers = [context.Process(target=_writers, args=(threads, 50, answers)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    results = [answers.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join()
    assert [error for errors, _ in results for error in errors] == []
    waits = [wait for _, each in results for wait in each]
    assert len(waits) == count() == 400
    assert max(waits) < 5


def test_the_file_has_the_settings_of_the_books(file: Path) -> None:
    found = {
        name: run(f"PRAGMA {name}")[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "temp_store", "busy_timeout")
    }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "temp_store": 2,
        "busy_timeout": 30_000,
    }


def test_the_queue_is_left_after_commit_rollback_and_errors(file: Path) -> None:
    with sql.write_transaction(ALIAS):
        assert not is_free(file)
        run("UPDATE counter SET n = 1")
        with pytest.raises(OperationalError), transaction.atomic(ALIAS):
            run("UPDATE counter SET n = 2, nothing = 1")
        assert not is_free(file)
    assert is_free(file)
    assert count() == 1
    with contextlib.suppress(RuntimeError), sql.write_transaction(ALIAS):
        run("UPDATE counter SET n = 3")
        raise RuntimeError
    assert is_free(file)
    assert count() == 1
    with pytest.raises(OperationalError), sql.write_transaction(ALIAS):
        run("UPDATE nothing SET n = 3")
    assert is_free(file)
    assert count() == 1


def test_the_queue_is_left_when_the_commit_itself_fails(file: Path) -> None:
    with pytest.raises(IntegrityError), sql.write_transaction(ALIAS):
        run("INSERT INTO child VALUES (7)")
    assert is_free(file)
    assert run("SELECT count(*) FROM child") == (0,)


def test_the_queue_is_left_when_the_connection_is_closed_or_forgotten(file: Path) -> None:
    connection = connections[ALIAS]
    with sql.write_transaction(ALIAS):
        run("UPDATE counter SET n = 9")
        connection.close()
        assert is_free(file)
        with pytest.raises(ProgrammingError):
            run("SELECT 1")
    assert count() == 0

    def forget() -> None:
        connections[ALIAS].set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        run("UPDATE counter SET n = 9")
        del connections[ALIAS]

    assert in_threads(1, forget) == []
    gc.collect()
    assert is_free(file)
    assert count() == 0


def test_the_queue_is_left_when_another_program_keeps_the_file_busy(file: Path) -> None:
    run("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(OperationalError) as caught, sql.write_transaction(ALIAS):
            pass
        assert sql.conflict(caught.value) == "locked"
        assert is_free(file)
    finally:
        other.close()
    add_one()
    assert count() == 1


def test_work_refused_by_a_busy_file_is_tried_again(file: Path) -> None:
    run("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.02, other.close).start()
    sql.run_with_retry(add_one, attempts=12, using=ALIAS)
    assert count() == 1


def test_readers_wait_for_no_writer_and_see_what_was_committed(file: Path) -> None:
    seen: list[int] = []
    with sql.write_transaction(ALIAS):
        run("UPDATE counter SET n = 5")
        assert in_threads(1, lambda: seen.append(count())) == []
    assert in_threads(1, lambda: seen.append(count())) == []
    assert seen == [0, 5]


def test_single_writes_outside_a_transaction_queue_too(file: Path) -> None:
    def work() -> None:
        for _ in range(50):
            run("UPDATE counter SET n = n + 1")
            run("  insert into parent values (NULL)")

    assert in_threads(6, work) == []
    assert count() == 300
    assert is_free(file)


def test_a_reader_never_becomes_a_writer_halfway(file: Path) -> None:
    """Plain atomic() reads first and writes later; begun DEFERRED, all but one of these would be refused."""

    def work() -> None:
        for _ in range(20):
            with transaction.atomic(ALIAS):
                number = count()
                run("UPDATE counter SET n = %s", number + 1)

    assert in_threads(6, work) == []
    assert count() == 120


def test_a_forked_child_opens_its_own_connection_and_leaves_its_parents_lock_alone(file: Path) -> None:
    with sql.write_transaction(ALIAS):
        run("UPDATE counter SET n = 3")
        child = os.fork()
        if child == 0:
            try:
                connection = connections[ALIAS]
                assert connection.connection is None
                connection.in_atomic_block = connection.closed_in_transaction = False
                assert count() == 0
                connection.close()
                os._exit(0 if not is_free(file) else 2)
            except BaseException:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert not is_free(file)
    assert count() == 3


def test_a_database_in_memory_has_no_queue_and_survives_close(django_db_blocker: Any) -> None:
    from guantong.core.sqlite.base import DatabaseWrapper

    entry = connections.configure_settings({"default": {}, "m": {"ENGINE": "guantong.core.sqlite", "NAME": ":memory:"}})
    connection = DatabaseWrapper(entry["m"], "m")
    with django_db_blocker.unblock():
        _use_in_memory(connection)


def _use_in_memory(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (n)")
        cursor.execute("INSERT INTO t VALUES (%s)", [1])
    connection.close()
    with connection.cursor() as cursor:
        assert cursor.execute("SELECT n, '100 %%' FROM t WHERE n = %s", [1]).fetchone() == (1, "100 %")
        assert cursor.execute("SELECT %(n)s", {"n": 5}).fetchone() == (5,)
    assert connection.connection.queue is None
