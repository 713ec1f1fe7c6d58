"""The panel as rectangles of item by week, which levels and lags are read from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.data import Sales

_LEAST_AVAILABLE = 0.25
"""Below this share of stock, what was sold says too little to be scaled up."""

_OPEN_WEEKS = 8
"""How long an item without a price list counts as on sale after its last sale."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Everything by item and week, shape (n_items, periods), float32 unless told.

    Attributes
    ----------
    on : ndarray of bool
        On sale.
    units, views : ndarray
        0 where not on sale; views are None where the shop tells none.
    ratio : ndarray
        Log of price by the item's reference, carried over weeks in which it was not on sale.
    campaign : ndarray of int16
        Index of the named promotion, 0 is none.
    promoted : ndarray
        Share of the week under a promotion.
    whole, exposure : ndarray
        Share of the week on sale, and on sale and in stock; 0 where not on sale.
    reference : ndarray, shape (n_items,)
        In shop currency, NaN for an item that never was on sale.
    """

    on: NDArray[np.bool_]
    units: NDArray[np.float32]
    views: NDArray[np.float32] | None
    ratio: NDArray[np.float32]
    campaign: NDArray[np.int16]
    promoted: NDArray[np.float32]
    whole: NDArray[np.float32]
    exposure: NDArray[np.float32]
    reference: NDArray[np.float64]

    @property
    def items(self) -> int:
        return len(self.on)

    @property
    def periods(self) -> int:
        return int(self.on.shape[1])

    def until(self, period: int) -> Self:
        """The weeks before one."""
        return replace(
            self,
            on=self.on[:, :period],
            units=self.units[:, :period],
            views=None if self.views is None else self.views[:, :period],
            ratio=self.ratio[:, :period],
            campaign=self.campaign[:, :period],
            promoted=self.promoted[:, :period],
            whole=self.whole[:, :period],
            exposure=self.exposure[:, :period],
        )


def build(sales: Sales) -> Grid:
    """The rectangles of a panel with its promotions."""
    panel = sales.panel
    shape = (len(panel.item_ids), sales.periods)
    place = (panel.item, panel.period)

    def spread(values: NDArray[Any]) -> NDArray[np.float32]:
        found = np.zeros(shape, dtype=np.float32)
        found[place] = values
        return found

    listed = np.zeros(shape, dtype=bool)
    listed[place] = True
    units, views = spread(panel.units), None if panel.views is None else spread(panel.views)
    on = listed if sales.listed else _by_sales(listed, units)
    campaign = np.zeros(shape, dtype=np.int16)
    campaign[place] = sales.campaign
    reference = np.full(shape[0], np.nan)
    reference[panel.item] = panel.reference
    whole = np.where(listed, spread(np.minimum(panel.days / panel.step_days, 1.0)), on).astype(np.float32)
    available = np.where(listed, spread(np.maximum(panel.available, _LEAST_AVAILABLE)), 1.0)
    return Grid(
        on=on,
        units=np.where(on, units, 0).astype(np.float32),
        views=views,
        ratio=_carried(spread(np.log(panel.price / panel.reference)), listed),
        campaign=np.where(on, campaign, 0).astype(np.int16),
        promoted=np.where(on, spread(panel.promoted), 0).astype(np.float32),
        whole=np.where(on, whole, 0).astype(np.float32),
        exposure=np.where(on, whole * available, 0).astype(np.float32),
        reference=reference,
    )


def _by_sales(listed: NDArray[np.bool_], units: NDArray[np.float32]) -> NDArray[np.bool_]:
    """On sale from the first row to some weeks after the last sale: a later sale must not tell of it."""
    weeks = np.arange(listed.shape[1])
    first = np.where(listed.any(axis=1), listed.argmax(axis=1), listed.shape[1])
    last = np.where(units > 0, weeks, -_OPEN_WEEKS - 1).max(axis=1, initial=-_OPEN_WEEKS - 1)
    found: NDArray[np.bool_] = (weeks >= first[:, None]) & (weeks <= last[:, None] + _OPEN_WEEKS)
    return found


def _carried(values: NDArray[np.float32], on: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The last value on sale, in weeks off sale."""
    last = np.maximum.accumulate(np.where(on, np.arange(on.shape[1]), -1), axis=1)
    rows = np.arange(len(on))[:, None]
    return np.where(last >= 0, values[rows, np.maximum(last, 0)], 0).astype(np.float32)
