import numpy as np
from scipy.sparse import csr_matrix

from engine.recommenders.meaning import described, near_by_meaning, placed

N = 80


def shop(seed: int) -> tuple[csr_matrix, np.ndarray, np.ndarray]:
    """Items of two kinds, which words tell apart and shoppers too."""
    random = np.random.default_rng(seed)
    kind = np.arange(N) % 2
    words = np.zeros((N, 6))
    words[np.arange(N), kind * 3 + random.integers(0, 3, N)] = 1.0
    centres = np.array([[1.0, 0, 0], [0, 1, 0]])
    return csr_matrix(words), centres[kind] + 0.1 * random.normal(size=(N, 3)), kind


def test_a_product_without_a_click_is_placed_among_its_kind() -> None:
    words, factors, kind = shop(1)
    hidden = np.arange(N) >= N - 10
    factors[hidden] = 0.0
    places = placed(described(words, None), factors, np.where(hidden, 0, 50))
    assert places is not None
    near = near_by_meaning(places, top_k=5)
    for item in np.flatnonzero(hidden):
        assert (kind[near[[item]].indices] == kind[item]).all()


def test_vectors_tell_what_words_do_not() -> None:
    _, factors, kind = shop(2)
    silent, pictures = csr_matrix((N, 1)), np.eye(2)[kind].astype(np.float32)
    hidden = np.arange(N) >= N - 10
    places = placed(described(silent, pictures), factors, np.where(hidden, 0, 50))
    assert places is not None
    centre = [places[(kind == one) & ~hidden].mean(axis=0) for one in (0, 1)]
    guessed = (places[hidden] @ centre[1] > places[hidden] @ centre[0]).astype(int)
    assert (guessed == kind[hidden]).all()


def test_a_product_with_many_clicks_stays_where_they_put_it() -> None:
    words, factors, _ = shop(3)
    few, many = (placed(described(words, None), factors, np.full(N, n)) for n in (1, 100_000))
    assert few is not None
    assert many is not None
    centred = factors / np.linalg.norm(factors, axis=1, keepdims=True)
    centred -= centred.mean(axis=0)
    own = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    assert (many * own).sum(axis=1).min() > 0.98
    assert (many * own).sum() > (few * own).sum()


def test_wide_descriptions_are_sketched_to_a_bounded_size() -> None:
    wide = csr_matrix(np.random.default_rng(1).random((5, 5_000)))
    assert described(wide, None).shape[1] < 1_000
    assert described(wide, np.ones((5, 4))).shape[1] == described(wide, None).shape[1] + 4


def test_too_few_products_with_events_place_nothing() -> None:
    words, factors, _ = shop(4)
    assert placed(described(words, None), factors, np.zeros(N)) is None
