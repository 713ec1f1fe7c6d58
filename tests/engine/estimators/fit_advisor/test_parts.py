"""Sizes, busts, history without a look at oneself, and decisions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.dataset import Dataset
from engine.estimators.fit_advisor import history
from engine.estimators.fit_advisor.columns import Columns
from engine.estimators.fit_advisor.config import FitAdvisorConfig
from engine.estimators.fit_advisor.deciding import Decider
from engine.estimators.fit_advisor.estimator import FitAdvisor
from engine.estimators.fit_advisor.learner import ordered
from engine.estimators.fit_advisor.rows import FitRows, bust
from engine.estimators.fit_advisor.sizes import ladder, place
from tests.engine.estimators.fit_advisor.planted import cut, planted
from tests.engine.estimators.shops import dataset_of


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> FitRows:
    dataset: Dataset = dataset_of(tmp_path_factory.mktemp("planted"), planted())
    return FitAdvisor.everything(dataset, FitAdvisorConfig())


def test_sizes_are_in_their_natural_order() -> None:
    assert ladder(["XL", "S", "10", "8", "M", "one size", "XXS", "2XL", "12", "8"]) == [
        "8", "10", "12", "XXS", "S", "M", "XL", "2XL", "one size",
    ]  # fmt: skip
    assert place("EU 38.5") == ("number", 38.5)
    assert place("xx-s") == place("2XS") == ("letter", -3.0)
    assert math.isnan(place("one size")[1])


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_labels_can_be_ordered(labels: list[str]) -> None:
    found = ladder(labels)
    assert found == ladder(reversed(labels))
    assert set(found) == set(labels)


def test_busts_are_read_as_people_write_them() -> None:
    assert bust("34d") == (34.0, 4.0)
    assert bust("36DDD/E") == (36.0, 6.0)
    assert bust("32aa") == (32.0, 0.0)
    assert all(math.isnan(value) for value in bust(None))
    assert all(math.isnan(value) for value in bust("soft"))


def test_a_planted_cut_is_in_the_history(rows: FitRows) -> None:
    past, _ = history.learn(rows, Columns.learn(rows), FitAdvisorConfig())
    means = {sign: [] for sign in (-1, 0, 1)}
    for name, at in past.item_place.items():
        means[cut(int(name[1:]))].append(past.items[at, 0])
    assert np.mean(means[1]) < np.mean(means[0]) - 0.1 < np.mean(means[-1]) - 0.2


def test_a_row_never_sees_its_own_fit(rows: FitRows) -> None:
    columns, config = Columns.learn(rows), FitAdvisorConfig()
    _, before = history.learn(rows, columns, config)
    for at in (0, 17, 801):
        changed = rows.fit.copy()
        changed[at] = 2 - changed[at] if changed[at] != 1 else 0
        _, after = history.learn(replace(rows, fit=changed), columns, config)
        assert after[at] == pytest.approx(before[at], abs=1e-12)
        assert not np.allclose(after, before)


def test_columns_do_not_look_at_fits(rows: FitRows) -> None:
    shuffled = replace(rows, fit=rows.fit[::-1].copy())
    assert Columns.learn(rows).plain_json() == Columns.learn(shuffled).plain_json()


@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(-30, 30)), min_size=1, max_size=20), st.floats(0.2, 5))
def test_probabilities_sum_to_one(pairs: list[tuple[float, float]], slope: float) -> None:
    chances = Decider(slope, (0.3, -0.4)).chances(ordered(*np.array(pairs).T))
    assert np.allclose(chances.sum(axis=1), 1)
    assert (chances > 0).all()


def test_calibration_finds_the_temperature() -> None:
    random = np.random.default_rng(0)
    true = ordered(random.normal(-1.5, 1, 6_000), random.normal(1.5, 1, 6_000))
    chances = Decider().chances(true)
    fit = (random.random((6_000, 1)) > chances.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    found = Decider.learn(true * 2, fit)
    assert found.slope == pytest.approx(0.5, abs=0.06)
    assert max(map(abs, found.shifts)) < 0.15
