"""Quality of ranked lists, one figure a shopper, all items ranked and none sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


def hits(lists: NDArray[np.int64], unit: NDArray[np.int64], item: NDArray[np.int32], n_items: int) -> NDArray[np.bool_]:
    """Which places of the lists hold a wanted item, shape of `lists`.

    Parameters
    ----------
    lists : ndarray of int64, shape (n_units, k)
        Ranked items, -1 for an empty place.
    unit, item : ndarray
        Wanted pairs.
    """
    wanted = np.unique(unit * n_items + item)
    asked = np.arange(len(lists))[:, None] * n_items + lists
    found: NDArray[np.bool_] = np.isin(asked, wanted) & (lists >= 0)
    return found


def ndcg(hit: NDArray[np.bool_], wanted: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """NDCG with binary gains; `wanted` is the number of held-out items of each unit."""
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.clip(wanted, 1, k) - 1]
    return np.asarray((hit[:, :k] * discount).sum(axis=1) / ideal, dtype=np.float64)


def recall(hit: NDArray[np.bool_], wanted: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Share of the held-out items that the first `k` places hold."""
    return np.asarray(hit[:, :k].sum(axis=1) / np.maximum(wanted, 1), dtype=np.float64)


def average_precision(hit: NDArray[np.bool_], wanted: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Average precision, as the H&M competition defines it: divided by min(k, held-out items)."""
    top = hit[:, :k].astype(np.float64)
    precision = np.cumsum(top, axis=1) / np.arange(1, k + 1, dtype=np.float64)
    return np.asarray((precision * top).sum(axis=1) / np.clip(wanted, 1, k), dtype=np.float64)


def hit_rate(hit: NDArray[np.bool_], k: int) -> NDArray[np.float64]:
    """1 where the first `k` places hold a held-out item."""
    return np.asarray(hit[:, :k].any(axis=1), dtype=np.float64)


def coverage(lists: NDArray[np.int64], k: int, candidates: int) -> float:
    """Share of the candidates that appear in somebody's first `k`."""
    shown = np.unique(lists[:, :k])
    return float((shown >= 0).sum() / max(candidates, 1))


def novelty(lists: NDArray[np.int64], surprise: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Mean self-information of the first `k`, in bits: higher means less known items."""
    top = lists[:, :k]
    bits = np.where(top >= 0, surprise[top], 0.0)
    return np.asarray(bits.sum(axis=1) / np.maximum((top >= 0).sum(axis=1), 1), dtype=np.float64)


def diversity(lists: NDArray[np.int64], content: csr_matrix, k: int) -> NDArray[np.float64]:
    """One minus the mean cosine of all pairs in the first `k`; `content` has rows of unit norm or none."""
    from scipy.sparse import csr_matrix

    top = lists[:, :k]
    size = (top >= 0).sum(axis=1)
    row = np.repeat(np.arange(len(top)), size)
    member = csr_matrix((np.ones(len(row)), (row, top[top >= 0])), shape=(len(top), content.shape[0]))
    norm = np.asarray(content.multiply(content).sum(axis=1)).ravel()
    total = (member @ content).tocsr()
    squared = np.asarray(total.multiply(total).sum(axis=1)).ravel()
    pairs = np.maximum(size * (size - 1), 1)
    found: NDArray[np.float64] = 1 - (squared - member @ norm) / pairs
    return found
