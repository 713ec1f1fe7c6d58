"""One request's scores: the model's signals, serving's own two, and what rules add; they sum to the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.recommendation_engine.plan import Surface

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommendation_engine.context import Wishes
    from engine.recommendation_engine.rules import InForce
    from engine.recommendation_engine.sessions import Session
    from engine.recommendation_engine.shelf import Shelf
    from engine.recommenders.blend import Blend, Taste

ALIKE = "alike"
AVOIDED = "avoided"
OWN_WEIGHTS: Mapping[str, float] = {ALIKE: 4.0, AVOIDED: 1.5}
"""Signals that serving adds to every model, with their weights; a plan may change them like any other."""


@dataclass(frozen=True)
class Drawn:
    """A part that comes from single products: `values[k]` is what the product at `rows[k]` adds to each.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_sources,)
    values : ndarray of float64, shape (n_sources, n_products)
    """

    rows: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """Scores of all products for one request.

    Parameters
    ----------
    parts : mapping of str to ndarray, shape (n_products,)
        Weighted signals.
    own : mapping of str to Drawn
        What serving's own signals are made of.
    total : ndarray of float64, shape (n_products,)
        Sum of the parts and of what rules add.
    allowed : ndarray of bool, shape (n_products,)
        Products that may appear.
    """

    blend: Blend
    taste: Taste
    session: Session
    wishes: Wishes
    force: InForce
    anchor: int | None
    parts: Mapping[str, NDArray[Any]]
    own: Mapping[str, Drawn]
    total: NDArray[np.float64]
    allowed: NDArray[np.bool_]

    @property
    def open(self) -> NDArray[np.float64]:
        """Scores with -inf for what may not appear."""
        return np.where(self.allowed, self.total, -np.inf)


def own_parts(
    surface: Surface, anchor: int | None, session: Session, shelf: Shelf, weights: Mapping[str, float]
) -> dict[str, Drawn]:
    """Likeness to the product of a product page, and to what the shopper sent back or dismissed."""
    found = {}
    alike, avoided = (weights.get(name, OWN_WEIGHTS[name]) for name in (ALIKE, AVOIDED))
    if surface is Surface.PRODUCT and anchor is not None and alike:
        rows = np.array([anchor])
        found[ALIKE] = Drawn(rows, alike * shelf.likeness(rows).astype(np.float64))
    if session.averse and avoided:
        rows = np.array(sorted(session.averse), dtype=np.int64)
        strength = np.array([session.averse[int(row)] for row in rows])
        found[AVOIDED] = Drawn(rows, -avoided * strength[:, None] * shelf.likeness(rows))
    return found


def summed(parts: Mapping[str, NDArray[Any]], bonus: NDArray[np.float64] | None, size: int) -> NDArray[np.float64]:
    """Parts and bonus together, shape (n_products,)."""
    total = np.zeros(size)
    for part in parts.values():
        total += part
    if bonus is not None:
        total += bonus
    return total
