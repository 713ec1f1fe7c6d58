from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from engine.recommenders.als import Factors
from engine.recommenders.blend import Blend, Taste, add
from engine.recommenders.events import Codes
from engine.recommenders.facets import of_items

SIGNALS = ["trending", "together", "linear", "similar", "factors", "sequence", "goes_with", "category"]
SPLIT = ["together", "linear", "similar", "factors", "goes_with"]
weights = st.dictionaries(st.sampled_from(SIGNALS), st.floats(0, 5))
seeds = st.integers(0, 99)


class Next:
    """Prefers what follows the last item by number."""

    def __init__(self, n: int) -> None:
        self.n = n

    def scores(self, sequences: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
        return np.array([np.arange(self.n) - (items[-1] if len(items) else 0) for items in sequences], np.float32)


def sparse(random: np.random.Generator, shape: tuple[int, int], density: float) -> csr_matrix:
    return csr_matrix(random.random(shape) * (random.random(shape) < density))


def blend_of(weights: dict[str, float], seed: int, n: int = 9, newcomer: dict[str, float] | None = None) -> Blend:
    random = np.random.default_rng(seed)
    facet = of_items("category", Codes(random.integers(-1, 3, n).astype(np.int32), ("a", "b", "c")), np.ones(n))
    near = sparse(random, (n, n), 0.3)
    return Blend(
        n,
        {"trending": random.random(n)},
        {"together": near, "linear": near * 0.2, "similar": near * 0.5},
        {"category": facet},
        weights,
        newcomer or {},
        Factors(random.normal(size=(n, 3)).astype(np.float32), 0.5, 4.0),
        sparse(random, (n, n), 0.4),
        Next(n),
    )


def taste_of(blend: Blend, seed: int, rows: int = 4) -> Taste:
    random = np.random.default_rng(seed)
    return Taste(
        sparse(random, (rows, blend.n_items), 0.4),
        {"category": random.dirichlet(np.ones(3), size=rows)},
        sparse(random, (rows, blend.n_items), 0.2),
        [random.integers(0, blend.n_items, size=number).astype(np.int32) for number in range(rows)],
    )


@settings(deadline=None)
@given(weights, seeds)
def test_parts_add_up_to_the_score(weights: dict[str, float], seed: int) -> None:
    blend = blend_of(weights, seed)
    taste = taste_of(blend, seed + 1)
    parts = blend.parts(taste)
    assert set(parts) == {name for name, value in weights.items() if value}
    np.testing.assert_allclose(blend.scores(taste), add(parts, (4, 9)), rtol=0, atol=1e-12)


@settings(deadline=None)
@given(weights, seeds, st.sampled_from(SIGNALS), st.lists(st.integers(0, 8), min_size=1, max_size=9))
def test_evidence_adds_up_to_the_part(weights: dict[str, float], seed: int, name: str, items: list[int]) -> None:
    blend = blend_of({**weights, name: 1.3}, seed)
    taste, asked = taste_of(blend, seed + 1, rows=1), np.array(items)
    found = blend.evidence(name, taste, asked)
    assert (found is not None) == (name in SPLIT)
    if found is not None:
        rows, split = found
        source = taste.anchor if name == "goes_with" else taste.history
        assert source is not None
        assert rows.tolist() == source.indices.tolist()
        np.testing.assert_allclose(split.sum(axis=0), blend.parts(taste)[name][0, asked], rtol=1e-9, atol=1e-9)


@settings(deadline=None)
@given(seeds, st.lists(st.integers(0, 8), min_size=1, max_size=9, unique=True))
def test_some_items_score_as_among_all(seed: int, items: list[int]) -> None:
    blend = blend_of(dict.fromkeys(SIGNALS, 1.0), seed)
    taste, columns = taste_of(blend, seed), np.array(items)
    np.testing.assert_allclose(blend.at(columns).scores(taste), blend.scores(taste)[:, columns], atol=1e-5)


@settings(deadline=None)
@given(seeds)
def test_a_newcomer_is_weighted_otherwise(seed: int) -> None:
    blend = blend_of({"trending": 2.0, "category": 1.0}, seed, newcomer={"trending": 0.5})
    known = taste_of(blend, seed, rows=1)
    for history, factor in ((csr_matrix((1, 9)), 0.5), (csr_matrix(np.eye(9)[[0]]), 1.0)):
        parts = blend.parts(Taste(history, known.facets))
        np.testing.assert_allclose(parts["trending"][0], 2.0 * factor * blend.popularity["trending"])
        np.testing.assert_allclose(parts["category"], blend.facets["category"].signal(known.facets["category"]))


def test_a_facet_that_is_not_known_says_nothing() -> None:
    blend = blend_of({"category": 2.0}, 1)
    assert not blend.scores(Taste(csr_matrix((1, 9)), {})).any()


def test_without_history_anchor_or_order_only_what_holds_for_all_counts() -> None:
    blend = blend_of(dict.fromkeys(SIGNALS, 1.0), 3)
    scores = blend.scores(Taste(csr_matrix((1, 9)), {}))
    np.testing.assert_allclose(scores[0], blend.popularity["trending"], atol=1e-6)
    found = blend.evidence("goes_with", Taste(csr_matrix((1, 9)), {}), np.array([1, 2]))
    assert found is not None
    assert found[1].shape == (0, 2)
