"""What many judged orders say together: coverage, score and lateness against the baselines, misses included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from guantong.engines.promise.calibration import pit_histogram

from .judge import Judged
from .laws import FloatArray


def report(judged: Sequence[Judged]) -> dict[str, Any]:
    """Figures of many companies.

    Returns:
        ``orders``; ``kept``: share of orders delivered by P50, P80, P90, and ``kept_corrected`` with the rolling
        correction; ``worst_decile``: largest distance from 80 % among deciles of supplier risk, and ``deciles``;
        ``crps_days`` of the engine, of ``mean plus fixed buffer`` (one date, so its absolute error; the buffer that
        makes it least) and of the mean plus all its past errors (a law); ``p80_days``: mean P80 of the engine, and at
        the same hit rate of one static lead time for all, of quoted lead times rolled up from today's stock and
        open orders with the better of a fixed and a proportional buffer, and of learned means rolled up likewise;
        ``pinball_80_days``: loss at 80 % of the same, each baseline with its best buffer (a date may be early only
        at the price of being missed, which equal hit rates over all orders hide);
        ``transform``: histogram of the probability integral transform.
    """
    true = np.concatenate([one.true_days for one in judged])
    plain = np.concatenate([one.promised_raw for one in judged])
    corrected = np.concatenate([one.promised for one in judged])
    mean = np.concatenate([one.mean_days for one in judged])
    static = np.concatenate([one.static_days for one in judged])
    risk = np.concatenate([one.risk for one in judged])
    decile = np.searchsorted(np.quantile(risk, np.arange(0.1, 1.0, 0.1)), risk, side="right")
    kept = true <= plain[:, 1]
    deciles = [float(kept[decile == number].mean()) for number in range(10) if (decile == number).any()]
    hit = float(kept.mean())
    return {
        "orders": int(true.size),
        "kept": (true[:, None] <= plain).mean(axis=0).round(4).tolist(),
        "kept_corrected": (true[:, None] <= corrected).mean(axis=0).round(4).tolist(),
        "deciles": np.round(deciles, 4).tolist(),
        "worst_decile": round(float(np.abs(np.array(deciles) - 0.8).max()), 4),
        "companies": [round(float((one.true_days <= one.promised_raw[:, 1]).mean()), 4) for one in judged],
        "crps_days": {
            "engine": round(float(np.concatenate([one.score for one in judged]).mean()), 3),
            "mean plus fixed buffer": round(float(np.abs(true - mean - np.median(true - mean)).mean()), 3),
            "mean plus all past errors": round(_error_law_score(true - mean), 3),
        },
        "p80_days": {
            "engine": round(float(plain[:, 1].mean()), 2),
            "one static lead time": round(float(np.quantile(true, hit)), 2),
            "quoted lead times rolled up": round(_buffered(true, static, hit), 2),
            "learned means rolled up": round(_buffered(true, mean, hit), 2),
            "true mean": round(float(true.mean()), 2),
        },
        "pinball_80_days": {
            "engine": round(_pinball(true, plain[:, 1]), 3),
            "one static lead time": round(_pinball(true, np.full(true.size, np.quantile(true, 0.8))), 3),
            "quoted lead times rolled up": round(_best_buffer_pinball(true, static), 3),
            "learned means rolled up": round(_best_buffer_pinball(true, mean), 3),
        },
        "transform": pit_histogram(
            np.concatenate([one.lower for one in judged]), np.concatenate([one.upper for one in judged])
        )
        .round(4)
        .tolist(),
    }


def _error_law_score(errors: FloatArray) -> float:
    """CRPS of a forecast that adds the law of all errors to its mean."""
    law = np.quantile(errors, (np.arange(199) + 0.5) / 199)
    among = np.abs(law[:, None] - law).mean() / 2.0
    return float(np.mean([np.abs(law - error).mean() for error in errors]) - among)


def _buffered(true: FloatArray, days: FloatArray, hit: float) -> float:
    """Mean promised days once a fixed or a proportional buffer, whichever is shorter, keeps the same share."""
    days = np.maximum(days, 1.0)
    return float(min((days + np.quantile(true - days, hit)).mean(), (days * np.quantile(true / days, hit)).mean()))


def _pinball(true: FloatArray, days: FloatArray, chance: float = 0.8) -> float:
    miss = true - days
    return float(np.maximum(chance * miss, (chance - 1.0) * miss).mean())


def _best_buffer_pinball(true: FloatArray, days: FloatArray) -> float:
    days = np.maximum(days, 1.0)
    added, stretched = days + np.quantile(true - days, 0.8), days * np.quantile(true / days, 0.8)
    return min(_pinball(true, added), _pinball(true, stretched))
