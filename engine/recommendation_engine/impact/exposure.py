"""Which brands, categories and sizes get the places of the lists, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.recommendation_engine.impact.intervals import bounds
from engine.recommendation_engine.impact.schema import Exposure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommendation_engine.impact.measures import Outcome

FACETS = ("brand", "category", "size")
_MOST_VALUES = 30


def exposure(before: Outcome, after: Outcome) -> dict[str, list[Exposure]]:
    """Shares of places by value of each facet that the shop tells; of a list without places nothing counts.

    A product that comes in several sizes counts for each of them, so shares of sizes add up to more than 1.
    """
    values = before.rehearsal.recommender.facets.values
    return {name: _of(before, after, values[name]) for name in FACETS if name in values}


def _of(before: Outcome, after: Outcome, rows: dict[str, NDArray[np.int64]]) -> list[Exposure]:
    members = {value: _mask(found, len(before.rehearsal.recommender.cards)) for value, found in rows.items()}
    shares = {value: (before.share(mask), after.share(mask)) for value, mask in members.items()}
    order = sorted(shares, key=lambda value: (-shares[value][0].mean() - shares[value][1].mean(), value))
    kept = [value for value in order if shares[value][0].any() or shares[value][1].any()][:_MOST_VALUES]
    if not kept:
        return []
    changes = bounds(np.column_stack([shares[value][1] - shares[value][0] for value in kept]))
    return [
        Exposure(
            value=value,
            before=float(shares[value][0].mean()),
            after=float(shares[value][1].mean()),
            difference=change,
            bought=_bought(before, members[value]),
        )
        for value, change in zip(kept, changes, strict=True)
    ]


def _mask(rows: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    found = np.zeros(size, dtype=bool)
    found[rows] = True
    return found


def _bought(outcome: Outcome, mask: NDArray[np.bool_]) -> float:
    """Share of the purchases of the same sessions, of products that could have been shown."""
    shelf = outcome.rehearsal.recommender.shelf
    place = shelf.facets.place
    named = [bought.item_id for session in outcome.sessions for bought in session.bought if bought.item_id in place]
    rows = [place[item] for item in named if shelf.listed[place[item]]]
    return float(mask[rows].mean()) if rows else 0.0
