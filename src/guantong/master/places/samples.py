"""Realistic sites for tests and the sample company."""

from __future__ import annotations

from itertools import count
from typing import Any

_numbers = count(1)


def site_values(**changes: Any) -> dict[str, Any]:
    number = next(_numbers)
    return {"code": f"WH{number}", "name": f"Warehouse {number}", "city": "上海", "zone": "Asia/Shanghai", **changes}
