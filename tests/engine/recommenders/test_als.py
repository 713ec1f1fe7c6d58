import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from engine.recommenders.als import Factors, fit_als


def strengths(seed: int, shape: tuple[int, int], density: float = 0.2) -> csr_matrix:
    return csr_matrix(random_array(shape, density=density, rng=np.random.default_rng(seed)))


def solved_one_by_one(factors: Factors, history: csr_matrix) -> np.ndarray:
    """The normal equations of the paper, row by row."""
    items = factors.items.astype(np.float64)
    answer = []
    for row in history.toarray():
        confidence = 1 + factors.alpha * row
        system = (items.T * confidence) @ items + factors.regularisation * np.eye(items.shape[1])
        answer.append(np.linalg.solve(system, items.T @ (confidence * (row > 0))))
    return np.array(answer)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 99), st.sampled_from([3, 8]), st.sampled_from([0.05, 0.3, 0.9]))
def test_fold_in_equals_the_normal_equations(seed: int, dimensions: int, density: float) -> None:
    """Whether a history is shorter or longer than the factors."""
    items = np.random.default_rng(seed).normal(size=(17, dimensions)).astype(np.float32)
    factors, history = Factors(items, 0.7, 4.0), strengths(seed, (23, 17), density)
    np.testing.assert_allclose(factors.fold_in(history), solved_one_by_one(factors, history), atol=2e-4)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 99), st.lists(st.integers(0, 16), min_size=1, max_size=6))
def test_evidence_sums_to_the_score(seed: int, asked: list[int]) -> None:
    items = np.random.default_rng(seed).normal(size=(17, 5)).astype(np.float32)
    factors, history = Factors(items, 0.7, 4.0), strengths(seed, (1, 17), 0.4)
    evidence = factors.evidence(history, np.array(asked))
    assert evidence.shape == (history.nnz, len(asked))
    np.testing.assert_allclose(evidence.sum(axis=0), factors.scores(factors.fold_in(history))[0, asked], atol=1e-4)


def test_the_loss_never_rises() -> None:
    losses: list[float] = []
    fit_als(
        strengths(3, (60, 30)),
        dimensions=6,
        regularisation=1.0,
        iterations=8,
        progress=lambda step, loss: losses.append(loss),
    )
    assert len(losses) == 8
    assert (np.diff(losses) < 1e-6).all()


def test_two_groups_of_taste_are_found() -> None:
    random = np.random.default_rng(1)
    group = random.integers(2, size=200)
    met = (random.random((200, 20)) < 0.3) & ((np.arange(20) < 10)[None, :] == (group == 0)[:, None])
    factors = fit_als(csr_matrix(met.astype(float)), dimensions=4, regularisation=1.0, seed=2)
    history = csr_matrix(np.eye(20)[[0, 1]].sum(axis=0, keepdims=True))
    scores = factors.scores(factors.fold_in(history))[0]
    assert scores[2:10].min() > scores[10:].max()


def test_the_same_seed_gives_the_same_factors() -> None:
    matrix = strengths(5, (40, 12))
    one, same, other = (fit_als(matrix, dimensions=4, iterations=2, seed=seed).items for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_without_a_history_all_scores_are_zero() -> None:
    factors = fit_als(strengths(5, (40, 12)), dimensions=4, iterations=2)
    assert not factors.scores(factors.fold_in(csr_matrix((2, 12)))).any()


@pytest.mark.parametrize("shape", [(0, 5), (5, 0)])
def test_nothing_to_fit_gives_empty_factors(shape: tuple[int, int]) -> None:
    assert fit_als(csr_matrix(shape), dimensions=3, iterations=1).items.shape == (shape[1], 3)
