"""The best items of each row, exact and repeatable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def top_k(scores: NDArray[np.floating[Any]], k: int) -> NDArray[np.int64]:
    """Columns of the `k` highest scores of each row, best first; ties go to the lower column.

    Parameters
    ----------
    scores : ndarray, shape (n_rows, n_items)
        -inf marks what must not appear.

    Returns
    -------
    ndarray of int64, shape (n_rows, k)
        -1 where a row has fewer allowed items.
    """
    n_rows, n_items = scores.shape
    size = min(k, n_items)
    answer = np.full((n_rows, k), -1, dtype=np.int64)
    if size == 0:
        return answer
    floor = np.partition(scores, n_items - size, axis=1)[:, n_items - size]
    for row in range(n_rows):
        answer[row, :size] = _best(scores[row], floor[row], size)
    return answer


def _best(scores: NDArray[Any], floor: Any, size: int) -> NDArray[np.int64]:
    chosen = np.flatnonzero(scores >= floor)
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")][:size]
    found = np.full(size, -1, dtype=np.int64)
    allowed = chosen[np.isfinite(scores[chosen])]
    found[: len(allowed)] = allowed
    return found
