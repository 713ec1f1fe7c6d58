"""What goes with a product: bought in the same basket, from another category, and likely even where baskets are few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.recommenders.events import Codes, EventLog

_BASKET_DAYS = 7.0
_TRUST = 10.0
_FIRST = 50


def complements(log: EventLog, category: Codes | None, popularity: NDArray[Any], *, top_k: int) -> csr_matrix:
    """`p(other item | item)` within a basket, items of the same category left out.

    Counts of pairs are drawn to what the two categories would tell: how often they meet in a basket, times
    the other item's share of its category.

    Parameters
    ----------
    log : EventLog
        Only strong events are looked at; those of a shopper within a week make a basket.
    category : Codes or None
        By item; without categories only pairs count.
    popularity : ndarray, shape (n_items,)
        Decides which items of a complementary category come first.
    top_k : int
        Kept by item.

    Returns
    -------
    csr_matrix, shape (n_items, n_items)
        Rows sum to at most 1; row = from item.
    """
    from scipy.sparse import csr_matrix, diags_array

    from engine.recommenders.neighbours import largest

    basket = _baskets(log)
    pairs = (basket.T @ basket).tocoo()
    keep = pairs.row != pairs.col
    if category is not None:
        keep &= (category.codes[pairs.row] != category.codes[pairs.col]) | (category.codes[pairs.row] < 0)
    counts = csr_matrix((pairs.data[keep], (pairs.row[keep], pairs.col[keep])), shape=pairs.shape)
    met = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
    if category is not None:
        counts = counts + _TRUST * _expected(basket, category, popularity, top_k)
    scale = diags_array(1 / (met + _TRUST)).tocsr()
    return largest((scale @ counts).tocsr(), top_k)


def _baskets(log: EventLog) -> csr_matrix:
    """Items of each basket, shape (n_baskets, n_items), ones."""
    from scipy.sparse import csr_matrix

    strong = np.flatnonzero(log.strong)
    week = np.zeros(len(strong)) if log.day is None else np.floor(log.day[strong] / _BASKET_DAYS)
    _, place = np.unique(np.column_stack([log.shopper[strong], week]), axis=0, return_inverse=True)
    shape = (int(place.max(initial=-1)) + 1, log.n_items)
    found = csr_matrix((np.ones(len(strong)), (place.ravel(), log.item[strong])), shape=shape)
    found.sum_duplicates()
    found.data[:] = 1.0
    return found


def _expected(basket: csr_matrix, category: Codes, popularity: NDArray[Any], top_k: int) -> csr_matrix:
    """`p(item | category of the other)`, other categories only, the likeliest `top_k` items."""
    from scipy.sparse import csr_matrix

    size = len(category.labels)
    known = np.flatnonzero(category.codes >= 0)
    member = csr_matrix((np.ones(len(known)), (known, category.codes[known])), shape=(len(category.codes), size))
    held = (basket @ member).tocsr()
    held.data[:] = 1.0
    together = (held.T @ held).toarray().astype(np.float64)
    np.fill_diagonal(together, 0.0)
    together /= np.maximum(together.sum(axis=1, keepdims=True), 1e-12)
    told = np.asarray((csr_matrix(together) @ _shares(category, popularity)).toarray())
    if top_k < told.shape[1]:
        floor = np.partition(told, told.shape[1] - top_k, axis=1)[:, told.shape[1] - top_k]
        told = np.where(told >= floor[:, None], told, 0.0)
    return (member @ csr_matrix(told)).tocsr()


def _shares(category: Codes, popularity: NDArray[Any]) -> csr_matrix:
    """Share of each of a category's first items, shape (n_categories, n_items)."""
    from scipy.sparse import csr_matrix

    rows, columns, values = [], [], []
    for code in range(len(category.labels)):
        items = np.flatnonzero(category.codes == code)
        weight = np.asarray(popularity[items], dtype=np.float64) + 1e-9
        first = np.argsort(-weight, kind="stable")[:_FIRST]
        rows.append(np.full(len(first), code))
        columns.append(items[first])
        values.append(weight[first] / weight.sum())
    shape = (len(category.labels), len(category.codes))
    if not rows:
        return csr_matrix(shape)
    return csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape)
