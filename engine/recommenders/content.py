"""What an item is: its attributes one-hot and its words by TF-IDF, as sparse rows of unit norm."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.recommenders.neighbours import cosine, nearest_vectors
from engine.recommenders.regions import cosine_by_region

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.recommenders.events import Codes

_WORD = re.compile(r"[^\W\d_]{3,}")
_MAX_SHARE = 0.3
_VOCABULARY = 20_000

EXACT_UP_TO = 12_000
"""Items up to which every pair is compared."""


def words(texts: Sequence[str]) -> csr_matrix:
    """TF-IDF of words, shape (n_texts, n_words), rows of unit norm; too common and single words are left out."""
    from scipy.sparse import csr_matrix

    bags = [Counter(_WORD.findall(text.lower())) for text in texts]
    seen = Counter(word for bag in bags for word in bag)
    limit = max(_MAX_SHARE * len(texts), 2)
    kept = sorted((word for word, n in seen.items() if 2 <= n <= limit), key=lambda word: (-seen[word], word))
    column = {word: place for place, word in enumerate(kept[:_VOCABULARY])}
    rows, cols, values = [], [], []
    for row, bag in enumerate(bags):
        for word, count in bag.items():
            if word in column:
                rows.append(row)
                cols.append(column[word])
                values.append((1 + np.log(count)) * np.log(len(texts) / seen[word]))
    return unit_rows(csr_matrix((values, (rows, cols)), shape=(len(texts), max(len(column), 1))))


def attributes(columns: Sequence[Codes]) -> csr_matrix:
    """One-hot of every facet weighted by rarity, rows of unit norm."""
    from scipy.sparse import csr_matrix, hstack

    parts = []
    for column in columns:
        known = np.flatnonzero(column.codes >= 0)
        size = np.bincount(column.codes[known], minlength=len(column.labels))
        weight = np.log1p(len(column.codes) / np.maximum(size, 1))[column.codes[known]]
        shape = (len(column.codes), max(len(column.labels), 1))
        parts.append(csr_matrix((weight, (known, column.codes[known])), shape=shape))
    return unit_rows(hstack(parts).tocsr())


def features(columns: Sequence[Codes], texts: Sequence[str]) -> csr_matrix:
    """Attributes and words side by side in equal parts, rows of unit norm."""
    from scipy.sparse import hstack

    parts = [
        part
        for part in (attributes(columns) if columns else None, words(texts) if any(texts) else None)
        if part is not None
    ]
    if not parts:
        from scipy.sparse import csr_matrix

        return csr_matrix((len(texts), 1))
    return unit_rows(hstack(parts).tocsr())


def similar(
    matrix: csr_matrix,
    *,
    top_k: int,
    prefer: NDArray[np.float64] | None = None,
    vectors: NDArray[np.floating[Any]] | None = None,
    text_share: float = 0.5,
) -> csr_matrix:
    """Nearest items by content, values in 0..1; a large catalogue is searched by region.

    Parameters
    ----------
    matrix : csr_matrix, shape (n_items, n_features)
        Such as `features` makes.
    prefer : ndarray, shape (n_items,), or None
        Which of equally near items to keep: the higher one.
    vectors : ndarray, shape (n_items, n_dimensions), or None
        Text or picture embeddings of unit norm; they count for `text_share` of the similarity.
    """
    large = matrix.shape[0] > EXACT_UP_TO
    near = (cosine_by_region if large else cosine)(matrix, top_k=top_k, prefer=prefer)
    if vectors is None:
        return near
    mixed = (1 - text_share) * near + text_share * nearest_vectors(vectors, top_k=top_k)
    return mixed.tocsr()


def unit_rows(matrix: csr_matrix) -> csr_matrix:
    """Rows divided by their Euclidean norm; empty rows stay empty."""
    from scipy.sparse import diags_array

    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), dtype=np.float64).ravel())
    return (diags_array(np.where(norms > 0, 1 / np.maximum(norms, 1e-12), 0.0)) @ matrix).tocsr()
