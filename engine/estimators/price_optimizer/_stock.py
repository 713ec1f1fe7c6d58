"""What share of the demand for an item its stock could meet, by day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from engine.catalog.schema import Table
from engine.estimators.price_optimizer import _sales

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset

_PRIOR_PIECES = 20.0
"""Pieces of its category's sizes that an item's own sizes are seen against."""


_OFTEN_DAYS = 14
"""Days between two counts of a variant up to which what happened between them can be told."""


@dataclass(frozen=True, eq=False)
class Stock:
    """Variants in order of item, their counts and sales in order of variant and day.

    Attributes
    ----------
    item : ndarray of int64, shape (n_variants,)
    weight : ndarray of float64, shape (n_variants,)
        Share of the item's demand; sums to 1 by item.
    counted, counted_day, on_hand : ndarray
        Variant, day (since 1970) and pieces of each count, taken before the day's sales.
    sold, sold_day, pieces : ndarray
        Variant, day and pieces of each sale.
    """

    item: NDArray[np.int64]
    weight: NDArray[np.float64]
    counted: NDArray[np.int64]
    counted_day: NDArray[np.int64]
    on_hand: NDArray[np.float64]
    sold: NDArray[np.int64]
    sold_day: NDArray[np.int64]
    pieces: NDArray[np.float64]


def read(dataset: Dataset, ids: pd.Index[Any], category: NDArray[np.object_], sold: _sales.Log) -> Stock | None:
    """Counts of stock by variant; None where the shop tells none, or too rarely to know of deliveries and returns."""
    counts = dataset.frame(Table.STOCK_LEVELS, ["variant_id", "time", "on_hand"])
    variants = dataset.frame(Table.VARIANTS, ["variant_id", "item_id", "size"]).drop_duplicates("variant_id")
    variants = variants.assign(item=ids.get_indexer(variants["item_id"]))
    variants = variants[(variants["item"] >= 0) & variants["variant_id"].isin(counts["variant_id"])]
    if not len(variants) or not len(counts):
        return None
    variants = variants.sort_values("item", kind="stable").reset_index(drop=True)
    names = pd.Index(variants["variant_id"])
    counts = counts.assign(variant=names.get_indexer(counts["variant_id"]), day=_count_days(counts["time"]))
    counts = counts[(counts["variant"] >= 0) & counts["on_hand"].notna()].sort_values(["variant", "time"])
    counts = counts.drop_duplicates(["variant", "day"], keep="last")
    gaps = counts.groupby("variant")["day"].diff()
    if not gaps.notna().any() or gaps.median() > _OFTEN_DAYS:
        return None
    which = names.get_indexer(pd.Series(sold.variant, dtype=object))
    known = np.flatnonzero(which >= 0)
    known = known[np.lexsort((sold.day[known], which[known]))]
    item = variants["item"].to_numpy(np.int64)
    pieces = np.bincount(which[known], weights=sold.count[known], minlength=len(names))
    return Stock(
        item=item,
        weight=_weights(item, category[item], variants["size"], pieces.astype(np.float64)),
        counted=counts["variant"].to_numpy(np.int64),
        counted_day=counts["day"].to_numpy(np.int64),
        on_hand=counts["on_hand"].to_numpy(np.float64),
        sold=which[known].astype(np.int64),
        sold_day=sold.day[known],
        pieces=sold.count[known],
    )


def _count_days(times: pd.Series[Any]) -> NDArray[np.float64]:
    """The day whose morning a count tells of: one taken after noon tells of the next."""
    return _sales.days(times + pd.Timedelta(hours=12))


def _weights(
    item: NDArray[np.int64], category: NDArray[np.object_], size: pd.Series[Any], pieces: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of each size in an item's demand: its own sales, seen against those of the category."""
    frame = pd.DataFrame({"item": item, "category": category, "size": size.fillna(""), "pieces": pieces})
    usual = frame.groupby(["category", "size"])["pieces"].transform("mean") + 1e-3
    usual = usual / usual.groupby(frame["item"]).transform("sum")
    own = frame["pieces"] + _PRIOR_PIECES * usual
    weight: NDArray[np.float64] = (own / own.groupby(frame["item"]).transform("sum")).to_numpy(np.float64)
    return weight


def grid(stock: Stock, low: int, high: int, begin: int, views: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of demand that could be met, by item and day; 1 where nothing was counted.

    Parameters
    ----------
    views : ndarray of float64, shape (high - low, days)
        Looks at the items: of a day on which a variant sold out, those until then are half of all, and the
        one that took the last piece.
    """
    days = views.shape[1]
    begins, ends = np.searchsorted(stock.item, (low, high))
    if begins == ends:
        return np.ones((high - low, days))
    sold = _daily(stock.sold, stock.sold_day, stock.pieces, begins, ends, begin, days)
    before = np.cumsum(sold, axis=1) - sold
    base, seen = _last_counts(stock, begins, ends, begin, days, before)
    left = base - before
    half = np.where(views > 0, 0.5 + 0.5 / np.maximum(views, 1), 0.5)[stock.item[begins:ends] - low]
    share = np.where(left <= 0, 0.0, np.where(left - sold <= 0, half, 1.0))
    share = np.where((sold > 0) & (left <= 0), half, share)
    share = np.where(seen, share, 1.0)
    found = np.zeros((high - low, days))
    np.add.at(found, stock.item[begins:ends] - low, share * stock.weight[begins:ends, None])
    untold = np.bincount(stock.item[begins:ends] - low, minlength=high - low) == 0
    found[untold] = 1.0
    return np.clip(found, 0, 1)


def _daily(
    variant: NDArray[np.int64],
    day: NDArray[np.int64],
    pieces: NDArray[np.float64],
    low: int,
    high: int,
    begin: int,
    days: int,
) -> NDArray[np.float64]:
    begins, ends = np.searchsorted(variant, (low, high))
    which, when = variant[begins:ends] - low, day[begins:ends] - begin
    inside = (when >= 0) & (when < days)
    place = which[inside] * days + when[inside]
    found = np.bincount(place, weights=pieces[begins:ends][inside], minlength=(high - low) * days)
    return found.astype(np.float64).reshape(high - low, days)


def _last_counts(
    stock: Stock, low: int, high: int, begin: int, days: int, before: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """On hand at the last count plus what had been sold before it, carried forward; and whether there was one."""
    begins, ends = np.searchsorted(stock.counted, (low, high))
    which = stock.counted[begins:ends] - low
    when = np.maximum(stock.counted_day[begins:ends] - begin, 0)
    inside = when < days
    which, when, pieces = which[inside], when[inside], stock.on_hand[begins:ends][inside]
    base = np.zeros(before.shape)
    mark = np.full(before.shape, -1, dtype=np.int32)
    base[which, when] = pieces + before[which, when]
    mark[which, when] = when
    last = np.maximum.accumulate(mark, axis=1)
    rows = np.arange(len(base))[:, None]
    return np.where(last >= 0, base[rows, np.maximum(last, 0)], 0.0), last >= 0
