import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from engine.recommenders.blend import Blend, Taste, add
from engine.recommenders.events import Codes
from engine.recommenders.facets import of_items

weights = st.dictionaries(st.sampled_from(["trending", "together", "similar", "category"]), st.floats(0, 5))


def blend_of(weights: dict[str, float], seed: int, n: int = 9) -> Blend:
    random = np.random.default_rng(seed)
    facet = of_items("category", Codes(random.integers(-1, 3, n).astype(np.int32), ("a", "b", "c")), np.ones(n))
    near = csr_matrix(random.random((n, n)) * (random.random((n, n)) < 0.3))
    return Blend(
        n, {"trending": random.random(n)}, {"together": near, "similar": near * 0.5}, {"category": facet}, weights
    )


def taste_of(blend: Blend, seed: int) -> Taste:
    random = np.random.default_rng(seed)
    history = random.random((4, blend.n_items)) * (random.random((4, blend.n_items)) < 0.4)
    return Taste(csr_matrix(history), {"category": random.dirichlet(np.ones(3), size=4)})


@settings(deadline=None)
@given(weights, st.integers(0, 99))
def test_parts_add_up_to_the_score(weights: dict[str, float], seed: int) -> None:
    blend = blend_of(weights, seed)
    taste = taste_of(blend, seed + 1)
    parts = blend.parts(taste)
    assert set(parts) == {name for name, value in weights.items() if value}
    np.testing.assert_allclose(blend.scores(taste), add(parts, (4, 9)), rtol=0, atol=1e-12)


@settings(deadline=None)
@given(st.integers(0, 99), st.lists(st.integers(0, 8), min_size=1, max_size=9, unique=True))
def test_some_items_score_as_among_all(seed: int, items: list[int]) -> None:
    blend = blend_of(dict.fromkeys(["trending", "together", "similar", "category"], 1.0), seed)
    taste, columns = taste_of(blend, seed), np.array(items)
    np.testing.assert_allclose(blend.at(columns).scores(taste), blend.scores(taste)[:, columns], atol=1e-6)


def test_a_facet_that_is_not_known_says_nothing() -> None:
    blend = blend_of({"category": 2.0}, 1)
    assert not blend.scores(Taste(csr_matrix((1, 9)), {})).any()
