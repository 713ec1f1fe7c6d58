"""Item-to-item models: each row of the answer says where a shopper goes from that item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

_BLOCK_CELLS = 4_000_000
_CROWDED = 8


def rp3beta(matrix: csr_matrix, *, alpha: float, beta: float, top_k: int) -> csr_matrix:
    """Three-step random walk over shoppers, with popular items held down.

    Parameters
    ----------
    matrix : csr_matrix, shape (n_shoppers, n_items)
        Strengths, >= 0.
    alpha : float
        Exponent of the step probabilities; 1 is the plain walk.
    beta : float
        Exponent of the popularity that scores are divided by.
    top_k : int
        Neighbours kept by item.

    Returns
    -------
    csr_matrix, shape (n_items, n_items)
        Rows sum to at most 1.

    References
    ----------
    Paudel et al., "Updatable, Accurate, Diverse, and Scalable Recommendations", TiiS 2017.
    """
    from scipy.sparse import diags_array

    to_item = _row_shares(matrix).power(alpha)
    to_shopper = _row_shares(matrix.T.tocsr()).power(alpha)
    popularity = np.asarray((matrix > 0).sum(axis=0), dtype=np.float64).ravel()
    damp = diags_array(np.where(popularity > 0, np.maximum(popularity, 1.0) ** -beta, 0.0)).tocsr()
    step = (to_item @ damp).tocsr()
    return _row_shares(_top_rows(lambda rows: to_shopper[rows] @ step, matrix.shape[1], top_k))


def cosine(
    features: csr_matrix, *, top_k: int, shrink: float = 0.0, prefer: NDArray[np.float64] | None = None
) -> csr_matrix:
    """Cosine similarity of rows, the nearest `top_k` of each, without the row itself.

    Parameters
    ----------
    features : csr_matrix, shape (n_items, n_features)
        Any non-negative features; for item-to-item by shoppers pass the transposed history.
    shrink : float
        Added to the product of norms, so that scarce evidence counts less.
    prefer : ndarray, shape (n_items,), or None
        Among equally near items the higher one is kept.
    """
    norms = np.sqrt(np.asarray(features.multiply(features).sum(axis=1), dtype=np.float64).ravel())
    other = features.T.tocsr()

    def block(rows: slice) -> csr_matrix:
        product = (features[rows] @ other).tocoo()
        product.data = product.data / np.maximum(norms[rows][product.row] * norms[product.col] + shrink, 1e-12)
        return product.tocsr()

    return _top_rows(block, features.shape[0], top_k, prefer)


def nearest_vectors(vectors: NDArray[np.floating[Any]], *, top_k: int) -> csr_matrix:
    """Cosine neighbours of dense rows of unit norm, negative similarities dropped."""
    from scipy.sparse import csr_matrix

    return _top_rows(lambda rows: csr_matrix(vectors[rows] @ vectors.T), len(vectors), top_k)


def largest(matrix: csr_matrix, top_k: int) -> csr_matrix:
    """The `top_k` largest positive entries of each row, off the diagonal; the matrix is square."""
    return _top_rows(lambda rows: matrix[rows], matrix.shape[0], top_k)


def _row_shares(matrix: csr_matrix) -> csr_matrix:
    """Rows divided by their sums; empty rows stay empty."""
    from scipy.sparse import diags_array

    sums = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    return (diags_array(np.where(sums > 0, 1 / np.maximum(sums, 1e-300), 0.0)) @ matrix).tocsr()


def _top_rows(
    block: Callable[[slice], csr_matrix], n_items: int, top_k: int, prefer: NDArray[np.float64] | None = None
) -> csr_matrix:
    """Stack blocks of rows, each cut to its `top_k` largest entries off the diagonal."""
    from scipy.sparse import csr_matrix, vstack

    step = max(1, _BLOCK_CELLS // max(n_items, 1))
    order = np.zeros(n_items) if prefer is None else prefer
    parts = []
    for start in range(0, n_items, step):
        rows = slice(start, min(start + step, n_items))
        parts.append(cut(block(rows), np.arange(rows.start, rows.stop), top_k, order))
    if not parts:
        return csr_matrix((0, n_items))
    stacked = vstack(parts).tocsr()
    stacked.sort_indices()
    return stacked


def cut(rows: csr_matrix, own: NDArray[np.int64], top_k: int, prefer: NDArray[np.float64]) -> csr_matrix:
    """The `top_k` largest entries of each row; ties go to what is preferred, then to the lower column.

    `own` is each row's own column, which is left out.
    """
    from scipy.sparse import csr_matrix

    coo = _candidates(rows, own, top_k).tocoo()
    keep = (coo.data > 0) & (coo.col != own[coo.row])
    row, col, value = coo.row[keep], coo.col[keep], coo.data[keep]
    order = np.lexsort((col, -prefer[col], -value, row))
    row, col, value = row[order], col[order], value[order]
    starts = np.searchsorted(row, np.arange(rows.shape[0]))
    rank = np.arange(len(row)) - starts[row]
    best = rank < top_k
    return csr_matrix((value[best], (row[best], col[best])), shape=rows.shape)


def _candidates(rows: csr_matrix, own: NDArray[np.int64], top_k: int) -> csr_matrix:
    """Drop what cannot be among the best of a crowded row, so that little is left to sort."""
    if rows.nnz < _CROWDED * rows.shape[0] * top_k:
        return rows
    from scipy.sparse import csr_matrix

    dense = rows.toarray()
    dense[np.arange(len(dense)), own] = 0.0
    floor = np.partition(dense, dense.shape[1] - top_k, axis=1)[:, dense.shape[1] - top_k]
    return csr_matrix(np.where(dense >= np.maximum(floor, 1e-12)[:, None], dense, 0.0))
