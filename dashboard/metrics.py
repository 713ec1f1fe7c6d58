"""Metrics in words and in a good order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from engine.errors import InvalidInput
from engine.estimators.kinds import kind_of

_ACRONYMS = {
    "ndcg": "NDCG",
    "map": "MAP",
    "auc": "AUC",
    "rmse": "RMSE",
    "mae": "MAE",
    "wmape": "WMAPE",
    "f1": "F1",
    "ece": "ECE",
    "roc": "ROC",
}


def metric_name(name: str) -> str:
    """A metric as a person reads it: `ndcg_at_10` is `NDCG@10`."""
    words = re.sub(r"_at_(\d+)", r"@\1", name).split("_")
    told = [_ACRONYMS.get(word.split("@")[0], word.split("@")[0]) + word[len(word.split("@")[0]) :] for word in words]
    text = " ".join(told)
    return text[:1].upper() + text[1:]


@cache
def primary_metric(kind: str) -> str | None:
    """The metric by which a kind is judged; None for models that were not trained here."""
    try:
        return kind_of(kind).primary_metric
    except InvalidInput:
        return None


def primary_first(names: Iterable[str], kind: str | None) -> list[str]:
    """Metric names, the kind's primary one in front."""
    first = primary_metric(kind) if kind else None
    return sorted(dict.fromkeys(names), key=lambda name: name != first)
