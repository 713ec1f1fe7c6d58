"""What held-out products tell of a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators import measures
from engine.estimators.base import Holdout, Interval, Scores
from engine.estimators.calibration import reliability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.fashion_classifier.data import Rows
    from engine.estimators.fashion_classifier.model import Model

_SHORT = 60
_MOST_SLICES = 12


def evaluate(model: Model, holdout: Holdout) -> Scores:
    """Figures of held-out products; a unit is all products of one code or title."""
    rows: Rows = holdout.test
    chance = model.probabilities(rows)
    guess, confidence = chance.argmax(axis=1), chance.max(axis=1)
    right, count = guess == rows.label, len(rows.classes)
    answered = confidence >= model.silent_below
    unit = np.unique(rows.group, return_inverse=True)[1]
    per_row: dict[str, NDArray[Any]] = {
        "macro_f1": measures.macro_f1_addends(rows.label, guess, count),
        "balanced_accuracy": measures.balanced_accuracy_addends(rows.label, guess, count),
        "accuracy": right.astype(np.float64),
        "log_loss": measures.log_losses(rows.label, chance),
        "coverage": answered.astype(np.float64),
        "answered_precision": np.column_stack([right & answered, answered]).astype(np.float64),
    }
    per_unit = {name: measures.by_group(addends, unit) for name, addends in per_row.items()}
    calibration = reliability(confidence, right)
    extra = {"ece": Interval(value=calibration.ece)}
    return measures.scores(holdout.about, per_unit, slices(rows, unit), calibration=calibration, extra=extra)


def slices(rows: Rows, unit: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
    """Groups of products by brand, season, photo and length of the words; a unit counts under its first product."""
    first = np.unique(unit, return_index=True)[1]
    found: dict[str, NDArray[np.bool_]] = {}
    for name, column in rows.shown.items():
        values = np.array([str(value) for value in column[first]])
        names, counts = np.unique(values, return_counts=True)
        for value in names[np.argsort(-counts, kind="stable")[:_MOST_SLICES]]:
            if value != "None":
                found[f"{name}: {value}"] = values == value
    seen = rows.seen[first]
    if seen.any():
        found |= {"photo: yes": seen, "photo: no": ~seen}
    short = np.array([len(text) < _SHORT for text in rows.texts[first]])
    return found | {"text: short": short}
