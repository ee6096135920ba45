"""Realistic parties for tests and the sample company."""

from __future__ import annotations

from itertools import count
from typing import Any

from stdnum.cn import uscc

_numbers = count(1)


def chinese_identity(number: int) -> str:
    """A 统一社会信用代码 with a valid check digit, made of a running number; it belongs to nobody."""
    base = f"91310000{number:09d}"[:17]
    return base + str(uscc.calc_check_digit(base))


def party_values(**changes: Any) -> dict[str, Any]:
    """Typed values of a new customer; each call makes another one."""
    number = next(_numbers)
    return {
        "name": f"Sample Trading {number}",
        "local_name": f"样例贸易 {number}",
        "kind": "organization",
        "is_customer": True,
        "is_supplier": False,
        "identity_country": "CN",
        "identity": chinese_identity(900_000_000 + number),
        "email": f"orders{number}@example.com",
        "phone": "+86 21 5555 0100",
        "addresses": [
            {"use": "office", "street": "南京西路 1266 号", "city": "上海", "postcode": "200040", "country": "CN"}
        ],
        **changes,
    }
