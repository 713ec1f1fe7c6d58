"""The panel that prices are learned from: every item in every period in which it was on sale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from engine.catalog.schema import Table
from engine.errors import InvalidInput
from engine.estimators.price_optimizer import _price_rows, _sales, _stock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset

OTHER = "other"
"""The category of items that have none."""

_BLOCK = 1024
"""Items whose days are held in memory at once."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One row an item-period in which the item was on sale, in order of item and period.

    Attributes
    ----------
    item : ndarray of int32, shape (n,)
        Index into `item_ids`.
    category : ndarray of int32, shape (n_items,)
        Index into `categories`.
    period : ndarray of int32, shape (n,)
        Periods of `step_days` since `start`; the last one ends on the last day of the data.
    units : ndarray of float64, shape (n,)
        Pieces sold.
    views : ndarray of float64, shape (n,), or None
        How often the item was looked at; at least `units`.
    price, reference : ndarray of float64, shape (n,)
        Price in force (geometric mean over the looks at it, or over days where looks are not told), and the
        item's own list price, in shop currency.
    promoted, available : ndarray of float64, shape (n,), 0 to 1
        Share of the time under a named promotion; share of the demand that stock could meet.
    cost, created : ndarray of float64, shape (n_items,)
        Purchase cost, and first day in days since `start`; NaN where unknown.
    days : ndarray of float64, shape (n,)
        Days on sale in the period.
    spread : ndarray of float64, shape (n,)
        Variance of the log price within the period; 0 where one price held.
    """

    item: NDArray[np.int32]
    category: NDArray[np.int32]
    period: NDArray[np.int32]
    units: NDArray[np.float64]
    views: NDArray[np.float64] | None
    price: NDArray[np.float64]
    reference: NDArray[np.float64]
    promoted: NDArray[np.float64]
    available: NDArray[np.float64]
    cost: NDArray[np.float64]
    item_ids: tuple[str, ...]
    categories: tuple[str, ...]
    start: date
    step_days: int
    created: NDArray[np.float64]
    days: NDArray[np.float64]
    spread: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.item)

    @property
    def periods(self) -> int:
        """Number of periods from the first to the last that has a row."""
        return int(self.period.max()) + 1 if len(self) else 0

    @property
    def age(self) -> NDArray[np.float64]:
        """Days since each row's item was new, at the middle of the period; NaN where that is not known."""
        middle = (self.period + 0.5) * self.step_days
        return np.maximum(middle - self.created[self.item], 0.0)

    def take(self, rows: NDArray[np.bool_]) -> Self:
        """Only these rows; items keep their numbers."""
        return replace(
            self,
            item=self.item[rows],
            period=self.period[rows],
            units=self.units[rows],
            views=None if self.views is None else self.views[rows],
            price=self.price[rows],
            reference=self.reference[rows],
            promoted=self.promoted[rows],
            available=self.available[rows],
            days=self.days[rows],
            spread=self.spread[rows],
        )

    def day(self, period: int) -> date:
        """First day of a period."""
        return self.start + timedelta(days=period * self.step_days)


def until(panel: Panel, period: int) -> Panel:
    """The rows before a period."""
    return panel.take(panel.period < period)


def since(panel: Panel, period: int) -> Panel:
    """The rows from a period on."""
    return panel.take(panel.period >= period)


def read(dataset: Dataset, step_days: int = 7) -> Panel:
    """All of a snapshot as a panel.

    Parameters
    ----------
    dataset : Dataset
        With sales (order lines or purchases) and prices (the price list, or what was paid).
    step_days : int
        Days of a period.

    Raises
    ------
    InvalidInput
        No dated sales, no prices, or fewer days than one period.
    """
    items = _items(dataset)
    ids = pd.Index(items["item_id"])
    sold = _sales.sold(dataset, ids)
    seen = _sales.viewed(dataset, ids)
    if not len(sold.item):
        raise InvalidInput(
            "No sale has both a known item and a time.",
            "Prices are learned from dated order lines or purchases.",
            "Import orders with their time, or map the column that has it.",
        )
    first = min(int(log.day.min()) for log in (sold, seen) if len(log.item))
    last = max(int(log.day.max()) for log in (sold, seen) if len(log.item))
    count = (last + 1 - first) // step_days
    if count < 1:
        raise InvalidInput(
            f"The data cover {last + 1 - first} days.", f"One period has {step_days}.", "Take shorter periods."
        )
    begin = last + 1 - count * step_days
    prices = _price_rows.read(dataset, ids, sold, seen)
    reference = _price_rows.references(prices, len(ids))
    stock = _stock.read(dataset, ids, items["category"].to_numpy(), sold)
    span = _Span(begin, count, step_days)
    parts = [
        _block(span, low, min(low + _BLOCK, len(ids)), sold, seen, prices, stock) for low in range(0, len(ids), _BLOCK)
    ]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return _assemble(items, columns, reference, span, has_views=_tells_views(columns))


@dataclass(frozen=True)
class _Span:
    """The days read: the first one (since 1970), and how many periods of how many days."""

    begin: int
    count: int
    step: int

    @property
    def days(self) -> int:
        return self.count * self.step


def _items(dataset: Dataset) -> pd.DataFrame:
    wanted = ["item_id", "category", "cost", "created_at"]
    items = dataset.frame(Table.ITEMS, wanted).drop_duplicates("item_id", keep="last")
    if not len(items):
        known = dataset.frame(Table.ORDER_LINES, ["item_id"])["item_id"].dropna().drop_duplicates().sort_values()
        items = pd.DataFrame({"item_id": known}).reindex(columns=wanted)
    category = items["category"].astype("string").str.strip().replace("", pd.NA).fillna(OTHER)
    return items.assign(category=category.astype(object)).reset_index(drop=True)


def _block(
    span: _Span,
    low: int,
    high: int,
    sold: _sales.Log,
    seen: _sales.Log,
    prices: _price_rows.PriceRows,
    stock: _stock.Stock | None,
) -> dict[str, NDArray[np.float64]]:
    """Columns of the rows of some items, from their days."""
    shape = (high - low, span.count, span.step)
    units = sold.grid(low, high, span.begin, span.days)
    views = seen.grid(low, high, span.begin, span.days)
    price, promoted, on_sale = _price_rows.grid(prices, low, high, span.begin, span.days)
    available = np.ones_like(price)
    if stock is not None:
        available = _stock.grid(stock, low, high, span.begin, views)
    on = on_sale.reshape(shape)
    days = on.sum(axis=2)
    weight = np.where(on, np.maximum(views, 1e-6).reshape(shape), 0.0)
    share = weight / np.maximum(weight.sum(axis=2, keepdims=True), 1e-300)
    log_price = np.log(np.where(on, price.reshape(shape), 1.0))
    mean_log = (log_price * share).sum(axis=2)
    row, period = np.nonzero(days)
    columns = {
        "item": row + low,
        "period": period,
        "units": np.where(on, units.reshape(shape), 0.0).sum(axis=2)[row, period],
        "views": np.where(on, views.reshape(shape), 0.0).sum(axis=2)[row, period],
        "price": np.exp(mean_log)[row, period],
        "promoted": (promoted.reshape(shape) * share).sum(axis=2)[row, period],
        "available": (available.reshape(shape) * share).sum(axis=2)[row, period],
        "days": days[row, period],
        "spread": ((log_price - mean_log[:, :, None]) ** 2 * share).sum(axis=2)[row, period],
    }
    return {name: values.astype(np.float64) for name, values in columns.items()}


def _tells_views(columns: dict[str, NDArray[np.float64]]) -> bool:
    """Whether most of what was sold was seen before: tracking that began late is no exposure."""
    sold = columns["units"] > 0
    return bool(sold.any()) and float((columns["views"][sold] > 0).mean()) > 0.8


def _assemble(
    items: pd.DataFrame,
    columns: dict[str, NDArray[np.float64]],
    reference: NDArray[np.float64],
    span: _Span,
    *,
    has_views: bool,
) -> Panel:
    """The panel; rows without a usable price are left out."""
    item = columns["item"].astype(np.int32)
    good = (columns["price"] > 0) & (reference[item] > 0) if len(item) else np.zeros(0, dtype=bool)
    if not good.any():
        raise InvalidInput(
            "No item has both a price above 0 and a day on sale in the time of the sales.",
            "Prices come from the price list, or from what was paid by order line.",
            "Import prices, or map the unit price of the order lines.",
        )
    codes, names = pd.factorize(items["category"], sort=True)
    units = columns["units"][good]
    return Panel(
        item=item[good],
        category=codes.astype(np.int32),
        period=columns["period"][good].astype(np.int32),
        units=units,
        views=np.maximum(columns["views"][good], units) if has_views else None,
        price=columns["price"][good],
        reference=reference[item[good]],
        promoted=np.clip(columns["promoted"][good], 0, 1),
        available=np.clip(columns["available"][good], 0, 1),
        cost=items["cost"].to_numpy(np.float64),
        item_ids=tuple(str(name) for name in items["item_id"]),
        categories=tuple(str(name) for name in names),
        start=date(1970, 1, 1) + timedelta(days=span.begin),
        step_days=span.step,
        created=_sales.days(items["created_at"]) - span.begin,
        days=columns["days"][good],
        spread=np.maximum(columns["spread"][good], 0),
    )
