"""From items met to items reached, quickly for one shopper: most of what an answer waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


def reached(history: csr_matrix, matrix: csr_matrix) -> NDArray[np.float64]:
    """`history @ matrix` as a dense array, shape (n_shoppers, n_columns).

    Parameters
    ----------
    history : csr_matrix, shape (n_shoppers, n_items)
    matrix : csr_matrix, shape (n_items, n_columns)
    """
    if history.shape[0] != 1:
        return np.asarray((history @ matrix).toarray(), dtype=np.float64)
    at, counts = _cells(history, matrix)
    weights = matrix.data[at] * np.repeat(history.data, counts)
    found = np.bincount(matrix.indices[at], weights, minlength=matrix.shape[1])
    return np.asarray(found, dtype=np.float64)[None, :]


def links(source: csr_matrix, matrix: csr_matrix, items: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each item of one history adds to the reach of some columns, shape (n_history, n_asked).

    Parameters
    ----------
    source : csr_matrix, shape (1, n_items)
    items : ndarray of int64, shape (n_asked,)
        Columns of `matrix`.
    """
    at, counts = _cells(source, matrix)
    distinct, back = np.unique(items, return_inverse=True)
    place = np.full(matrix.shape[1], -1, dtype=np.int64)
    place[distinct] = np.arange(len(distinct))
    column = place[matrix.indices[at]]
    asked = column >= 0
    row = np.repeat(np.arange(len(counts)), counts)[asked]
    found = np.zeros((len(counts), len(distinct)))
    found[row, column[asked]] = matrix.data[at][asked] * source.data[row]
    return found[:, back]


def _cells(history: csr_matrix, matrix: csr_matrix) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the rows of a history's items lie in the matrix, and how many entries each has."""
    starts = matrix.indptr[history.indices].astype(np.int64)
    counts = matrix.indptr[history.indices + 1] - starts
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum())), counts
