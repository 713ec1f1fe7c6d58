"""Held-out rows: whole groups, the newest days, about the same share of every class."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.estimators import splits


@given(st.lists(st.integers(0, 30), min_size=1, max_size=300))
def test_no_group_is_on_both_sides(groups: list[int]) -> None:
    group = np.array(groups)
    label = group % 3
    for split in (splits.by_group(group), splits.stratified(label, group)):
        assert not set(group[split.train]) & set(group[split.test])
        assert (split.train | split.test).all()


def test_every_class_is_held_out_alike() -> None:
    label = np.repeat([0, 1, 2], [1_000, 200, 50])
    split = splits.stratified(label, np.arange(len(label)))
    shares = [split.test[label == one].mean() for one in range(3)]
    assert shares == [0.2, 0.2, 0.2]


@given(st.integers(0, 1_000))
def test_training_rows_are_older_than_the_cut(seed: int) -> None:
    random = np.random.default_rng(seed)
    time = np.datetime64("2026-01-01", "s") + random.integers(0, 86_400 * 200, 300).astype("timedelta64[s]")
    time[random.random(300) < 0.1] = np.datetime64("NaT")
    split = splits.by_time(time)
    assert split.cut is not None
    cut = np.datetime64(split.cut.replace(tzinfo=None))
    told = ~np.isnat(time)
    assert (time[split.test] >= cut).all()
    assert (time[split.train & told] < cut).all()
    assert split.train[~told].all()
    assert split.test.sum() >= 0.2 * told.sum() - 1


def test_groups_that_are_tested_are_not_learned_from() -> None:
    time = np.datetime64("2026-01-01", "D") + np.arange(100)
    group = np.arange(100) % 30
    split = splits.by_time(time, group=group)
    assert not set(group[split.train]) & set(group[split.test])
