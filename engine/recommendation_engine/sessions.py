"""What a shopper did since the model was trained, folded into what it remembers. Nothing is retrained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

SESSION_HALF_LIFE_HOURS = 24.0
_STEP = 0.85
_LEAST_SHARE = 2 / 3


@dataclass(frozen=True)
class Fresh:
    """One recent act: row of the item, strength 0 to 1, age in hours, and what it was in words."""

    item: int
    strength: float
    hours_ago: float = 0.0
    told: str = "viewed lately"


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
    """

    history: csr_matrix
    met: NDArray[np.int64]
    fresh: Mapping[int, str]

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return len(self.met) == 0


def fold(stored: csr_matrix, basket: Sequence[int], events: Sequence[Fresh]) -> Session:
    """Add a basket and recent events to a stored history.

    The present counts for at least two thirds, however long the past: a shopper who fills a basket has
    something in mind. In the basket the latest item counts most; events fade with a half-life of a day.

    Parameters
    ----------
    stored : csr_matrix, shape (1, n_items)
    basket : sequence of int
        Rows of items in the order in which they were put in.
    events : sequence of Fresh
    """
    from scipy.sparse import csr_matrix

    fresh = _weights(basket, events)
    past, present = float(stored.sum()), sum(fresh.values())
    scale = 1.0
    if present > 0:
        scale = max(1.0, past * _LEAST_SHARE / (1 - _LEAST_SHARE) / present)
    columns = np.fromiter(fresh, dtype=np.int64, count=len(fresh))
    values = np.fromiter(fresh.values(), dtype=np.float64, count=len(fresh)) * scale
    added = csr_matrix((values, (np.zeros(len(columns), dtype=np.int64), columns)), shape=stored.shape)
    history = csr_matrix(stored + added)
    history.sort_indices()
    return Session(
        history,
        history.indices.astype(np.int64),
        {**{event.item: event.told for event in events}, **dict.fromkeys(basket, "in the basket")},
    )


def _weights(basket: Sequence[int], events: Sequence[Fresh]) -> Mapping[int, float]:
    found: dict[int, float] = {}
    for place, item in enumerate(reversed(basket)):
        found[item] = max(found.get(item, 0.0), _STEP**place)
    for event in events:
        weight = event.strength * 0.5 ** (event.hours_ago / SESSION_HALF_LIFE_HOURS)
        found[event.item] = found.get(event.item, 0.0) + max(weight, 1e-6)
    return found
