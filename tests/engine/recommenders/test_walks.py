from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from engine.recommenders.walks import links, reached


@given(st.integers(0, 10_000), st.integers(1, 3), st.floats(0, 0.8))
def test_walks_are_products(seed: int, shoppers: int, density: float) -> None:
    random = np.random.default_rng(seed)
    matrix = csr_matrix(random_array((12, 9), density=density, rng=random))
    history = csr_matrix(random_array((shoppers, 12), density=0.4, rng=random))
    assert reached(history, matrix) == pytest.approx((history @ matrix).toarray(), abs=1e-12)
    one, items = history[[0]], np.array([7, 0, 3, 0])
    found = links(one, matrix, items)
    assert found == pytest.approx(matrix[one.indices][:, items].toarray() * one.data[:, None], abs=1e-12)
    assert found.sum(axis=0) == pytest.approx((one @ matrix).toarray()[0, items], abs=1e-12)
