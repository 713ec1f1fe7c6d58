"""Diversity by maximal marginal relevance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


class Spread:
    """Chooses the product with the highest `(1 - d) * relevance - d * likeness` to the nearest one before it.

    Relevance is the score scaled to 0..1 over the products that may be chosen, likeness the cosine of
    their content.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_pool,)
        Products that may be chosen, best first.
    scores : ndarray of float64, shape (n_pool,)
        Finite.
    content : csr_matrix, shape (n_products, n_features)
        Rows of unit norm.
    diversity : float
        0 to 1.

    References
    ----------
    Carbonell and Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998.
    """

    def __init__(
        self, rows: NDArray[np.int64], scores: NDArray[np.float64], content: csr_matrix, diversity: float
    ) -> None:
        low, high = float(scores.min()), float(scores.max())
        self._rows = rows
        self._content = content
        self._relevance = (1 - diversity) * (scores - low) / max(high - low, 1e-12)
        self._diversity = diversity
        self._nearest = np.zeros(len(rows))
        self._turned = content[rows].T.tocsr()
        self._place = {row: place for place, row in enumerate(rows.tolist())}
        self._likeness = (content[rows] @ self._turned).toarray()

    def best(self, left: NDArray[np.float64]) -> int | None:
        """The next row among those that `left` still allows; ties go to the better score."""
        open_ = np.isfinite(left[self._rows])
        if not open_.any():
            return None
        value = np.where(open_, self._relevance - self._diversity * self._nearest, -np.inf)
        return int(self._rows[int(value.argmax())])

    def took(self, row: int) -> None:
        """A product was placed; what is like it becomes less wanted."""
        place = self._place.get(row)
        if place is None:
            self.saw([row])
        else:
            np.maximum(self._nearest, self._likeness[place], out=self._nearest)

    def saw(self, rows: Sequence[int]) -> None:
        """Products that were placed from elsewhere."""
        if rows:
            near = (self._content[list(rows)] @ self._turned).toarray().max(axis=0)
            np.maximum(self._nearest, near, out=self._nearest)
