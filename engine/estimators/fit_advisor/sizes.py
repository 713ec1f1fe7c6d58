"""Size labels as places on a ladder: numbers, letters, and those that are neither."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

_LETTERS = {"XXXS": -4.0, "XXS": -3.0, "XS": -2.0, "S": -1.0, "M": 0.0, "L": 1.0, "XL": 2.0, "XXL": 3.0, "XXXL": 4.0}
_MANY = re.compile(r"^(\d)X(S|L)?$")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_SYSTEMS = ("number", "letter", "other")


def place(label: str) -> tuple[str, float]:
    """The system of a label and its place there, NaN where it has none.

    Returns
    -------
    tuple of str and float
        `number`, `letter` or `other`; the first number of the label, or XXS to XXXL around M = 0.
    """
    plain = label.strip().upper().replace("-", "").replace(" ", "")
    many = _MANY.match(plain)
    if many:
        return "letter", (-1.0 if many[2] == "S" else 1.0) * (int(many[1]) + 1)
    if plain in _LETTERS:
        return "letter", _LETTERS[plain]
    found = _NUMBER.search(label)
    return ("number", float(found[0].replace(",", "."))) if found else ("other", math.nan)


def ladder(labels: Iterable[str]) -> list[str]:
    """Labels in their natural order, each once: numbers, then letters, then the rest by name."""

    def key(label: str) -> tuple[int, float, str]:
        system, value = place(label)
        return _SYSTEMS.index(system), 0.0 if math.isnan(value) else value, label

    return sorted(set(labels), key=key)
