from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from engine.recommendation_engine.plan import Rule, RuleKind
from engine.recommendation_engine.rules.layout import lay_out
from engine.recommendation_engine.rules.rulebook import Cap, Pin
from engine.recommendation_engine.rules.spread import Spread

N = 30
scores = st.lists(st.one_of(st.floats(-3, 3), st.just(-np.inf)), min_size=N, max_size=N).map(np.array)


def pin(row: int, position: int) -> Pin:
    rule = Rule(rule_id=f"p{row}", kind=RuleKind.PIN, where={"item_id": str(row)}, position=position)
    return Pin(row, position, rule)


def cap(values: list[int], most: int) -> Cap:
    rule = Rule(rule_id="c", kind=RuleKind.CAP, facet="category", most=most)
    codes = np.array(values, dtype=np.int32)
    rows = tuple(np.flatnonzero(codes == code) for code in range(max(values) + 1))
    return Cap(rule, most, codes[:, None], rows)


def greedy(values: np.ndarray, limit: int, kinds: list[int], most: int) -> list[int]:
    """Caps the slow way: best first, each if its value is not full."""
    found: list[int] = []
    for row in np.argsort(-values, kind="stable"):
        if len(found) < limit and np.isfinite(values[row]) and [kinds[f] for f in found].count(kinds[row]) < most:
            found.append(int(row))
    return found


@settings(deadline=None)
@given(scores, st.integers(1, 40), st.lists(st.integers(0, 5), min_size=N, max_size=N), st.integers(1, 4))
def test_caps_give_what_walking_down_the_ranking_gives(
    values: np.ndarray, limit: int, kinds: list[int], most: int
) -> None:
    placed = lay_out(values, limit, caps=[cap(kinds, most)])
    assert [entry.row for entry in placed] == greedy(values, limit, kinds, most)


@settings(deadline=None)
@given(scores, st.integers(1, 40), st.lists(st.tuples(st.integers(0, N - 1), st.integers(1, 45)), max_size=6))
def test_pins_stand_and_the_rest_keeps_its_order(values: np.ndarray, limit: int, wanted: list[tuple[int, int]]) -> None:
    placed = [entry.row for entry in lay_out(values, limit, pins=[pin(*each) for each in wanted])]
    assert len(placed) == min(limit, int(np.isfinite(values).sum()))
    assert np.isfinite(values[placed]).all()
    pinned = {row for row, _ in wanted}
    rest = [row for row in placed if row not in pinned]
    assert rest == [row for row in np.argsort(-values, kind="stable").tolist() if row in set(rest)]
    if wanted and np.isfinite(values[wanted[0][0]]) and wanted[0][1] <= len(placed):
        assert placed[wanted[0][1] - 1] == wanted[0][0]


def test_in_a_short_list_only_the_pins_beyond_its_end_move() -> None:
    values = np.zeros(5)
    pins = [pin(0, 4), pin(1, 9), pin(2, 3)]
    assert [entry.row for entry in lay_out(values, 10, pins=pins)] == [3, 4, 2, 0, 1]
    pins = [pin(0, 4), pin(1, 4), pin(2, 4), pin(3, 4)]
    assert [entry.row for entry in lay_out(values, 10, pins=pins)] == [4, 3, 2, 0, 1]


def test_diversity_follows_marginal_relevance() -> None:
    random = np.random.default_rng(3)
    content = random.random((N, 6))
    content /= np.linalg.norm(content, axis=1, keepdims=True)
    values, share = random.normal(size=N), 0.6
    placed = [e.row for e in lay_out(values, 8, diversity=share, content=csr_matrix(content))]
    relevance = (values - values.min()) / (values.max() - values.min())
    chosen: list[int] = []
    for _ in range(8):
        near = [max((content[row] @ content[other] for other in chosen), default=0.0) for row in range(N)]
        worth = [-np.inf if row in chosen else (1 - share) * relevance[row] - share * near[row] for row in range(N)]
        chosen.append(int(np.argmax(worth)))
    assert placed == chosen


def test_diversity_minds_what_is_pinned() -> None:
    content = csr_matrix(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    placed = lay_out(np.array([0.0, 3.0, 2.9]), 2, pins=[pin(0, 1)], diversity=0.6, content=content)
    assert [entry.row for entry in placed] == [0, 2]


def test_a_spread_without_anything_left_says_so() -> None:
    spread = Spread(np.array([0]), np.array([1.0]), csr_matrix(np.eye(2)), 0.5)
    assert spread.best(np.array([-np.inf, 0.0])) is None
    assert spread.best(np.array([1.0, 0.0])) == 0


@pytest.mark.parametrize("limit", [1, 7, 40])
def test_without_rules_it_is_the_top(limit: int) -> None:
    values = np.random.default_rng(1).normal(size=N)
    assert [e.row for e in lay_out(values, limit)] == np.argsort(-values)[:limit].tolist()
