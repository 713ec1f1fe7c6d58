import numpy as np
import pytest

from engine.recommenders.logit import Choices, _negative_log_likelihood, fit_weights, sample_alternatives


def simulated(true: np.ndarray, n: int, alternatives: int, seed: int) -> Choices:
    random = np.random.default_rng(seed)
    signals = random.normal(size=(n, alternatives, len(true)))
    chosen = (signals @ true + random.gumbel(size=(n, alternatives))).argmax(axis=1)
    for row, best in enumerate(chosen):
        signals[row, [0, best]] = signals[row, [best, 0]]
    return Choices(signals.astype(np.float32), np.zeros((n, alternatives), dtype=np.float32))


def test_true_weights_are_found_again() -> None:
    true = np.array([1.0, 0.4, 0.0])
    found, likelihood = fit_weights(simulated(true, 6_000, 20, 1), np.full(3, 0.5), ridge=1.0)
    assert found == pytest.approx(true, abs=0.06)
    assert likelihood > -np.log(20)


def test_gradient_equals_finite_differences() -> None:
    choices = simulated(np.array([0.7, 0.2]), 50, 5, 2)
    weights, step = np.array([0.3, 0.9]), 1e-3
    _, slope = _negative_log_likelihood(choices, weights)
    for place in range(2):
        nudge = np.eye(2)[place] * step
        numeric = (
            _negative_log_likelihood(choices, weights + nudge)[0]
            - _negative_log_likelihood(choices, weights - nudge)[0]
        ) / (2 * step)
        assert slope[place] == pytest.approx(numeric, abs=1e-3)


def test_sampled_alternatives_stand_for_all() -> None:
    allowed = np.ones(1_000, dtype=bool)
    allowed[7] = False
    items, offset = sample_alternatives(np.arange(1_000.0), allowed, head=100, tail=50, seed=0)
    assert len(set(items)) == 150
    assert 7 not in items
    assert np.exp(offset).sum() == pytest.approx(999)
