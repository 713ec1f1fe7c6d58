from pathlib import Path

import numpy as np
import pytest

from engine.estimators.recommender.config import RecommenderConfig
from engine.estimators.recommender.data import ShopData, read
from engine.estimators.recommender.split import Targets, leave_some_out, split
from tests.engine.estimators.shops import dataset_of, small_shop

WEIGHTS = RecommenderConfig().event_weights


def data_of(folder: Path, *, times: bool) -> ShopData:
    return read(dataset_of(folder, small_shop(times=times)), WEIGHTS)


def pairs(targets: Targets) -> set[tuple[int, int]]:
    return set(zip(targets.shopper[targets.unit].tolist(), targets.item.tolist(), strict=True))


@pytest.mark.parametrize("times", [True, False])
def test_no_target_was_met_in_training(tmp_path: Path, times: bool) -> None:
    data = data_of(tmp_path, times=times)
    holdout = split(data)
    kept = set(zip(holdout.train.log.shopper.tolist(), holdout.train.log.item.tolist(), strict=True))
    assert not pairs(holdout.test) & kept
    everything = set(zip(data.log.shopper.tolist(), data.log.item.tolist(), strict=True))
    assert pairs(holdout.test) <= everything
    assert len(holdout.test) == len(np.unique(holdout.test.shopper))


def test_training_rows_are_before_the_cut(tmp_path: Path) -> None:
    data = data_of(tmp_path, times=True)
    holdout = split(data)
    assert holdout.cut is not None
    cut = holdout.cut.timestamp() / 86_400
    assert holdout.train.log.day.max() < cut
    assert holdout.train.now == cut
    assert "Temporal" in holdout.about


def test_without_times_newcomers_are_held_out_whole(tmp_path: Path) -> None:
    data = data_of(tmp_path, times=False)
    holdout = leave_some_out(data)
    cold = ~np.isin(holdout.test.shopper, holdout.train.log.shopper)
    assert holdout.cut is None
    assert 0.03 < cold.mean() < 0.2
    assert "Random" in holdout.about


@pytest.mark.parametrize("times", [True, False])
def test_every_config_gets_the_same_rows(tmp_path: Path, times: bool) -> None:
    dataset = dataset_of(tmp_path, small_shop(times=times))
    one, other = (split(read(dataset, weights)).test for weights in (WEIGHTS, {**WEIGHTS, "purchase": 2.0}))
    np.testing.assert_array_equal(one.item, other.item)
    np.testing.assert_array_equal(one.shopper, other.shopper)


def test_items_that_came_later_are_no_candidates_but_stay_targets(tmp_path: Path) -> None:
    rows = small_shop()
    from datetime import timedelta

    from engine.catalog.schema import Table
    from tests.engine.estimators.shops import START

    rows[Table.ITEMS].append({**rows[Table.ITEMS][0], "item_id": "late", "created_at": START + timedelta(days=195)})
    rows[Table.INTERACTIONS].append(
        {**rows[Table.INTERACTIONS][0], "item_id": "late", "time": START + timedelta(days=198)}
    )
    data = read(dataset_of(tmp_path, rows), WEIGHTS)
    holdout, place = split(data), data.item_ids.index("late")
    assert not holdout.train.candidate[place]
    assert place in holdout.test.item
