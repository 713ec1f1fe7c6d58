import numpy as np
from scipy.sparse import csr_matrix

from engine.recommenders.content import unit_rows
from engine.recommenders.neighbours import cosine
from engine.recommenders.regions import cosine_by_region


def products(n: int, seed: int) -> csr_matrix:
    """Twelve kinds of products with words of their own and common ones."""
    random = np.random.default_rng(seed)
    kind = random.integers(12, size=n)
    own, common = np.zeros((n, 12 * 15)), random.random((n, 20)) < 0.2
    for _ in range(4):
        own[np.arange(n), kind * 15 + random.integers(15, size=n)] = 1.0
    return unit_rows(csr_matrix(np.hstack([own, 0.5 * common])))


def test_all_pairs_are_compared_when_there_are_few() -> None:
    features = products(150, 1)
    found, exact = cosine_by_region(features, top_k=5, compared=1_000), cosine(features, top_k=5)
    np.testing.assert_allclose(np.sort(found.toarray(), axis=1), np.sort(exact.toarray(), axis=1), atol=1e-9)


def test_the_nearest_are_found_among_a_part() -> None:
    features = products(1_500, 2)
    found, exact = cosine_by_region(features, top_k=10, compared=400), cosine(features, top_k=10)
    assert found.shape == exact.shape
    assert not found.diagonal().any()
    reached = np.asarray(found.sum(axis=1)).ravel() / np.asarray(exact.sum(axis=1)).ravel()
    assert reached.mean() > 0.95


def test_similarities_are_exact() -> None:
    features = products(600, 3)
    found = cosine_by_region(features, top_k=4, compared=100).tocoo()
    expected = (features @ features.T).toarray()
    np.testing.assert_allclose(found.data, expected[found.row, found.col], atol=1e-9)


def test_a_product_without_words_has_no_neighbours() -> None:
    features = products(50, 4).tolil()
    features[7] = 0.0
    assert cosine_by_region(csr_matrix(features), top_k=3)[[7]].nnz == 0
