"""Arithmetic of orders: pure functions over exact decimals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class Money:
    """Net and tax of a line or document, in the document's currency."""

    net: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


def round_money(value: Decimal, digits: int) -> Decimal:
    """Round half away from zero to the currency's minor unit, as invoices do."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def price_line(quantity: Decimal, price: Decimal, tax_rate: Decimal, digits: int) -> Money:
    """Net is quantity × price, tax is net × rate; each is rounded once."""
    net = round_money(quantity * price, digits)
    return Money(net, round_money(net * tax_rate, digits))


def total_of(lines: Iterable[Money]) -> Money:
    """Sum of rounded lines, so that what is printed adds up."""
    net = tax = ZERO
    for line in lines:
        net += line.net
        tax += line.tax
    return Money(net, tax)


def fits_unit(quantity: Decimal, decimals: int) -> bool:
    """Whether a quantity can be counted in a unit of so many decimals."""
    return quantity == quantity.quantize(Decimal(1).scaleb(-decimals))


MAX_LINE = Decimal(10) ** 12
"""Largest net of a line that the books keep exactly."""
MAX_TOTAL = Decimal(10) ** 14
"""Largest total of a document."""
