"""Currencies as data."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from importlib.resources import files

from guantong.core.fields import Translated
from guantong.master.companies.models import Currency


def load_currencies() -> int:
    """Add the currencies that are missing; returns how many."""
    known = set(Currency.objects.values_list("code", flat=True))
    moment = datetime.now(UTC)
    text = files("guantong.master.companies").joinpath("data/currencies.csv").read_text(encoding="utf-8")
    rows = [
        Currency(
            code=row["code"],
            digits=int(row["digits"]),
            name=Translated({"en": row["name_en"], "zh-hans": row["name_zh_hans"]}),
            created_at=moment,
            updated_at=moment,
        )
        for row in csv.DictReader(text.splitlines())
        if row["code"] not in known
    ]
    Currency.objects.bulk_create(rows)
    return len(rows)
