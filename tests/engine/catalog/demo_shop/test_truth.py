"""What the shop's truth says can be found again in its tables."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from engine.catalog.demo_shop import DemoShop
from engine.catalog.schema import Table


def poisson(design: np.ndarray, counts: np.ndarray, exposure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of a Poisson regression and their standard errors, by Newton's method."""
    weights = np.zeros(design.shape[1])
    offset = np.log(exposure * counts.sum() / exposure.sum())
    for _ in range(30):
        mean = np.exp(offset + design @ weights)
        information = design.T @ (design * mean[:, None])
        weights = weights + np.linalg.solve(information, design.T @ (counts - mean))
    return weights, np.sqrt(np.diag(np.linalg.inv(information)))


@pytest.fixture(scope="module")
def periods(half: DemoShop) -> pd.DataFrame:
    """Views and purchases by item and period of one price."""
    prices = half.tables[Table.PRICES].to_pandas().sort_values("from").reset_index(names="period")
    prices["launch"] = prices.groupby("item_id").price.transform("first")
    events = half.tables[Table.INTERACTIONS].to_pandas().sort_values("time")
    at = pd.merge_asof(events, prices, left_on="time", right_on="from", by="item_id")
    counts = at.groupby(["period", "event"]).size().unstack(fill_value=0)
    found = prices.set_index("period").join(counts, how="inner")
    categories = half.tables[Table.ITEMS].to_pandas().set_index("item_id").category
    return found.assign(category=found.item_id.map(categories), change=np.log(found.price / found.launch))


def test_price_elasticities_can_be_recovered(half: DemoShop, periods: pd.DataFrame) -> None:
    truth = half.truth["elasticity"]
    names = sorted(truth)
    member = np.stack([periods.category == name for name in names], axis=1).astype(float)
    promoted = periods.promotion.notna().to_numpy(dtype=float)[:, None]
    design = np.hstack([member, member * periods.change.to_numpy()[:, None], promoted])
    weights, errors = poisson(design, periods.purchase.to_numpy(float), periods.view.to_numpy(float))
    found, error = -weights[len(names) : 2 * len(names)], errors[len(names) : 2 * len(names)]
    true = np.array([truth[name] for name in names])
    assert (np.abs(found - true) < 4 * error).all()
    assert abs(np.average(found - true, weights=error**-2)) < 0.15
    assert np.exp(weights[-1]) == pytest.approx(half.truth["demand"]["promotion_lift"], abs=0.12)


@pytest.fixture(scope="module")
def people(half: DemoShop) -> pd.DataFrame:
    frame = half.tables[Table.SHOPPERS].to_pandas().set_index("shopper")
    size = frame.sizes.map(lambda text: int(json.loads(text)["clothing"]))
    return frame.assign(plus=size >= half.truth["bias"]["exposure"]["from_size"])


def test_plus_sizes_see_fewer_new_arrivals(half: DemoShop, people: pd.DataFrame) -> None:
    bias = half.truth["bias"]["exposure"]
    views = half.tables[Table.INTERACTIONS].to_pandas().query("event == 'view'")
    arrived = half.tables[Table.ITEMS].to_pandas().set_index("item_id").created_at
    new = (views.time - views.item_id.map(arrived)).dt.days < bias["new_days"]
    share = new.groupby(views.shopper.map(people.plus)).mean()
    odds = (share / (1 - share))[True] / (share / (1 - share))[False]
    assert bias["weight"] < odds < 0.55


def test_plus_sizes_are_cut_small(half: DemoShop) -> None:
    reviews = half.tables[Table.REVIEWS].to_pandas()
    clothing = reviews[reviews["size"].isin(["34", "36", "38", "40", "42", "44", "46", "48"])]
    clothing = clothing[~clothing.item_id.isin(_shoes(half))]
    small = (clothing.fit == "small").groupby(clothing["size"].astype(int).between(44, 46)).mean()
    assert small[True] > small[False] + 0.08


def _shoes(shop: DemoShop) -> set[str]:
    items = shop.tables[Table.ITEMS].to_pandas()
    return set(items.item_id[items.category == "shoes"])


def test_seasons_move_categories(half: DemoShop) -> None:
    events = half.tables[Table.INTERACTIONS].to_pandas().query("event == 'view'")
    category = events.item_id.map(half.tables[Table.ITEMS].to_pandas().set_index("item_id").category)
    summer = events.time.dt.month.isin([6, 7, 8])
    winter = events.time.dt.month.isin([12, 1, 2])
    lift = category[summer].value_counts(normalize=True) / category[winter].value_counts(normalize=True)
    assert lift["shorts"] > 2 > 0.5 > lift["coats"]


def test_history_tells_more_than_popularity(half: DemoShop) -> None:
    """Shoppers' next purchases are ranked better by their own past than by what sells."""
    items = half.tables[Table.ITEMS].to_pandas().set_index("item_id")
    events = half.tables[Table.INTERACTIONS].to_pandas()
    cut = events.time.max() - pd.Timedelta(days=28)
    past, later = events[events.time < cut], events[(events.time >= cut) & (events.event == "purchase")]
    past = past.assign(
        **{name: past.item_id.map(items[name]) for name in ("category", "brand", "colour")},
        recent=np.exp(-(cut - past.time).dt.days / 10),
    )
    popular = past.groupby("item_id").recent.sum()
    bought = later.groupby("shopper").item_id.agg(set)
    active = past.shopper.value_counts()
    bought = bought[bought.index.map(active).fillna(0) >= 8][:250]
    hits = np.zeros(2)
    for shopper, history in past[past.shopper.isin(bought.index)].groupby("shopper"):
        liked = popular.copy()
        for name in ("category", "brand", "colour"):
            share = history[name].value_counts(normalize=True)
            usual = past[name].value_counts(normalize=True)
            liked *= items[name].map((share.reindex(usual.index).fillna(0) + 0.05) / usual).reindex(liked.index)
        hits += [len(bought[shopper] & set(score.nlargest(20).index)) for score in (popular, liked)]
    assert hits[1] > 1.5 * hits[0]
