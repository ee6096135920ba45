"""Canonical bytes of events, judged by the rfc8785 package."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from guantong.core.canonical import SALT_SIZE, canonical, new_salts, plain, salted_hash
from guantong.core.fields import Translated
from guantong.core.uid import instant_of, uuid7

texts = st.text(st.characters(exclude_categories=["Cs"]))
trees: Any = st.recursive(
    st.none() | st.booleans() | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=6),
    max_leaves=30,
)


@given(trees)
def test_texts_lists_and_objects_are_written_as_rfc_8785_says(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_keys_are_sorted_by_utf_16_units_not_by_code_points() -> None:
    keys = ["\U0001f600", "￮", "é", "b", "B", "", "\r", "1", "דּ", "€"]
    value = dict.fromkeys(keys, None)
    assert canonical(value) == rfc8785.dumps(value)
    assert list(value) == keys


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_equal_decimals_have_equal_plain_texts(number: Decimal) -> None:
    text = plain(number)
    assert Decimal(text) == number
    assert "e" not in text.lower()
    assert text != "-0"
    assert not ("." in text and text.endswith(("0", ".")))
    sign, digits, exponent = number.as_tuple()
    assert plain(Decimal((sign, (*digits, 0, 0), int(exponent) - 2))) == text


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, '"5"'),
        (-(2**70), f'"-{2**70}"'),
        (True, "true"),
        (None, "null"),
        (Decimal("12.500000"), '"12.5"'),
        (Decimal("-0.00"), '"0"'),
        (Decimal("1E+3"), '"1000"'),
        (Decimal("100"), '"100"'),
        (Decimal("1E-7"), '"0.0000001"'),
        (Decimal("123456789012345678901234567890.123456"), '"123456789012345678901234567890.123456"'),
        (dt.date(2026, 3, 1), '"2026-03-01"'),
        (dt.datetime(2026, 3, 1, 13, 5, tzinfo=dt.timezone(dt.timedelta(hours=8))), '"2026-03-01T05:05:00.000000Z"'),
        (dt.datetime(202, 3, 1, 13, 5, 6, 7, tzinfo=dt.UTC), '"0202-03-01T13:05:06.000007Z"'),
        (UUID("0192F0C1-0000-7000-8000-00000000ABCD"), '"0192f0c1-0000-7000-8000-00000000abcd"'),
        (Translated({"zh-hans": "螺栓", "en": "Bolt"}), '{"en":"Bolt","zh-hans":"螺栓"}'),
        ((1, [Decimal("2.0")], {}), '["1",["2"],{}]'),
        (Colour.RED, '"red"'),
        ("\u2028\x7f\x1f/ü", '"\u2028\x7f\\u001f/ü"'),
    ],
)
def test_each_kind_of_value_has_one_form(value: Any, expected: str) -> None:
    assert canonical(value).decode() == expected


@pytest.mark.parametrize(
    "value",
    [0.1, Decimal("NaN"), Decimal("Infinity"), b"x", {1: "x"}, dt.datetime(2026, 1, 1), {1, 2}, object(), "\ud800"],
    ids=lambda each: type(each).__name__,
)
def test_values_without_one_exact_form_are_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical(value)


def test_a_commitment_covers_salt_name_and_both_values() -> None:
    salt, other = new_salts(2)
    assert (len(salt), salt != other, new_salts(0)) == (SALT_SIZE, True, [])
    base = salted_hash(salt, "price", Decimal("1.50"), None)
    assert base == hashlib.sha256(salt + b'["price","1.5",null]').hexdigest()
    assert base == salted_hash(salt, "price", Decimal("1.5"), None)
    assert (
        len(
            {
                base,
                salted_hash(other, "price", Decimal("1.5"), None),
                salted_hash(salt, "prices", Decimal("1.5"), None),
                salted_hash(salt, "price", None, Decimal("1.5")),
            }
        )
        == 4
    )
    with pytest.raises(ValueError, match="16 bytes"):
        salted_hash(b"short", "price", 1, 2)


def test_identifiers_grow_and_tell_their_instant() -> None:
    before = dt.datetime.now(dt.UTC)
    uids = [uuid7() for _ in range(50_000)]
    assert uids == sorted(uids)
    assert len(set(uids)) == len(uids)
    assert {(uid.version, uid.variant) for uid in uids} == {(7, "specified in RFC 4122")}
    assert before - dt.timedelta(milliseconds=1) <= instant_of(uids[0]) <= dt.datetime.now(dt.UTC)
    with pytest.raises(ValueError, match="version 7"):
        instant_of(UUID(int=0))


def test_the_instant_of_the_example_of_rfc_9562_is_read() -> None:
    assert instant_of(UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")) == dt.datetime(
        2022, 2, 22, 19, 22, 22, tzinfo=dt.UTC
    )
