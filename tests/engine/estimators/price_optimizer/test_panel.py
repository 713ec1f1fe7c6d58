"""A snapshot becomes rows of item and week with the right units, prices, promotions and stock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.schema import Table
from engine.errors import InvalidInput
from engine.estimators.price_optimizer.panel import OTHER, read, since, until
from tests.engine.estimators.shops import dataset_of

START = datetime(2026, 1, 5, tzinfo=UTC)
Rows = dict[Table, list[dict[str, Any]]]


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def store() -> Rows:
    """Two items over four weeks: one with a promotion in the third week, one bought once a week at 20."""
    lines = [("a", day, 2, 50.0 if day < 14 or day >= 21 else 40.0) for day in range(28)]
    lines += [("b", 7 * week + 3, 1, 20.0) for week in range(4)]
    return {
        Table.ITEMS: [
            {"item_id": "a", "category": "coats", "cost": 15.0, "created_at": at(0)},
            {"item_id": "b", "category": " "},
        ],
        Table.PRICES: [
            {"item_id": "a", "from": at(0), "to": None, "price": 50.0},
            {"item_id": "a", "from": at(14), "to": at(21), "price": 40.0, "promotion": "sale"},
            {"item_id": "a", "from": at(21), "price": 50.0},
        ],
        Table.ORDERS: [{"order_id": f"o{n}", "time": at(day + 0.5)} for n, (_, day, _, _) in enumerate(lines)],
        Table.ORDER_LINES: [
            {"order_id": f"o{n}", "item_id": item, "quantity": pieces, "unit_price": price}
            for n, (item, _, pieces, price) in enumerate(lines)
        ],
    }


def test_units_prices_and_promotions_are_those_of_the_week(tmp_path: Path) -> None:
    panel = read(dataset_of(tmp_path, store()))
    coat = panel.item == 0
    assert panel.start == START.date()
    assert panel.units[coat].tolist() == [14, 14, 14, 14]
    assert panel.price[coat] == pytest.approx([50, 50, 40, 50])
    assert panel.promoted[coat].tolist() == [0, 0, 1, 0]
    assert panel.reference[coat].tolist() == [50, 50, 50, 50]
    assert panel.spread == pytest.approx(np.zeros(len(panel)), abs=1e-12)
    assert panel.views is None
    assert panel.categories == ("coats", OTHER)
    assert panel.cost[0] == 15
    assert np.isnan(panel.cost[1])
    assert panel.age[coat] == pytest.approx([3.5, 10.5, 17.5, 24.5])


def test_what_was_paid_stands_in_for_a_price_list(tmp_path: Path) -> None:
    """A price paid holds until the next one, within the days that the item is known to be on sale."""
    rows = store()
    del rows[Table.PRICES], rows[Table.ITEMS]
    panel = read(dataset_of(tmp_path, rows))
    assert panel.price[panel.item == 0] == pytest.approx([50, 50, 40, 50])
    assert panel.price[panel.item == 1] == pytest.approx([20, 20, 20, 20])
    assert panel.days[panel.item == 1].tolist() == [4, 7, 7, 4]
    assert panel.units.sum() == 60


def test_views_and_purchases_stand_in_for_orders(tmp_path: Path) -> None:
    rows = store()
    del rows[Table.ORDERS], rows[Table.ORDER_LINES]
    rows[Table.INTERACTIONS] = [
        {"shopper": "s", "item_id": "a", "event": event, "time": at(day + 0.4)}
        for day in range(28)
        for event in ("view", "view", "view", "purchase")
    ]
    panel = read(dataset_of(tmp_path, rows))
    assert panel.views is not None
    assert panel.views.tolist() == [21, 21, 21, 21]
    assert panel.units.tolist() == [7, 7, 7, 7]


def test_days_without_stock_are_not_available(tmp_path: Path) -> None:
    rows = store()
    rows[Table.VARIANTS] = [{"variant_id": "a-m", "item_id": "a", "size": "M"}]
    rows[Table.STOCK_LEVELS] = [
        {"variant_id": "a-m", "time": at(7 * week), "on_hand": 0 if week == 1 else 500} for week in range(4)
    ]
    rows[Table.ORDER_LINES] = [row for row in rows[Table.ORDER_LINES] if row["order_id"] not in WEEK_TWO]
    panel = read(dataset_of(tmp_path, rows))
    assert panel.available[panel.item == 0] == pytest.approx([1, 0, 1, 1])
    assert panel.available[panel.item == 1] == pytest.approx([1, 1, 1, 1])


WEEK_TWO = {f"o{day}" for day in range(7, 14)}


def test_rare_counts_of_stock_tell_nothing(tmp_path: Path) -> None:
    rows = store()
    rows[Table.VARIANTS] = [{"variant_id": "a-m", "item_id": "a", "size": "M"}]
    rows[Table.STOCK_LEVELS] = [{"variant_id": "a-m", "time": at(day), "on_hand": 0} for day in (0, 27)]
    assert (read(dataset_of(tmp_path, rows)).available == 1).all()


def test_a_panel_is_cut_by_period(tmp_path: Path) -> None:
    panel = read(dataset_of(tmp_path, store()))
    assert until(panel, 2).period.max() == 1
    assert since(panel, 2).period.min() == 2
    assert len(until(panel, 2)) + len(since(panel, 2)) == len(panel)
    assert panel.day(2) == at(14).date()


@pytest.mark.parametrize("missing", [Table.ORDERS, Table.ORDER_LINES])
def test_refuses_a_shop_without_dated_sales(tmp_path: Path, missing: Table) -> None:
    rows = store()
    del rows[missing]
    with pytest.raises(InvalidInput, match="time"):
        read(dataset_of(tmp_path, rows))


def test_refuses_a_shop_without_prices(tmp_path: Path) -> None:
    rows = store()
    del rows[Table.PRICES]
    rows[Table.ORDER_LINES] = [{**row, "unit_price": None} for row in rows[Table.ORDER_LINES]]
    with pytest.raises(InvalidInput, match="price"):
        read(dataset_of(tmp_path, rows))
