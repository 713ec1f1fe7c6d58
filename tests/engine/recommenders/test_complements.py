from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.recommenders.complements import complements
from engine.recommenders.events import Codes
from tests.engine.recommenders.logs import log_of

CATEGORY = Codes(np.array([0, 0, 1, 1, -1], dtype=np.int32), ("dress", "shoe"))


def test_what_is_bought_together_from_another_category_goes_with_it() -> None:
    log = log_of([0, 0, 1, 1, 2, 2], [0, 2, 0, 2, 0, 1], day=[1.0, 1.5, 1.0, 1.0, 1.0, 1.0])
    found = complements(replace(log, n_items=5), CATEGORY, np.ones(5), top_k=5).toarray()
    assert found[0, 2] > found[0, 3] > 0
    assert found[0, 1] == 0


def test_a_product_that_nobody_bought_follows_its_category() -> None:
    log = log_of([0, 0, 1, 1], [0, 2, 0, 2])
    found = complements(replace(log, n_items=5), CATEGORY, np.array([5.0, 1.0, 9.0, 1.0, 1.0]), top_k=5).toarray()
    assert found[1, 2] > found[1, 3] > 0


def test_another_week_is_another_basket() -> None:
    log = log_of([0, 0], [0, 2], day=[1.0, 100.0])
    assert complements(log, None, np.ones(3), top_k=5).nnz == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=30), st.integers(1, 5))
def test_rows_are_shares_without_the_item_itself(pairs: list[tuple[int, int]], top_k: int) -> None:
    log = log_of([shopper for shopper, _ in pairs], [item for _, item in pairs])
    n = log.n_items
    category = Codes(np.resize(CATEGORY.codes, n), CATEGORY.labels)
    found = complements(log, category, np.ones(n), top_k=top_k)
    assert found.shape == (n, n)
    assert (found.data > 0).all()
    assert (np.asarray(found.sum(axis=1)) <= 1 + 1e-9).all()
    assert not found.diagonal().any()
    assert np.diff(found.indptr).max(initial=0) <= top_k
