"""What is remembered of the shop's items, so that a question about a price can be answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from engine.estimators.price_optimizer import grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.data import Sales


@dataclass(frozen=True, eq=False)
class Shop:
    """Items as of the end of the data.

    Attributes
    ----------
    category : ndarray of int64, shape (n_items,)
    reference, price, cost, age : ndarray of float64, shape (n_items,)
        List price, last price in force, purchase cost; weeks since new. NaN where unknown.
    campaign : ndarray of int64, shape (n_items,)
        Promotion of the last week.
    usual_campaign : int
        The most frequent promotion, which "promoted" stands for; 0 where there never was one.
    usual_price : ndarray of float64, shape (n_categories,)
        Median list price.
    begin : date
        First day of the first week ahead.
    """

    item_ids: tuple[str, ...]
    categories: tuple[str, ...]
    campaigns: tuple[str, ...]
    category: NDArray[np.int64]
    reference: NDArray[np.float64]
    price: NDArray[np.float64]
    cost: NDArray[np.float64]
    age: NDArray[np.float64]
    campaign: NDArray[np.int64]
    usual_price: NDArray[np.float64]
    usual_campaign: int
    begin: date
    first_day: date
    rows: int
    units: int

    @cached_property
    def places(self) -> dict[str, int]:
        """Item id to its row."""
        return {name: place for place, name in enumerate(self.item_ids)}

    def week(self, ahead: int) -> date:
        """First day of a week ahead, counted from 1."""
        return self.begin + timedelta(weeks=ahead - 1)


def remember(sales: Sales) -> Shop:
    """The items of a training."""
    panel, whole = sales.panel, grid.build(sales)
    last = whole.on.shape[1] - 1
    price = np.full(len(panel.item_ids), np.nan)
    price[panel.item] = panel.price  # rows are in order of period, so the last one stays
    known = whole.on.any(axis=1)
    counts = np.bincount(sales.campaign, minlength=len(sales.campaigns))
    counts[0] = 0
    shop_price = float(np.nanmedian(whole.reference))
    usual = np.full(len(panel.categories), shop_price)
    for code in np.unique(panel.category[known]):
        usual[code] = float(np.median(whole.reference[known & (panel.category == code)]))
    return Shop(
        item_ids=panel.item_ids,
        categories=panel.categories,
        campaigns=sales.campaigns,
        category=panel.category.astype(np.int64),
        reference=whole.reference,
        price=np.maximum(np.round(price, 2), 0.01),
        cost=panel.cost,
        age=sales.periods - panel.created / panel.step_days,
        campaign=whole.campaign[:, last].astype(np.int64),
        usual_price=usual,
        usual_campaign=int(counts.argmax()) if counts.any() else 0,
        begin=panel.day(sales.periods),
        first_day=panel.start,
        rows=len(panel),
        units=int(panel.units.sum()),
    )
