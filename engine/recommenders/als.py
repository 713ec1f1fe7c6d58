"""Matrix factorisation of implicit feedback by alternating least squares, with fold-in and exact evidence.

Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008: every pair of
shopper and item is fitted, 1 where they met and 0 where not, with confidence `1 + alpha * strength`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

_BATCH_CELLS = 4_000_000


@dataclass(frozen=True)
class Factors:
    """Fitted item factors; a shopper's follow from a history by one least-squares solve.

    Parameters
    ----------
    items : ndarray of float32, shape (n_items, n_dimensions)
    regularisation, alpha : float
        As fitted with.
    """

    items: NDArray[np.float32]
    regularisation: float
    alpha: float

    @cached_property
    def _side(self) -> _Side:
        return _Side(self.items, self.regularisation, self.alpha)

    def fold_in(self, history: csr_matrix) -> NDArray[np.float32]:
        """Factors of shoppers from their histories, shape (n_shoppers, n_dimensions); zeros without history.

        Parameters
        ----------
        history : csr_matrix, shape (n_shoppers, n_items)
            Strengths on the scale of the training matrix.
        """
        return self._side.solve(history)

    def scores(self, users: NDArray[np.float32]) -> NDArray[np.float32]:
        """Predicted preference, about 0 to 1, shape (n_shoppers, n_items)."""
        found: NDArray[np.float32] = users @ self.items.T
        return found

    def evidence(self, history_row: csr_matrix, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """How the score of items splits over a history (section 5 of the paper); columns sum to the score.

        Parameters
        ----------
        history_row : csr_matrix, shape (1, n_items)
        items : ndarray of int64, shape (n_asked,)

        Returns
        -------
        ndarray of float64, shape (n_history, n_asked)
            Rows in the order of `history_row.indices`.
        """
        confidence = 1.0 + self.alpha * history_row.data.astype(np.float64)
        own = self.items[history_row.indices].astype(np.float64)
        normal = self._side.gram + (own * (confidence - 1.0)[:, None]).T @ own
        reach = own @ np.linalg.solve(normal, self.items[items].astype(np.float64).T)
        found: NDArray[np.float64] = reach * confidence[:, None]
        return found


class _Side:
    """One side of the factorisation held fixed, while rows of the other side are solved for."""

    def __init__(self, fixed: NDArray[np.float32], regularisation: float, alpha: float) -> None:
        self._fixed, self._alpha = fixed, alpha
        exact = fixed.astype(np.float64)
        self.gram: NDArray[np.float64] = exact.T @ exact + regularisation * np.eye(fixed.shape[1])
        self._whitened = (exact @ np.linalg.inv(self.gram)).astype(np.float32)

    def solve(self, matrix: csr_matrix) -> NDArray[np.float32]:
        """Least squares of every row, in batches of rows with similar numbers of entries."""
        size = self._fixed.shape[1]
        found = np.zeros((matrix.shape[0], size), dtype=np.float32)
        counts = np.diff(matrix.indptr)
        order = np.argsort(counts, kind="stable")
        order = order[counts[order] > 0]
        start = 0
        while start < len(order):
            stop = self._stop(counts, order, start, size)
            rows = order[start:stop]
            place, valid = _padded(matrix.indptr, rows, counts[rows])
            own, strength = matrix.indices[place], np.where(valid, matrix.data[place], 0.0)
            few = place.shape[1] <= size
            found[rows] = (self._few if few else self._many)(own, self._alpha * strength, valid)
            start = stop
        return found

    @staticmethod
    def _stop(counts: NDArray[np.int64], order: NDArray[np.int64], start: int, size: int) -> int:
        """End of a batch: bounded memory, and no row padded to more than twice its own entries."""
        widest = max(2 * int(counts[order[start]]), 4)
        stop = int(np.searchsorted(counts[order], widest, side="right"))
        width = int(counts[order[min(stop, len(order)) - 1]])
        step = max(1, _BATCH_CELLS // (max(width, 1) * size + min(width, size) ** 2))
        return min(stop, start + step)

    def _few(self, own: NDArray[np.int32], extra: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
        """By the Woodbury identity, a system of the size of the history instead of the dimensions."""
        near = self._fixed[own] * valid[:, :, None]
        far = self._whitened[own]
        system = (near @ far.transpose(0, 2, 1)).astype(np.float64)
        wanted = np.where(valid, 1.0 + extra, 0.0)
        system = system * extra[:, :, None]
        system[:, np.arange(own.shape[1]), np.arange(own.shape[1])] += 1.0
        # (I + W K) a = c, with W the extra confidence and K the history's kernel
        share = np.linalg.solve(system, wanted[:, :, None])
        return np.asarray((share.transpose(0, 2, 1).astype(np.float32) @ (far * valid[:, :, None]))[:, 0], np.float32)

    def _many(
        self, own: NDArray[np.int32], extra: NDArray[np.float64], valid: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """The normal equations in the dimensions."""
        near = self._fixed[own] * valid[:, :, None]
        heavy = near * extra[:, :, None].astype(np.float32)
        normal = self.gram + (heavy.transpose(0, 2, 1) @ near).astype(np.float64)
        wanted = ((1.0 + extra)[:, None, :].astype(np.float32) @ near)[:, 0].astype(np.float64)
        return np.linalg.solve(normal, wanted[:, :, None])[:, :, 0].astype(np.float32)


def fit_als(
    matrix: csr_matrix,
    *,
    dimensions: int = 64,
    regularisation: float = 10.0,
    alpha: float = 10.0,
    iterations: int = 15,
    seed: int = 0,
    progress: Callable[[int, float], None] | None = None,
) -> Factors:
    """Factors of items, from what shoppers met.

    Parameters
    ----------
    matrix : csr_matrix, shape (n_shoppers, n_items)
        Strengths, >= 0, about 1 for an ordinary event.
    dimensions : int
        Length of the factors.
    regularisation : float
        Ridge penalty on the factors, > 0.
    alpha : float
        Confidence that a unit of strength adds to the 1 of every pair.
    iterations : int
        Times that both sides are solved.
    seed : int
        Of the start.
    progress : callable or None
        Told the iteration, from 1, and the mean loss by pair.
    """
    random = np.random.default_rng(seed)
    items = (random.normal(size=(matrix.shape[1], dimensions)) / np.sqrt(dimensions)).astype(np.float32) * 0.1
    by_shopper, by_item = matrix.tocsr(), matrix.T.tocsr()
    for iteration in range(1, iterations + 1):
        shoppers = _Side(items, regularisation, alpha).solve(by_shopper)
        items = _Side(shoppers, regularisation, alpha).solve(by_item)
        if progress is not None:
            progress(iteration, _loss(by_shopper, shoppers, items, regularisation, alpha))
    return Factors(items, regularisation, alpha)


def _padded(
    indptr: NDArray[np.int32], rows: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Places of the rows' entries, padded to the longest row, and which of them are real."""
    step = np.arange(int(counts.max()))
    valid = step[None, :] < counts[:, None]
    return np.where(valid, indptr[rows].astype(np.int64)[:, None] + step, 0), valid


def _loss(
    matrix: csr_matrix,
    shoppers: NDArray[np.float32],
    items: NDArray[np.float32],
    regularisation: float,
    alpha: float,
) -> float:
    """What the solves minimise, by pair; pairs that never met are summed through the Gram matrices."""
    left, right = shoppers.astype(np.float64), items.astype(np.float64)
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    score = np.einsum("ed,ed->e", shoppers[row], items[matrix.indices]).astype(np.float64)
    met = (1.0 + alpha * matrix.data) * (1.0 - score) ** 2 - score**2
    everything = float(np.sum((left.T @ left) * (right.T @ right)))
    penalty = regularisation * (float(np.sum(left**2)) + float(np.sum(right**2)))
    pairs = max(int(matrix.shape[0]) * int(matrix.shape[1]), 1)
    return (float(met.sum()) + everything + penalty) / pairs
