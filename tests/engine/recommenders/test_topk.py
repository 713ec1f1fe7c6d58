import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.recommenders.topk import top_k

scores = arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(1, 15)),
    elements=st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0]),
)


@given(scores, st.integers(1, 20))
def test_equals_a_stable_sort(values: np.ndarray, k: int) -> None:
    found = top_k(values, k)
    assert found.shape == (len(values), k)
    for row, best in zip(values, found, strict=True):
        expected = [column for column in np.argsort(-row, kind="stable") if np.isfinite(row[column])][:k]
        assert best[: len(expected)].tolist() == expected
        assert (best[len(expected) :] == -1).all()


def test_no_items() -> None:
    assert top_k(np.empty((2, 0)), 3).tolist() == [[-1, -1, -1]] * 2
