"""Orders with their lines, what comes back, and the stock that this leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.catalog.demo_shop._calendar import CURRENCY, DAYS, END, MARKET, START, moments
from engine.catalog.demo_shop._events import Timeline
from engine.catalog.demo_shop._fit import Fits
from engine.catalog.demo_shop._garments import FOREVER, Garments, Generator
from engine.catalog.demo_shop._items import size_labels, variant_ids, variant_index
from engine.catalog.demo_shop._prices import PriceHistory
from engine.catalog.demo_shop._range import CATEGORIES
from engine.catalog.demo_shop._sessions import Sessions
from engine.catalog.schema import TABLES, Table

RETURN_DAYS = 12
"""Days after which a piece sent back is on the shelf again."""


@dataclass(frozen=True, eq=False)
class Lines:
    """One row a piece bought, in order of session; quantities are 1."""

    session: NDArray[np.int64]
    item: NDArray[np.int64]
    fits: Fits
    returned: NDArray[np.bool_]


def returns(rng: Generator, garments: Garments, item: NDArray[np.int64], fits: Fits) -> NDArray[np.bool_]:
    """What is sent back: by category, and mostly what does not fit."""
    usual = np.array([c.returns for c in CATEGORIES])[garments.category[item]]
    return rng.random(len(item)) < np.clip(usual * 0.7 + 0.38 * (fits.verdict != 1), 0, 0.9)  # type: ignore[no-any-return]


def tables(
    garments: Garments,
    sessions: Sessions,
    times: Timeline,
    lines: Lines,
    history: PriceHistory,
    ids: list[str],
    people: list[str],
) -> dict[Table, pa.Table]:
    """The `orders` and `order_lines` tables: the purchases of a session are one order."""
    ordered, number = np.unique(lines.session, return_inverse=True)
    names = np.array([f"o{i:06d}" for i in range(1, len(ordered) + 1)], dtype=object)
    day = sessions.day[lines.session]
    price, full = history.price[lines.item, day].astype(float), history.full[lines.item, day].astype(float)
    labels = size_labels(garments, lines.item, lines.fits.size)
    orders = {
        "order_id": names,
        "shopper": np.array(people, dtype=object)[sessions.shopper[ordered]],
        "time": moments(sessions.day[ordered], times.checkout[ordered]),
        "market": np.full(len(ordered), MARKET, dtype=object),
        "currency": np.full(len(ordered), CURRENCY, dtype=object),
    }
    order_lines = {
        "order_id": names[number],
        "variant_id": variant_ids(ids, lines.item, labels),
        "item_id": np.array(ids, dtype=object)[lines.item],
        "quantity": np.ones(len(number), dtype=np.int64),
        "unit_price": np.round(price, 2),
        "discount": np.round(np.clip(1 - price / full, 0, 1), 3),
        "returned": lines.returned,
    }
    return {
        Table.ORDERS: pa.table(orders).cast(TABLES[Table.ORDERS].arrow_schema()),
        Table.ORDER_LINES: pa.table(order_lines).cast(TABLES[Table.ORDER_LINES].arrow_schema()),
    }


def stock(rng: Generator, garments: Garments, sessions: Sessions, lines: Lines, ids: list[str]) -> pa.Table:
    """The `stock_levels` table: counts on the first of each month and on the last evening.

    Each variant is delivered once. On hand is what was delivered, less what was sold before the count,
    plus what came back within its life; the rest of what leaves the shop goes to an outlet, so its last
    count is 0.
    """
    item, size, first = variant_index(garments)
    variant = first[lines.item] + lines.fits.size
    day = sessions.day[lines.session]
    back = np.flatnonzero(lines.returned & (day + RETURN_DAYS < DAYS))
    who = np.concatenate([variant, variant[back]])
    when = np.concatenate([day, day[back] + RETURN_DAYS])
    change = np.concatenate([np.ones(len(variant)), -np.ones(len(back))]).astype(np.int64)
    delivered = _needed(who, when, change, len(item)) + _spare(rng, np.bincount(variant, minlength=len(item)))
    days = _count_days()
    sold = np.zeros((len(item), len(days)), dtype=np.int64)
    np.add.at(sold, (who, np.searchsorted(days, when, side="right").clip(max=len(days) - 1)), change)
    left = delivered[:, None] - np.cumsum(sold, axis=1)
    arrives, leaves = garments.arrives[item][:, None], garments.leaves[item][:, None]
    counted = (days[None, :] >= arrives) & (np.concatenate([[-1], days[:-1]])[None, :] < leaves)
    left = np.where(days[None, :] >= leaves, 0, left)
    row, place = np.nonzero(counted)
    labels = variant_ids(ids, item, size_labels(garments, item, size))
    columns = {
        "variant_id": np.array(labels, dtype=object)[row],
        "time": moments(days[place], np.where(days[place] == DAYS - 1, 86_390, 0)),
        "on_hand": left[row, place],
    }
    return pa.table(columns).cast(TABLES[Table.STOCK_LEVELS].arrow_schema())


def _count_days() -> NDArray[np.int64]:
    """The first of each month at midnight, and the last evening."""
    months = np.arange(np.datetime64(START.isoformat(), "M"), np.datetime64(END.isoformat(), "M") + 1)
    firsts = (months.astype("datetime64[D]") - np.datetime64(START.isoformat())).astype(np.int64)
    return np.append(firsts, DAYS - 1)


def _needed(
    who: NDArray[np.int64], when: NDArray[np.int64], change: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Pieces that each variant must have had so that none was sold before it was there."""
    order = np.lexsort((-change, when, who))
    who, running = who[order], np.cumsum(change[order])
    needed = np.zeros(count, dtype=np.int64)
    begins = np.flatnonzero(np.diff(who, prepend=-1))
    before = running[begins] - change[order][begins]
    needed[who[begins]] = np.maximum(np.maximum.reduceat(running, begins) - before, 0)
    return needed


def _spare(rng: Generator, sold: NDArray[np.int64]) -> NDArray[np.int64]:
    """What was ordered beyond demand; an eighth was not, and has sold out."""
    return rng.poisson(1.5 + 0.25 * sold) * (rng.random(len(sold)) > 0.12)


__all__ = ["FOREVER", "Lines", "returns", "stock", "tables"]
