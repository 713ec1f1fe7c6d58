"""What shoppers did, as parallel arrays; everything below the estimators works on these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class Codes:
    """A categorical column: `codes[i]` indexes `labels`, -1 where nothing is known."""

    codes: NDArray[np.int32]
    labels: tuple[str, ...]

    def take(self, rows: NDArray[Any]) -> Self:
        """The same column at other rows."""
        return replace(self, codes=self.codes[rows])


@dataclass(frozen=True)
class EventLog:
    """Events of shoppers with items.

    Parameters
    ----------
    shopper, item : ndarray of int32, shape (n_events,)
        Row of the shopper and of the item.
    weight : ndarray of float32, shape (n_events,)
        Strength by kind of event, > 0.
    day : ndarray of float64, shape (n_events,), or None
        Time in days since 1970; None where the shop tells no times.
    strong : ndarray of bool, shape (n_events,)
        What the shop is after: purchases and rentals, or every event where it tells neither.
    facets : dict of str to Codes
        What was told with the event, such as the occasion.
    n_shoppers, n_items : int
        Sizes of the two indexes.
    """

    shopper: NDArray[np.int32]
    item: NDArray[np.int32]
    weight: NDArray[np.float32]
    day: NDArray[np.float64] | None
    strong: NDArray[np.bool_]
    n_shoppers: int
    n_items: int
    facets: dict[str, Codes]

    def __len__(self) -> int:
        return len(self.item)

    def take(self, rows: NDArray[Any]) -> Self:
        """Some of the events, by mask or position."""
        return replace(
            self,
            shopper=self.shopper[rows],
            item=self.item[rows],
            weight=self.weight[rows],
            strong=self.strong[rows],
            day=None if self.day is None else self.day[rows],
            facets={name: column.take(rows) for name, column in self.facets.items()},
        )

    def decay(self, now: float, half_life_days: float) -> NDArray[np.float64]:
        """Event weights, halved for every `half_life_days` of age at `now`; undecayed without times."""
        weight = self.weight.astype(np.float64)
        if self.day is None:
            return weight
        age = np.maximum(now - self.day, 0.0)
        return weight * np.exp2(-age / half_life_days)

    def matrix(self, weight: NDArray[Any]) -> csr_matrix:
        """Summed weights, shape (n_shoppers, n_items), indices sorted."""
        from scipy.sparse import csr_matrix

        found = csr_matrix((weight, (self.shopper, self.item)), shape=(self.n_shoppers, self.n_items))
        found.sum_duplicates()
        return found
