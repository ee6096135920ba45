"""Realistic items for tests and the sample company."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from guantong.master.items.models import Unit

_numbers = count(1)


def piece() -> Unit:
    """The unit everything is counted in unless said otherwise; made when it is missing."""
    moment = datetime.now(UTC)
    unit, _made = Unit.objects.get_or_create(
        code="pcs",
        defaults={"name": {"en": "piece", "zh-hans": "件"}, "decimals": 0, "created_at": moment, "updated_at": moment},
    )
    return unit


def unit_values(**changes: Any) -> dict[str, Any]:
    return {"code": f"u{next(_numbers)}", "name": {"en": "box", "zh-hans": "箱"}, "decimals": 0, **changes}


def item_values(**changes: Any) -> dict[str, Any]:
    """Typed values of a new good; each call makes another one."""
    number = next(_numbers)
    return {
        "code": f"SMP-{number:05d}",
        "name": {"en": f"Sample part {number}", "zh-hans": f"样件 {number}"},
        "kind": "good",
        "unit": str(piece().uid),
        "price": "12.50",
        "tax_rate": "0.13",
        **changes,
    }
