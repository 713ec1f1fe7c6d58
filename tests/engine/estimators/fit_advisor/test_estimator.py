"""Fit of pieces: what is planted is found, what is not known is said, and larger is never smaller."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.catalog.dataset import Dataset
from engine.catalog.demo_shop import generate
from engine.catalog.schema import Table
from engine.errors import CorruptArtifact, InvalidInput
from engine.estimators.base import Holdout
from engine.estimators.fit_advisor.config import FitAdvisorConfig
from engine.estimators.fit_advisor.estimator import FitAdvisor
from tests.engine.estimators.fit_advisor.planted import SIZES, planted
from tests.engine.estimators.shops import Silent, dataset_of, stored

MODELS = ("lightgbm", "latent", "multinomial", "baseline")
QUICK = {"rounds": 60, "learning_rate": 0.1, "patience": 10}


def config(model: str = "lightgbm") -> FitAdvisorConfig:
    return FitAdvisorConfig.model_validate({"model": model, **QUICK})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset_of(tmp_path_factory.mktemp("planted"), planted())


@pytest.fixture(scope="module")
def fitted(shop: Dataset) -> dict[str, FitAdvisor]:
    found = {}
    for model in MODELS:
        found[model] = FitAdvisor(config(model))
        found[model].fit(FitAdvisor.everything(shop, config()), Silent())
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return stored(tmp_path_factory.mktemp("demo"), generate(scale=0.2, pictures=False).tables)


@pytest.fixture(scope="module")
def demo_holdout(demo: Dataset) -> Holdout:
    return FitAdvisor.holdout(demo, config())


@pytest.mark.parametrize("model", ["lightgbm", "latent"])
def test_a_planted_cut_is_found(fitted: dict[str, FitAdvisor], model: str) -> None:
    """Item 0 runs small and item 2 large, on somebody with the body of a 38."""
    body = {"height_in": 62.0, "weight_lbs": 134.0, "bust_size": "34b", "size": "38"}
    small, right, large = fitted[model].predict([{**body, "item_id": name} for name in ("i00", "i01", "i02")])
    assert (small["likely"], right["likely"], large["likely"]) == ("small", "fit", "large")
    assert (small["advice"], small["best_size"]) == ("Take one size up.", "40")
    assert (right["advice"], right["best_size"]) == ("Your usual size.", "38")
    assert (large["advice"], large["best_size"]) == ("Take one size down.", "36")
    assert [row["size"] for row in small["sizes"]] == list(SIZES)


@pytest.mark.parametrize("model", ["lightgbm", "latent"])
def test_it_beats_the_baseline_on_the_newest_reviews_of_the_demo_shop(demo_holdout: Holdout, model: str) -> None:
    assert demo_holdout.cut is not None
    assert demo_holdout.train.time.max() < demo_holdout.test.time.min()
    figures = []
    for each in (FitAdvisor(config(model)), FitAdvisor.baseline()):
        each.fit(demo_holdout.train, Silent())
        figures.append(each.evaluate(demo_holdout, Silent()).evaluation)
    ours, theirs = (each.headline for each in figures)
    assert ours["log_loss"] < theirs["log_loss"] - 0.05
    assert ours["macro_f1"] > theirs["macro_f1"] + 0.1
    assert ours["cold_log_loss"] < theirs["cold_log_loss"]
    assert set(ours) >= {"ece", "balanced_accuracy", "cold_ece"}
    assert {"cold shoppers", "warm shoppers", "sizes: large third"} <= set(figures[0].slices)
    assert figures[0].units == len(set(demo_holdout.test.shopper))


@pytest.mark.parametrize("model", MODELS)
def test_it_survives_the_files(fitted: dict[str, FitAdvisor], model: str) -> None:
    again = FitAdvisor.load(fitted[model].save())
    asked = [fitted[model].sample(), {"size": "M"}, {"size": "40", "category": "dresses", "age": 33}]
    assert again.predict(asked) == fitted[model].predict(asked)
    assert again.card() == fitted[model].card()
    assert again.sample() == fitted[model].sample()
    assert again.predict([]) == []


def test_two_fits_are_equal(shop: Dataset, fitted: dict[str, FitAdvisor]) -> None:
    holdout = FitAdvisor.holdout(shop, config())
    figures = []
    for _ in range(2):
        each = FitAdvisor(config())
        each.fit(holdout.train, Silent())
        figures.append(each.evaluate(holdout, Silent()).evaluation.headline)
    assert figures[0] == pytest.approx(figures[1], abs=1e-9)


@pytest.mark.parametrize("model", ["lightgbm", "latent"])
@given(
    item=st.sampled_from(["i00", "i01", "i02", "i17", "unheard of", None]),
    shopper=st.sampled_from(["p_0001", "p_0200", "nobody", None]),
    size=st.sampled_from(SIZES),
    weight=st.one_of(st.none(), st.floats(60, 400)),
    age=st.one_of(st.none(), st.floats(15, 100)),
)
def test_a_larger_size_is_never_smaller(
    fitted: dict[str, FitAdvisor], model: str, item: Any, shopper: Any, size: str, weight: Any, age: Any
) -> None:
    asked = {"item_id": item, "shopper": shopper, "size": size, "weight_lbs": weight, "age": age}
    told = fitted[model].predict([{**asked, "category": "dresses"}])[0]
    table = np.array([[row[name] for name in ("small", "fit", "large")] for row in told["sizes"]])
    assert np.allclose(table.sum(axis=1), 1)
    assert (table >= 0).all()
    assert (np.diff(table[:, 0]) <= 1e-9).all()
    assert (np.diff(table[:, 2]) >= -1e-9).all()
    assert told["best_size"] is None or told["best_size"] in SIZES


def test_what_is_not_known_is_said(fitted: dict[str, FitAdvisor]) -> None:
    known, cold, measured = fitted["lightgbm"].predict(
        [{"shopper": "p_0001", "item_id": "i00", "size": "38"}, {"size": "38"}, {"size": "38", "weight_lbs": 140}]
    )
    assert "wore before" in known["note"]
    assert "Nothing is known of this shopper but the size" in cold["note"]
    assert "Nobody has told how this piece fits" in cold["note"]
    assert "judged by measures" in measured["note"]


def test_the_end_of_the_ladder_has_no_further_size(fitted: dict[str, FitAdvisor]) -> None:
    told = fitted["lightgbm"].predict(
        [{"item_id": "i00", "size": "44", "weight_lbs": 170, "height_in": 65, "bust_size": "37b"}]
    )[0]
    assert told["likely"] == "small"
    assert (told["advice"], told["best_size"]) == ("Take one size up.", None)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"size": ""},
        {"size": 38.5},
        {"size": True},
        {"size": "38", "age": "old"},
        {"size": "38", "height_in": 5.6},
        {"size": "38", "weight_lbs": float("inf")},
        {"size": "38", "shopper": 7},
        {"size": ["38"]},
        "38",
    ],
)
def test_hostile_inputs_are_refused(fitted: dict[str, FitAdvisor], asked: Any) -> None:
    with pytest.raises(InvalidInput):
        fitted["lightgbm"].predict([asked])


def test_odd_but_honest_inputs_are_answered(fitted: dict[str, FitAdvisor]) -> None:
    odd = [
        {"size": "one size"},
        {"size": "\u00fcberweit"},
        {"size": 38},
        {"size": "38" * 400},
        {"size": "38", "bust_size": "??", "body_type": "pear-ish", "age": float("nan"), "more": [1]},
    ]
    assert len(fitted["lightgbm"].predict(odd)) == len(odd)


def test_what_is_missing_is_told(tmp_path: Path, shop: Dataset) -> None:
    assert FitAdvisor.missing(shop, config()) == []
    assert FitAdvisor.missing(Dataset({}), config()) == [
        "Reviews with a size and how it fitted: at least 200; there are 0."
    ]
    rows = planted(rows=600)[Table.REVIEWS]
    one = [{**row, "fit": "fit"} for row in rows]
    told = FitAdvisor.missing(dataset_of(tmp_path / "one", {Table.REVIEWS: one}), config())
    assert told == [f"Reviews that say '{name}': at least 10; there are 0." for name in ("small", "large")]
    alone = [{**row, "shopper": "p_1"} for row in rows]
    told = FitAdvisor.missing(dataset_of(tmp_path / "alone", {Table.REVIEWS: alone}), config())
    assert told == ["Shoppers who tell how pieces fitted: at least 20; there are 1."]


@pytest.mark.parametrize("model", MODELS)
def test_bare_reviews_are_enough(tmp_path: Path, model: str) -> None:
    """No times, no shoppers, no items, sizes in letters."""
    letters = dict(zip(SIZES, ("XS", "S", "M", "L", "XL", "XXL"), strict=True))
    rows = [
        {"item_id": row["item_id"], "size": letters[row["size"]], "fit": row["fit"]}
        for row in planted(rows=600)[Table.REVIEWS]
    ]
    dataset = dataset_of(tmp_path, {Table.REVIEWS: rows})
    holdout = FitAdvisor.holdout(dataset, config())
    assert holdout.cut is None
    each = FitAdvisor(config(model))
    each.fit(holdout.train, Silent())
    assert each.evaluate(holdout, Silent()).evaluation.headline["log_loss"] < 1.2
    assert each.predict([each.sample()])[0]["advice"]
    assert FitAdvisor.outlook(dataset, config()).left_out["shoppers.age"] == "It is empty."


def test_fewer_rows_to_learn_from_are_the_newest_and_leave_the_held_out_ones_alone(shop: Dataset) -> None:
    few = FitAdvisorConfig(max_rows=300, model="baseline")
    ours, theirs = FitAdvisor.holdout(shop, few), FitAdvisor.holdout(shop, config())
    assert np.array_equal(ours.test.fit, theirs.test.fit)
    each = FitAdvisor(few)
    each.fit(ours.train, Silent())
    assert each.card()["data"]["reviews"] == 300
    assert each.card()["data"]["to"] == str(ours.train.time.max())[:10]


def test_one_fit_only_is_refused(shop: Dataset) -> None:
    rows = FitAdvisor.everything(shop, config())
    with pytest.raises(InvalidInput, match="fitted in the same way"):
        FitAdvisor(config()).fit(rows.at(rows.fit == 1), Silent())


@pytest.mark.parametrize("model", MODELS)
def test_a_fit_that_never_occurs_is_possible_all_the_same(shop: Dataset, model: str) -> None:
    rows = FitAdvisor.everything(shop, config())
    each = FitAdvisor(config(model))
    each.fit(rows.at(rows.fit > 0), Silent())
    told = each.predict([{"size": "38", "item_id": "i01"}])[0]
    assert 0 < told["small"] < 0.3


def test_sizes_that_repeat_the_last_purchase_are_left_out(tmp_path: Path) -> None:
    tables = planted()
    last = {row["shopper"]: row["size"] for row in sorted(tables[Table.REVIEWS], key=lambda row: row["time"])}
    for row in tables[Table.SHOPPERS]:
        row["sizes"] = json.dumps({"dresses": last[row["shopper"]]})
    dataset = dataset_of(tmp_path, tables)
    assert "bought last" in FitAdvisor.outlook(dataset, config()).left_out["shoppers.sizes"]
    assert not FitAdvisor.everything(dataset, config()).usual.any()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["config.json", "advisor.json", "advisor.safetensors", "small.lgb"])
def test_broken_files_are_told(fitted: dict[str, FitAdvisor], model: str, name: str) -> None:
    files = fitted[model].save()
    if name not in files:
        assert model != "lightgbm"
        return
    for broken in (None, b"", b"{}", files[name][: len(files[name]) // 2]):
        bad = {key: value for key, value in files.items() if key != name or broken is not None}
        if broken is not None:
            bad[name] = broken
        if name == "config.json" and broken == b"{}":
            continue
        with pytest.raises(CorruptArtifact):
            FitAdvisor.load(bad)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("decider", "slope"), -1.0),
        (("decider", "weights"), [1.0, 0.0, 1.0]),
        (("columns", "spread"), [0.0] * 5),
        (("columns", "anchor"), [1.0]),
        (("history", "items"), ["i00"]),
        (("shop", "people"), []),
        (("more", "ladders"), 3),
    ],
)
def test_values_out_of_bounds_are_told(fitted: dict[str, FitAdvisor], path: tuple[str, str], value: Any) -> None:
    files = fitted["lightgbm"].save()
    told = json.loads(files["advisor.json"])
    told[path[0]][path[1]] = value
    with pytest.raises(CorruptArtifact):
        FitAdvisor.load({**files, "advisor.json": json.dumps(told).encode()})


def test_a_search_stays_within_the_config(shop: Dataset) -> None:
    class Lowest:
        def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
            return low

        def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
            return low

        def suggest_categorical(self, name: str, choices: Any) -> Any:
            return choices[0]

    chosen = FitAdvisor.choose(Lowest(), config())
    assert FitAdvisorConfig.model_validate(chosen.model_dump()) == chosen
    with pytest.raises(ValidationError):
        FitAdvisorConfig(leaves=0)
    inner = FitAdvisor.inner(FitAdvisor.holdout(shop, config()).train, config())
    assert inner.train.time.max() < inner.test.time.min()


def test_a_curve_is_told_while_it_learns(shop: Dataset) -> None:
    for model in MODELS:
        report = Silent()
        FitAdvisor(config(model)).fit(FitAdvisor.everything(shop, config()), report)
        assert report.metrics["validation_loss"] > 0
        assert report.stages[-1] == ("Fitted", 1.0)
