"""What a fitted model takes: the size of its files, and the time of its answers on this machine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from engine.estimators import Cost, Estimator, Scores

_MB = 1024 * 1024
_BATCH = 32
_TRIES = 15
_PATIENCE_S = 1.0
"""Tries end after this long, the first one excepted."""


def with_cost(scores: Scores, model: Estimator) -> Scores:
    """The same scores with what the fitted model takes beside them."""
    return replace(scores, evaluation=scores.evaluation.model_copy(update={"cost": cost_of(model)}))


def cost_of(model: Estimator) -> Cost:
    """Size in MB, and milliseconds for one input alone and for each of a batch of 32 (medians of up to 15 tries)."""
    size = sum(len(content) for content in model.save().values())
    one = model.sample()
    model.predict([one])  # the first answer also loads what later ones find loaded
    return Cost(
        size_mb=round(size / _MB, 4),
        one_ms=round(_milliseconds(model, [one]), 4),
        each_ms=round(_milliseconds(model, [one] * _BATCH) / _BATCH, 4),
    )


def _milliseconds(model: Estimator, inputs: Sequence[Mapping[str, Any]]) -> float:
    taken: list[float] = []
    while len(taken) < _TRIES and (not taken or sum(taken) < _PATIENCE_S):
        started = time.perf_counter()
        model.predict(inputs)
        taken.append(time.perf_counter() - started)
    return 1000 * median(taken)
