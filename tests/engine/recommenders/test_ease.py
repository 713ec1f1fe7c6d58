import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix

from engine.recommenders.ease import ease

matrices = arrays(
    np.float64, st.tuples(st.integers(2, 12), st.integers(2, 7)), elements=st.sampled_from([0.0, 0.0, 1.0, 2.5])
)


def ridge_without_itself(matrix: np.ndarray, regularisation: float) -> np.ndarray:
    """Each column regressed on all others: what the closed form must equal."""
    n = matrix.shape[1]
    weights = np.zeros((n, n))
    for to in range(n):
        others = [item for item in range(n) if item != to]
        gram = matrix[:, others].T @ matrix[:, others] + regularisation * np.eye(n - 1)
        weights[others, to] = np.linalg.solve(gram, matrix[:, others].T @ matrix[:, to])
    return weights


@settings(deadline=None)
@given(matrices, st.sampled_from([0.5, 20.0]))
def test_it_equals_a_ridge_regression_on_the_other_items(matrix: np.ndarray, regularisation: float) -> None:
    found = ease(csr_matrix(matrix), regularisation=regularisation)
    np.testing.assert_allclose(found, ridge_without_itself(matrix, regularisation), atol=1e-5)


@settings(deadline=None)
@given(matrices, st.integers(1, 8))
def test_the_largest_weights_of_each_row_are_kept(matrix: np.ndarray, top_k: int) -> None:
    full = ease(csr_matrix(matrix), regularisation=1.0)
    found = ease(csr_matrix(matrix), regularisation=1.0, top_k=top_k).toarray()
    for row, kept in zip(full, found, strict=True):
        best = np.sort(np.abs(row))[::-1][:top_k]
        np.testing.assert_allclose(np.sort(np.abs(kept))[::-1][: len(best)], best, atol=1e-6)
        assert set(kept[kept != 0]) <= set(row)


def test_items_that_nobody_touched_have_no_weights() -> None:
    found = ease(csr_matrix(np.array([[1.0, 0, 1], [1, 0, 0]])), regularisation=1.0)
    assert not found[1].any()
    assert not found[:, 1].any()


def test_no_events_give_no_weights() -> None:
    assert not ease(csr_matrix((3, 4)), regularisation=1.0).any()
    assert ease(csr_matrix((3, 4)), regularisation=1.0, top_k=2).nnz == 0


def test_a_singular_system_is_refused() -> None:
    with pytest.raises(ValueError, match="regularisation"):
        ease(csr_matrix(np.ones((2, 3))), regularisation=-1.0)
