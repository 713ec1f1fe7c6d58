"""Nearest vectors: exact against a sort, masks and ties; the index, its check, its fallback."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import InvalidInput
from engine.recommenders import nearest
from engine.recommenders.nearest import CHECKED, Exact, Nearest, recall


def gaussian(rows: int, dimensions: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((rows, dimensions), dtype=np.float32)


def clustered(rows: int, dimensions: int, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors around a few directions, as embeddings are."""
    random = np.random.default_rng(7)
    basis = np.linalg.qr(random.standard_normal((dimensions, 6)))[0]
    centres = random.standard_normal((60, 6))
    drawn = np.random.default_rng(seed)
    inner = centres[drawn.integers(0, 60, rows)] + 0.5 * drawn.standard_normal((rows, 6))
    found = inner @ basis.T + 0.05 * drawn.standard_normal((rows, dimensions))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


@given(
    rows=st.integers(0, 300),
    dimensions=st.integers(1, 20),
    queries=st.integers(1, 20),
    k=st.integers(1, 40),
    span=st.sampled_from([7, 64, 256, 512]),
    seed=st.integers(0, 1_000),
)
def test_exact_search_is_a_sort(rows: int, dimensions: int, queries: int, k: int, span: int, seed: int) -> None:
    vectors, asked = gaussian(rows, dimensions, seed), gaussian(queries, dimensions, seed + 1)
    allowed = np.random.default_rng(seed).random(rows) < 0.7
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "_SPAN", span)
        found = Exact(vectors).search(asked, k, allowed=allowed)
    scores = np.where(allowed, asked @ vectors.T, -np.inf)
    size = min(k, int(allowed.sum()))
    best = -np.sort(-scores, axis=1)[:, :size]
    assert found.rows.shape == found.scores.shape == (queries, k)
    np.testing.assert_allclose(found.scores[:, :size], best, rtol=1e-4, atol=1e-5)
    assert (found.rows[:, size:] == -1).all()
    assert np.isneginf(found.scores[:, size:]).all()
    for row, mine in zip(found.rows[:, :size], scores, strict=True):
        assert len(set(row.tolist())) == size
        np.testing.assert_allclose(mine[row], -np.sort(-mine)[:size], rtol=1e-4, atol=1e-5)


def test_ties_go_to_the_lower_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_SPAN", 16)
    found = Exact(np.ones((100, 3), dtype=np.float32)).search(np.ones((2, 3)), 5)
    assert found.rows.tolist() == [[0, 1, 2, 3, 4]] * 2


def test_a_batch_finds_what_its_queries_find_alone() -> None:
    vectors, asked = gaussian(3_000, 16), gaussian(9, 16, 1)
    exact = Exact(vectors)
    together = exact.search(asked, 10).rows
    assert together.tolist() == [exact.search(query[None], 10).rows[0].tolist() for query in asked]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidInput, match="3 dimensions"):
        Exact(gaussian(10, 4)).search(gaussian(1, 3), 2)
    with pytest.raises(InvalidInput, match="shape"):
        Exact(np.zeros(4, dtype=np.float32))


def test_few_rows_are_searched_exactly() -> None:
    found = Nearest(clustered(500, 16))
    assert not found.approximate
    assert "Exact" in found.about


@pytest.fixture(scope="module")
def indexed() -> Nearest:
    return Nearest(clustered(20_000, 32), approximate_from=1_000)


def test_the_index_serves_when_it_finds_what_exact_search_finds(indexed: Nearest) -> None:
    assert indexed.approximate, indexed.about
    assert set(indexed.recall) == set(CHECKED)
    asked = clustered(100, 32, seed=3)
    for k in (1, 10, 60):
        found, truth = indexed.search(asked, k), indexed.exact.search(asked, k)
        assert recall(found.rows, truth.rows) >= 0.98
        scores = np.einsum("qkd,qd->qk", indexed.exact.vectors[found.rows], asked)
        np.testing.assert_allclose(found.scores, scores, rtol=1e-5)
        assert (np.diff(found.scores, axis=1) <= 0).all()


def test_masks_and_long_lists_go_the_exact_way(indexed: Nearest) -> None:
    asked = clustered(3, 32, seed=4)
    allowed = np.zeros(20_000, dtype=bool)
    allowed[[5, 17, 19_999]] = True
    assert set(indexed.search(asked, 3, allowed=allowed).rows[0].tolist()) == {5, 17, 19_999}
    long = max(CHECKED) + 1
    assert indexed.search(asked, long).rows.tolist() == indexed.exact.search(asked, long).rows.tolist()


def test_the_index_takes_memory_that_is_told(indexed: Nearest) -> None:
    assert indexed.memory_bytes > indexed.exact.vectors.nbytes


def test_vectors_without_structure_fall_back_to_exact_search() -> None:
    found = Nearest(gaussian(20_000, 32), approximate_from=1_000, least_recall=0.99)
    assert not found.approximate
    assert min(found.recall.values()) < 0.99
    assert "Exact" in found.about
    asked = gaussian(2, 32, 5)
    assert found.search(asked, 10).rows.tolist() == found.exact.search(asked, 10).rows.tolist()


def test_the_check_uses_the_queries_that_are_given() -> None:
    """Queries that lie elsewhere than the vectors are harder, and only they tell so."""
    vectors = clustered(20_000, 32)
    assert Nearest(vectors, approximate_from=1_000).approximate
    strange = Nearest(vectors, queries=gaussian(400, 32, 9), approximate_from=1_000, least_recall=0.9999)
    assert min(strange.recall.values()) < min(Nearest(vectors, approximate_from=1_000).recall.values())


def test_recall_counts_what_was_found() -> None:
    assert recall(np.array([[1, 2, 3]]), np.array([[3, 2, 9]])) == pytest.approx(2 / 3)
    assert recall(np.zeros((0, 3), int), np.zeros((0, 3), int)) == 0.0
