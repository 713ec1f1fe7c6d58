"""On real rentals: the blend must earn its place through the gate."""

from pathlib import Path

import pandas as pd
import pytest

from engine.estimators.recommender.config import RecommenderConfig
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.training.gate import judge
from tests.engine.estimators.shops import Silent, dataset_of

pytestmark = [pytest.mark.shared_data, pytest.mark.full]


def test_rent_the_runway_beats_recent_popularity(shared_data: Path, tmp_path: Path) -> None:
    from engine.catalog.schema import Table

    rentals = pd.read_parquet(shared_data / "rent_the_runway" / "rentals.parquet")
    items = [
        {"item_id": str(key), "category": category}
        for key, category in rentals.groupby("item_id")["category"].first().items()
    ]
    ages = rentals.groupby("user_id")["age"].last()
    people = [{"shopper": f"p_{key}", "age": None if age != age else float(age)} for key, age in ages.items()]
    events = [
        {
            "shopper": f"p_{user}",
            "item_id": str(item),
            "event": "rental",
            "time": time.tz_localize("UTC"),
            "context": f'{{"size": "{size}"}}',
        }
        for user, item, time, size in zip(
            rentals.user_id, rentals.item_id, rentals.review_date, rentals["size"], strict=True
        )
    ]
    dataset = dataset_of(tmp_path, {Table.ITEMS: items, Table.SHOPPERS: people, Table.INTERACTIONS: events})
    holdout = RecommenderEstimator.holdout(dataset, RecommenderConfig())
    assert len(holdout.test) == 12_464
    challenger, rival = RecommenderEstimator(RecommenderConfig()), RecommenderEstimator.baseline()
    for model in (challenger, rival):
        model.fit(holdout.train, Silent())
    verdict = judge(
        challenger.evaluate(holdout, Silent()),
        rival.evaluate(holdout, Silent()),
        kind=RecommenderEstimator,
        rival_name="the baseline",
    )
    assert verdict.passed, verdict.reasons
