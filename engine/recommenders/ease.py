"""EASE: the linear item-to-item model with a closed form (Steck, "Embarrassingly Shallow Autoencoders", WWW 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

_BLOCK = 1_024


def ease(matrix: csr_matrix, *, regularisation: float, top_k: int | None = None) -> Any:
    """Weights with which `history @ weights` comes closest to the history itself, without its diagonal.

    Memory and time grow with the square and the cube of the items that anybody touched: 5,000 take
    200 MB and some seconds, so it is for catalogues up to about 10,000.

    Parameters
    ----------
    matrix : csr_matrix, shape (n_shoppers, n_items)
        Strengths.
    regularisation : float
        Ridge penalty, > 0, in units of squared strength; larger for sparser data.
    top_k : int or None
        Weights kept by row, the largest in absolute value; None keeps all of them.

    Returns
    -------
    ndarray of float32, or csr_matrix when `top_k` is given, shape (n_items, n_items)
        Row = from item, column = to item; zero diagonal.
    """
    touched = np.flatnonzero(np.diff(matrix.tocsc().indptr))
    weights = _solve(matrix[:, touched], regularisation)
    if top_k is not None:
        return _sparse(weights, touched, matrix.shape[1], top_k)
    if len(touched) == matrix.shape[1]:
        return weights
    full = np.zeros((matrix.shape[1],) * 2, dtype=np.float32)
    full[np.ix_(touched, touched)] = weights
    return full


def _solve(matrix: csr_matrix, regularisation: float) -> NDArray[np.float32]:
    """`-P / diag(P)` with `P` the inverse of the regularised Gram matrix."""
    from scipy.linalg import lapack

    n_items = matrix.shape[1]
    if n_items == 0:
        return np.zeros((0, 0), dtype=np.float32)
    gram = (matrix.T @ matrix).toarray().astype(np.float64, order="F")
    gram[np.diag_indices(n_items)] += regularisation
    factor, info = lapack.dpotrf(gram, lower=1, overwrite_a=1)
    if info != 0:
        raise ValueError("the regularisation is too small for these strengths: the Gram matrix is singular")
    inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    scale = -1 / np.diag(inverse)
    weights = np.empty((n_items, n_items), dtype=np.float32)
    for start in range(0, n_items, _BLOCK):
        rows = slice(start, min(start + _BLOCK, n_items))
        lower = np.tril(inverse[rows, rows])
        weights[rows, :start] = inverse[rows, :start]
        weights[:start, rows] = inverse[rows, :start].T
        weights[rows, rows] = lower + np.tril(lower, -1).T
    weights *= scale.astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return weights


def _sparse(weights: NDArray[np.float32], touched: NDArray[np.int64], n_items: int, top_k: int) -> csr_matrix:
    """The `top_k` weights of each row that are largest in absolute value, at their places among all items."""
    from scipy.sparse import csr_matrix

    size = min(top_k, len(touched))
    starts = np.zeros(n_items + 1, dtype=np.int64)
    if size == 0:
        return csr_matrix((n_items, n_items), dtype=np.float32)
    kept = np.empty((len(touched), size), dtype=np.int64)
    for start in range(0, len(touched), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(touched)))
        kept[rows] = np.argpartition(-np.abs(weights[rows]), size - 1, axis=1)[:, :size]
    kept.sort(axis=1)
    values = np.take_along_axis(weights, kept, axis=1)
    starts[touched + 1] = size
    found = csr_matrix((values.ravel(), touched[kept].ravel(), np.cumsum(starts)), shape=(n_items, n_items))
    found.eliminate_zeros()
    return found
