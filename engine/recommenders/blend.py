"""The log-linear blend: `score = sum_s weight_s * signal_s`, so that contributions sum to the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from engine.recommenders.walks import links, reached

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.recommenders.facets import Facet

NOVELTY, SEASONAL = "novelty", "seasonal"
POPULARITY = ("trending", "popular", NOVELTY, SEASONAL)
NEIGHBOURS = ("together", "similar", "cosine", "linear", "meaning")
FACTORS, SEQUENCE, GOES_WITH = "factors", "sequence", "goes_with"

LOGGED = ("together", "cosine", "linear", FACTORS, GOES_WITH)
"""Signals that are taken against chance and by their logarithm, so that they add up with the lifts."""


class Factored(Protocol):
    """Item factors with fold-in, such as `als.Factors`."""

    @property
    def items(self) -> NDArray[np.float32]:
        """Shape (n_items, n_dimensions)."""

    def fold_in(self, history: csr_matrix) -> NDArray[np.float32]: ...

    def evidence(self, history_row: csr_matrix, items: NDArray[np.int64]) -> NDArray[np.float64]: ...


class SecondStage(Protocol):
    """What re-ranks the best, such as `ranker.Ranker`."""

    def parts(
        self,
        signals: dict[str, NDArray[np.float64]],
        weighted: dict[str, NDArray[np.float64]],
        weights: Mapping[str, float],
        newcomer: NDArray[Any],
    ) -> dict[str, NDArray[np.float64]]: ...


class Sequential(Protocol):
    """A model of what comes next after items in their order."""

    def scores(self, sequences: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Taste:
    """What is known about some shoppers, row by row.

    Parameters
    ----------
    history : csr_matrix, shape (n_shoppers, n_items)
        Weights of items met; rows sum to 1, or to 0 for a newcomer.
    facets : mapping of str to ndarray, shape (n_shoppers, n_values)
        `p(v | shopper)` by facet; a facet left out says nothing.
    anchor : csr_matrix, shape (n_shoppers, n_items), or None
        What the request is about, such as the product of a page or a basket; rows sum to 1 or 0.
    sequences : sequence of ndarray of int32, or None
        Items of each shopper from the oldest to the newest, for signals that mind the order.
    """

    history: csr_matrix
    facets: Mapping[str, NDArray[np.float64]]
    anchor: csr_matrix | None = None
    sequences: Sequence[NDArray[np.int32]] | None = None


@dataclass(frozen=True)
class Blend:
    """A fitted blend; it holds arrays only.

    Parameters
    ----------
    popularity : mapping of str to ndarray, shape (n_items,)
        Signals that are the same for everybody.
    neighbours : mapping of str to csr_matrix, shape (n_items, n_items)
        Signals that lead from items of the history to others.
    facets : mapping of str to Facet
        Lifts.
    weights : mapping of str to float
        By signal; a signal without a weight is not computed.
    newcomer : mapping of str to float
        What a weight is multiplied by for a shopper without history, 1 where a signal is not named.
    factors : Factored or None
        Item factors, scored by the shopper's own factors.
    complements : csr_matrix, shape (n_items, n_items), or None
        Leads from what a request is about to what goes with it.
    sequence : Sequential or None
        Scores the order of a history.
    ranker : SecondStage or None
        Re-ranks the best by the same signals; parts are then its contributions.
    """

    n_items: int
    popularity: Mapping[str, NDArray[np.float64]]
    neighbours: Mapping[str, csr_matrix]
    facets: Mapping[str, Facet]
    weights: Mapping[str, float]
    newcomer: Mapping[str, float] = field(default_factory=dict)
    factors: Factored | None = None
    complements: csr_matrix | None = None
    sequence: Sequential | None = None
    ranker: SecondStage | None = None
    columns: NDArray[np.int64] | None = None

    @property
    def width(self) -> int:
        """Number of items that are scored."""
        return self.n_items if self.columns is None else len(self.columns)

    @property
    def signals(self) -> tuple[str, ...]:
        """Names of all signals that this blend can compute."""
        single = {FACTORS: self.factors, SEQUENCE: self.sequence, GOES_WITH: self.complements}
        own = tuple(name for name, part in single.items() if part is not None)
        return (*self.popularity, *self.neighbours, *own, *self.facets)

    def signal(self, name: str, taste: Taste) -> NDArray[np.float64]:
        """One signal, unweighted, shape (n_shoppers, n_items) or (1, n_items) when equal for all."""
        if name in self.popularity:
            return self.popularity[name][None, :]
        if name in self.facets:
            known = taste.facets.get(name)
            return np.zeros((1, self.width)) if known is None else self.facets[name].signal(known)
        reach = self._reach(name, taste)
        return spread(reach, self.n_items) if name in LOGGED else reach

    def at(self, items: NDArray[np.int64]) -> Self:
        """The same signals for some of the items only, not re-ranked; histories keep all columns."""
        return replace(
            self,
            ranker=None,
            popularity={name: value[items] for name, value in self.popularity.items()},
            neighbours={name: matrix[:, items] for name, matrix in self.neighbours.items()},
            facets={name: replace(facet, ratio=facet.ratio[items]) for name, facet in self.facets.items()},
            complements=None if self.complements is None else self.complements[:, items],
            columns=items if self.columns is None else self.columns[items],
        )

    def parts(self, taste: Taste) -> dict[str, NDArray[np.float64]]:
        """Weighted signals by name; they add up to `scores`."""
        weighted = {name: self._part(name, taste) for name in self._counted}
        if self.ranker is None:
            return weighted
        signals = {name: self.signal(name, taste) for name in self._counted}
        return self.ranker.parts(signals, weighted, self.weights, np.diff(taste.history.indptr) == 0)

    def scores(self, taste: Taste) -> NDArray[np.float64]:
        """Scores of all items, shape (n_shoppers, n_items), higher is better; one signal is held at a time."""
        if self.ranker is not None:
            return add(self.parts(taste), (taste.history.shape[0], self.width))
        total = np.zeros((taste.history.shape[0], self.width))
        for name in self._counted:
            total += self._part(name, taste)
        return total

    def evidence(
        self, name: str, taste: Taste, items: NDArray[np.int64], part: NDArray[Any] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
        """How the part of one signal splits over what a single shopper met.

        The share of each item of the history is exact where the signal is a sum over it, and
        proportional to its share of that sum where the signal is the sum's logarithm.

        Parameters
        ----------
        taste : Taste
            Of one shopper.
        items : ndarray of int64, shape (n_asked,)
            Columns of this blend.
        part : ndarray, shape (n_asked,), or None
            The weighted signal of the asked items, where it is known already.

        Returns
        -------
        rows : ndarray of int64, shape (n_history,)
            Items of the history, or of the anchor for `goes_with`.
        split : ndarray of float64, shape (n_history, n_asked)
            Columns sum to the part. None in place of both where the signal is no sum over items met.
        """
        raw = self._links(name, taste, items)
        if raw is None:
            return None
        if part is None:
            whole = self._part(name, taste) if self.ranker is None else self.parts(taste)[name]
            part = np.broadcast_to(whole, (1, self.width))[0, items]
        source = taste.anchor if name == GOES_WITH else taste.history
        rows = np.zeros(0, np.int64) if source is None else source.indices.astype(np.int64)
        return rows, apportioned(raw, part)

    @property
    def _counted(self) -> list[str]:
        return [name for name in self.signals if self.weights.get(name, 0.0) != 0]

    def _part(self, name: str, taste: Taste) -> NDArray[np.float64]:
        """One weighted signal."""
        weight, factor = self.weights.get(name, 0.0), self.newcomer.get(name, 1.0)
        value = self.signal(name, taste)
        if factor == 1.0:
            return weight * value
        empty = np.diff(taste.history.indptr) == 0
        part: NDArray[np.float64] = np.where(empty, weight * factor, weight)[:, None] * value
        return part

    def _reach(self, name: str, taste: Taste) -> NDArray[np.float64]:
        """A signal before its logarithm."""
        if name == FACTORS and self.factors is not None:
            users, items = self.factors.fold_in(strengths(taste.history)), self.factors.items
            found: NDArray[np.float64] = (users @ self._columns(items.T)).astype(np.float64)
            return found / self.n_items
        if name == SEQUENCE and self.sequence is not None:
            return self._next(self.sequence, taste)
        if name == GOES_WITH and self.complements is not None:
            if taste.anchor is None:
                return np.zeros((1, self.width))
            return reached(taste.anchor, self.complements)
        return reached(taste.history, self.neighbours[name])

    def _next(self, model: Sequential, taste: Taste) -> NDArray[np.float64]:
        """What comes next, centred, so that it says nothing on the whole; 0 without an order."""
        sequences = taste.sequences
        if sequences is None or not any(len(items) for items in sequences):
            return np.zeros((1, self.width))
        found = model.scores(sequences).astype(np.float64)
        found -= found.mean(axis=1, keepdims=True)
        found[[len(items) == 0 for items in sequences]] = 0.0
        return self._columns(found)

    def _columns(self, values: NDArray[Any]) -> NDArray[Any]:
        """The scored items among all."""
        chosen: NDArray[Any] = values if self.columns is None else values[:, self.columns]
        return chosen

    def _links(self, name: str, taste: Taste, items: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """Unweighted share of each item met in the reach of the asked ones, before any logarithm."""
        if name == FACTORS and self.factors is not None:
            asked = items if self.columns is None else self.columns[items]
            return self.factors.evidence(strengths(taste.history), asked)
        source = taste.anchor if name == GOES_WITH else taste.history
        matrix = self.complements if name == GOES_WITH else self.neighbours.get(name)
        if matrix is None:
            return None
        if source is None:
            return np.zeros((0, len(items)))
        return links(source, matrix, items)


def add(parts: Mapping[str, NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.float64]:
    """The sum of weighted signals, in the order of their names in `parts`."""
    total = np.zeros(shape)
    for part in parts.values():
        total += part
    return total


def spread(reach: NDArray[np.float64], n_items: int) -> NDArray[np.float64]:
    """Log of a walk's probability against chance, 0 where it does not arrive."""
    found: NDArray[np.float64] = np.log1p(np.maximum(reach, 0.0) * n_items)
    return found


def apportioned(raw: NDArray[np.float64], part: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns of `raw` scaled so that they sum to `part`; what adds nothing gets nothing."""
    total = raw.sum(axis=0)
    found: NDArray[np.float64] = raw * np.where(total != 0, part / np.where(total != 0, total, 1.0), 0.0)
    return found


def strengths(history: csr_matrix) -> csr_matrix:
    """Rows that sum to 1, scaled to a mean of 1 by item: what factors are fitted on."""
    from scipy.sparse import csr_matrix

    count = np.diff(history.indptr)
    data = history.data * np.repeat(count, count)
    return csr_matrix((data, history.indices, history.indptr), shape=history.shape)
