import numpy as np
import pytest
from scipy.sparse import csr_matrix

from engine.recommenders import metrics

LISTS = np.array([[3, 1, 2, 0], [4, 0, -1, -1]])
UNIT = np.array([0, 0, 1])
ITEM = np.array([1, 0, 2], dtype=np.int32)
WANTED = np.array([2, 1])


@pytest.fixture
def hit() -> np.ndarray:
    return metrics.hits(LISTS, UNIT, ITEM, 5)


def test_hits_are_where_wanted_items_stand(hit: np.ndarray) -> None:
    assert hit.tolist() == [[False, True, False, True], [False] * 4]


def test_an_empty_place_is_never_a_hit() -> None:
    lists = np.array([[0], [-1]])
    assert not metrics.hits(lists, np.array([0]), np.array([4], dtype=np.int32), 5).any()


def test_ndcg_by_hand(hit: np.ndarray) -> None:
    ideal = 1 + 1 / np.log2(3)
    assert metrics.ndcg(hit, WANTED, 4) == pytest.approx([(1 / np.log2(3) + 1 / np.log2(5)) / ideal, 0.0])
    assert metrics.ndcg(np.array([[True, True, False]]), np.array([2]), 3) == pytest.approx([1.0])


def test_recall_precision_hit_rate_by_hand(hit: np.ndarray) -> None:
    assert metrics.recall(hit, WANTED, 2) == pytest.approx([0.5, 0.0])
    assert metrics.average_precision(hit, WANTED, 4) == pytest.approx([(1 / 2 + 2 / 4) / 2, 0.0])
    assert metrics.hit_rate(hit, 1).tolist() == [0.0, 0.0]
    assert metrics.hit_rate(hit, 4).tolist() == [1.0, 0.0]


def test_coverage_counts_distinct_shown_items() -> None:
    assert metrics.coverage(LISTS, 2, 10) == pytest.approx(0.4)


def test_novelty_is_the_mean_of_what_is_shown() -> None:
    assert metrics.novelty(LISTS, np.array([1.0, 2, 3, 4, 5]), 4) == pytest.approx([2.5, 3.0])


def test_diversity_equals_the_mean_over_pairs() -> None:
    rows = np.random.default_rng(0).random((5, 3))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = [unit[a] @ unit[b] for a in range(4) for b in range(a)]
    found = metrics.diversity(LISTS, csr_matrix(unit), 4)
    assert found[0] == pytest.approx(1 - np.mean(pairs))
    assert found[1] == pytest.approx(1 - unit[4] @ unit[0])
