"""Price of every garment on every day: launch price, small list changes, campaigns, markdowns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.catalog.demo_shop._calendar import CAMPAIGNS, DAYS, MARKDOWN, MARKET, moments
from engine.catalog.demo_shop._garments import FOREVER, Garments, Generator
from engine.catalog.demo_shop._range import NAMES
from engine.catalog.schema import TABLES, Table

PROMOTIONS = ("", *dict.fromkeys(campaign.name for campaign in CAMPAIGNS), MARKDOWN)


@dataclass(frozen=True, eq=False)
class PriceHistory:
    """Prices by garment and day, shape (n, DAYS); `promotion` is an index into `PROMOTIONS`, 0 is none."""

    price: NDArray[np.float32]
    full: NDArray[np.float32]
    promotion: NDArray[np.int8]


def draw(rng: Generator, garments: Garments) -> PriceHistory:
    """Prices of all garments on all days, also outside their life."""
    full = _list_prices(rng, garments)
    cut = np.zeros(full.shape, dtype=np.float32)
    promotion = np.zeros(full.shape, dtype=np.int8)
    for campaign in CAMPAIGNS:
        inside = rng.random(len(garments)) < campaign.share
        if campaign.categories:
            inside &= np.isin(garments.category, [NAMES.index(name) for name in campaign.categories])
        inside &= garments.arrives < campaign.first - 14
        span = slice(campaign.first, campaign.last + 1)
        cut[inside, span] = campaign.cut
        promotion[inside, span] = PROMOTIONS.index(campaign.name)
    _markdowns(rng, garments, cut, promotion)
    price = np.round(full * (1 - cut) * 20) / 20
    return PriceHistory(price.astype(np.float32), full, promotion)


def _list_prices(rng: Generator, garments: Garments) -> NDArray[np.float32]:
    """Up to two changes of the list price at random times, unrelated to demand."""
    factor = np.ones((len(garments), DAYS))
    days = np.arange(DAYS)
    for chance in (0.7, 0.35):
        when = garments.arrives + rng.integers(20, 150, len(garments))
        change = np.where(rng.random(len(garments)) < chance, rng.choice([-0.12, -0.08, 0.08, 0.12], len(garments)), 0)
        factor *= np.where(days >= when[:, None], 1 + change[:, None], 1)
    factor = factor.round(4)
    raw = garments.price[:, None] * factor
    return np.where(factor == 1, raw, np.round(raw) - 0.05).astype(np.float32)


def _markdowns(rng: Generator, garments: Garments, cut: NDArray[np.float32], promotion: NDArray[np.int8]) -> None:
    """Two steps down in the last weeks of those that leave."""
    days = np.arange(DAYS)
    for weeks, depths in ((7, (0.2, 0.3)), (3, (0.4, 0.5))):
        first = np.where(garments.leaves == FOREVER, FOREVER, garments.leaves - 7 * weeks)
        depth = rng.choice(depths, len(garments))
        reached = (days >= first[:, None]) & (depth[:, None] > cut)
        np.copyto(cut, depth[:, None].astype(np.float32), where=reached)
        promotion[reached] = PROMOTIONS.index(MARKDOWN)


def table(garments: Garments, ids: list[str], history: PriceHistory) -> pa.Table:
    """The `prices` table: one row a period of the same price and promotion."""
    days = np.arange(DAYS)
    first = np.maximum(garments.arrives, 0)
    last = np.minimum(garments.leaves, DAYS)
    alive = (days >= first[:, None]) & (days < last[:, None])
    key = np.round(history.price * 100).astype(np.int64) * 32 + history.promotion
    starts = alive.copy()
    starts[:, 1:] &= (key[:, 1:] != key[:, :-1]) | ~alive[:, :-1]
    item, begin = np.nonzero(starts)
    following = np.append(item[1:], -1) == item
    end = np.where(following, np.append(begin[1:], 0), np.where(garments.leaves[item] == FOREVER, -1, last[item]))
    arrived = np.where(begin == first[item], garments.arrives[item], begin)
    names = np.array(PROMOTIONS, dtype=object)
    names[0] = None
    zero = np.zeros(len(item), dtype=np.int64)
    ends = np.where(end < 0, np.datetime64("NaT"), moments(end, zero))
    return pa.table(
        {
            "item_id": np.array(ids, dtype=object)[item],
            "market": np.full(len(item), MARKET, dtype=object),
            "from": pa.array(moments(arrived, zero)),
            "to": pa.array(ends),
            "price": np.round(history.price[item, begin].astype(np.float64), 2),
            "promotion": names[history.promotion[item, begin]],
        }
    ).cast(TABLES[Table.PRICES].arrow_schema())
