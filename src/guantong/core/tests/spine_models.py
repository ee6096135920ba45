"""Two small tables that the tests of the foundation make for themselves; they belong to no installed application."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.db import connection, models
from django.db.models import F, Q
from django.utils import timezone

from guantong.core.fields import AmountField, QuantityField, RateField, TranslatedField, UnitPriceField
from guantong.core.uid import uuid7


class Order(models.Model):
    objects: ClassVar[models.Manager[Order]] = models.Manager()

    name = models.CharField(max_length=20)
    key = models.CharField(max_length=20, null=True, unique=True)

    class Meta:
        app_label = "spine"


class Line(models.Model):
    objects: ClassVar[models.Manager[Line]] = models.Manager()

    uid = models.UUIDField(default=uuid7, unique=True)
    order = models.ForeignKey(Order, models.PROTECT)
    quantity = QuantityField()
    moved = QuantityField(default=Decimal(0))
    price = UnitPriceField(null=True)
    rate = RateField(default=Decimal(1))
    amount = AmountField(default=Decimal(0))
    position = models.IntegerField(default=0)
    note = models.CharField(max_length=20, blank=True)
    title = TranslatedField()
    custom = models.JSONField(default=dict)
    checked = models.BooleanField(default=False)
    day = models.DateField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "spine"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=0), name="spine_line_quantity"),
            models.CheckConstraint(condition=Q(moved__lte=F("quantity")), name="spine_line_moved"),
        ]


@pytest.fixture
def tables(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The two tables, empty, in the database under test; transactions are real, and no other table is touched."""
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Order)
            editor.create_model(Line)
        yield
        with connection.schema_editor() as editor:
            editor.delete_model(Line)
            editor.delete_model(Order)


@pytest.fixture
def order(tables: None) -> Order:
    return Order.objects.create(name="one")
