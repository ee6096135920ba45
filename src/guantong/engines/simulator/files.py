"""Generated purchase histories as documents, to try an engine on data whose truth is known.

Settings: seed (0) and any field of :class:`HistorySpec`. The answer has the table `orders`, which the lead-time
engine reads, `today`, and the table `truth` with the exact quantiles of each series on that day.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from guantong.engines import BadInput, Stop, checkpoint

from .histories import HistorySpec, generate_history
from .identity import VERSION, source_hash
from .laws import LAWS

Document = dict[str, Any]


def run(document: Document, stop: Stop) -> Document:
    """Generate one history.

    Raises:
        BadInput: a setting is unknown or cannot be used.
    """
    kinds: dict[str, type[Any]] = {field.name: type(getattr(HistorySpec, field.name)) for field in fields(HistorySpec)}
    values: dict[str, Any] = {}
    for name, value in document.items():
        if name != "seed" and name not in kinds:
            raise BadInput("settings", None, name, "is unknown")
        try:
            values[name] = int(value) if name == "seed" else kinds[name](value)
        except (TypeError, ValueError):
            raise BadInput("settings", None, name, f"{value!r} is not a {kinds.get(name, int).__name__}") from None
    seed = values.pop("seed", 0)
    spec = HistorySpec(**values)
    if spec.law not in LAWS:
        raise BadInput("settings", None, "law", f"{spec.law} is none of {', '.join(LAWS)}")
    checkpoint(stop, 0.0, "draw")
    history = generate_history(spec, seed)
    names = ("supplier", "item", "ordered_day", "received_day", "ordered_quantity", "accepted_quantity")
    columns = [getattr(history, name).tolist() for name in names]
    chances = np.array([0.1, 0.5, 0.8, 0.9])
    truth = history.true_lead_time_days(chances).tolist()
    return {
        "orders": [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)],
        "truth": [
            {
                "supplier": int(supplier),
                "item": int(item),
                "p10_days": p10,
                "p50_days": p50,
                "p80_days": p80,
                "p90_days": p90,
            }
            for supplier, item, (p10, p50, p80, p90) in zip(
                history.series_supplier, history.series_item, truth, strict=True
            )
        ],
        "today": history.cut_day,
        "simulator": f"{VERSION} {source_hash()}",
    }
