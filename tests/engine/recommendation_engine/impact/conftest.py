"""A small shop with orders, and its rehearsal: fitted once, read by many tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.recommendation_engine.impact.replay import Rehearsal, rehearse
from tests.engine.estimators.shops import START, Silent, dataset_of, fitted, small_shop


def shop_with_orders() -> dict[Table, list[dict[str, Any]]]:
    """The small shop, whose stronger events are orders, with costs, returns, and stock that runs out late."""
    rows = small_shop()
    orders, lines = [], []
    for number, act in enumerate(event for event in rows[Table.INTERACTIONS] if event["event"] == "purchase"):
        orders.append({"order_id": f"o{number}", "shopper": act["shopper"], "time": act["time"], "market": "DE"})
        lines.append(
            {
                "order_id": f"o{number}",
                "item_id": act["item_id"],
                "quantity": 1,
                "unit_price": 20.0,
                "returned": number % 10 == 0,
            }
        )
    for row in rows[Table.ITEMS]:
        row["cost"] = 8.0
    late = [
        {**row, "time": START + timedelta(days=199), "on_hand": 0}
        for row in rows[Table.STOCK_LEVELS]
        if row["variant_id"].startswith("i1")
    ]
    return {
        **rows,
        Table.STOCK_LEVELS: [*rows[Table.STOCK_LEVELS], *late],
        Table.ORDERS: orders,
        Table.ORDER_LINES: lines,
    }


@pytest.fixture(scope="session")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset_of(tmp_path_factory.mktemp("orders"), shop_with_orders())


@pytest.fixture(scope="session")
def served(sold: Dataset) -> RecommenderEstimator:
    return fitted(sold)


@pytest.fixture(scope="session")
def rehearsal(sold: Dataset, served: RecommenderEstimator) -> Rehearsal:
    return rehearse(served, sold, Silent())
