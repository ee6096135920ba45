"""Exact numbers and translated texts, on whichever database the tests run."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.db.migrations.writer import MigrationWriter
from django.db.models import Avg, Case, Count, ExpressionWrapper, F, Max, Min, OuterRef, Subquery, Sum, Value, When
from django.db.models.functions import Cast, Coalesce, Greatest, Length, Round
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from guantong.core.fields import (
    INT64_MAX,
    AmountField,
    InexactNumber,
    QuantityField,
    RateField,
    ScaledField,
    Translated,
    TranslatedField,
    UnitPriceField,
    from_scaled,
    to_scaled,
)
from guantong.core.tests.spine_models import Line, Order, order, tables  # noqa: F401

D = Decimal


def make(order: Order, **values: object) -> Line:  # noqa: F811
    return Line.objects.create(order=order, **values)


@given(st.integers(-INT64_MAX, INT64_MAX), st.integers(0, 18))
def test_every_64_bit_integer_comes_back_from_its_decimal(number: int, scale: int) -> None:
    assert to_scaled(from_scaled(number, scale), scale) == number
    assert to_scaled(D(str(from_scaled(number, scale))), scale) == number


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_a_decimal_within_the_scale_is_kept_exactly(number: Decimal) -> None:
    assert from_scaled(to_scaled(number, 6), 6) == number


@pytest.mark.parametrize(
    "value",
    [
        D("0.0000001"),
        D("0.9999999999999999999999999999999999999999"),
        D("1e-200"),
        D(INT64_MAX),
        D("9223372036854.775808"),
        D("1e500"),
        D("NaN"),
        D("sNaN"),
        D("Infinity"),
        D("-Infinity"),
        0.5,
        1.0,
        True,
        "0.1234567",
        "ten",
    ],
)
def test_a_number_that_cannot_be_kept_is_refused(value: object) -> None:
    with pytest.raises(InexactNumber):
        QuantityField().get_prep_value(value)
    with pytest.raises(ValidationError):
        QuantityField().to_python(value)


@pytest.mark.parametrize("value", [0, -7, D("1E+3"), D("0.100000000000"), "12.5", D("-9223372036854.775807"), None])
def test_integers_texts_and_decimals_within_the_scale_are_taken(value: object) -> None:
    field = QuantityField()
    scaled, number = field.get_prep_value(value), field.to_python(value)
    assert number == (None if value is None else D(value))  # type: ignore[arg-type]
    assert scaled == (None if value is None else D(value) * 10**6)  # type: ignore[arg-type]


def test_three_times_a_tenth_taken_from_three_tenths_leaves_nothing(order: Order) -> None:  # noqa: F811
    line = make(order, quantity=D("0.3"))
    for _ in range(3):
        Line.objects.update(quantity=F("quantity") - Value(D("0.1"), QuantityField()))
    line.refresh_from_db()
    assert line.quantity == 0


def test_a_filter_on_a_sum_of_two_columns_is_exact(order: Order) -> None:  # noqa: F811
    make(order, quantity=D("0.2"), moved=D("0.1"))
    found = Line.objects.annotate(both=F("quantity") + F("moved"))
    assert found.filter(both=D("0.3")).count() == 1
    assert found.filter(both__in=[D("0.3"), D("7")]).count() == 1
    assert found.filter(both__range=(D("0.3"), D("0.3"))).count() == 1
    assert found.values_list("both", flat=True).get() == D("0.3")
    assert Line.objects.filter(quantity__gt=F("moved") + Value(D("0.099999"), QuantityField())).count() == 1
    assert Line.objects.filter(quantity__gt=F("moved") + Value(D("0.1"), QuantityField())).count() == 0


@pytest.mark.parametrize("number", ["12345678901.234567", "1234567890.123456", "9223372036854.775807"])
def test_large_numbers_keep_their_last_digit(order: Order, number: str) -> None:  # noqa: F811
    line = make(order, quantity=D(number))
    line.refresh_from_db()
    assert line.quantity == D(number)
    assert str(line.quantity) == number


def test_a_millionth_is_added_to_a_large_number(order: Order) -> None:  # noqa: F811
    line = make(order, quantity=D("1234567890.123456"))
    Line.objects.update(quantity=F("quantity") + Value(D("0.000001"), QuantityField()))
    line.refresh_from_db()
    assert line.quantity == D("1234567890.123457")


def test_ten_thousand_tenths_are_a_thousand(order: Order) -> None:  # noqa: F811
    Line.objects.bulk_create([Line(order=order, quantity=D("0.1"), amount=D("0.01")) for _ in range(10_000)])
    totals = Line.objects.aggregate(
        Sum("quantity"), Avg("quantity"), Max("quantity"), Min("quantity"), left=Sum(F("quantity") - F("moved"))
    )
    assert totals == {
        "quantity__sum": D(1000),
        "quantity__avg": D("0.1"),
        "quantity__max": D("0.1"),
        "quantity__min": D("0.1"),
        "left": D(1000),
    }
    assert Line.objects.aggregate(total=Sum("amount", filter=models.Q(amount__gt=0), default=D(0)))["total"] == 100


def test_an_average_is_rounded_to_the_scale_half_to_even(order: Order) -> None:  # noqa: F811
    for quantity in ("0.000001", "0.000002"):
        make(order, quantity=D(quantity))
    assert Line.objects.aggregate(mean=Avg("quantity"))["mean"] == D("0.000002")
    make(order, quantity=D("0.000001"))
    assert Line.objects.aggregate(mean=Avg("quantity"))["mean"] == D("0.000001")


def test_sums_by_group_are_filtered_exactly(order: Order) -> None:  # noqa: F811
    for quantity in ("0.1", "0.2"):
        make(order, quantity=D(quantity))
    groups = Line.objects.values("order").annotate(total=Sum("quantity"), rows=Count("id"))
    assert groups.filter(total=D("0.3")).get()["rows"] == 2
    assert not groups.filter(total__gt=D("0.3")).exists()


@pytest.mark.parametrize(
    "expression",
    [
        F("quantity") - D("0.1"),
        F("quantity") + 1,
        F("quantity") + F("amount"),
        F("quantity") + F("price"),
        F("quantity") * 2,
        F("quantity") * F("quantity"),
        F("quantity") / Value(D(2), QuantityField()),
        -F("quantity"),
        F("position"),
        F("amount"),
        Value(D("0.1")),
        Value(1),
        Round(F("quantity"), 2),
        Length("note"),
        Cast("position", QuantityField()),
        Coalesce(F("quantity"), Value(D(0))),
        Greatest(F("quantity"), F("amount"), output_field=QuantityField()),
        ExpressionWrapper(F("quantity") * 2, output_field=QuantityField()),
        Case(When(moved=0, then=F("position")), default=F("quantity"), output_field=QuantityField()),
        Subquery(Order.objects.filter(pk=OuterRef("order_id")).values("id")[:1]),
    ],
    ids=lambda each: "subquery" if isinstance(each, Subquery) else str(each),
)
def test_a_leaf_of_another_kind_is_refused_in_updates_and_filters(order: Order, expression: object) -> None:  # noqa: F811
    make(order, quantity=D("0.3"))
    with pytest.raises((TypeError, FieldError)):
        Line.objects.update(quantity=expression)
    for lookup in ("exact", "gt", "gte", "lt", "lte"):
        with pytest.raises((TypeError, FieldError)):
            list(Line.objects.filter(**{f"quantity__{lookup}": expression}))
    with pytest.raises((TypeError, FieldError)):
        list(Line.objects.filter(quantity__in=[D(1), expression]))
    with pytest.raises((TypeError, FieldError)):
        list(Line.objects.filter(quantity__range=(D(0), expression)))
    assert Line.objects.get().quantity == D("0.3")


def test_the_refusal_says_how_to_write_it(order: Order) -> None:  # noqa: F811
    with pytest.raises(TypeError, match=r"Value\(number, QuantityField\(\)\)"):
        Line.objects.update(quantity=F("quantity") - D("0.1"))


def test_expressions_of_one_class_are_taken(order: Order) -> None:  # noqa: F811
    line = make(order, quantity=D("0.3"), moved=D("0.1"), price=None)
    zero = Value(D(0), QuantityField())
    for expression, expected in [
        (F("quantity") - F("moved"), "0.2"),
        (Coalesce(F("moved"), zero), "0.1"),
        (Greatest(F("moved"), F("quantity")), "0.1"),
        (Case(When(moved__gt=D("0.05"), then=F("quantity") + F("moved")), default=zero), "0.2"),
        (Subquery(Line.objects.filter(pk=OuterRef("pk")).values("moved")[:1]), "0.1"),
        (
            Subquery(
                Line.objects.filter(order=OuterRef("order_id")).values("order").annotate(s=Sum("moved")).values("s")
            ),
            "0.1",
        ),
    ]:
        Line.objects.update(quantity=expression)
        line.refresh_from_db()
        assert line.quantity == D(expected), expression


def test_bulk_update_and_bulk_create_write_scaled_values(order: Order) -> None:  # noqa: F811
    lines = Line.objects.bulk_create([Line(order=order, quantity=D(n), price=D("0.5")) for n in range(3)])
    for line in lines:
        line.quantity += D("0.25")
        line.price = None
    Line.objects.bulk_update(lines, ["quantity", "price"])
    assert [(line.quantity, line.price) for line in Line.objects.order_by("id")] == [
        (D("0.25"), None),
        (D("1.25"), None),
        (D("2.25"), None),
    ]


def test_an_addition_beyond_64_bits_is_an_error_and_changes_nothing(order: Order) -> None:  # noqa: F811
    line = make(order, quantity=D("9223372036854.775807"))
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        Line.objects.update(quantity=F("quantity") + Value(D(1), QuantityField()))
    line.refresh_from_db()
    assert line.quantity == D("9223372036854.775807")


def test_constraints_compare_scaled_values(order: Order) -> None:  # noqa: F811
    for values in ({"quantity": D("-0.000001")}, {"quantity": D("0.1"), "moved": D("0.100001")}):
        with pytest.raises(IntegrityError), transaction.atomic():
            make(order, **values)
    make(order, quantity=D("0.1"), moved=D("0.1")).full_clean(exclude=["title", "custom", "price", "day"])


def test_scaled_fields_are_written_into_migrations_by_their_path() -> None:
    text = MigrationWriter.serialize(AmountField("total", default=D("0.5")))[0]
    assert text == "guantong.core.fields.AmountField(default=Decimal('0.5'), verbose_name='total')"
    assert MigrationWriter.serialize(TranslatedField(blank=True))[0] == (
        "guantong.core.fields.TranslatedField(blank=True)"
    )


def test_a_form_takes_as_many_decimals_as_the_column() -> None:
    form = AmountField(blank=True).formfield()
    assert form is not None
    assert form.clean("12.3456") == D("12.3456")
    with pytest.raises(ValidationError):
        form.clean("12.34567")


def test_a_scaled_field_without_a_scale_is_found_by_the_checks() -> None:
    class Bare(models.Model):
        number = ScaledField()

        class Meta:
            app_label = "spine_bare"

    assert [message.id for message in Bare._meta.get_field("number").check()] == ["core.E001"]
    assert Line._meta.get_field("quantity").check() == []
    assert {cls.scale for cls in (QuantityField, UnitPriceField, RateField)} == {6}


def test_a_translated_text_falls_back_to_english_then_chinese_then_any() -> None:
    text = Translated({"en": "Bolt", "zh-hans": "螺栓", "de": "Schraube", "fr": " "})
    assert [text.text(code) for code in ("zh-hans", "de-at", "FR", "", None)] == [
        "螺栓",
        "Schraube",
        "Bolt",
        "Bolt",
        "Bolt",
    ]
    assert "fr" not in text
    assert Translated({"zh-hans": "螺栓", "de": "Schraube"}).text("it") == "螺栓"
    assert Translated({"pl": "śruba", "de": "Schraube"}).text("it") == "Schraube"
    assert Translated().text("en") == ""
    with translation.override("de"):
        assert str(text) == "Schraube"
    for wrong in ({"en": 5}, {1: "x"}):
        with pytest.raises(TypeError):
            Translated(wrong)  # type: ignore[arg-type]


def test_a_translated_text_comes_back_as_one_and_can_be_searched_by_language(order: Order) -> None:  # noqa: F811
    make(order, quantity=1, title={"en": "Bolt", "zh-hans": ""})
    line = Line.objects.get()
    assert isinstance(line.title, Translated)
    assert line.title == {"en": "Bolt"}
    assert Line.objects.filter(title__en="Bolt").values_list("title__en", flat=True).get() == "Bolt"
    with pytest.raises(ValidationError):
        TranslatedField().clean({}, None)
    with pytest.raises(ValidationError):
        TranslatedField().clean({"en": 5}, None)
