"""A shop that prices by its stock: slow sellers are marked down, scarce ones are not, and what is gone is gone.

Views are those of any other demo shop. Week by week the shop looks at what it has and what sold, moves the
markdown of each garment, and sells what it still has; so prices follow past demand, which is what makes
elasticities hard to learn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.catalog.demo_shop import _choice, _orders
from engine.catalog.demo_shop._calendar import DAYS, MARKDOWN, WEEKS, moments, warmth
from engine.catalog.demo_shop._choice import Decisions, Views
from engine.catalog.demo_shop._fit import Fits
from engine.catalog.demo_shop._garments import FOREVER, Garments, Generator
from engine.catalog.demo_shop._items import size_labels, variant_ids, variant_index
from engine.catalog.demo_shop._prices import PROMOTIONS, PriceHistory
from engine.catalog.demo_shop._range import CATEGORIES
from engine.catalog.demo_shop._sessions import Sessions
from engine.catalog.schema import TABLES, Table

STEPS = np.array([0.0, 0.08, 0.15, 0.22, 0.3, 0.4])
"""Markdowns, as shares of the list price."""

NAMED = 0.5
"""Share of the markdowns that are named as a promotion."""

SLOW, SCARCE = 1.5, 0.8
"""Stock cover over the weeks left: above the first a price goes a step down, below the second a step up."""

PLAN_ERROR, RESTOCK_WEEKS, PATIENCE = 0.5, 13, 3


@dataclass(frozen=True, eq=False)
class Trade:
    """What came of it: prices, decisions, and counts of stock, rows of variant, day (morning) and pieces."""

    history: PriceHistory
    decisions: Decisions
    counts: NDArray[np.int64]


class _Books:
    """The shop's state: markdown step and its age by garment, smoothed weekly sales, stock by variant."""

    def __init__(self, garments: int, variants: int) -> None:
        self.step = np.zeros(garments, dtype=np.int64)
        self.since = np.full(garments, PATIENCE)
        self.named = np.zeros(garments, dtype=bool)
        self.rate = np.zeros(garments)
        self.stock = np.zeros(variants, dtype=np.int64)
        self.back = np.zeros((variants, DAYS + _orders.RETURN_DAYS), dtype=np.int16)
        self._empty = np.ones(variants, dtype=bool)
        self._counts: list[NDArray[np.int64]] = []

    def morning(self, today: int, deliveries: NDArray[np.int64]) -> None:
        """Put what came on the shelf; count everything on the first day of a week, else what is newly out or back."""
        self.stock += self.back[:, today]
        if today % 7 == 0:
            self.stock += deliveries[:, today // 7]
        empty = self.stock == 0
        told = np.arange(len(empty)) if today % 7 == 0 else np.flatnonzero(empty != self._empty)
        self._empty = empty
        self._counts.append(np.stack([told, np.full(len(told), today), self.stock[told]], axis=1))

    def counts(self) -> NDArray[np.int64]:
        """All counts and what is left after the last day, rows of variant, day and pieces."""
        end = np.stack([np.arange(len(self.stock)), np.full(len(self.stock), DAYS), self.stock], axis=1)
        found = np.concatenate([*self._counts, end])
        return found[np.lexsort((found[:, 1], found[:, 0]))]


def trade(
    rng: Generator,
    garments: Garments,
    sessions: Sessions,
    views: Views,
    fits: Fits,
    returned: NDArray[np.bool_],
    scheduled: PriceHistory,
) -> Trade:
    """The whole time, week by week; campaigns and changes of the list price stay as scheduled."""
    owner, _, first = variant_index(garments)
    variant = first[views.item] + fits.size
    day = sessions.day[views.session]
    order = np.argsort(day, kind="stable")
    begins = np.searchsorted(day[order], np.arange(DAYS + 1))
    price, promotion = _campaigns_only(scheduled)
    deliveries = _deliveries(rng, garments, views, day, variant, owner)
    books = _Books(len(garments), len(owner))
    bought, chance = np.zeros(len(day), dtype=bool), np.zeros(len(day))
    sold = np.zeros(len(garments))
    for today in range(DAYS):
        books.morning(today, deliveries)
        if today % 7 == 0:
            books.rate = np.where(books.rate > 0, 0.65 * books.rate + 0.35 * sold, sold)
            sold = np.zeros(len(garments))
            held = np.bincount(owner, weights=books.stock, minlength=len(garments)).astype(np.float64)
            _reprice(rng, garments, books, held, today)
            _post(price, promotion, scheduled, books, slice(today, today + 7))
        rows = order[begins[today] : begins[today + 1]]
        chance[rows] = _chance(garments, views, rows, price[:, today], promotion[:, today])
        got = _serve(rows[rng.random(len(rows)) < chance[rows]], variant, books.stock)
        bought[got] = True
        np.add.at(sold, views.item[got], 1)
        np.add.at(books.back[:, today + _orders.RETURN_DAYS], variant[got[returned[got]]], 1)
    decisions = Decisions(
        favourite=rng.random(len(day)) < 0.055 * np.exp(0.7 * views.match),
        cart=bought | (rng.random(len(day)) < 0.6 * chance),
        purchase=bought,
    )
    return Trade(replace(scheduled, price=price, promotion=promotion), decisions, books.counts())


def _campaigns_only(scheduled: PriceHistory) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """The schedule without its markdowns."""
    marked = scheduled.promotion == PROMOTIONS.index(MARKDOWN)
    price = np.where(marked, scheduled.full, scheduled.price)
    return price, np.where(marked, 0, scheduled.promotion).astype(np.int8)


def _deliveries(
    rng: Generator,
    garments: Garments,
    views: Views,
    day: NDArray[np.int64],
    variant: NDArray[np.int64],
    owner: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Pieces delivered by variant and week: planned from looks to come, wrong by a factor, split by usual sizes.

    What stays for good is bought anew each quarter, the rest once.
    """
    _, size, _ = variant_index(garments)
    group = np.array([list(dict.fromkeys(c.size for c in CATEGORIES)).index(c.size) for c in CATEGORIES])[
        garments.category[owner]
    ]
    usual = np.bincount(group[variant] * 16 + size[variant], minlength=48)[group * 16 + size].astype(float)
    usual = usual / np.bincount(owner, weights=usual)[owner]
    quarter = np.where(garments.leaves[views.item] == FOREVER, day // 7 // RESTOCK_WEEKS, 0)
    quarters = -(-WEEKS // RESTOCK_WEEKS)
    looks = np.zeros((len(garments), quarters))
    np.add.at(looks, (views.item, quarter), 1)
    plan = looks * _choice.CONVERSION * 1.3 * np.exp(rng.normal(0, PLAN_ERROR, looks.shape))
    found = np.zeros((len(owner), WEEKS), dtype=np.int64)
    pieces = rng.poisson(plan[owner] * usual[:, None] + 0.5 * (plan[owner] > 0))
    found[:, np.arange(quarters) * RESTOCK_WEEKS] = pieces
    return found


def _reprice(rng: Generator, garments: Garments, books: _Books, held: NDArray[np.float64], today: int) -> None:
    """Move markdowns a step down or up, by stock cover and season; nobody is always at their desk."""
    left = np.clip((garments.leaves - today) / 7, 1, 16)
    cover = held / np.maximum(books.rate, 0.15) / left
    settled = (
        (books.since >= PATIENCE) & (np.maximum(garments.arrives, 0) <= today - 35) & (rng.random(len(held)) < 0.6)
    )
    summer = np.array([{"S": 1.0, "A": -1.0}.get(season[0], 0.0) for season in garments.season])
    past = (summer * warmth()[today] < -0.2) & (rng.random(len(held)) < 0.3)
    move = np.where(settled & ((cover > SLOW) | past), 1, np.where(settled & (cover < SCARCE), -1, 0))
    move = np.where(held > 0, move, 0)
    step = np.clip(books.step + move, 0, len(STEPS) - 1)
    books.named = np.where(step != books.step, rng.random(len(held)) < NAMED, books.named)
    books.since = np.where(step != books.step, 0, books.since + 1)
    books.step = step


def _post(
    price: NDArray[np.float32],
    promotion: NDArray[np.int8],
    scheduled: PriceHistory,
    books: _Books,
    span: slice,
) -> None:
    """Write the week's prices: the deeper of a campaign's cut and the markdown."""
    marked = np.round(scheduled.full[:, span] * (1 - STEPS[books.step][:, None]) * 20) / 20
    deeper = (books.step[:, None] > 0) & (marked < price[:, span])
    price[:, span] = np.where(deeper, marked, price[:, span])
    name = np.where(books.named, PROMOTIONS.index(MARKDOWN), 0)[:, None]
    promotion[:, span] = np.where(deeper, name, promotion[:, span])


def _chance(
    garments: Garments,
    views: Views,
    rows: NDArray[np.int64],
    price: NDArray[np.float32],
    promotion: NDArray[np.int8],
) -> NDArray[np.float64]:
    """Of a purchase at each view of a day."""
    item = views.item[rows]
    return _choice.buying_chance(garments, item, views.match[rows], price[item], promotion[item] > 0)


def _serve(rows: NDArray[np.int64], variant: NDArray[np.int64], stock: NDArray[np.int64]) -> NDArray[np.int64]:
    """Who gets a piece, first come first served; takes the pieces from the stock."""
    which = variant[rows]
    order = np.argsort(which, kind="stable")
    sorted_ = which[order]
    rank = np.arange(len(sorted_)) - np.searchsorted(sorted_, sorted_)
    served = order[rank < stock[sorted_]]
    np.subtract.at(stock, which[served], 1)
    return rows[np.sort(served)]


def stock(garments: Garments, counts: NDArray[np.int64], ids: list[str]) -> pa.Table:
    """The `stock_levels` table: counts of each week, whenever a variant sells out or is back, and the last evening.

    What is left when a garment leaves goes to an outlet, so its last count is 0.
    """
    item, size, _ = variant_index(garments)
    variant, day, pieces = counts.T
    owner = item[variant]
    leaves = np.minimum(garments.leaves, DAYS)[owner]
    keep = (day >= garments.arrives[owner]) & ((day < leaves + 7) | (day == DAYS) & (leaves == DAYS))
    variant, day, pieces, leaves = variant[keep], day[keep], pieces[keep], leaves[keep]
    labels = np.array(variant_ids(ids, item, size_labels(garments, item, size)), dtype=object)
    columns = {
        "variant_id": labels[variant],
        "time": moments(np.minimum(day, DAYS - 1), np.where(day == DAYS, 86_390, 0)),
        "on_hand": np.where((day >= leaves) & (leaves < DAYS), 0, pieces),
    }
    return pa.table(columns).cast(TABLES[Table.STOCK_LEVELS].arrow_schema())
