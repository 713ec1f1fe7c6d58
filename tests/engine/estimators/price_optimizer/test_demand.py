from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.estimators.price_optimizer import conformal, data, demand, grid, levels, naive, response
from engine.estimators.price_optimizer.config import PriceConfig
from engine.estimators.price_optimizer.data import Sales
from tests.engine.estimators.price_optimizer.stores import ELASTICITY, LIFT, SALE, store
from tests.engine.estimators.shops import Silent, dataset_of


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Sales:
    return data.read(dataset_of(tmp_path_factory.mktemp("store"), store()))


def test_promotions_are_read_by_name(sales: Sales) -> None:
    assert sales.campaigns == ("", SALE)
    assert np.array_equal(sales.campaign > 0, sales.panel.promoted > 0.5)


def test_nothing_after_the_cut_is_looked_at(sales: Sales) -> None:
    """Sales of the held-out weeks may be anything: what is foretold for them stays."""
    cut = sales.periods - 8
    later = sales.panel.period >= cut
    other = replace(sales, panel=replace(sales.panel, units=np.where(later, 999.0, sales.panel.units)))
    config = PriceConfig(rounds=20, horizons=1)
    found = []
    for side in (sales, other):
        fitted = demand.fit(side.until(cut), None, config, Silent())
        query, _ = demand.weeks_ahead(grid.build(side), side, cut, 8)
        found.append(fitted.units(query))
    assert np.array_equal(found[0], found[1])


def test_without_a_price_list_being_on_sale_does_not_tell_of_later_sales(tmp_path: Path) -> None:
    rows = data.read(dataset_of(tmp_path, store(items=12, weeks=20, level=0.3, listed=False)))
    known, whole = grid.build(rows.until(12)), grid.build(rows)
    silent = known.units[:, 4:].sum(axis=1) == 0
    assert not known.on[silent, 11:].any()
    assert whole.on.sum() >= (whole.units > 0).sum()


def test_slopes_and_lifts_are_found(sales: Sales) -> None:
    found = response.fit(grid.build(sales), sales.panel.category, 2, None)
    for place, name in enumerate(sales.panel.categories):
        assert found.by_category[place] == pytest.approx(-ELASTICITY[name], abs=0.3)
    assert np.exp(found.lift[1]) == pytest.approx(LIFT, rel=0.15)


def test_a_thin_item_leans_on_its_category(sales: Sales) -> None:
    whole = grid.build(sales)
    category = sales.panel.category
    units = whole.units.copy()
    units[0, :] = 0
    units[0, -1] = 1
    thin = replace(whole, units=units, on=whole.on.copy(), exposure=whole.exposure.copy())
    thin.on[0, :-1] = False
    thin.exposure[0, :-1] = 0
    found = levels.smooth(thin, np.zeros(thin.on.shape), category, 8.0)
    usual = float(found.category[category[0], -1])
    assert 1.0 < found.item[0, -1] < usual
    assert found.item[0, 0] == pytest.approx(found.category[category[0], 0], rel=1e-3)


def test_the_naive_takes_last_years_week_where_there_is_one(tmp_path: Path) -> None:
    whole = grid.build(data.read(dataset_of(tmp_path, store(items=4, weeks=70))))
    units = np.full_like(whole.units, 4.0)
    units[:, 70 - 52] = 12.0
    found, _ = naive.forecast(replace(whole, units=units), np.zeros(4, dtype=int), 70)
    assert found[:, 0] == pytest.approx(12.0)
    assert found[:, 1] == pytest.approx(4.0)


@given(st.integers(0, 2**32 - 1), st.floats(0.2, 40))
def test_intervals_hold_what_they_say(seed: int, level: float) -> None:
    random = np.random.default_rng(seed)
    expected = level * random.lognormal(0, 0.8, 4_000)
    units = random.poisson(expected).astype(float)
    intervals = conformal.calibrate(expected[:2_000], units[:2_000])
    low, high = intervals.around(expected[2_000:])
    assert ((units[2_000:] >= low) & (units[2_000:] <= high)).mean() >= 0.86
    assert (low >= 0).all()
    assert (high >= expected[2_000:]).all()


def test_few_rows_give_one_bin() -> None:
    intervals = conformal.calibrate(np.array([1.0, 2.0]), np.array([0.0, 3.0]))
    assert len(intervals.edges) == 0
    low, high = intervals.around(np.array([1.5]))
    assert low[0] <= 1.5 <= high[0]
