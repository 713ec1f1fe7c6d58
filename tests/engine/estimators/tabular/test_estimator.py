"""Every way to learn finds what was planted, says how sure it is, and comes back from its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

from engine.artifacts import ArtifactStore
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.errors import CorruptArtifact, InvalidInput
from engine.estimators import kind_of, measures
from engine.estimators.calibration import softmax
from engine.estimators.tabular.config import TabularConfig
from engine.estimators.tabular.estimator import Tabular
from engine.estimators.tabular.losses import deviance_addends, losses
from engine.training.gate import judge
from tests.engine.estimators.shops import Silent, dataset_of, small_shop
from tests.engine.estimators.tabular.planted import CLASSES, about, planted, rows

MODELS = ("lightgbm", "xgboost", "linear", "network", "baseline")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return planted(tmp_path_factory.mktemp("planted"))


def fitted(dataset: Dataset, config: TabularConfig, report: Silent | None = None) -> Tabular:
    model = Tabular(config)
    model.fit(Tabular.holdout(dataset, config).train, report or Silent())
    return model


@pytest.mark.parametrize("target", ["values.worth", "values.grade", "values.cut"])
@pytest.mark.parametrize("model", MODELS)
def test_each_model_finds_the_signal_and_comes_back_from_its_files(
    data: Dataset, model: Any, target: str, tmp_path: Path
) -> None:
    config = about(target, model=model)
    report = Silent()
    found = fitted(data, config, report)
    scores = found.evaluate(Tabular.holdout(data, config), report).evaluation
    assert (scores.metrics["deviance_explained"].low or 0.0) > 0.3
    if model != "baseline":
        assert "validation_loss" in report.metrics
    store = ArtifactStore(tmp_path)
    again = Tabular.load(store.open(store.put(found.save())))
    inputs = [found.sample(), {}, {"values": {"weight": 2.0, "colour": "unheard of"}}]
    assert again.predict(inputs) == found.predict(inputs)
    assert again.card() == found.card()
    assert again.signature() == found.signature()
    answers = set(found.signature()["outputs"]["properties"])
    assert all(set(answer) == answers for answer in found.predict(inputs))
    json.dumps(found.card())


def test_two_trainings_give_the_same_figures(data: Dataset) -> None:
    for model in ("lightgbm", "xgboost", "network"):
        config = about("values.cut", model=model)
        first, second = (
            fitted(data, config).evaluate(Tabular.holdout(data, config), Silent()).evaluation.headline for _ in range(2)
        )
        assert first == pytest.approx(second, abs=1e-6)


def test_classes_have_probabilities_and_numbers_an_interval(data: Dataset) -> None:
    answer = fitted(data, about("values.cut")).predict([{"values": {"weight": 3.0, "colour": "grey"}}])[0]
    assert answer["label"] == "large"
    assert set(answer["probabilities"]) == set(CLASSES)
    assert sum(answer["probabilities"].values()) == pytest.approx(1)
    value = fitted(data, about("values.worth", model="linear", use_text=False)).predict(
        [{"values.weight": 1.0, "values.colour": "blue"}]
    )[0]
    assert value["low"] < value["value"] < value["high"]
    assert value["value"] == pytest.approx(3.5, abs=0.6)


def test_intervals_cover_and_the_baseline_is_gated(tmp_path: Path) -> None:
    dataset = planted(tmp_path, rows(1_500))
    config = about("values.worth", rounds=150)
    holdout = Tabular.holdout(dataset, config)
    ours = fitted(dataset, config).evaluate(holdout, Silent())
    assert 0.84 < ours.evaluation.headline["interval_coverage"] < 0.96
    rival = Tabular.baseline()
    rival.fit(holdout.train, Silent())
    verdict = judge(ours, rival.evaluate(holdout, Silent()), kind=kind_of("tabular"), rival_name="the baseline")
    assert verdict.metric == "deviance_explained"


def test_deviance_explained_is_that_of_the_reference() -> None:
    random = np.random.default_rng(2)
    actual = random.integers(0, 3, 400)
    scores = random.normal(size=(400, 3)) + 2 * np.eye(3)[actual]
    shares = np.bincount(actual) / 400
    found = measures.value("deviance_explained", deviance_addends(losses(scores, actual), actual, shares))
    assert found == pytest.approx(reference.d2_log_loss_score(actual, softmax(scores)))
    target, told = random.normal(size=(2, 400))
    found = measures.value("deviance_explained", deviance_addends(losses(told, target), target, float(target.mean())))
    assert found == pytest.approx(reference.r2_score(target, told))
    assert found == pytest.approx(reference.d2_tweedie_score(target, told))


def test_rare_classes_are_found_without_changing_probabilities(tmp_path: Path) -> None:
    entries = [row for row in rows(1_500) if row["values"]["cut"] != "large" or int(row["record_id"][1:]) % 8 == 0]
    dataset = planted(tmp_path, entries)
    report = Silent()
    leaning = fitted(dataset, about("values.cut"), report)
    plain = fitted(dataset, about("values.cut", balanced_labels=False))
    assert any("Classes are uneven: large" in line for line in report.lines)
    holdout = Tabular.holdout(dataset, about("values.cut"))
    figures = [model.evaluate(holdout, Silent()).evaluation.headline for model in (leaning, plain)]
    assert figures[0]["log_loss"] == pytest.approx(figures[1]["log_loss"])
    assert figures[0]["balanced_accuracy"] >= figures[1]["balanced_accuracy"]


def test_the_network_stops_early_and_checkpointing_changes_no_number(data: Dataset) -> None:
    config = about("values.grade", model="network", epochs=60, patience=2, network_rate=0.02, dropout=0.2)
    found = fitted(data, config)
    assert json.loads(found.save()["tabular.json"])["learner"]["epochs"] < 60
    saving = fitted(data, config.model_copy(update={"checkpointing": True}))
    inputs = [found.sample(), {"values": {"weight": -1.0}}]
    for one, other in zip(found.predict(inputs), saving.predict(inputs), strict=True):
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"values.weight": "heavy"}, "'values.weight' of input 2 is 'heavy'. It is a number"),
        ({"values.weight": True}, "It is a number"),
        ({"values.weight": float("inf")}, "It is a number"),
        ({"time": 5}, "a time in ISO 8601"),
        ({"time": "soon"}, "a time in ISO 8601"),
    ],
)
def test_a_wrong_type_is_refused_by_name(data: Dataset, value: dict[str, Any], words: str) -> None:
    model = fitted(data, about("values.grade", model="baseline"))
    assert model.predict([]) == []
    assert model.predict([{"values.weight": None, "values.colour": float("nan"), "time": "2026-01-01"}])
    with pytest.raises(InvalidInput, match=words):
        model.predict([{}, value])


def test_the_sample_is_a_typical_row_and_nobodys_own(data: Dataset) -> None:
    model = fitted(data, about("values.grade", rounds=5))
    sample = model.sample()
    assert set(sample) == {feature.name for feature in model.model.encoder.features}
    assert sample["values.note"] == "Some words of values.note"
    assert b"made by hand" not in b"".join(model.save().values())


def test_a_model_of_another_target_is_not_compared(data: Dataset) -> None:
    model = fitted(data, about("values.grade", model="baseline"))
    with pytest.raises(InvalidInput, match=r"foretells values\.grade of records, not values\.cut"):
        model.evaluate(Tabular.holdout(data, about("values.cut")), Silent())


def test_damaged_files_are_refused(data: Dataset) -> None:
    for model in MODELS[:4]:
        files = fitted(data, about("values.grade", model=model, rounds=5, epochs=1)).save()
        other = fitted(data, about("values.cut", model=model, rounds=5, epochs=1, use_text=False)).save()
        for name in files:
            without = {key: value for key, value in files.items() if key != name}
            for damaged in (without, {**without, name: files[name][:40]}):
                with pytest.raises(CorruptArtifact):
                    Tabular.load(damaged)
        for mixed in (
            {**files, "tabular.json": other["tabular.json"]},
            {**files, "tabular.json": b'{"table": "items"}'},
        ):
            with pytest.raises(CorruptArtifact):
                Tabular.load(mixed)


def test_columns_of_what_rows_refer_to_are_used(tmp_path: Path) -> None:
    shop = small_shop()
    kinds = {row["item_id"]: row["category"] for row in shop[Table.ITEMS]}
    lines = [
        {"order_id": f"o{place}", "item_id": event["item_id"], "returned": kinds[event["item_id"]] == "coats"}
        for place, event in enumerate(shop[Table.INTERACTIONS])
    ]
    for place in range(0, len(lines), 9):
        lines[place]["returned"] = not lines[place]["returned"]
    orders = [
        {"order_id": f"o{place}", "shopper": event["shopper"], "time": event["time"]}
        for place, event in enumerate(shop[Table.INTERACTIONS])
    ]
    dataset = dataset_of(tmp_path, {**shop, Table.ORDERS: orders, Table.ORDER_LINES: lines})
    config = TabularConfig(rounds=40)
    assert Tabular.missing(dataset, config) == []
    outlook = Tabular.outlook(dataset, config)
    assert {"items.category", "orders.time", "shoppers.age", "items.attributes.material"} <= set(outlook.columns)
    assert outlook.left_out["orders.shopper"] == "It is an id."
    holdout = Tabular.holdout(dataset, config)
    assert holdout.cut is not None
    scores = fitted(dataset, config).evaluate(holdout, Silent())
    assert scores.evaluation.headline["roc_auc"] > 0.8
    assert "category: coats" in scores.members
    own = Tabular.outlook(dataset, config.model_copy(update={"joined": False}))
    assert own.columns == ["orders.time"]
