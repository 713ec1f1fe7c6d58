import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from engine.recommendation_engine.sessions import Fresh, fold

past = st.dictionaries(st.integers(0, 9), st.floats(0.01, 50), max_size=6)
acts = st.lists(st.builds(Fresh, st.integers(0, 9), st.floats(0, 1), st.floats(0, 5_000)), max_size=5)


def stored(weights: dict[int, float]) -> csr_matrix:
    row = np.zeros((1, 10))
    for item, weight in weights.items():
        row[0, item] = weight
    return csr_matrix(row)


@settings(deadline=None)
@given(past, st.lists(st.integers(0, 9), max_size=5), acts)
def test_the_present_counts_at_least_two_thirds_and_nothing_is_lost(
    weights: dict[int, float], basket: list[int], events: list[Fresh]
) -> None:
    session = fold(stored(weights), basket, events)
    fresh = {*basket, *(event.item for event in events)}
    assert set(session.met) == set(weights) | fresh
    assert set(session.fresh) == fresh
    assert (session.history.data > 0).all()
    before = sum(weights.values())
    if fresh:
        assert session.history.sum() - before >= 2 * before * (1 - 1e-9)
    else:
        assert session.history.sum() == pytest.approx(before)


def test_the_latest_in_the_basket_counts_most() -> None:
    history = fold(stored({}), [1, 2, 3], []).history.toarray()[0]
    assert history[3] > history[2] > history[1] > 0


def test_events_fade_within_days() -> None:
    history = fold(stored({}), [], [Fresh(1, 1.0, 0.0), Fresh(2, 1.0, 24.0)]).history.toarray()[0]
    assert history[2] == pytest.approx(history[1] / 2)


def test_nothing_known_is_empty() -> None:
    assert fold(stored({}), [], []).empty
