"""What a shopper did since the model was trained, folded into what it remembers. Nothing is retrained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

SESSION_HALF_LIFE_HOURS = 24.0
AVERSION_HALF_LIFE_HOURS = 14 * 24.0
_STEP = 0.85
_LEAST_SHARE = 2 / 3


@dataclass(frozen=True)
class Fresh:
    """One recent act: row of the item, strength 0 to 1, age in hours, and what it was in words.

    `negative` acts (a return, a dismissal) take interest away.
    """

    item: int
    strength: float
    hours_ago: float = 0.0
    told: str = "viewed lately"
    negative: bool = False


@dataclass(frozen=True)
class Session:
    """A shopper as one request sees them.

    Parameters
    ----------
    history : csr_matrix, shape (1, n_items)
        Stored strengths and the fresh ones together.
    met : ndarray of int64
        Rows of all items met.
    fresh : mapping of int to str
        Rows that come from the request, with what was done in words.
    averse : mapping of int to float
        Rows that the shopper sent back or dismissed, with a strength that fades.
    """

    history: csr_matrix
    met: NDArray[np.int64]
    fresh: Mapping[int, str]
    averse: Mapping[int, float] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return len(self.met) == 0 and not self.averse


def fold(stored: csr_matrix, basket: Sequence[int], events: Sequence[Fresh]) -> Session:
    """Add a basket and recent events to a stored history.

    The present counts for at least two thirds, however long the past: a shopper who fills a basket has
    something in mind. In the basket the latest item counts most; events fade with a half-life of a day.
    Of each item the latest act decides: one that was sent back or dismissed is no longer liked, also
    where the past says so, until something else is done with it.

    Parameters
    ----------
    stored : csr_matrix, shape (1, n_items)
    basket : sequence of int
        Rows of items in the order in which they were put in.
    events : sequence of Fresh
    """
    latest = {event.item: event for event in sorted(events, key=lambda event: -event.hours_ago)}
    in_basket = set(basket)
    averse = {
        item: max(event.strength * 0.5 ** (event.hours_ago / AVERSION_HALF_LIFE_HOURS), 1e-6)
        for item, event in latest.items()
        if event.negative and item not in in_basket
    }
    liked = [event for event in events if not event.negative and event.item not in averse]
    history = _history(stored, _weights(basket, liked), averse)
    return Session(
        history,
        history.indices.astype(np.int64),
        {**{item: event.told for item, event in latest.items()}, **dict.fromkeys(basket, "in the basket")},
        averse,
    )


def _history(stored: csr_matrix, fresh: Mapping[int, float], averse: Mapping[int, float]) -> csr_matrix:
    """The stored row without what is averse, plus what is fresh."""
    from scipy.sparse import csr_matrix

    kept = stored.data if not averse else stored.data * ~np.isin(stored.indices, list(averse))
    past, present = float(kept.sum()), sum(fresh.values())
    scale = max(1.0, past * _LEAST_SHARE / (1 - _LEAST_SHARE) / present) if present > 0 else 1.0
    total = dict(zip(stored.indices[kept > 0].tolist(), kept[kept > 0].tolist(), strict=True))
    for item, weight in fresh.items():
        total[item] = total.get(item, 0.0) + weight * scale
    columns = np.array(sorted(total), dtype=np.int64)
    values = np.array([total[item] for item in columns.tolist()], dtype=np.float64)
    return csr_matrix((values, columns, np.array([0, len(columns)])), shape=stored.shape)


def _weights(basket: Sequence[int], events: Sequence[Fresh]) -> Mapping[int, float]:
    found: dict[int, float] = {}
    for place, item in enumerate(reversed(basket)):
        found[item] = max(found.get(item, 0.0), _STEP**place)
    for event in events:
        weight = event.strength * 0.5 ** (event.hours_ago / SESSION_HALF_LIFE_HOURS)
        found[event.item] = found.get(event.item, 0.0) + max(weight, 1e-6)
    return found
