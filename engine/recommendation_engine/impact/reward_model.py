"""What a choice is worth in a context, by means that lean on their neighbours where rows are few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
_PRIOR_ROWS = 20.0


def cross_fitted(
    context: NDArray[Any],
    action: NDArray[Any],
    reward: NDArray[Any],
    fold: NDArray[Any],
    shape: tuple[int, int],
) -> NDArray[np.float64]:
    """One table of expected rewards a fold, learned from the rows of the other folds only.

    Parameters
    ----------
    context, action : ndarray of int, shape (n_rows,)
        Codes from 0.
    reward : ndarray, shape (n_rows,)
    fold : ndarray of int, shape (n_rows,)
        0 to `FOLDS - 1`.
    shape : (n_contexts, n_actions)

    Returns
    -------
    ndarray, shape (FOLDS, n_contexts, n_actions)
    """
    cell = (fold.astype(np.int64) * shape[0] + context) * shape[1] + action
    full = (FOLDS, *shape)
    rows = np.bincount(cell, minlength=FOLDS * shape[0] * shape[1]).reshape(full)
    sums = np.bincount(cell, reward, minlength=FOLDS * shape[0] * shape[1]).reshape(full)
    return np.stack([shrunken(sums.sum(0) - sums[part], rows.sum(0) - rows[part]) for part in range(FOLDS)])


def shrunken(sums: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.float64]:
    """Means of cells, drawn to `action mean * context mean / mean` with the weight of 20 rows.

    Parameters
    ----------
    sums, rows : ndarray, shape (n_contexts, n_actions)
        Reward and number of rows by cell.
    """
    overall = sums.sum() / max(rows.sum(), 1)
    if overall == 0:
        return np.zeros(sums.shape)
    by_action, by_context = (
        (sums.sum(axis) + _PRIOR_ROWS * overall) / (rows.sum(axis) + _PRIOR_ROWS) for axis in (0, 1)
    )
    prior = by_context[:, None] * by_action[None, :] / overall
    found: NDArray[np.float64] = (sums + _PRIOR_ROWS * prior) / (rows + _PRIOR_ROWS)
    return found
