"""Thresholds, weights, columns and leaks on small examples."""

from __future__ import annotations

import numpy as np
import pytest

from engine.estimators.fashion_classifier.fusion import threshold, weights
from engine.estimators.fashion_classifier.leaks import leaks
from engine.estimators.fashion_classifier.mislabelled import doubted
from engine.estimators.fashion_classifier.tabular import Columns
from engine.estimators.logistic import fitted


def test_the_threshold_keeps_the_precision() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, True, False, True])
    assert threshold(confidence, right, 0.95) == 0.8
    assert threshold(confidence, right, 0.7) == 0.6
    assert threshold(confidence, ~right, 0.95) == 0.9


def test_a_voice_that_guesses_is_not_heard() -> None:
    random = np.random.default_rng(0)
    label = random.integers(0, 3, 400)
    good = np.log(np.where(np.eye(3)[label] > 0, 0.8, 0.1))
    noise = np.log(random.dirichlet(np.ones(3), 400))
    found = weights(np.stack([good, noise]), label)
    assert found[0] > 5 * found[1]


def test_columns_survive_gaps_and_new_values() -> None:
    brand = np.array(["a"] * 6 + ["b"] * 6 + [None], dtype=object)
    price = np.array([10.0] * 6 + [20.0] * 6 + [np.nan])
    columns = Columns.learned({"brand": brand, "same": np.array(["x"] * 13, dtype=object)}, {"price": price})
    assert columns.names == ["brand", "price"]
    found = columns.of({"brand": np.array(["new", None], dtype=object)}, {}, 2)
    assert found.shape == (2, columns.width)
    assert not found.any()


def test_a_column_with_other_words_for_the_label_gives_it_away() -> None:
    label = np.array(["dresses", "shirts"] * 20, dtype=object)
    code = np.array(["d1", "s1"] * 20, dtype=object)
    brand = np.array(["a", "a", "b", "b"] * 10, dtype=object)
    assert list(leaks({"code": code, "brand": brand}, label)) == ["code"]


@pytest.mark.parametrize("classes", [2, 3])
def test_a_class_without_rows_is_all_but_impossible(classes: int) -> None:
    model = fitted(np.ones((4, 2)), np.zeros(4, dtype=np.int64), classes, strength=1.0, balance=0.0)
    assert model.log_probabilities(np.ones((1, 2)))[0, 1] < -15


def test_two_classes_give_complementary_probabilities() -> None:
    x = np.array([[0.0], [1.0], [0.2], [0.9]])
    model = fitted(x, np.array([0, 1, 0, 1]), 2, strength=10.0, balance=0.0)
    assert np.exp(model.log_probabilities(x)).sum(axis=1) == pytest.approx(np.ones(4))
    assert model.log_probabilities(x)[1].argmax() == 1


def test_only_a_label_that_another_beats_is_doubted() -> None:
    chance = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.95, 0.05]])
    rows, suggested = doubted(chance, np.array([0, 0, 1, 1, 1]))
    assert rows.tolist() == [4]
    assert suggested.tolist() == [0]
