"""The order of choices as a signal: learned, weighted, saved, and the same wherever a shopper is scored."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.cards import CardIndex
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.errors import CorruptArtifact
from engine.estimators.base import Holdout
from engine.estimators.recommender.config import RankerConfig, RecommenderConfig, SignalWeights
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.estimators.recommender.sequence import last_days, next_items, orders
from engine.recommendation_engine.plan import Surface
from engine.recommendation_engine.schema import Act, Request, SessionEvent
from engine.recommendation_engine.serving import NOTHING, ReleaseRecommender
from engine.recommendation_engine.shopper import Knowing
from engine.recommenders.sequence import SequenceConfig
from tests.engine.estimators.shops import START, Silent, dataset_of, item

N = 60
ORDER = SequenceConfig(
    dimensions=16, length=8, loss="softmax", epochs=25, patience=4, learning_rate=0.01, batch_tokens=256
)
PLAIN = RecommenderConfig()
WITH = RecommenderConfig(sequence=ORDER)


def walks(shoppers: int = 500, *, times: bool = True) -> dict[Table, list[dict[str, Any]]]:
    """Shoppers go around a circle of products, one step a time: what is near is told by counts, what is next by order."""
    random = np.random.default_rng(3)
    events = []
    for number in range(shoppers):
        first, day = int(random.integers(N)), float(random.uniform(0, 120))
        for step in range(8):
            events.append(
                {
                    "shopper": f"p_{number:020x}",
                    "item_id": f"i{(first + step) % N:02d}",
                    "event": "purchase",
                    "time": START + timedelta(days=day) if times else None,
                    "context": "{}",
                }
            )
            day += float(random.uniform(5, 15))
    return {Table.ITEMS: [{"item_id": item(number)["item_id"]} for number in range(N)], Table.INTERACTIONS: events}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset_of(tmp_path_factory.mktemp("walks"), walks())


@pytest.fixture(scope="module")
def holdout(dataset: Dataset) -> Holdout:
    return RecommenderEstimator.holdout(dataset, WITH)


@pytest.fixture(scope="module")
def report() -> Silent:
    return Silent()


@pytest.fixture(scope="module")
def fitted(holdout: Holdout, report: Silent) -> RecommenderEstimator:
    estimator = RecommenderEstimator(WITH)
    estimator.fit(holdout.train, report)
    return estimator


def test_orders_are_by_the_last_time_each_product_was_met(holdout: Holdout) -> None:
    log = holdout.train.log
    last = last_days(log)
    assert last is not None
    assert log.day is not None
    for row, found in zip((0, 7), orders(last, np.array([0, 7])), strict=True):
        own = np.flatnonzero(log.shopper == row)
        day = {int(log.item[at]): float(log.day[at]) for at in own[np.argsort(log.day[own])]}
        assert found.tolist() == sorted(day, key=lambda item: day[item])
    assert [len(found) for found in orders(last, np.array([-1]))] == [0]


def test_where_order_matters_it_earns_weight_and_lifts_the_ranking(
    holdout: Holdout, fitted: RecommenderEstimator, report: Silent
) -> None:
    plain = RecommenderEstimator(PLAIN)
    plain.fit(holdout.train, Silent())
    assert "sequence" not in plain.model.blend.signals
    assert fitted.model.blend.weights["sequence"] > 0.1
    before, after = (one.evaluate(holdout, Silent()).per_unit["ndcg_at_10"].mean() for one in (plain, fitted))
    assert after > before + 0.05
    assert report.metrics["weight_sequence"] > 0.1
    assert 0 < report.metrics["sequence_ndcg_at_10"] <= 1
    told = [stage for stage, _ in report.stages if "order of choices" in stage]
    assert any("pass 3 of up to 25" in stage for stage in told)
    shares = [share for _, share in report.stages]
    assert shares == sorted(shares)


def test_held_out_rows_are_not_looked_at_while_weights_are_learned(
    holdout: Holdout, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.estimators.recommender import estimator, weights
    from engine.estimators.recommender.split import split

    seen: list[int] = []

    def count(data: Any, config: Any, **more: Any) -> Any:
        seen.append(len(data.log))
        return next_items(data, config, **more)

    monkeypatch.setattr(weights, "next_items", count)
    monkeypatch.setattr(estimator, "next_items", count)
    RecommenderEstimator(WITH).fit(holdout.train, Silent())
    assert seen == [len(split(holdout.train).train.log), len(holdout.train.log)]


def test_it_survives_the_files_and_two_fits_are_equal(holdout: Holdout, fitted: RecommenderEstimator) -> None:
    files = fitted.save()
    loaded = RecommenderEstimator.load(files)
    rows = np.arange(-1, 20)
    ours, theirs = (model.blend.scores(model.taste(rows)) for model in (fitted.model, loaded.model))
    np.testing.assert_array_equal(ours, theirs)
    assert loaded.model.blend.sequence is not None
    bare = replace(fitted.model, blend=replace(fitted.model.blend, sequence=None))
    assert loaded.memory_bytes > bare.memory_bytes
    again = RecommenderEstimator(WITH)
    again.fit(holdout.train, Silent())
    assert again.save() == files


@pytest.mark.parametrize(
    "change",
    [
        {"dimensions": 32},
        {"blocks": 2},
        {"length": 512},
        {"heads": 3},
        {"dimensions": 10**9},
        {"loss": "other"},
        {"unknown": 1},
        [],
        7,
    ],
)
def test_settings_that_do_not_fit_the_arrays_are_refused(fitted: RecommenderEstimator, change: Any) -> None:
    files = fitted.save()
    blend = json.loads(files["blend.json"])
    blend["sequence"] = {**blend["sequence"], **change} if isinstance(change, dict) else change
    with pytest.raises(CorruptArtifact):
        RecommenderEstimator.load({**files, "blend.json": json.dumps(blend).encode()})


@pytest.mark.parametrize("case", ["nan", "fewer items", "absent", "foreign", "whole numbers"])
def test_arrays_that_do_not_fit_are_refused(fitted: RecommenderEstimator, case: str) -> None:
    from safetensors.numpy import load, save

    files = fitted.save()
    arrays = load(files["model.safetensors"])
    if case == "nan":
        arrays["sequence.0.query"][0, 0] = np.nan
    elif case == "fewer items":
        arrays["sequence.items"] = np.ascontiguousarray(arrays["sequence.items"][:-1])
    elif case == "absent":
        del arrays["sequence.final"]
    elif case == "foreign":
        arrays["sequence.extra"] = np.zeros(3, dtype=np.float32)
    else:
        arrays["sequence.positions"] = arrays["sequence.positions"].astype(np.int64)
    with pytest.raises(CorruptArtifact):
        RecommenderEstimator.load({**files, "model.safetensors": save(arrays)})


def test_serving_sees_the_same_order_and_live_events_and_baskets_come_last(
    dataset: Dataset, fitted: RecommenderEstimator
) -> None:
    model = fitted.model
    place = {name: row for row, name in enumerate(model.item_ids)}
    knowing = Knowing(model, place, WITH.event_weights)

    def sequence(row: int, request: Request) -> list[int]:
        recommender = ReleaseRecommender(fitted, CardIndex(dataset))
        laid = recommender.laid(NOTHING)
        scored = recommender.score(request, laid)
        assert scored.taste.sequences is not None
        assert knowing.row(request.shopper) == row
        return [int(found) for found in scored.taste.sequences[0]]

    stored = orders(model.memory.last_day, np.array([4]))[0].tolist()
    shopper = model.shopper_ids[4]
    assert sequence(4, Request(shopper=shopper)) == stored
    viewed = SessionEvent(item_id="i59", event=Act.VIEW, hours_ago=0.1)
    live = Request(shopper=shopper, events=(viewed,), basket=("i58",), surface=Surface.HOME)
    assert sequence(4, live) == [row for row in stored if row not in (58, 59)] + [59, 58]


def test_the_words_say_that_it_follows(dataset: Dataset, fitted: RecommenderEstimator) -> None:
    recommender = ReleaseRecommender(fitted, CardIndex(dataset))
    answer = recommender.recommend(Request(shopper=fitted.model.shopper_ids[4], limit=5))
    said = {part.because for entry in answer.items for part in entry.contributions if part.signal == "sequence"}
    assert "Follows what was looked at last" in said
    for entry in answer.items:
        assert sum(part.value for part in entry.contributions) == pytest.approx(entry.score, abs=1e-6)


def test_trees_are_grown_beside_it(holdout: Holdout) -> None:
    config = WITH.model_copy(
        update={"ranker": RankerConfig(candidates=20, windows=1, rounds=5), "learn_weights": False}
    )
    estimator = RecommenderEstimator(config)
    estimator.fit(holdout.train, Silent())
    loaded = RecommenderEstimator.load(estimator.save()).model
    taste = loaded.taste(np.arange(5))
    parts = loaded.blend.parts(taste)
    assert {"sequence", "ranked"} <= set(parts)
    np.testing.assert_allclose(sum(parts.values()), loaded.blend.scores(taste), atol=1e-9)


def test_without_times_or_with_a_weight_of_zero_no_order_is_learned(tmp_path: Path) -> None:
    data = RecommenderEstimator.everything(dataset_of(tmp_path, walks(120, times=False)), WITH)
    report = Silent()
    estimator = RecommenderEstimator(WITH)
    estimator.fit(data, report)
    assert "sequence" not in estimator.model.blend.signals
    assert any("order of choices" in line for line in report.lines)
    nothing = RecommenderConfig(sequence=ORDER, weights=SignalWeights(sequence=0.0))
    assert not nothing.learns_order
    assert RecommenderConfig.model_validate_json(WITH.model_dump_json()) == WITH
