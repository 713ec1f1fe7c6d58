from pathlib import Path

import numpy as np
import pytest

from engine.artifacts import ArtifactStore
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.errors import CorruptArtifact, InvalidInput
from engine.estimators import kind_of
from engine.estimators.base import Holdout
from engine.estimators.recommender import RecommenderEstimator
from engine.estimators.recommender_config import RecommenderConfig, SignalWeights
from engine.training.gate import judge
from tests.engine.estimators.shops import Silent, dataset_of, small_shop

CONFIG = RecommenderConfig()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset_of(tmp_path_factory.mktemp("shop"), small_shop())


@pytest.fixture(scope="module")
def holdout(dataset: Dataset) -> Holdout:
    return RecommenderEstimator.holdout(dataset, CONFIG)


@pytest.fixture(scope="module")
def fitted(holdout: Holdout) -> RecommenderEstimator:
    estimator = RecommenderEstimator(CONFIG)
    estimator.fit(holdout.train, Silent())
    return estimator


def test_the_kind_is_known() -> None:
    assert kind_of("recommender") is RecommenderEstimator


def test_config_round_trips() -> None:
    config = RecommenderConfig(half_life_days=3, weights=SignalWeights(brand=2.5), seed=4)
    assert RecommenderConfig.model_validate_json(config.model_dump_json()) == config


def test_it_beats_the_baseline_through_the_gate(holdout: Holdout, fitted: RecommenderEstimator) -> None:
    rival = RecommenderEstimator.baseline()
    rival.fit(holdout.train, Silent())
    verdict = judge(
        fitted.evaluate(holdout, Silent()),
        rival.evaluate(holdout, Silent()),
        kind=RecommenderEstimator,
        rival_name="the baseline",
    )
    assert verdict.passed, verdict.reasons
    assert "shoppers" in verdict.reasons[0]


def test_figures_are_finite_and_have_intervals(holdout: Holdout, fitted: RecommenderEstimator) -> None:
    report = Silent()
    scores = fitted.evaluate(holdout, report)
    assert scores.evaluation.units == len(holdout.test)
    assert {"ndcg_at_10", "recall_at_20", "map_at_12", "coverage_at_10", "novelty_at_10"} <= set(
        scores.evaluation.metrics
    )
    figure = scores.evaluation.metrics["ndcg_at_10"]
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low <= figure.value <= figure.high
    assert all(np.isfinite(values).all() and len(values) == len(holdout.test) for values in scores.per_unit.values())
    assert "warm" in scores.evaluation.slices
    assert report.metrics["ndcg_at_10"] == figure.value


def test_weights_favour_the_signal_that_is_true(fitted: RecommenderEstimator) -> None:
    weights = fitted.model.blend.weights
    assert weights["category"] + weights["together"] + weights["similar"] > 0.3


def test_saved_and_loaded_it_answers_the_same(tmp_path: Path, fitted: RecommenderEstimator) -> None:
    store = ArtifactStore(tmp_path)
    loaded = RecommenderEstimator.load(store.open(store.put(fitted.save())))
    asked = [{"shopper": shopper, "limit": 7} for shopper in (*fitted.model.shopper_ids[:20], "stranger")]
    assert loaded.predict(asked) == fitted.predict(asked)
    assert loaded.config == fitted.config
    assert loaded.memory_bytes > 0


def test_two_fits_are_equal(holdout: Holdout, fitted: RecommenderEstimator) -> None:
    again = RecommenderEstimator(CONFIG)
    again.fit(holdout.train, Silent())
    assert again.save() == fitted.save()


@pytest.mark.parametrize("name", ["items.json", "shoppers.json", "blend.json", "model.safetensors", "config.json"])
def test_an_absent_file_is_told(fitted: RecommenderEstimator, name: str) -> None:
    files = fitted.save()
    del files[name]
    with pytest.raises(CorruptArtifact):
        RecommenderEstimator.load(files)


@pytest.mark.parametrize("name", ["items.json", "shoppers.json"])
def test_names_that_do_not_fit_the_arrays_are_refused(fitted: RecommenderEstimator, name: str) -> None:
    with pytest.raises(CorruptArtifact):
        RecommenderEstimator.load({**fitted.save(), name: b'["x"]'})


@pytest.mark.parametrize(
    ("array", "value"), [("history.columns", 10**6), ("neighbours.together.columns", -1), ("history.starts", 7)]
)
def test_indices_out_of_bounds_are_refused(fitted: RecommenderEstimator, array: str, value: int) -> None:
    from safetensors.numpy import load, save

    files = fitted.save()
    arrays = load(files["model.safetensors"])
    arrays[array][0] = value
    with pytest.raises(CorruptArtifact):
        RecommenderEstimator.load({**files, "model.safetensors": save(arrays)})


def test_an_unknown_shopper_is_a_newcomer(fitted: RecommenderEstimator) -> None:
    known, stranger = fitted.predict([{"shopper": fitted.model.shopper_ids[0]}, {}])
    assert not known["cold_start"]
    assert stranger["cold_start"]
    assert len(stranger["items"]) == 10


@pytest.mark.parametrize("limit", [0, -1, "3", True])
def test_an_impossible_limit_is_refused(fitted: RecommenderEstimator, limit: object) -> None:
    with pytest.raises(InvalidInput):
        fitted.predict([{"limit": limit}])


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    told = RecommenderEstimator.missing(Dataset({}))
    assert len(told) == 2
    assert RecommenderEstimator.missing(dataset_of(tmp_path, small_shop(shoppers=30))) == []


def test_a_shop_of_bare_events_trains(tmp_path: Path) -> None:
    rows = small_shop(times=False)
    bare = {
        Table.ITEMS: [{"item_id": row["item_id"]} for row in rows[Table.ITEMS]],
        Table.INTERACTIONS: [
            {key: row[key] for key in ("shopper", "item_id", "event")} for row in rows[Table.INTERACTIONS]
        ],
    }
    dataset = dataset_of(tmp_path, bare)
    split = RecommenderEstimator.holdout(dataset, CONFIG)
    estimator = RecommenderEstimator(CONFIG)
    estimator.fit(split.train, Silent())
    assert set(estimator.model.blend.signals) == {"trending", "together"}
    assert estimator.evaluate(split, Silent()).evaluation.metrics["ndcg_at_10"].value > 0


def test_few_events_keep_the_configured_weights(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, small_shop(shoppers=15))
    report = Silent()
    estimator = RecommenderEstimator(CONFIG)
    estimator.fit(RecommenderEstimator.everything(dataset, CONFIG), report)
    assert estimator.model.blend.weights["category"] == CONFIG.weights.category
    assert any("Too few" in line for line in report.lines)


def test_a_model_of_other_rows_is_scored_by_item_id(
    dataset: Dataset, holdout: Holdout, tmp_path: Path, fitted: RecommenderEstimator
) -> None:
    rows = small_shop()
    turned = dataset_of(
        tmp_path, {**rows, Table.ITEMS: rows[Table.ITEMS][::-1], Table.SHOPPERS: rows[Table.SHOPPERS][::-1]}
    )
    other = RecommenderEstimator(CONFIG.model_copy(update={"learn_weights": False}))
    other.fit(RecommenderEstimator.holdout(turned, CONFIG).train, Silent())
    same = RecommenderEstimator(other.config)
    same.fit(holdout.train, Silent())
    ours, theirs = (model.evaluate(holdout, Silent()).per_unit["ndcg_at_10"] for model in (same, other))
    assert ours.mean() == pytest.approx(theirs.mean(), rel=0.05)


def test_card_and_signature_tell_limits_and_types(fitted: RecommenderEstimator) -> None:
    assert fitted.card()["limits"]
    assert set(fitted.signature()) == {"inputs", "outputs"}
