import json
from pathlib import Path

import numpy as np
import pytest

from engine.artifacts import ArtifactStore
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.errors import CorruptArtifact, InvalidInput, UnsafeFormat
from engine.estimators import kind_of
from engine.estimators.base import Holdout
from engine.estimators.recommender.config import RankerConfig, RecommenderConfig, SignalWeights
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.training.gate import judge
from tests.engine.estimators.shops import Silent, dataset_of, small_shop

CONFIG = RecommenderConfig()
EVERYTHING = RecommenderConfig(
    weights=SignalWeights(cosine=0.2, factors=0.2, meaning=0.2),
    dimensions=8,
    ranker=RankerConfig(candidates=20, windows=1, rounds=10),
)


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


@pytest.fixture(scope="module")
def full(holdout: Holdout) -> RecommenderEstimator:
    """With every signal."""
    estimator = RecommenderEstimator(EVERYTHING)
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
    ("array", "value"),
    [
        ("history.columns", 10**6),
        ("neighbours.together.columns", -1),
        ("complements.columns", 10**6),
        ("history.starts", 7),
        ("factors", float("nan")),
    ],
)
def test_indices_out_of_bounds_are_refused(full: RecommenderEstimator, array: str, value: float) -> None:
    from safetensors.numpy import load, save

    files = full.save()
    arrays = load(files["model.safetensors"])
    arrays[array][0] = value
    with pytest.raises(CorruptArtifact):
        RecommenderEstimator.load({**files, "model.safetensors": save(arrays)})


@pytest.mark.parametrize(
    "change",
    [
        {"factors": {"regularisation": -1.0, "alpha": 1.0}},
        {"factors": {"regularisation": float("inf"), "alpha": 1.0}},
        {"factors": {"alpha": 1.0}},
        {"factors": [1]},
        {"weights": {"trending": -1.0}},
        {"newcomer": {"trending": "much"}},
        {"newcomer": [1]},
        {"neighbours": ["together", "absent"]},
        {"ranker": {"names": ["absent"], "weights": {}, "candidates": 5}},
        {"ranker": {"names": ["trending"], "weights": {}, "candidates": 5}},
        {"ranker": {"names": []}},
    ],
)
def test_a_blend_that_was_tampered_with_is_refused(full: RecommenderEstimator, change: dict[str, object]) -> None:
    files = full.save()
    blend = {**json.loads(files["blend.json"]), **change}
    with pytest.raises(CorruptArtifact):
        RecommenderEstimator.load({**files, "blend.json": json.dumps(blend).encode()})


def test_every_signal_survives_the_files(full: RecommenderEstimator) -> None:
    loaded = RecommenderEstimator.load(full.save())
    assert loaded.model.blend.signals == full.model.blend.signals
    assert {"novelty", "linear", "cosine", "factors", "meaning", "goes_with"} <= set(loaded.model.blend.signals)
    rows = np.arange(-1, 20)
    ours, theirs = (model.blend.scores(model.taste(rows)) for model in (full.model, loaded.model))
    np.testing.assert_array_equal(ours, theirs)


def test_a_second_stage_is_grown_saved_and_checked(full: RecommenderEstimator) -> None:
    files = full.save()
    assert full.model.blend.ranker is not None
    parts = full.model.blend.parts(full.model.taste(np.arange(5)))
    np.testing.assert_allclose(sum(parts.values()), full.model.blend.scores(full.model.taste(np.arange(5))), atol=1e-9)
    for trees in (b"", b"not trees", files["ranker.lgb"][:500]):
        with pytest.raises((CorruptArtifact, UnsafeFormat)):
            RecommenderEstimator.load({**files, "ranker.lgb": trees})
    del files["ranker.lgb"]
    with pytest.raises(CorruptArtifact):
        RecommenderEstimator.load(files)


def test_another_price_moves_the_product_to_another_band(fitted: RecommenderEstimator) -> None:
    model = fitted.model
    assert model.prices is not None
    cheap, dear = int(np.argmin(model.prices)), int(np.argmax(model.prices))
    moved = model.repriced({cheap: float(model.prices[dear])})
    assert moved.item_codes["price"][cheap] > model.item_codes["price"][cheap]
    rows = np.arange(20)
    before, after = (one.blend.scores(one.taste(rows)) for one in (model, moved))
    others = np.arange(60) != cheap
    untouched = ~model.memory.history[rows].toarray()[:, [cheap]].any(axis=1)
    np.testing.assert_array_equal(before[untouched][:, others], after[untouched][:, others])
    assert (before[untouched, cheap] != after[untouched, cheap]).any()


def test_todays_price_changes_nothing(fitted: RecommenderEstimator) -> None:
    model = fitted.model
    assert model.prices is not None
    same = model.repriced({row: float(model.prices[row]) for row in range(5)})
    np.testing.assert_array_equal(same.item_codes["price"], model.item_codes["price"])
    np.testing.assert_allclose(same.blend.facets["price"].ratio, model.blend.facets["price"].ratio)


def test_newcomers_are_weighted_on_their_own(holdout: Holdout, tmp_path: Path) -> None:
    rows = small_shop(shoppers=900)
    known = {row["shopper"] for row in rows[Table.SHOPPERS][:450]}
    late = [row for row in rows[Table.INTERACTIONS] if row["shopper"] in known or row["time"].timestamp() % 5 < 3]
    rows[Table.INTERACTIONS] = [
        row if row["shopper"] in known else {**row, "time": row["time"].replace(year=2026, month=7, day=10)}
        for row in late
    ]
    data = RecommenderEstimator.everything(dataset_of(tmp_path, rows), CONFIG)
    estimator = RecommenderEstimator(CONFIG)
    estimator.fit(data, Silent())
    blend = estimator.model.blend
    assert set(blend.newcomer) == set(blend.signals)
    assert all(weight > 0 for weight in blend.weights.values())
    alone = RecommenderEstimator(CONFIG.model_copy(update={"learn_newcomers": False}))
    alone.fit(data, Silent())
    assert alone.model.blend.newcomer == {}


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
    told = RecommenderEstimator.missing(Dataset({}), RecommenderConfig())
    assert len(told) == 2
    assert RecommenderEstimator.missing(dataset_of(tmp_path, small_shop(shoppers=30)), CONFIG) == []


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
    assert set(estimator.model.blend.signals) == {"trending", "together", "linear", "goes_with"}
    assert estimator.evaluate(split, Silent()).evaluation.metrics["ndcg_at_10"].value > 0
    ArtifactStore(tmp_path / "artifacts").put(estimator.save())


def test_unknown_prices_survive_the_files(tmp_path: Path) -> None:
    rows = small_shop()
    rows[Table.PRICES] = rows[Table.PRICES][1:]
    estimator = RecommenderEstimator(CONFIG)
    estimator.fit(RecommenderEstimator.everything(dataset_of(tmp_path, rows), CONFIG), Silent())
    store = ArtifactStore(tmp_path / "artifacts")
    loaded = RecommenderEstimator.load(store.open(store.put(estimator.save())))
    assert loaded.model.prices is not None
    assert np.isnan(loaded.model.prices).sum() == 1
    np.testing.assert_array_equal(loaded.model.prices, estimator.model.prices)


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
