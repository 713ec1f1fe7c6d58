"""Fitted models in one form: histories in, scores of all items out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.recommenders.als import Factors
    from engine.recommenders.sequence import SequenceModel

    Histories = Sequence[NDArray[np.int32]]
    Scores = NDArray[np.floating[Any]]


class Scorer(Protocol):
    """A fitted model."""

    def scores(self, histories: Histories) -> Scores:
        """Scores of all items, shape (n_histories, n_items), higher is better."""

    def signal(self, scores: Scores) -> Scores:
        """The same on a scale of log odds, for a log-linear mix."""


@dataclass(frozen=True)
class Popular:
    """The same for everybody.

    Parameters
    ----------
    popularity : ndarray, shape (n_items,)
        Decayed counts.
    """

    popularity: NDArray[np.float64]

    def scores(self, histories: Histories) -> Scores:
        return np.broadcast_to(self.popularity, (len(histories), len(self.popularity)))

    def signal(self, scores: Scores) -> Scores:
        from engine.recommenders.popularity import as_signal

        return np.broadcast_to(as_signal(self.popularity), scores.shape)


@dataclass(frozen=True)
class Neighbours:
    """From the items of a history to others.

    Parameters
    ----------
    matrix : csr_matrix or ndarray, shape (n_items, n_items)
        Row = from item.
    decay : float
        Weight of an item against the one after it; 1 weighs all alike.
    """

    matrix: Any
    decay: float = 1.0

    def scores(self, histories: Histories) -> Scores:
        found = weighted(histories, self.decay, self.matrix.shape[0]) @ self.matrix
        return np.asarray(found if isinstance(found, np.ndarray) else found.toarray())

    def signal(self, scores: Scores) -> Scores:
        return reach(scores)

    def with_decay(self, decay: float) -> Self:
        return replace(self, decay=decay)


@dataclass(frozen=True)
class Content:
    """Items that are like those of a history.

    Parameters
    ----------
    features : csr_matrix, shape (n_items, n_features)
        Rows of unit norm or none.
    """

    features: csr_matrix
    decay: float = 1.0

    def scores(self, histories: Histories) -> Scores:
        liked = weighted(histories, self.decay, self.features.shape[0]) @ self.features
        return np.asarray((liked @ self.features.T).toarray())

    def signal(self, scores: Scores) -> Scores:
        return reach(scores)

    def with_decay(self, decay: float) -> Self:
        return replace(self, decay=decay)


@dataclass(frozen=True)
class FoldedIn:
    """Alternating least squares; a shopper's factors are solved for."""

    factors: Factors
    decay: float = 1.0

    def scores(self, histories: Histories) -> Scores:
        history = weighted(histories, self.decay, len(self.factors.items))
        return self.factors.scores(self.factors.fold_in(history))

    def signal(self, scores: Scores) -> Scores:
        return reach(scores)

    def with_decay(self, decay: float) -> Self:
        return replace(self, decay=decay)


@dataclass(frozen=True)
class Sequential:
    """The order of a history."""

    model: SequenceModel

    def scores(self, histories: Histories) -> Scores:
        return self.model.scores(histories)

    def signal(self, scores: Scores) -> Scores:
        return scores


def weighted(histories: Histories, decay: float, n_items: int) -> csr_matrix:
    """Histories as rows, the last item at 1 and each one before at `decay` times the next, repeats summed."""
    from scipy.sparse import csr_matrix

    lengths = np.array([len(history) for history in histories], dtype=np.int64)
    starts = np.r_[0, np.cumsum(lengths)]
    items = np.concatenate(histories) if len(histories) else np.zeros(0, dtype=np.int32)
    left = np.repeat(starts[1:], lengths) - np.arange(len(items)) - 1
    found = csr_matrix((decay**left, items, starts), shape=(len(histories), n_items))
    found.sum_duplicates()
    return found


def reach(scores: Scores) -> Scores:
    """Log of a score's share against an even one, 0 where nothing leads there; negative scores count as none."""
    held = np.maximum(scores, 0.0)
    total = np.maximum(held.sum(axis=1, keepdims=True), 1e-12)
    logs: Scores = np.log1p(held * (held.shape[1] / total))
    return logs
