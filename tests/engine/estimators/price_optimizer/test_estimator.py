from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.errors import CorruptArtifact, InvalidInput
from engine.estimators import measures
from engine.estimators.price_optimizer.config import PriceConfig
from engine.estimators.price_optimizer.estimator import PriceOptimizer
from tests.engine.estimators.price_optimizer.stores import ELASTICITY, SALE, store
from tests.engine.estimators.shops import Silent, dataset_of

QUICK = PriceConfig(**PriceOptimizer.presets["quick"])


def fitted(dataset: Dataset, config: PriceConfig = QUICK) -> PriceOptimizer:
    found = PriceOptimizer(config)
    found.fit(PriceOptimizer.everything(dataset, config), Silent())
    return found


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset_of(tmp_path_factory.mktemp("store"), store())


@pytest.fixture(scope="module")
def model(dataset: Dataset) -> PriceOptimizer:
    return fitted(dataset)


def test_the_holdout_is_the_last_weeks_and_the_same_for_every_config(dataset: Dataset) -> None:
    first = PriceOptimizer.holdout(dataset, QUICK)
    other = PriceOptimizer.holdout(dataset, PriceConfig(model="baseline", half_life_weeks=20))
    assert first.cut == other.cut
    assert first.train.panel.period.max() == first.train.periods - 1 == 31
    assert "count as known" in first.about
    assert np.array_equal(first.test.panel.units, other.test.panel.units)


def test_it_beats_the_baseline_and_tells_slices_and_coverage(dataset: Dataset) -> None:
    holdout = PriceOptimizer.holdout(dataset, QUICK)
    scores = {}
    for name, estimator in (("ours", PriceOptimizer(QUICK)), ("baseline", PriceOptimizer.baseline())):
        report = Silent()
        estimator.fit(holdout.train, report)
        scores[name] = estimator.evaluate(holdout, report)
        assert "validation_loss" in report.metrics
    ours, baseline = scores["ours"], scores["baseline"]
    assert ours.evaluation.headline["wmape"] < 0.9 * baseline.evaluation.headline["wmape"]
    assert np.quantile(measures.gains("wmape", ours.per_unit["wmape"], baseline.per_unit["wmape"]), 0.975) < 0
    assert ours.evaluation.units == 60
    assert 0.84 <= ours.evaluation.headline["interval_coverage"] <= 0.97
    assert {"rmse", "bias", "absolute_bias", "coverage_error"} <= set(ours.evaluation.metrics)


@pytest.mark.parametrize("name", ["structured", "elasticity", "xgboost", "plain", "baseline"])
def test_every_model_survives_its_files(dataset: Dataset, name: str) -> None:
    found = fitted(dataset, QUICK.model_copy(update={"model": name}))
    files = found.save()
    again = PriceOptimizer.load(files)
    questions = [found.sample(), {"item_id": "i003", "promotion": True, "weeks_ahead": 8}, {"category": "coats"}]
    assert again.predict(questions) == found.predict(questions)
    assert again.card() == found.card()
    json.dumps(again.card())
    for broken in ({**files, "shop.json": b"{}"}, {"config.json": files["config.json"]}, {}):
        with pytest.raises(CorruptArtifact):
            PriceOptimizer.load(broken)


@given(
    item=st.integers(0, 59),
    ratios=st.lists(st.floats(0.3, 3.0), min_size=2, max_size=6),
    ahead=st.integers(1, 8),
    promotion=st.booleans(),
)
def test_demand_never_rises_with_the_price(
    model: PriceOptimizer, item: int, ratios: list[float], ahead: int, promotion: bool
) -> None:
    prices = [round(100 * ratio, 2) for ratio in sorted(ratios)]
    name = f"i{item:03d}"
    answers = model.predict(
        [{"item_id": name, "price": price, "promotion": promotion, "weeks_ahead": ahead} for price in prices]
    )
    units = [answer["units"] for answer in answers]
    assert all(after <= before + 1e-9 for before, after in pairwise(units))
    assert all(0 <= answer["units_low"] <= answer["units"] <= answer["units_high"] for answer in answers)


def test_an_answer_adds_up_and_says_what_it_rests_on(model: PriceOptimizer) -> None:
    known, stranger, lost = model.predict(
        [
            {"item_id": "i001", "price": 33.0, "week": model.shop.week(3).isoformat()},
            {"item_id": "nobody", "category": "dresses", "price": 50.0, "reference": 60.0},
            {"item_id": "nobody"},
        ]
    )
    assert known["revenue"] == pytest.approx(known["units"] * 33.0)
    assert known["margin"] == pytest.approx(known["units"] * (33.0 - 0.4 * 41.0))
    assert known["week"] == model.shop.week(3).isoformat()
    assert known["note"] is None
    assert known["elasticity_low"] <= known["elasticity"] <= known["elasticity_high"]
    assert "dresses" in stranger["note"]
    assert stranger["units"] > 0
    assert stranger["margin"] is None
    assert "largest category" in lost["note"]


def test_elasticities_are_near_the_truth(model: PriceOptimizer) -> None:
    found = model.card()["elasticities"]
    for category, truth in ELASTICITY.items():
        assert found[category]["elasticity"] == pytest.approx(truth, abs=0.35)


def test_a_promotion_sells_more_at_the_same_price(model: PriceOptimizer) -> None:
    ask = {"item_id": "i004", "price": 38.0}
    without, under, named = model.predict([{**ask, "promotion": p} for p in (False, True, SALE)])
    assert under["units"] > 1.15 * without["units"]
    assert named == under


@pytest.mark.parametrize(
    "wrong",
    [
        {"item_id": 4},
        {"item_id": "i001", "price": -1},
        {"item_id": "i001", "price": "cheap"},
        {"item_id": "i001", "promotion": 3},
        {"item_id": "i001", "promotion": "never heard"},
        {"item_id": "i001", "weeks_ahead": 9},
        {"item_id": "i001", "weeks_ahead": True},
        {"item_id": "i001", "week": "soon"},
    ],
)
def test_a_wrong_value_is_refused_in_a_sentence(model: PriceOptimizer, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        model.predict([wrong])


def test_decisions_come_from_the_fitted_model(model: PriceOptimizer) -> None:
    price = float(model.shop.price[1])
    tried = model.what_if(["i001"], [price * 0.8], weeks=4)[0]
    assert tried.then.units.value > tried.now.units.value
    best = model.recommend(["i001", "i000"])
    assert len(best) == 2
    plan = model.markdown_plan(["i001"], {"i001": 60}, weeks=4, salvage=0.1)[0]
    assert len(plan.prices) == 4
    assert (np.diff(plan.prices) <= 0).all()
    with pytest.raises(InvalidInput, match="nobody"):
        model.recommend(["nobody"])
    with pytest.raises(InvalidInput, match="stock"):
        model.markdown_plan(["i001"], {})


def test_arrays_that_do_not_fit_the_items_are_refused(model: PriceOptimizer) -> None:
    files = model.save()
    told = json.loads(files["shop.json"])
    fewer = {**told, "items": told["items"][:-1]}
    stranger = {**told, "usual_campaign": 9}
    other_columns = {**told, "columns": told["columns"][::-1]}
    for changed in (fewer, stranger, other_columns):
        with pytest.raises(CorruptArtifact):
            PriceOptimizer.load({**files, "shop.json": json.dumps(changed).encode()})
    with pytest.raises(CorruptArtifact):
        PriceOptimizer.load({**files, "demand.lgb": b"tree"})


def test_where_trees_learn_nothing_the_elasticity_model_stays(tmp_path: Path) -> None:
    report = Silent()
    estimator = PriceOptimizer(QUICK)
    dataset = dataset_of(tmp_path, store(items=5, weeks=20))
    estimator.fit(PriceOptimizer.everything(dataset, QUICK), report)
    assert estimator.demand.trees is None
    assert any("no better" in line for line in report.lines)


def test_the_same_recipe_gives_the_same_figures(dataset: Dataset) -> None:
    holdout = PriceOptimizer.holdout(dataset, QUICK)
    figures = []
    for _ in range(2):
        estimator = PriceOptimizer(QUICK)
        estimator.fit(holdout.train, Silent())
        figures.append(estimator.evaluate(holdout, Silent()).evaluation.headline)
    assert figures[0] == pytest.approx(figures[1], abs=1e-9)


def test_order_lines_alone_are_enough(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, store(items=30, weeks=24, listed=False))
    assert PriceOptimizer.missing(dataset, QUICK) == []
    holdout = PriceOptimizer.holdout(dataset, QUICK)
    assert "no price list" in holdout.about
    estimator = PriceOptimizer(QUICK)
    estimator.fit(holdout.train, Silent())
    assert estimator.evaluate(holdout, Silent()).evaluation.headline["wmape"] < 1


def test_prices_that_never_changed_still_give_a_forecast(tmp_path: Path) -> None:
    rows = store(items=20, weeks=24)
    full = {row["item_id"]: row["cost"] / 0.4 for row in rows[Table.ITEMS]}
    for row in rows[Table.PRICES]:
        row.update(price=full[row["item_id"]], promotion=None)
    report = Silent()
    dataset = dataset_of(tmp_path, rows)
    estimator = PriceOptimizer(QUICK)
    estimator.fit(PriceOptimizer.everything(dataset, QUICK), report)
    assert any(line.startswith("No elasticities") for line in report.lines)
    answer = PriceOptimizer.load(estimator.save()).predict([estimator.sample()])[0]
    assert answer["elasticity"] is None
    with pytest.raises(InvalidInput, match="no elasticities"):
        estimator.recommend(["i001"])


def test_missing_data_are_told_in_sentences(tmp_path: Path) -> None:
    rows = store(items=20, weeks=6)
    assert "weeks" in PriceOptimizer.missing(dataset_of(tmp_path / "short", rows), QUICK)[0]
    needs = PriceOptimizer.missing(dataset_of(tmp_path / "items", {Table.ITEMS: rows[Table.ITEMS]}), QUICK)
    assert [need.split(":")[0] for need in needs] == ["Sales", "Prices"]
    outlook = PriceOptimizer.outlook(dataset_of(tmp_path / "long", store(items=10, weeks=20)), QUICK)
    assert outlook.rows == 200
    assert "stock_levels.on_hand" in outlook.left_out
