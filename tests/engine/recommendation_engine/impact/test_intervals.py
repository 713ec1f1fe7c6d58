"""Intervals: coverage under skew, known cases, pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from engine.recommendation_engine.impact.intervals import paired, skewed_interval


def test_without_skew_it_is_students_interval() -> None:
    values = np.concatenate([np.linspace(-1, 1, 2_001), -np.linspace(-1, 1, 2_001)]) + 5
    found = skewed_interval(values)
    low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)


def test_it_covers_where_the_plain_one_does_not() -> None:
    plain = skewed = 0
    for seed in range(400):
        values = np.random.default_rng(seed).lognormal(0, 1.5, 100)
        truth = np.exp(1.5**2 / 2)
        found = skewed_interval(values)
        assert found.low is not None
        assert found.high is not None
        skewed += found.low <= truth <= found.high
        half = 1.96 * stats.sem(values)
        plain += abs(values.mean() - truth) <= half
    assert skewed / 400 > plain / 400 + 0.03


@given(arrays(np.float64, st.integers(0, 40), elements=st.floats(-1e6, 1e6)))
def test_the_mean_lies_within(values: np.ndarray) -> None:
    found = skewed_interval(values)
    if found.low is not None and found.high is not None:
        slack = 1e-9 * max(abs(values).max(), 1.0)
        assert found.low - slack <= found.value <= found.high + slack


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e6, 1e6)))
def test_equal_pairs_differ_by_exactly_nothing(values: np.ndarray) -> None:
    before, after, difference = paired(values, values)
    assert before == after
    assert (difference.value, difference.low, difference.high) == (0.0, 0.0, 0.0)


def test_pairing_sees_a_small_steady_gain() -> None:
    before = np.random.default_rng(0).normal(0, 100, 500)
    _, _, difference = paired(before, before + 1 + np.random.default_rng(1).normal(0, 0.1, 500))
    assert difference.low is not None
    assert difference.low > 0.9


def test_no_units_tell_nothing() -> None:
    assert paired(np.zeros(0), np.zeros(0))[2].low is None
