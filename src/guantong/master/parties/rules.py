"""Checks of what a party says about itself: pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable

from babel import Locale
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.util import get_cc_module

MAX_IDENTITY = 40
COUNTRY = re.compile(r"[A-Z]{2}")


def is_country(code: str) -> bool:
    """Whether ``code`` is an ISO 3166 country, by CLDR's list."""
    return bool(COUNTRY.fullmatch(code)) and code in Locale("en").territories and code not in {"EU", "UN", "ZZ"}


def checked_identity(country: str, number: str) -> str:
    """The registration number in its compact form; raises ``ValueError`` when its check digit is wrong.

    China: 统一社会信用代码 (GB 32100-2015). Elsewhere the VAT number's rule where the country has one (python-stdnum);
    a country without a known rule keeps what was typed.
    """
    typed = number.strip().upper()
    if len(typed) > MAX_IDENTITY:
        raise ValueError(number)
    validate = _validator(country)
    if validate is None:
        return typed
    try:
        return validate(typed)
    except StdnumError as error:
        raise ValueError(number) from error


def _validator(country: str) -> Callable[[str], str] | None:
    if country == "CN":
        return uscc.validate
    module = get_cc_module(country.lower(), "vat")
    return module.validate if module else None
