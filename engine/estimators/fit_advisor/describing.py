"""What a fit advisor takes and gives, and what it is: for forms and the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.fit_advisor.advice import DOWN, SAME, UP
from engine.estimators.fit_advisor.inputs import INPUTS
from engine.estimators.fit_advisor.rows import FITS, FitRows

if TYPE_CHECKING:
    from engine.estimators.fit_advisor.model import Model

METHODS = {
    "lightgbm": "Two sets of boosted trees, for small and for large, that never call a larger size smaller; on body, "
    "size, category, and what earlier reviews say of the piece's cut and the shopper's size.",
    "latent": "Ordinal regression with proportional odds on body, size, category, and what earlier reviews say of the "
    "piece's cut and the shopper's size.",
    "multinomial": "Multinomial logistic regression on body, size and category.",
    "baseline": "How often the pieces of each category were small, fitted or were large.",
}
_CHANCE = {"type": "number", "minimum": 0, "maximum": 1}


def signature() -> dict[str, Any]:
    """JSON schemas of one input and one answer."""
    chances = dict.fromkeys(FITS, _CHANCE)
    size = {"type": "object", "properties": {"size": {"type": "string"}, **chances}}
    return {
        "inputs": INPUTS,
        "outputs": {
            "type": "object",
            "properties": {
                "likely": {"type": "string", "enum": list(FITS)},
                **chances,
                "advice": {"type": "string", "enum": [UP, DOWN, SAME]},
                "best_size": {"type": ["string", "null"]},
                "sizes": {"type": "array", "items": size},
                "note": {"type": "string"},
            },
            "required": ["likely", *FITS, "advice", "best_size", "sizes", "note"],
        },
    }


def described(rows: FitRows) -> dict[str, Any]:
    """The training rows in figures."""
    told = rows.time[~np.isnat(rows.time)]
    counts = np.bincount(rows.fit, minlength=3)
    return {
        "reviews": len(rows),
        **{name: int(count) for name, count in zip(FITS, counts, strict=True)},
        "shoppers": len(set(rows.shopper) - {""}),
        "products": len(set(rows.item) - {""}),
        "with measures": int(np.isfinite(rows.measures[:, :4]).any(axis=1).sum()),
        "with a usual size": int((rows.usual != "").sum()),
        **({"from": str(told.min())[:10], "to": str(told.max())[:10]} if len(told) else {}),
    }


def card(model: Model, about: dict[str, Any]) -> dict[str, Any]:
    """Purpose, method, data and limits."""
    return {
        "purpose": "Tells whether a piece in some size will be small, fit or be large on a shopper, and which size to "
        "take.",
        "method": METHODS[model.config.model],
        "calibration": model.decider.plain(),
        "trees": model.learner.rounds if model.config.model == "lightgbm" else None,
        "data": about,
        "limits": [
            "People who tell how a piece fitted are not all who wear it, and they chose the size themselves.",
            "Sizes other than the one that was worn are extrapolated: nobody wore both.",
            "The verdict weighs small and large more than their share, so that they are found; the probabilities "
            "are not weighted.",
            "Of new shoppers without measures, and of new pieces, it knows little more than the category.",
        ],
    }
