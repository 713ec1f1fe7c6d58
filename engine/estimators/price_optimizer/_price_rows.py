"""Which price held when, from the price list or from what was paid."""

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

_EVER = 10**7
"""A day that never comes, in days since 1970."""

_LAUNCH_DAYS = 28
"""Days from the first price on that tell a list price."""


@dataclass(frozen=True, eq=False)
class PriceRows:
    """One row a span of days with one price, in order of item, market and first day.

    Attributes
    ----------
    item, first, last : ndarray of int64
        Index into the items; first day, and first day after, in days since 1970.
    price, full : ndarray of float64
        In force, and before discounts where that is told (else the same).
    promoted : ndarray of bool
        Under a named promotion.
    """

    item: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    price: NDArray[np.float64]
    full: NDArray[np.float64]
    promoted: NDArray[np.bool_]


def read(dataset: Dataset, ids: pd.Index[Any], sold: _sales.Log, seen: _sales.Log) -> PriceRows:
    """The price list, or where it has nothing on an item that was sold, what was paid for it."""
    listed = _listed(dataset, ids)
    known = np.zeros(len(ids), dtype=bool)
    known[listed.item] = True
    paid = _paid(sold, seen, known)
    columns = [
        np.concatenate([getattr(part, name) for part in (listed, paid)]) for name in PriceRows.__dataclass_fields__
    ]
    order = np.argsort(columns[0], kind="stable")
    return PriceRows(*(column[order] for column in columns))


def _listed(dataset: Dataset, ids: pd.Index[Any]) -> PriceRows:
    """The `prices` table; a row ends at the latest where the next one of its market begins."""
    frame = dataset.frame(Table.PRICES, ["item_id", "market", "from", "to", "price", "promotion"])
    first, last = _sales.days(frame["from"]), _sales.days(frame["to"])
    frame = frame.assign(
        item=ids.get_indexer(frame["item_id"]),
        market=frame["market"].fillna(""),
        first=np.where(np.isfinite(first), first, -_EVER).astype(np.int64),
        last=np.where(np.isfinite(last), last, _EVER).astype(np.int64),
    )
    frame = frame[(frame["item"] >= 0) & (frame["price"] > 0)].sort_values(["item", "market", "first"], kind="stable")
    following = frame.groupby(["item", "market"], sort=False)["first"].shift(-1).fillna(_EVER).to_numpy(np.int64)
    price = frame["price"].to_numpy(np.float64)
    return PriceRows(
        item=frame["item"].to_numpy(np.int64),
        first=frame["first"].to_numpy(np.int64),
        last=np.minimum(frame["last"].to_numpy(np.int64), following),
        price=price,
        full=price,
        promoted=(frame["promotion"].fillna("").astype(str).str.strip() != "").to_numpy(bool),
    )


def _paid(sold: _sales.Log, seen: _sales.Log, known: NDArray[np.bool_]) -> PriceRows:
    """Mean price of each day with sales, carried forward until the next; items in `known` are left out."""
    use = np.flatnonzero(~known[sold.item] & (sold.paid > 0))
    frame = pd.DataFrame({"item": sold.item[use], "day": sold.day[use], "count": sold.count[use]})
    off = np.where(sold.discount[use] < 0.95, np.nan_to_num(sold.discount[use]), 0.0)
    frame["paid"] = sold.paid[use] * frame["count"]
    frame["full"] = frame["paid"] / (1 - np.clip(off, 0, 0.95))
    daily = frame.groupby(["item", "day"], sort=True).sum().reset_index()
    item, day = daily["item"].to_numpy(np.int64), daily["day"].to_numpy(np.int64)
    begins, ends = _lives(sold, seen, len(known))
    new = np.diff(item, prepend=-1) != 0
    final = np.append(new[1:], True)[: len(item)]
    return PriceRows(
        item=item,
        first=np.where(new, begins[item], day),
        last=np.where(final, ends[item] + 1, np.append(day[1:], 0)[: len(item)]),
        price=(daily["paid"] / daily["count"]).to_numpy(np.float64),
        full=(daily["full"] / daily["count"]).to_numpy(np.float64),
        promoted=np.zeros(len(item), dtype=bool),
    )


def _lives(sold: _sales.Log, seen: _sales.Log, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last day on which each item was sold or seen."""
    begins, ends = np.full(count, _EVER), np.full(count, -_EVER)
    for log in (sold, seen):
        np.minimum.at(begins, log.item, log.day)
        np.maximum.at(ends, log.item, log.day)
    return begins, ends


def references(rows: PriceRows, count: int) -> NDArray[np.float64]:
    """List price of each item, NaN where unknown: the median of its first four weeks outside promotions.

    Where those are all promoted, it is the highest price of that time.
    """
    found = np.full(count, np.nan)
    if not len(rows.item):
        return found
    start = np.full(count, _EVER)
    np.minimum.at(start, rows.item, rows.first)
    early = rows.first < start[rows.item] + _LAUNCH_DAYS
    length = np.minimum(rows.last, start[rows.item] + _LAUNCH_DAYS) - rows.first
    frame = pd.DataFrame({"item": rows.item, "full": rows.full, "days": np.maximum(length, 1), "free": ~rows.promoted})
    frame = frame[early]
    highest = frame.groupby("item")["full"].max()
    found[highest.index.to_numpy()] = highest.to_numpy(np.float64)
    free = frame[frame["free"]].sort_values(["item", "full"], kind="stable")
    reached = free.groupby("item")["days"].cumsum() * 2 >= free.groupby("item")["days"].transform("sum")
    middle = free[reached].groupby("item")["full"].first()
    found[middle.index.to_numpy()] = middle.to_numpy(np.float64)
    return found


def grid(
    rows: PriceRows, low: int, high: int, begin: int, days: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Mean price over markets, share promoted and whether on sale, by item and day, shape (high - low, days)."""
    begins, ends = np.searchsorted(rows.item, (low, high))
    part = slice(begins, ends)
    first = np.clip(rows.first[part] - begin, 0, days)
    last = np.clip(rows.last[part] - begin, 0, days)
    shown = last > first
    item, first, last = rows.item[part][shown] - low, first[shown], last[shown]
    sums = [
        _running(item, first, last, weight, high - low, days)
        for weight in (np.ones(len(item)), rows.price[part][shown], rows.promoted[part][shown].astype(np.float64))
    ]
    held = np.rint(sums[0])
    share = 1 / np.maximum(held, 1)
    return np.where(held > 0, sums[1] * share, 0.0), np.clip(sums[2] * share, 0, 1), held > 0


def _running(
    item: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    weight: NDArray[np.float64],
    items: int,
    days: int,
) -> NDArray[np.float64]:
    """Sum of the weights of the spans that hold each day."""
    width = days + 1
    place = np.concatenate([item * width + first, item * width + last])
    step = np.bincount(place, weights=np.concatenate([weight, -weight]), minlength=items * width)
    return step.reshape(items, width).cumsum(axis=1)[:, :days]
