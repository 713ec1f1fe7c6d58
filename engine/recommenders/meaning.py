"""Where a product stands by its words and pictures, in the space that shoppers' choices span.

A ridge regression leads from what a product is to the factors that its shoppers gave it; a product that
nobody chose yet is placed by it alone (the map of Gantner et al., "Learning Attribute-to-Feature Mappings
for Cold-Start Recommendations", ICDM 2010).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.recommenders.neighbours import nearest_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

_TRUST = 20.0
_SKETCH = 256
_FEWEST = 30


def described(content: csr_matrix, vectors: NDArray[Any] | None, *, seed: int = 0) -> NDArray[np.float64]:
    """What each product is as one dense row: sketched attributes and words, and its embeddings.

    Parameters
    ----------
    content : csr_matrix, shape (n_items, n_features)
        Rows of unit norm or none.
    vectors : ndarray, shape (n_items, n_dimensions), or None
        Embeddings of words and pictures; rows of zeros where there are none.

    Returns
    -------
    ndarray, shape (n_items, n)
    """
    size = min(_SKETCH, content.shape[1])
    if size == content.shape[1]:
        sketch = content.toarray()
    else:
        random = np.random.default_rng(seed)
        sketch = np.asarray(content @ (random.normal(size=(content.shape[1], size)) / np.sqrt(size)))
    return sketch if vectors is None else np.hstack([sketch, np.asarray(vectors, dtype=np.float64)])


def placed(
    description: NDArray[np.float64], factors: NDArray[Any], events: NDArray[Any], *, regularisation: float = 1.0
) -> NDArray[np.float32] | None:
    """Unit vectors of all products in the space of the factors.

    Parameters
    ----------
    description : ndarray, shape (n_items, n_features)
        Of `described`.
    factors : ndarray, shape (n_items, n_dimensions)
        Learned from choices; those of products with few events count little.
    events : ndarray, shape (n_items,)
        How often each product was chosen.
    regularisation : float
        Ridge penalty by product.

    Returns
    -------
    ndarray of float32, shape (n_items, n_dimensions), or None
        None where too few products have events to learn from.
    """
    known = np.flatnonzero(events > 0)
    if len(known) < _FEWEST:
        return None
    aim = _unit(factors[known].astype(np.float64))
    weight = events[known] / (events[known] + _TRUST)
    mean = np.average(aim, axis=0, weights=weight)
    base = np.average(description[known], axis=0, weights=weight)
    own = description[known] - base
    heavy = own * weight[:, None]
    normal = heavy.T @ own + regularisation * np.eye(own.shape[1])
    lead = np.linalg.solve(normal, heavy.T @ (aim - mean))
    told = mean + (description - base) @ lead
    trust = np.zeros(len(factors))
    trust[known] = weight
    mixed = trust[:, None] * _unit(factors.astype(np.float64)) + (1 - trust[:, None]) * told
    return _unit(mixed - mean).astype(np.float32)


def near_by_meaning(places: NDArray[np.float32], *, top_k: int) -> csr_matrix:
    """Nearest products by place, values in 0..1, row = from item."""
    return nearest_vectors(places, top_k=top_k)


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length 1; rows of zeros stay."""
    found: NDArray[np.float64] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return found
