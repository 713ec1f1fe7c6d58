import ctypes
import sys
from dataclasses import replace
from importlib import import_module
from types import ModuleType

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from engine import boosting
from engine.recommenders.blend import Blend, Taste
from engine.recommenders.ranker import RANKED, Ranker, grow

N = 40
NAMES = ("trending", "together")


def blend() -> Blend:
    random = np.random.default_rng(1)
    near = csr_matrix(random.random((N, N)) * (random.random((N, N)) < 0.3) / N)
    return Blend(N, {"trending": random.random(N)}, {"together": near}, {}, {"trending": 1.0, "together": 0.5})


def taste(rows: int = 6) -> Taste:
    random = np.random.default_rng(2)
    met = random.random((rows, N)) < 0.1
    met[0], met[1, :2] = False, True
    return Taste(csr_matrix(met / np.maximum(met.sum(axis=1, keepdims=True), 1)), {})


@pytest.fixture(scope="module")
def ranker() -> Ranker:
    """Trees that were shown choices that follow the second signal only."""
    random = np.random.default_rng(3)
    rows = random.random((3_000, 2))
    chosen = rows[:, 1] + 0.2 * random.random(3_000) > 0.8
    text = grow(rows, chosen, np.full(100, 30), leaves=7, rounds=20, learning_rate=0.1, seed=1)
    return Ranker(text, NAMES, {"trending": 1.0, "together": 0.5}, candidates=10).checked()


def test_contributions_add_up_to_the_score_and_the_trees_decide_among_the_best(ranker: Ranker) -> None:
    plain, ranked = blend(), replace(blend(), ranker=ranker)
    parts, scores, before = ranked.parts(taste()), ranked.scores(taste()), plain.scores(taste())
    np.testing.assert_allclose(sum(parts.values()), scores, atol=1e-9)
    for row in range(1, 6):
        first = set(np.argsort(-before[row])[:10])
        assert set(np.argsort(-scores[row])[:10]) == first
        rest = [item for item in np.argsort(-scores[row]) if item not in first]
        assert rest == [item for item in np.argsort(-before[row]) if item not in first]
    assert RANKED in parts


def test_a_newcomer_keeps_the_order_of_the_blend(ranker: Ranker) -> None:
    np.testing.assert_allclose(replace(blend(), ranker=ranker).scores(taste())[0], blend().scores(taste())[0])


def test_scores_are_those_of_the_blend_and_the_trees(ranker: Ranker) -> None:
    one = replace(blend(), ranker=ranker)
    best = np.argsort(-blend().scores(taste())[2])[:10]
    signals = np.column_stack([blend().signal(name, taste())[min(2, k * 2)][best] for k, name in enumerate(NAMES)])
    trees = boosting.lightgbm().Booster(model_str=ranker.booster)
    expected = blend().scores(taste())[2, best] + trees.predict(signals - signals.mean(axis=0))
    np.testing.assert_allclose(one.scores(taste())[2, best], expected, atol=1e-6)


def test_without_splits_the_order_is_the_blends() -> None:
    rows, chosen = np.random.default_rng(4).random((600, 2)), np.zeros(600, dtype=bool)
    chosen[::30] = True
    text = grow(rows, chosen, np.full(20, 30), start=rows[:, 0].copy(), leaves=2, rounds=1, learning_rate=1e-9, seed=1)
    plain, ranked = blend().scores(taste()), replace(blend(), ranker=Ranker(text, NAMES, candidates=10)).scores(taste())
    for row in range(6):
        assert list(np.argsort(-plain[row])) == list(np.argsort(-ranked[row]))


def test_evidence_still_adds_up(ranker: Ranker) -> None:
    history = taste().history[[1]]
    single, one = Taste(history, {}), replace(blend(), ranker=ranker)
    found = one.evidence("together", single, np.arange(N))
    assert found is not None
    reached = blend().signal("together", single)[0] > 0
    np.testing.assert_allclose(found[1].sum(axis=0)[reached], one.parts(single)["together"][0][reached], atol=1e-9)


def test_a_changed_weight_multiplies_the_contribution(ranker: Ranker) -> None:
    one = replace(blend(), ranker=ranker)
    other = replace(one, weights={"trending": 1.0, "together": 1.0}, ranker=replace(ranker, candidates=N))
    same = replace(other, weights=one.weights)
    np.testing.assert_allclose(other.parts(taste())["together"][1:], 2 * same.parts(taste())["together"][1:])


def test_trees_of_another_number_of_signals_are_refused(ranker: Ranker) -> None:
    with pytest.raises(ValueError, match="features"):
        replace(ranker, names=("trending",)).checked()
    with pytest.raises(ValueError, match="cannot be read"):
        Ranker("tree\nversion=v4\nnonsense", NAMES).checked()


def test_growing_is_repeatable(ranker: Ranker) -> None:
    random = np.random.default_rng(3)
    rows = random.random((3_000, 2))
    chosen = rows[:, 1] + 0.2 * random.random(3_000) > 0.8
    again = grow(rows, chosen, np.full(100, 30), leaves=7, rounds=20, learning_rate=0.1, seed=1)
    assert again == ranker.booster


def test_without_an_openmp_runtime_the_one_of_torch_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    answer = ModuleType("lightgbm")

    def importing(name: str) -> ModuleType:
        if not loaded:
            raise OSError("libgomp.so.1: cannot open shared object file: No such file or directory")
        return answer

    monkeypatch.setattr(boosting, "import_module", importing)
    monkeypatch.setattr(boosting, "_shipped", lambda error: "libgomp.so.1")
    monkeypatch.setattr(ctypes, "CDLL", lambda path, mode: loaded.append(path))
    assert boosting.lightgbm() is answer
    assert loaded == ["libgomp.so.1"]


def test_another_failure_to_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def importing(name: str) -> ModuleType:
        raise OSError("lib_lightgbm.so: file too short")

    monkeypatch.setattr(boosting, "import_module", importing)
    with pytest.raises(OSError, match="too short"):
        boosting.lightgbm()
    assert import_module("numpy") is sys.modules["numpy"]
