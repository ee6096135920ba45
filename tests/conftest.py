"""What every test of the platform may ask for: the world, people, doors, and proof that nothing was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.test import TransactionTestCase

from guantong.core.checks import find_all
from tests import world
from tests.doors import Api, browser


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database with the world in it, made once; and made anew after each test that empties the database."""
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def flush_and_remake(self: Any) -> None:
        flush(self)
        world.make_world()

    with django_db_blocker.unblock():
        world.make_world()
    TransactionTestCase._fixture_teardown = flush_and_remake  # type: ignore[attr-defined]
    yield
    TransactionTestCase._fixture_teardown = flush  # type: ignore[attr-defined]


@pytest.fixture
def as_role(db: None) -> Callable[..., Any]:
    """``as_role("sales")``: the actor of a person of the world."""
    return world.as_role


@pytest.fixture
def api(db: None) -> Callable[[str], Api]:
    """``api("sales")``: the API as that person; an empty name sends no token."""
    return Api


@pytest.fixture
def browse(db: None) -> Callable[..., Any]:
    """``browse("sales")``: a browser in which that person is signed in."""
    return browser


@pytest.fixture
def writes_nothing(db: None) -> Callable[[], Any]:
    """``with writes_nothing():`` no row of any table may differ afterwards."""

    @contextmanager
    def watching() -> Iterator[None]:
        before = world.contents()
        yield
        assert world.changed_tables(before) == []

    return watching


@pytest.fixture
def clean_books(db: None) -> Iterator[None]:
    """check-books finds nothing when the test ends."""
    yield
    assert not transaction.get_connection().needs_rollback
    assert [(name, finding) for name, finding in find_all() if finding is not None] == []
