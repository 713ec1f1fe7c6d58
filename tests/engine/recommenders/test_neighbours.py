import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix

from engine.recommenders.neighbours import cosine, nearest_vectors, rp3beta

matrices = arrays(
    np.float64, st.tuples(st.integers(1, 12), st.integers(1, 9)), elements=st.sampled_from([0.0, 0.0, 1.0, 2.5])
)


def dense_cosine(features: np.ndarray, shrink: float) -> np.ndarray:
    norms = np.linalg.norm(features, axis=1)
    near = features @ features.T / np.maximum(np.outer(norms, norms) + shrink, 1e-12)
    np.fill_diagonal(near, 0.0)
    return near


@settings(deadline=None)
@given(matrices, st.sampled_from([0.0, 3.0]))
def test_cosine_equals_the_dense_formula_when_all_neighbours_are_kept(features: np.ndarray, shrink: float) -> None:
    found = cosine(csr_matrix(features), top_k=20, shrink=shrink).toarray()
    np.testing.assert_allclose(found, dense_cosine(features, shrink), atol=1e-12)


@settings(deadline=None)
@given(matrices, st.integers(1, 4))
def test_only_the_nearest_are_kept(features: np.ndarray, top_k: int) -> None:
    full = dense_cosine(features, 0.0)
    found = cosine(csr_matrix(features), top_k=top_k).toarray()
    for row, kept in zip(full, found, strict=True):
        best = np.sort(row[row > 1e-15])[::-1][:top_k]
        np.testing.assert_allclose(np.sort(kept[kept > 0])[::-1], best, atol=1e-12)


def test_crowded_rows_keep_the_same_as_sparse_ones() -> None:
    features = np.random.default_rng(1).random((60, 5))
    full = dense_cosine(features, 0.0)
    found = cosine(csr_matrix(features), top_k=3)
    assert set(np.diff(found.indptr)) == {3}
    for row in range(60):
        assert set(found[[row]].indices) == set(np.argsort(-full[row])[:3])


def test_among_equally_near_the_preferred_is_kept() -> None:
    features = csr_matrix(np.ones((4, 1)))
    found = cosine(features, top_k=1, prefer=np.array([0.0, 1.0, 5.0, 2.0]))
    assert found.indices.tolist() == [2, 2, 3, 2]


def test_rp3beta_equals_the_walk_written_out() -> None:
    matrix = np.array([[1.0, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 0]])
    alpha, beta = 0.8, 0.3
    to_item = (matrix / matrix.sum(1, keepdims=True)) ** alpha
    columns = matrix.T.sum(1, keepdims=True)
    to_shopper = np.where(columns > 0, matrix.T / np.maximum(columns, 1), 0.0) ** alpha
    walk = to_shopper @ to_item / np.maximum(matrix.sum(0), 1) ** beta
    np.fill_diagonal(walk, 0.0)
    expected = walk / np.maximum(walk.sum(1, keepdims=True), 1e-300)
    np.testing.assert_allclose(
        rp3beta(csr_matrix(matrix), alpha=alpha, beta=beta, top_k=9).toarray(), expected, atol=1e-12
    )


def test_vectors_give_their_cosines() -> None:
    vectors = np.random.default_rng(2).normal(size=(7, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = np.maximum(vectors @ vectors.T, 0.0)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(nearest_vectors(vectors, top_k=10).toarray(), expected, atol=1e-12)


def test_no_items_is_an_empty_matrix() -> None:
    assert cosine(csr_matrix((0, 3)), top_k=5).shape == (0, 0)
    assert rp3beta(csr_matrix((2, 3)), alpha=1, beta=0, top_k=5).nnz == pytest.approx(0)
