"""Figures as sums over units, against scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from engine.estimators import measures
from engine.estimators.calibration import reliability, softmax, temperature


def labels(seed: int, rows: int = 400, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    actual = random.choice(classes, rows, p=[0.6, 0.25, 0.1, 0.05])
    predicted = np.where(random.random(rows) < 0.7, actual, random.integers(0, classes, rows))
    return actual, predicted


@given(st.integers(0, 10_000))
def test_macro_f1_and_balanced_accuracy_are_those_of_the_reference(seed: int) -> None:
    actual, predicted = labels(seed)
    present = np.unique(actual)
    f1 = measures.value("macro_f1", measures.macro_f1_addends(actual, predicted, 4))
    recall = measures.value("balanced_accuracy", measures.balanced_accuracy_addends(actual, predicted, 4))
    assert f1 == pytest.approx(reference.f1_score(actual, predicted, average="macro", labels=present))
    assert recall == pytest.approx(
        reference.recall_score(actual, predicted, average="macro", labels=present, zero_division=0)
    )


def test_losses_and_deviance_are_those_of_the_reference() -> None:
    actual, _ = labels(1)
    chances = softmax(np.random.default_rng(2).normal(size=(400, 4)) + 2 * np.eye(4)[actual])
    prior = np.bincount(actual, minlength=4) / 400
    losses = measures.log_losses(actual, chances)
    assert losses.mean() == pytest.approx(reference.log_loss(actual, chances))
    explained = measures.value("deviance_explained", np.column_stack([losses, -np.log(prior[actual])]))
    assert explained == pytest.approx(reference.d2_log_loss_score(actual, chances))
    target, guess = np.random.default_rng(3).normal(size=(2, 400))
    assert measures.value("rmse", (target - guess) ** 2) == pytest.approx(
        reference.root_mean_squared_error(target, guess)
    )


def test_an_abstention_is_a_miss() -> None:
    actual = np.array([0, 0, 1, 1])
    assert measures.value("macro_f1", measures.macro_f1_addends(actual, np.array([0, -1, 1, 1]), 2)) == pytest.approx(
        (2 / 3 + 1) / 2
    )


def test_the_interval_of_a_ratio_over_clusters_is_wider_than_over_rows() -> None:
    random = np.random.default_rng(5)
    group = np.repeat(np.arange(60), 10)
    shared = np.repeat(random.normal(size=60), 10)
    values = shared + 0.1 * random.normal(size=600)
    rows, clusters = (measures.interval("loss", each) for each in (values, measures.by_group(values, group)))
    assert rows.value == pytest.approx(clusters.value)
    assert clusters.high - clusters.low > 2 * (rows.high - rows.low)


def test_paired_gains_are_narrower_than_the_difference_of_two_intervals() -> None:
    random = np.random.default_rng(6)
    actual = random.integers(0, 3, 900)
    noise = random.random(900)
    ours, theirs = (
        measures.macro_f1_addends(actual, np.where(noise < chance, actual, 0), 3) for chance in (0.75, 0.70)
    )
    paired = np.std(measures.gains("macro_f1", ours, theirs))
    alone = np.hypot(np.std(measures.draws("macro_f1", ours)), np.std(measures.draws("macro_f1", theirs, seed=1)))
    assert paired < alone / 2


def test_roc_auc_with_ties_is_that_of_the_reference() -> None:
    random = np.random.default_rng(7)
    actual = random.integers(0, 2, 500)
    score = np.round(actual * 0.4 + random.random(500), 1)
    found = measures.roc_auc(actual, score, resamples=300)
    assert found.value == pytest.approx(reference.roc_auc_score(actual, score))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_slices_too_small_or_of_everybody_are_not_told() -> None:
    values = np.linspace(0, 1, 200)
    few, many, all_of_them = (np.arange(200) < count for count in (measures.FEWEST_IN_SLICE - 1, 120, 200))
    found = measures.scores("held out", {"mae": values}, {"few": few, "many": many, "all": all_of_them})
    assert set(found.evaluation.slices) == set(found.members) == {"many"}
    assert found.evaluation.slices["many"]["mae"].value == pytest.approx(values[many].mean())


def test_scaling_finds_the_temperature_that_the_scores_were_given() -> None:
    random = np.random.default_rng(8)
    true = random.normal(size=(6_000, 3)) * 1.5
    actual = np.array([random.choice(3, p=row) for row in softmax(true)])
    found = temperature(true * 2.5, actual)
    assert found == pytest.approx(2.5, rel=0.1)
    sharp, scaled = softmax(true * 2.5), softmax(true * 2.5, found)
    errors = [reliability(chances.max(1), chances.argmax(1) == actual).ece for chances in (sharp, scaled)]
    assert errors[1] < 0.03 < errors[0]


def test_reliability_counts_every_row_once() -> None:
    found = reliability(np.linspace(0, 1, 101), np.arange(101) % 2 == 0)
    assert sum(found.counts) == 101
    assert found.foretold == sorted(found.foretold)
