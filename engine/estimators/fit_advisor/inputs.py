"""What somebody asks about, as a row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.errors import InvalidInput
from engine.estimators.fit_advisor.data import bounded, usual
from engine.estimators.fit_advisor.rows import BOUNDS, MEASURES, FitRows, Person, Shop, bust

_WORDS = ("shopper", "item_id", "category", "body_type", "bust_size")
_NUMBERS = ("height_in", "weight_lbs", "age")
_LONGEST = 200

INPUTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "shopper": {"type": "string", "description": "Who asks; unknown ones are judged by their measures."},
        "item_id": {"type": "string", "description": "The piece."},
        "category": {"type": "string", "description": "Its category, where the piece is not known."},
        "size": {"type": "string", "description": "The size label that is asked about."},
        "usual_size": {"type": "string", "description": "The size that the shopper usually takes in such pieces."},
        "height_in": {"type": "number", "description": "Height in inches."},
        "weight_lbs": {"type": "number", "description": "Weight in pounds."},
        "bust_size": {"type": "string", "description": "Band and cup, such as 34d."},
        "body_type": {"type": "string", "description": "Body type in the shop's words."},
        "age": {"type": "number", "description": "Age in years."},
    },
    "required": ["size"],
}


def rows_of(inputs: Sequence[Mapping[str, Any]], shop: Shop) -> FitRows:
    """Inputs as rows whose fit is not known; what an input does not tell is looked up in the shop.

    Raises
    ------
    InvalidInput
        A size is absent, or a value is of the wrong type or not a number of this world.
    """
    told = [_Asked(entry, shop) for entry in inputs]

    def column(name: str) -> np.ndarray[Any, Any]:
        return np.array([getattr(asked, name) for asked in told], dtype=object)

    return FitRows(
        shopper=column("shopper"),
        item=column("item"),
        category=column("category"),
        size=column("size"),
        body_type=column("body_type"),
        usual=column("usual"),
        measures=np.array([asked.measures for asked in told], dtype=np.float64).reshape(-1, len(MEASURES)),
        time=np.full(len(told), np.datetime64("NaT"), dtype="datetime64[us]"),
        fit=np.full(len(told), -1, dtype=np.int8),
        shop=shop,
    )


class _Asked:
    """One input, completed."""

    def __init__(self, entry: Mapping[str, Any], shop: Shop) -> None:
        if not isinstance(entry, Mapping):
            raise InvalidInput(f"An input is {type(entry).__name__}.", "It is an object with at least a size.")
        words = {name: _word(entry, name) for name in _WORDS}
        self.shopper, self.item = words["shopper"], words["item_id"]
        self.size = _label(entry, "size")
        if not self.size:
            raise InvalidInput("An input has no size.", "The size label that is asked about is needed, such as '38'.")
        self.category = shop.categories.get(self.item, "") or words["category"]
        known = shop.people.get(self.shopper, Person((math.nan,) * len(MEASURES)))
        self.body_type = words["body_type"].lower() or known.body_type
        self.usual = _label(entry, "usual_size") or usual(shop, known, self.category)
        band, cup = bust(words["bust_size"])
        numbers = {name: _number(entry, name) for name in _NUMBERS}
        numbers |= {"bust_band": bounded("bust_band", band), "bust_cup": bounded("bust_cup", cup)}
        self.measures = tuple(
            numbers[name] if math.isfinite(numbers[name]) else before
            for name, before in zip(MEASURES, known.measures, strict=True)
        )


def _word(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInput(f"{name!r} is {type(value).__name__}.", "It is text, or absent.")
    return value.strip()[:_LONGEST]


def _label(entry: Mapping[str, Any], name: str) -> str:
    """A size label; a whole number is one too."""
    value = entry.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidInput(f"{name!r} is {type(value).__name__}.", "It is a size label such as '38' or 'M'.")
    return str(value).strip()[:_LONGEST]


def _number(entry: Mapping[str, Any], name: str) -> float:
    value = entry.get(name)
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"{name!r} is {type(value).__name__}.", "It is a number, or absent.")
    if math.isnan(value):
        return math.nan
    low, high = BOUNDS[name]
    if not low <= value <= high:
        raise InvalidInput(f"{name!r} is {value:g}.", f"It lies from {low:g} to {high:g}.", "Mind the unit.")
    return float(value)
