"""Content neighbours in large catalogues: each product is compared with the products of nearby regions only.

Rows are sketched by random projections, regions are found on the sketch by a few rounds of spherical k-means
(inverted lists, as in Jegou, Douze, Schmid 2011), and the similarities within them are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.recommenders.neighbours import cut

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

_DIMENSIONS = 96
_ROUNDS = 4
_COMPARED = 4_000
_BLOCK = 512


def cosine_by_region(
    features: csr_matrix,
    *,
    top_k: int,
    prefer: NDArray[np.float64] | None = None,
    compared: int = _COMPARED,
    seed: int = 0,
) -> csr_matrix:
    """Cosine similarity of rows of unit norm, the nearest `top_k` of each among about `compared` others.

    Parameters
    ----------
    features : csr_matrix, shape (n_items, n_features)
        Rows of unit norm or none.
    prefer : ndarray, shape (n_items,), or None
        Among equally near items the higher one is kept.
    """
    from scipy.sparse import csr_matrix, vstack

    n_items = features.shape[0]
    order = np.zeros(n_items) if prefer is None else prefer
    region, centres = regions(features, max(1, int(np.sqrt(n_items))), seed=seed)
    members = [np.flatnonzero(region == number) for number in range(len(centres))]
    near = np.argsort(-(centres @ centres.T), axis=1, kind="stable")
    parts, rows = [], []
    for number, own in enumerate(members):
        if len(own) == 0:
            continue
        others = _gathered(members, near[number], compared)
        other = features[others].T.tocsr()
        for start in range(0, len(own), _BLOCK):
            asked = own[start : start + _BLOCK]
            found = cut(features[asked] @ other, np.searchsorted(others, asked), top_k, order[others])
            parts.append(csr_matrix((found.data, others[found.indices], found.indptr), shape=(len(asked), n_items)))
            rows.append(asked)
    back = np.argsort(np.concatenate(rows), kind="stable")
    stacked = vstack(parts).tocsr()[back]
    stacked.sort_indices()
    return stacked


def regions(features: csr_matrix, number: int, *, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Region of each row, shape (n_items,), and the unit centres of all regions, shape (number, n)."""
    random = np.random.default_rng(seed)
    projection = random.normal(size=(features.shape[1], _DIMENSIONS)).astype(np.float32)
    sketch = _unit(np.asarray(features.astype(np.float32) @ projection))
    centres = sketch[random.choice(len(sketch), size=min(number, len(sketch)), replace=False)]
    region = np.zeros(len(sketch), dtype=np.int64)
    for _ in range(_ROUNDS):
        region = np.argmax(sketch @ centres.T, axis=1)
        total = np.zeros_like(centres)
        np.add.at(total, region, sketch)
        filled = np.bincount(region, minlength=len(centres)) > 0
        centres = np.where(filled[:, None], _unit(total), centres)
    return np.argmax(sketch @ centres.T, axis=1), centres


def _gathered(members: list[NDArray[np.int64]], near: NDArray[np.int64], compared: int) -> NDArray[np.int64]:
    """Members of the nearest regions, until there are enough, ascending; the region itself is the first of them."""
    taken: list[NDArray[np.int64]] = []
    size = 0
    for number in near:
        taken.append(members[number])
        size += len(members[number])
        if size >= compared:
            break
    return np.sort(np.concatenate(taken))


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; rows of zeros stay."""
    found: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return found
