"""Model fields of the business: exact numbers and translated texts.

**Exact numbers.** SQLite stores a DecimalField as a binary float: three times 0.1 taken from 0.3 leaves less than
nothing, and a sum of ten thousand cents has a tail. A plain integer column with a factor is worse, because a Decimal in
an expression is then used unscaled, in silence. The fields here keep a scaled 64-bit integer in the database and a
`Decimal` in Python, and both databases answer alike to the last digit:

* one class for each meaning, its scale on the class, because Django makes the field of a sum anew from its class;
* `+` and `-` are known for a class with itself only; every other operator or mix is refused;
* an expression in an update or a filter is walked, and a leaf of another type raises `TypeError`. A number inside an
  expression therefore needs its type: `F("moved") + Value(Decimal("0.1"), QuantityField())`;
* floats, NaN, infinities, surplus decimals and numbers beyond 64 bits raise `InexactNumber`, never round.

Sum, Min, Max and Avg work; Avg is rounded to the scale, half to even (SQLite divides in doubles, so it is exact there
while the sum has fewer than 53 bits: nine thousand million at six places). On SQLite a column check keeps out the
float that an overflowing addition would leave; PostgreSQL refuses the overflow itself.

A value read has the field's scale (`Decimal("5.000000")`): that is one multiplication, while stripping zeros is three
times dearer and belongs to display.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django import forms
from django.core import checks, exceptions
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import aggregates, expressions, functions, lookups
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    _Field = models.Field
    _JSONField = models.JSONField[Mapping[str, str], "Translated"]
else:

    class _Field(models.Field):
        """Takes the type arguments that the stubs give Django's fields, also at run time."""

        def __class_getitem__(cls, arguments: Any) -> type:
            return cls

    _JSONField = models.JSONField

_Set = TypeVar("_Set", contravariant=True)
_Get = TypeVar("_Get", covariant=True)

INT64_MAX = 2**63 - 1
_EXACT = Context(prec=100, Emax=999_999, Emin=-999_999, traps=[Inexact, InvalidOperation])
_UNITS = {scale: Decimal(1).scaleb(-scale) for scale in range(19)}


class InexactNumber(ValueError):
    """The number cannot be kept exactly: a float, not finite, too many decimals, or beyond 64 bits."""


def to_scaled(value: Decimal | int, scale: int) -> int:
    """The integer that stands for `value` at ten to the minus `scale`; never rounds."""
    try:
        scaled = int(_EXACT.to_integral_exact(_EXACT.scaleb(value, scale)))
    except Inexact:
        raise InexactNumber(f"{value} has more than {scale} decimals.") from None
    except (InvalidOperation, OverflowError, ValueError, TypeError):
        raise InexactNumber(f"{value!r} is not an exact number.") from None
    if -INT64_MAX <= scaled <= INT64_MAX:
        return scaled
    raise InexactNumber(f"{value} is too large: {INT64_MAX * _UNITS[scale]:f} is the largest.")


def from_scaled(value: int, scale: int) -> Decimal:
    """The decimal, with `scale` places, that the integer `value` stands for."""
    return _EXACT.multiply(value, _UNITS[scale])


class ScaledField(_Field[_Set, _Get]):
    """A Decimal kept as a 64-bit integer; see the module. Use one of its classes, never this one."""

    _pyi_private_set_type: Decimal | int | str | expressions.Combinable
    _pyi_private_get_type: Decimal

    scale: ClassVar[int] = 0
    kind: ClassVar[str] = "number"

    description = _("Exact decimal number")
    default_error_messages = {
        "invalid": _("“%(value)s” is not a number."),
        "inexact": _("“%(value)s” has more decimals than can be kept, or is too large."),
    }

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "bigint"

    def db_check(self, connection: BaseDatabaseWrapper) -> str | None:
        """On SQLite, where a column takes any type, only integers may enter."""
        if connection.vendor == "sqlite":
            return f"typeof({connection.ops.quote_name(str(self.column))}) IN ('integer', 'null')"
        return None

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        messages = super().check(**kwargs)
        if type(self).scale == 0:
            messages.append(checks.Error("A scaled field needs a class with its own scale.", obj=self, id="core.E001"))
        return messages

    def to_python(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        if isinstance(value, bool | float) or not isinstance(value, Decimal | int | str):
            raise exceptions.ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value})
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise exceptions.ValidationError(
                self.error_messages["invalid"], code="invalid", params={"value": value}
            ) from None
        try:
            to_scaled(number, self.scale)
        except InexactNumber:
            raise exceptions.ValidationError(
                self.error_messages["inexact"], code="inexact", params={"value": value}
            ) from None
        return number

    def from_db_value(
        self, value: int | float | Decimal | None, expression: Any, connection: BaseDatabaseWrapper
    ) -> Decimal | None:
        """An integer from a column; a Decimal (PostgreSQL) or float (SQLite) from SUM and AVG."""
        if value is None:
            return None
        if type(value) is not int:
            value = int(Decimal(value).to_integral_value(ROUND_HALF_EVEN))
        return _EXACT.multiply(value, _UNITS[self.scale])

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if isinstance(value, bool | float):
            raise InexactNumber(f"{self.name or type(self).__name__}: {value!r} is not exact; give a Decimal.")
        if isinstance(value, str):
            try:
                value = Decimal(value)
            except InvalidOperation:
                raise InexactNumber(f"{self.name or type(self).__name__}: {value!r} is not a number.") from None
        return to_scaled(value, self.scale)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        if value is None or hasattr(value, "as_sql"):
            return value
        return connection.ops.adapt_integerfield_value(value, "BigIntegerField")

    def get_placeholder(self, value: Any, compiler: Any, connection: BaseDatabaseWrapper) -> str:
        """Called for every value written: the place to refuse expressions that would mix scales."""
        if hasattr(value, "as_sql"):
            _demand_class(value, type(self))
        return "%s"

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else f"{value:f}"

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        defaults: dict[str, Any] = {"form_class": forms.DecimalField, "max_digits": 18, "decimal_places": self.scale}
        return super().formfield(**{**defaults, **kwargs})


class QuantityField(ScaledField[_Set, _Get]):
    """A quantity in an item's base unit, to a millionth."""

    scale = 6
    kind = "number"
    description = _("Quantity")


class UnitPriceField(ScaledField[_Set, _Get]):
    """A price or cost for one base unit, to a millionth of the currency's unit."""

    scale = 6
    kind = "amount"
    description = _("Unit price")


class RateField(ScaledField[_Set, _Get]):
    """A factor, or a per cent as a fraction (19 % is 0.19), to a millionth."""

    scale = 6
    kind = "rate"
    description = _("Rate")


class AmountField(ScaledField[_Set, _Get]):
    """An amount of money. No ISO 4217 currency has more than four decimals; rules round to the currency's own."""

    scale = 4
    kind = "amount"
    description = _("Amount")


_ADDITIVE = (expressions.Combinable.ADD, expressions.Combinable.SUB)
for _class in (QuantityField, UnitPriceField, RateField, AmountField):
    for _operator in _ADDITIVE:
        expressions.register_combinable_fields(_class, _operator, _class, _class)

_TRANSPARENT = (
    aggregates.Sum,
    aggregates.Min,
    aggregates.Max,
    aggregates.Avg,
    functions.Abs,
    functions.Cast,
    functions.Coalesce,
    functions.Greatest,
    functions.Least,
    functions.NullIf,
)


def _parts(expression: Any) -> list[Any] | None:
    """The expressions that decide the scale of this one; None when it is a leaf."""
    match expression:
        case expressions.CombinedExpression():
            return [expression.lhs, expression.rhs]
        case expressions.Case():
            return [*(case.result for case in expression.cases), expression.default]
        case expressions.Window() | expressions.Ref() | expressions.ExpressionWrapper():
            return list(expression.get_source_expressions()[:1])
        case expressions.Func() if isinstance(expression, _TRANSPARENT):
            return list(expression.source_expressions)
    return None


def _demand_class(expression: Any, wanted: type[ScaledField[Any, Any]]) -> None:
    """Raise TypeError unless every leaf of the expression is of the class `wanted`, or NULL."""
    connector = getattr(expression, "connector", None)
    if isinstance(expression, expressions.CombinedExpression) and connector not in _ADDITIVE:
        raise TypeError(f"{wanted.__name__}: “{connector}” on scaled integers would lose the scale.")
    parts = _parts(expression)
    if parts is not None:
        for part in parts:
            _demand_class(part, wanted)
    elif isinstance(expression, expressions.Value) and expression.value is None:
        return
    elif isinstance(expression, expressions.Func) or not isinstance(_output_field(expression), wanted):
        raise TypeError(_mixed(expression, wanted))


def _output_field(expression: Any) -> models.Field[Any, Any] | None:
    return getattr(expression, "_output_field_or_none", None)


def _mixed(expression: Any, wanted: type[ScaledField[Any, Any]]) -> str:
    found = _output_field(expression)
    kind = type(found).__name__ if found is not None else type(expression).__name__
    return (
        f"{wanted.__name__} takes part in expressions with its own class only, not with {kind}: {expression!r}. "
        f"Write a number as Value(number, {wanted.__name__}())."
    )


if TYPE_CHECKING:
    _Lookup = lookups.BuiltinLookup[Any]
else:
    _Lookup = object


class _ExactSides(_Lookup):
    """Compiles a comparison only when both sides are of one class."""

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> Any:
        field = self.lhs.output_field
        sides = [self.lhs, *(self.rhs if isinstance(self.rhs, list | tuple) else [self.rhs])]
        if isinstance(self.rhs, expressions.ExpressionList):
            sides[1:] = self.rhs.get_source_expressions()
        for side in sides:
            if hasattr(side, "as_sql"):
                _demand_class(side, type(field))
        return super().as_sql(compiler, connection)


for _lookup in (
    lookups.Exact,
    lookups.GreaterThan,
    lookups.GreaterThanOrEqual,
    lookups.LessThan,
    lookups.LessThanOrEqual,
    lookups.In,
    lookups.Range,
):
    ScaledField.register_lookup(type(f"Exact{_lookup.__name__}", (_ExactSides, _lookup), {}))


class Translated(dict[str, str]):
    """A text by language code, such as ``{"en": "Bolt", "zh-hans": "螺栓"}``. Empty texts are left out."""

    FALLBACK: ClassVar[tuple[str, ...]] = ("en", "zh-hans")

    def __init__(self, texts: Mapping[str, str] | None = None, /, **more: str) -> None:
        given = {**(texts or {}), **more}
        for language, text in given.items():
            if not isinstance(language, str) or not isinstance(text, str | None):
                raise TypeError(f"A translated text maps language codes to texts, not {language!r} to {text!r}.")
        super().__init__({language.lower(): text for language, text in given.items() if text and text.strip()})

    def text(self, language: str | None = None) -> str:
        """The text in `language`, or its base language, English, Chinese, or any; empty when there is none."""
        asked = (language or "").lower()
        for code in (asked, asked.partition("-")[0], *self.FALLBACK):
            if code in self:
                return self[code]
        return self[min(self)] if self else ""

    def __str__(self) -> str:
        return self.text(get_language())


class TranslatedField(_JSONField):
    """A text in several languages in one JSON column; reads as `Translated`. Sorting needs its own sort key."""

    description = _("Translated text")
    default_error_messages = {"languages": _("Give the texts by language code.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", Translated)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if kwargs.get("default") is Translated:
            del kwargs["default"]
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "JSONField"

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """Keys and other transforms read as JSON does, the column itself as `Translated`."""
        found = super().from_db_value(value, expression, connection)
        return Translated(found) if isinstance(found, dict) else found

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, Translated):
            return value
        try:
            return Translated(value)
        except (TypeError, ValueError):
            raise exceptions.ValidationError(self.error_messages["languages"], code="languages") from None

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            value = Translated(value)
        return super().get_prep_value(value)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        if not value and not self.blank:
            raise exceptions.ValidationError(self.error_messages["blank"], code="blank")
        super().validate(value, model_instance)
