"""Rows of how pieces fitted, and the people and products that they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FITS = ("small", "fit", "large")
"""How a piece fitted, in order; classes are places in it."""

MEASURES = ("height_in", "weight_lbs", "bust_band", "bust_cup", "age")
"""Measures of a body, the columns of `FitRows.measures`."""

BOUNDS = {
    "height_in": (36.0, 90.0),
    "weight_lbs": (50.0, 600.0),
    "bust_band": (20.0, 70.0),
    "bust_cup": (0.0, 15.0),
    "age": (10.0, 110.0),
}
"""Values outside are taken as not told."""


@dataclass(frozen=True)
class Person:
    """What the shop knows of a shopper: measures (NaN where unknown), body type, usual sizes by name."""

    measures: tuple[float, ...]
    body_type: str = ""
    usual: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Shop:
    """What rows are looked up in.

    Parameters
    ----------
    people : mapping of shopper to Person
    categories : mapping of item id to category
    ladders : mapping of item id to its size labels in order
    usual_key : mapping of category to the name under which shoppers tell their usual size for it
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    ladders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    usual_key: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FitRows:
    """Pieces that somebody wore, or means to.

    Parameters
    ----------
    shopper, item, category, size, body_type, usual : ndarray of str, shape (n,)
        Empty where unknown; `usual` is the shopper's usual size label for such a piece.
    measures : ndarray of float64, shape (n, 5)
        As `MEASURES`, NaN where unknown.
    time : ndarray of datetime64, shape (n,)
    fit : ndarray of int8, shape (n,)
        Place in `FITS`; -1 where it is not known yet.
    shop : Shop
    """

    shopper: NDArray[Any]
    item: NDArray[Any]
    category: NDArray[Any]
    size: NDArray[Any]
    body_type: NDArray[Any]
    usual: NDArray[Any]
    measures: NDArray[np.float64]
    time: NDArray[np.datetime64]
    fit: NDArray[np.int8]
    shop: Shop = field(repr=False, default_factory=Shop)

    def __len__(self) -> int:
        return len(self.fit)

    def at(self, rows: NDArray[Any]) -> FitRows:
        """Some of them, by mask or place."""
        names = ("shopper", "item", "category", "size", "body_type", "usual", "measures", "time", "fit")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    @property
    def score(self) -> NDArray[np.float64]:
        """-1 small, 0 fit, 1 large."""
        return self.fit.astype(np.float64) - 1.0


def bust(label: object) -> tuple[float, float]:
    """Band and cup of a bust size such as '34d' or '36DDD/E', cup a = 1; NaN where it is none."""
    text = str(label).strip().lower() if label is not None else ""
    digits = "".join(letter for letter in text if letter.isdigit())[:2]
    cup = text[len(digits) :].split("/")[0].strip() if digits else ""
    known = bool(cup) and cup.isalpha() and cup.isascii() and len(cup) <= 4
    step = 0.0 if cup == "aa" else ord(cup[0]) - 96.0 + (len(cup) - 1) if known else float("nan")
    return float(digits) if digits else float("nan"), step
