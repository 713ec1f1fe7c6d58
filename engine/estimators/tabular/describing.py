"""What a model takes, answers and is, in plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.estimators.tabular.data import about_table
from engine.estimators.tabular.fitting import COVERED

if TYPE_CHECKING:
    from engine.estimators.tabular.config import TabularConfig
    from engine.estimators.tabular.encoding import Encoded, Feature
    from engine.estimators.tabular.fitting import Fitted

_METHODS = {
    "lightgbm": "Boosted trees (LightGBM); categories are split as sets, absent values go their own way.",
    "xgboost": "Boosted trees (XGBoost); categories are split as sets, absent values go their own way.",
    "linear": "Logistic or ridge regression on scaled numbers and one indicator for each value of a category.",
    "baseline": "Logistic or ridge regression with a fixed penalty, without the words of texts.",
    "network": "A residual network on quantile-normalised numbers and embedded categories.",
}
_TYPES = {"number": "number", "flag": "boolean", "time": "string", "category": "string", "text": "string"}
_MOST_SHOWN = 20


def told_classes(model: Fitted, rows: Encoded) -> list[dict[str, Any]]:
    """Label and probabilities of each row."""
    chances, names = model.chances(rows), model.target.classes
    return [
        {
            "label": names[label],
            "probability": float(row[label]),
            "probabilities": {name: float(share) for name, share in zip(names, row, strict=True)},
        }
        for label, row in zip(model.labels(chances).tolist(), chances, strict=True)
    ]


def told_values(model: Fitted, rows: Encoded) -> list[dict[str, Any]]:
    """Value of each row and the interval that holds 90% of held-back rows."""
    reach = model.tuned.reach
    return [{"value": value, "low": value - reach, "high": value + reach} for value in model.values(rows).tolist()]


def schema(model: Fitted) -> dict[str, Any]:
    """JSON schemas of one input and one answer."""
    properties = {feature.name: _property(feature) for feature in model.encoder.features}
    number = {"type": "number"}
    if model.target.classes:
        answers: dict[str, Any] = {
            "label": {"type": "string", "enum": list(model.target.classes)},
            "probability": number,
            "probabilities": {"type": "object", "additionalProperties": number},
        }
    else:
        answers = {"value": number, "low": number, "high": number}
    return {
        "inputs": {"type": "object", "properties": properties},
        "outputs": {"type": "object", "properties": answers, "required": list(answers)},
    }


def _property(feature: Feature) -> dict[str, Any]:
    found: dict[str, Any] = {"type": _TYPES[feature.role]}
    if feature.role == "time":
        found["format"] = "date-time"
    if feature.role == "category":
        found["examples"] = feature.levels[:_MOST_SHOWN]
    return found


def card(model: Fitted, config: TabularConfig) -> dict[str, Any]:
    """Purpose, method, data and limits."""
    target, story = model.target, model.story
    return {
        "purpose": f"Foretells {target.name} of {config.sheet or target.table}.",
        "method": _METHODS[config.model],
        "data": {
            "table": f"{target.table}: {about_table(target.table)}",
            "rows": story["rows"],
            "from": story["from"],
            "to": story["to"],
            "classes": {name: round(float(share), 4) for name, share in zip(target.classes, target.prior, strict=True)},
            "columns": [feature.name for feature in model.encoder.features],
            "left_out": story["left_out"],
            "notes": story["notes"],
        },
        "answers": _answers(model),
        "limits": [
            "It tells what goes together with the target, not what changes it.",
            "Intervals of the figures take rows as independent; several rows of one shopper are less so.",
            "A column that is absent from an input counts as not known, which makes the answer less sure.",
        ],
    }


def _answers(model: Fitted) -> str:
    if not model.target.classes:
        return f"A value, with an interval that holds the truth in {COVERED:.0%} of rows like the held-back ones."
    words = f"Probabilities, calibrated on held-back rows (temperature {model.tuned.temperature:.2f})"
    if model.tuned.strength == 0:
        return f"{words}; the label is the likeliest class."
    return f"{words}; the label leans towards rare classes by {model.tuned.strength:g} of their share's logarithm."
