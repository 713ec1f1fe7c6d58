"""A shop that prices by its stock: what it has sold out it does not sell, and its prices follow what sold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from engine.catalog.demo_shop import DemoShop, generate
from engine.catalog.schema import TABLES, Table
from engine.errors import InvalidInput


@pytest.fixture(scope="module")
def reactive() -> DemoShop:
    return generate(scale=0.1, pictures=False, pricing="reactive")


def test_has_the_tables_of_any_shop_and_the_same_truth(reactive: DemoShop) -> None:
    plain = generate(scale=0.1, pictures=False)
    assert set(reactive.tables) == set(plain.tables)
    assert reactive.truth == plain.truth
    for name, table in reactive.tables.items():
        assert table.schema.equals(TABLES[name].arrow_schema()), name
    again = generate(scale=0.1, pictures=False, pricing="reactive")
    assert all(again.tables[name].equals(table) for name, table in reactive.tables.items())


def test_nothing_is_sold_that_is_not_there(reactive: DemoShop) -> None:
    """From a count on, no more pieces of a variant are sold until the next one than were counted."""
    lines = reactive.tables[Table.ORDER_LINES].to_pandas()
    lines = lines.merge(reactive.tables[Table.ORDERS].to_pandas(), on="order_id").sort_values("time")
    counts = reactive.tables[Table.STOCK_LEVELS].to_pandas().sort_values("time")
    assert (counts.on_hand >= 0).all()
    counts = counts.assign(count=np.arange(len(counts)))
    at = pd.merge_asof(lines, counts, on="time", by="variant_id").dropna(subset=["count"])
    sold = at.groupby("count").agg(pieces=("quantity", "sum"), on_hand=("on_hand", "first"))
    gone = sold[sold.on_hand == 0]
    assert len(gone) == 0
    assert (sold.pieces <= sold.on_hand).mean() > 0.98


def test_sold_out_sizes_lose_sales(reactive: DemoShop) -> None:
    counts = reactive.tables[Table.STOCK_LEVELS].to_pandas()
    empty = (counts.on_hand == 0).mean()
    assert 0.05 < empty < 0.6


def test_prices_move_often_and_far(reactive: DemoShop) -> None:
    prices = reactive.tables[Table.PRICES].to_pandas().sort_values("from")
    assert (prices.groupby("item_id").price.min() < 0.75 * prices.groupby("item_id").price.first()).mean() > 0.2
    assert prices.groupby("item_id").size().mean() > 3


def test_refuses_a_pricing_that_it_does_not_know() -> None:
    with pytest.raises(InvalidInput, match="pricing"):
        generate(scale=0.02, pictures=False, pricing="random")  # type: ignore[arg-type]
