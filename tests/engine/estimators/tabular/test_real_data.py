"""A table that the catalog has no place for, imported as records and learned from: reviews that recommend or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.actor import Actor
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.estimators.tabular.config import TabularConfig
from engine.estimators.tabular.estimator import Tabular
from tests.engine.estimators.shops import Silent


@pytest.mark.shared_data
def test_any_table_becomes_a_model_in_two_steps(shared_data: Path, engine: Engine, actor: Actor) -> None:
    catalog = engine.service(CatalogService)
    path = shared_data / "womens_reviews" / "reviews.parquet"
    mapping = {path.name: {"table": "records"}}
    catalog.run_import(actor=actor, shop="reviews", path=path, importer="generic", mapping=mapping)
    dataset = catalog.dataset(1)
    assert dataset.rows(Table.RECORDS) == 23_486
    config = TabularConfig(
        table="records", sheet="reviews", target="values.recommended_ind", leave_out=["values.rating"], rounds=120
    )
    assert Tabular.missing(dataset, config) == []
    model, holdout = Tabular(config), Tabular.holdout(dataset, config)
    model.fit(holdout.train, Silent())
    figures = model.evaluate(holdout, Silent()).evaluation.metrics
    assert (figures["roc_auc"].low or 0) > 0.75
    assert figures["ece"].value < 0.03
    assert model.predict([model.sample()])[0]["label"] in ("0", "1")
