"""Elasticities are recovered where prices follow stock and sales, and say how sure they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from engine.catalog.dataset import Dataset
from engine.catalog.demo_shop import DemoShop, generate
from engine.errors import InvalidInput
from engine.estimators.price_optimizer import elasticity
from engine.estimators.price_optimizer._pooling import pool
from engine.estimators.price_optimizer.elasticity import Elasticities
from engine.estimators.price_optimizer.panel import Panel, read


@pytest.fixture(scope="module")
def shop() -> DemoShop:
    return generate(9, scale=0.4, pictures=False, pricing="reactive")


@pytest.fixture(scope="module")
def panel(shop: DemoShop, tmp_path_factory: pytest.TempPathFactory) -> Panel:
    folder: Path = tmp_path_factory.mktemp("reactive")
    files = {}
    for name, rows in shop.tables.items():
        files[name] = [folder / f"{name}.parquet"]
        pq.write_table(rows, files[name][0])
    return read(Dataset(files, snapshot=1))


@pytest.fixture(scope="module")
def found(panel: Panel) -> Elasticities:
    return elasticity.fit(panel)


def truth(shop: DemoShop, panel: Panel) -> np.ndarray:
    return np.array([shop.truth["elasticity"][name] for name in panel.categories])


def naive(panel: Panel) -> np.ndarray:
    """Log units on log price by category."""
    slopes = []
    for category in range(len(panel.categories)):
        rows = (panel.category[panel.item] == category) & (panel.units > 0)
        slopes.append(-np.polyfit(np.log(panel.price[rows]), np.log(panel.units[rows]), 1)[0])
    return np.array(slopes)


def test_finds_the_truth_where_prices_follow_stock(shop: DemoShop, panel: Panel, found: Elasticities) -> None:
    true = truth(shop, panel)
    off = found.mean - true
    assert abs(off.mean()) < 0.2
    assert np.sqrt((off**2).mean()) < 0.35
    assert np.sqrt(((off / found.sd) ** 2).mean()) < 2
    assert np.sqrt(((naive(panel) - true) ** 2).mean()) > 2 * np.sqrt((off**2).mean())


def reacting(seed: int = 5, items: int = 500, weeks: int = 30, true: float = 1.5) -> Panel:
    """Items of unlike levels, cut whenever their last four weeks sold little, in one category."""
    random = np.random.default_rng(seed)
    level, cut = random.lognormal(0, 0.5, items), np.zeros(items)
    views = random.poisson(8, (items, weeks)).astype(float)
    units, cuts = np.zeros((items, weeks)), np.zeros((items, weeks))
    for week in range(weeks):
        if week >= 4:
            few = units[:, week - 4 : week].sum(axis=1) < 0.1 * views[:, week - 4 : week].sum(axis=1)
            cut = np.where(random.random(items) < 0.7, np.where(few, 0.3, 0.0), cut)
        cuts[:, week] = cut
        units[:, week] = random.poisson(0.1 * level * (1 - cut) ** -true * views[:, week])
    item, period = (index.ravel() for index in np.indices((items, weeks)))
    ones = np.ones(items * weeks)
    return Panel(
        item=item.astype(np.int32),
        category=np.zeros(items, dtype=np.int32),
        period=period.astype(np.int32),
        units=units.ravel(),
        views=np.maximum(views, units).ravel(),
        price=100 * (1 - cuts).ravel(),
        reference=100 * ones,
        promoted=0 * ones,
        available=ones,
        cost=np.full(items, 30.0),
        item_ids=tuple(f"i{number}" for number in range(items)),
        categories=("coats",),
        start=date(2026, 1, 5),
        step_days=7,
        created=np.zeros(items),
        days=7 * ones,
        spread=0 * ones,
    )


def test_prices_that_follow_sales_do_no_harm() -> None:
    """Neither what a pooled line sees (levels taken for answers to price) nor what fixed levels see (luck that turns)."""
    panel = reacting()
    cheap = panel.price < 99
    rate = [panel.units[rows].sum() / panel.views[rows].sum() for rows in (cheap, ~cheap)]  # type: ignore[index]
    pooled = -np.log(rate[0] / rate[1]) / np.log(0.7)
    found = elasticity.fit(panel)
    assert abs(found.mean[0] - 1.5) < 2.5 * found.sd[0]
    assert found.sd[0] < 0.2
    assert abs(pooled - 1.5) > 5 * found.sd[0]


def test_a_promotion_lifts_beside_its_price(found: Elasticities) -> None:
    assert abs(found.promotion_mean - 1.2) < 4 * found.promotion_sd


def test_same_data_give_the_same_figures(panel: Panel, found: Elasticities) -> None:
    again = elasticity.fit(panel)
    assert np.allclose(again.mean, found.mean, atol=1e-9)
    assert np.array_equal(again.sample(5, 1)[0], found.sample(5, 1)[0])


def test_draws_have_the_stated_mean_and_spread(found: Elasticities) -> None:
    drawn, lift = found.sample(4_000, 3)
    assert drawn.mean(axis=0) == pytest.approx(found.mean, abs=0.03)
    assert drawn.std(axis=0) == pytest.approx(found.sd, rel=0.1)
    assert lift.mean() == pytest.approx(found.promotion_mean, rel=0.02)
    own = found.sample_items(np.array([0, 5]), 4_000, 3)
    assert own.mean(axis=0) == pytest.approx(found.item_mean[[0, 5]], abs=0.03)


def test_a_cheaper_item_sells_more(found: Elasticities) -> None:
    at = found.response(0, 100.0, np.array([80.0, 100.0, 120.0]))
    assert at.shape == (400, 3)
    assert (at[:, 0] >= 1).all()
    assert at[:, 1] == pytest.approx(np.ones(400))
    assert found.response(0, 100.0, 80.0) == pytest.approx(at[:, 0])
    with pytest.raises(InvalidInput, match="above 0"):
        found.response(0, 0.0, 10.0)


def test_goes_into_a_file_and_back(found: Elasticities) -> None:
    back = Elasticities.from_parts(found.arrays(), found.numbers())
    assert back.categories == found.categories
    assert np.array_equal(back.covariance, found.covariance)
    assert back.promotion_mean == found.promotion_mean


def test_works_without_views_and_on_a_part_of_the_items(panel: Panel) -> None:
    plain = elasticity.fit(replace(panel, views=None), max_rows=len(panel) // 2)
    assert plain.rows < 0.7 * len(panel)
    assert np.isfinite(plain.mean).all()
    assert (plain.sd > 0).all()


def test_a_category_without_sales_is_what_the_others_say(panel: Panel) -> None:
    rows = panel.category[panel.item] != 0
    found = elasticity.fit(panel.take(rows))
    assert found.sd[0] == found.sd.max()
    assert found.mean[0] == pytest.approx(found.shop_mean, abs=0.05)


def test_refuses_too_few_sales_and_prices_that_never_moved(panel: Panel) -> None:
    with pytest.raises(InvalidInput, match="pieces"):
        elasticity.fit(replace(panel, units=np.zeros(len(panel))))
    with pytest.raises(InvalidInput, match="list price"):
        elasticity.fit(replace(panel, price=panel.reference))


def test_pooling_pulls_the_unsure_to_the_rest_and_leaves_the_sure() -> None:
    estimate = np.array([1.0, 1.2, 1.1, 3.0, 0.2])
    errors = np.array([0.05, 0.05, 0.05, 1.0, 0.05])
    pooled = pool(estimate, np.diag(errors**2), 4)
    assert pooled.mean[0] == pytest.approx(1.0, abs=0.05)
    assert 1.0 < pooled.mean[3] < 1.5
    assert pooled.mean[4] == pytest.approx(0.2, abs=0.01)
