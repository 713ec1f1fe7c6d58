import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from engine.catalog.schema import Table
from engine.estimators.recommender.config import RecommenderConfig
from engine.estimators.recommender.data import age_bands, days, read
from tests.engine.estimators.shops import START, dataset_of, small_shop

WEIGHTS = RecommenderConfig().event_weights


def test_columns_become_facets(tmp_path: Path) -> None:
    data = read(dataset_of(tmp_path, small_shop()), WEIGHTS)
    assert set(data.item_facets) == {"category", "brand", "colour", "price"}
    assert set(data.log.facets) == {"occasion", "size"}
    assert set(data.shopper_facets) == {"age", "segment"}
    assert "attribute:material" in data.attribute_facets
    assert data.log.strong.all()


def test_order_lines_replace_purchases_and_bring_sizes(tmp_path: Path) -> None:
    rows = small_shop(shoppers=20)
    first = rows[Table.INTERACTIONS][0]
    rows[Table.INTERACTIONS].append({**first, "event": "view"})
    rows[Table.ORDERS] = [{"order_id": "o1", "shopper": first["shopper"], "time": START}]
    rows[Table.ORDER_LINES] = [{"order_id": "o1", "item_id": "i01", "variant_id": "i01-M"}]
    data = read(dataset_of(tmp_path, rows), WEIGHTS)
    assert len(data.log) == 2
    assert data.log.strong.tolist() == [False, True]
    assert data.log.facets["size"].labels[data.log.facets["size"].codes[1]] == "M"


def test_a_kind_without_weight_is_left_out(tmp_path: Path) -> None:
    data = read(dataset_of(tmp_path, small_shop()), {**WEIGHTS, "purchase": 0.0})
    assert len(data.log) == 0


def test_a_text_attribute_stands_in_for_segments(tmp_path: Path) -> None:
    rows = small_shop(shoppers=30)
    rows[Table.SHOPPERS] = [
        {
            "shopper": row["shopper"],
            "attributes": json.dumps({"body_type": ("pear", "apple")[place % 2], "height_in": 60 + place}),
        }
        for place, row in enumerate(rows[Table.SHOPPERS])
    ]
    data = read(dataset_of(tmp_path, rows), WEIGHTS)
    assert data.shopper_facets["segment"].labels == ("apple", "pear")


def test_days_of_utc_times() -> None:
    times = pd.Series([START, None, START + timedelta(hours=12)])
    found = days(times)
    assert found[2] - found[0] == 0.5
    assert np.isnan(found[1])


def test_implausible_ages_are_unknown() -> None:
    assert age_bands(pd.Series([3.0, 24.0, 25.0, 116.0, np.nan, 70.0])).codes.tolist() == [-1, 0, 1, -1, -1, 5]
