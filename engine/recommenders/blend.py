"""The log-linear blend: `score = sum_s weight_s * signal_s`, so that contributions sum to the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.recommenders.facets import Facet

POPULARITY = ("trending", "popular")
NEIGHBOURS = ("together", "similar")


@dataclass(frozen=True)
class Taste:
    """What is known about some shoppers, row by row.

    Parameters
    ----------
    history : csr_matrix, shape (n_shoppers, n_items)
        Weights of items met; rows sum to 1, or to 0 for a newcomer.
    facets : mapping of str to ndarray, shape (n_shoppers, n_values)
        `p(v | shopper)` by facet; a facet left out says nothing.
    """

    history: csr_matrix
    facets: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Blend:
    """A fitted blend; it holds arrays only.

    Parameters
    ----------
    popularity : mapping of str to ndarray, shape (n_items,)
        Signals that are the same for everybody.
    neighbours : mapping of str to csr_matrix, shape (n_items, n_items)
        Signals that lead from one item to others.
    facets : mapping of str to Facet
        Lifts.
    weights : mapping of str to float
        By signal; a signal without a weight is not computed.
    """

    n_items: int
    popularity: Mapping[str, NDArray[np.float64]]
    neighbours: Mapping[str, csr_matrix]
    facets: Mapping[str, Facet]
    weights: Mapping[str, float]
    columns: int | None = None

    @property
    def width(self) -> int:
        """Number of items that are scored."""
        return self.n_items if self.columns is None else self.columns

    @property
    def signals(self) -> tuple[str, ...]:
        """Names of all signals that this blend can compute."""
        return (*self.popularity, *self.neighbours, *self.facets)

    def signal(self, name: str, taste: Taste) -> NDArray[np.float64]:
        """One signal, unweighted, shape (n_shoppers, n_items) or (1, n_items) when equal for all."""
        if name in self.popularity:
            return self.popularity[name][None, :]
        if name in self.neighbours:
            reach = (taste.history @ self.neighbours[name]).toarray()
            return spread(reach, self.n_items) if name == "together" else reach
        if name not in taste.facets:
            return np.zeros((1, self.width))
        return self.facets[name].signal(taste.facets[name])

    def at(self, items: NDArray[np.int64]) -> Blend:
        """The same signals for some of the items only; histories keep all columns."""
        return replace(
            self,
            popularity={name: value[items] for name, value in self.popularity.items()},
            neighbours={name: matrix[:, items] for name, matrix in self.neighbours.items()},
            facets={name: replace(facet, ratio=facet.ratio[items]) for name, facet in self.facets.items()},
            columns=len(items),
        )

    def parts(self, taste: Taste) -> dict[str, NDArray[np.float64]]:
        """Weighted signals by name; they add up to `scores`."""
        return {
            name: self.weights[name] * self.signal(name, taste)
            for name in self.signals
            if self.weights.get(name, 0.0) != 0
        }

    def scores(self, taste: Taste) -> NDArray[np.float64]:
        """Scores of all items, shape (n_shoppers, n_items), higher is better; one signal is held at a time."""
        total = np.zeros((taste.history.shape[0], self.width))
        for name in self.signals:
            if self.weights.get(name, 0.0) != 0:
                total += self.weights[name] * self.signal(name, taste)
        return total


def add(parts: Mapping[str, NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.float64]:
    """The sum of weighted signals, in the order of their names in `parts`."""
    total = np.zeros(shape)
    for part in parts.values():
        total += part
    return total


def spread(reach: NDArray[np.float64], n_items: int) -> NDArray[np.float64]:
    """Log of a walk's probability against chance, 0 where it does not arrive."""
    return np.log1p(reach * n_items)
