import numpy as np
import pytest
from scipy.sparse import csr_matrix

from engine.recommenders.content import features, similar, words
from engine.recommenders.events import Codes


def test_words_weigh_by_rarity_and_drop_what_says_nothing() -> None:
    found = words(
        ["silk dress soft", "silk gown soft", "wool coat", "wool hat", "linen top", "once"] + ["other thing"] * 4
    )
    norms = (
        np.sqrt(found.multiply(found).sum(axis=1)).A1
        if hasattr(found.sum(axis=1), "A1")
        else np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    )
    assert norms[:4] == pytest.approx(np.ones(4))
    assert norms[5] == 0  # "once" is in one text only
    assert (found[[0]] @ found[[1]].T).toarray()[0, 0] > 0
    assert (found[[0]] @ found[[2]].T).toarray()[0, 0] == 0


def test_items_that_share_more_are_nearer() -> None:
    category = Codes(np.array([0, 0, 0, 1], dtype=np.int32), ("dress", "coat"))
    colour = Codes(np.array([0, 0, 1, 1], dtype=np.int32), ("red", "blue"))
    near = similar(features([category, colour], [""] * 4), top_k=3).toarray()
    assert near[0, 1] == pytest.approx(1.0)
    assert near[0, 1] > near[0, 2] > near[0, 3]


def test_vectors_are_mixed_in() -> None:
    matrix = csr_matrix(np.eye(3))
    vectors = np.array([[1.0, 0], [1, 0], [0, 1]])
    near = similar(matrix, top_k=2, vectors=vectors, text_share=0.25).toarray()
    assert near[0, 1] == pytest.approx(0.25)
    assert near[0, 2] == 0


def test_a_shop_that_tells_nothing_has_empty_rows() -> None:
    assert features([], ["", ""]).nnz == 0
