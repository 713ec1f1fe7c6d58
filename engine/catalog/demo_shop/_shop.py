"""Generates the whole shop: the range, its people, what they did, and the pictures."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.catalog.demo_shop import (
    _choice,
    _events,
    _fit,
    _garments,
    _items,
    _orders,
    _prices,
    _reactive,
    _reviews,
    _sessions,
    _shoppers,
    _truth,
)
from engine.catalog.demo_shop.pictures import paint_all
from engine.catalog.schema import Table
from engine.errors import InvalidInput

Progress = Callable[[str, float], None]
Pricing = Literal["scheduled", "reactive"]

GARMENTS, SHOPPERS, SESSIONS = 3_000, 20_000, 64_000


@dataclass(frozen=True, eq=False)
class DemoShop:
    """A synthetic shop.

    Attributes
    ----------
    tables : dict of Table to pyarrow.Table
        Canonical tables; `items.image` is empty.
    images : dict of str to bytes
        JPEG of every item, 360 x 480.
    truth : dict
        True parameters, JSON values.
    """

    tables: dict[Table, pa.Table]
    images: dict[str, bytes]
    truth: dict[str, Any]


def generate(
    seed: int = 7,
    *,
    scale: float = 1.0,
    progress: Progress | None = None,
    pictures: bool = True,
    pricing: Pricing = "scheduled",
) -> DemoShop:
    """The demo shop of that seed; the same arguments give the same bytes.

    Parameters
    ----------
    seed : int
        Not negative.
    scale : float
        Share of the full size, above 0 to 1.
    progress : callable, optional
        Told a stage and the share done, 0 to 1, from the calling thread.
    pictures : bool
        Whether to draw the pictures, which take most of the time; the tables are the same without.
    pricing : {"scheduled", "reactive"}
        Markdowns by the calendar with stock that never runs short, or by stock cover and season with
        stock that does, and then loses sales.

    Raises
    ------
    InvalidInput
        `seed`, `scale` or `pricing` is out of range.
    """
    if pricing not in get_args(Pricing):
        raise InvalidInput(
            f"The demo shop was asked for with {str(pricing)[:40]!r} pricing.",
            "Pricing is 'scheduled' or 'reactive'.",
            "Leave it out for the standard shop.",
        )
    if seed < 0 or not 0 < scale <= 1:
        raise InvalidInput(
            f"The demo shop was asked for with seed {seed} and scale {scale}.",
            "The seed is 0 or more and the scale lies above 0 and up to 1.",
            "Leave both out for the standard shop.",
        )
    tell = progress or _silent
    tell("garments", 0.0)
    garments = _garments.draw(_stream(seed, "garments"), max(60, round(GARMENTS * scale)))
    ids = _items.item_ids(len(garments))
    with ThreadPoolExecutor(1, thread_name_prefix="demo-shop") as pool:
        history = pool.submit(_history, seed, scale, garments, ids, pricing)
        images = {}
        if pictures:
            images = paint_all(garments, ids, seed=seed, progress=lambda share: tell("pictures", 0.95 * share))
        tell("events", 0.95)
        tables, truth = history.result()
    tell("ready", 1.0)
    return DemoShop(tables, images, truth)


def _silent(stage: str, share: float) -> None:
    """Tell nobody."""


def _stream(seed: int, purpose: str) -> np.random.Generator:
    """An independent random stream, so that a change in one part leaves the others alone."""
    return np.random.default_rng([seed, *purpose.encode()])


def _history(
    seed: int, scale: float, garments: _garments.Garments, ids: list[str], pricing: Pricing
) -> tuple[dict[Table, pa.Table], dict[str, Any]]:
    """All tables, and the truth behind them."""
    people = _shoppers.draw(_stream(seed, "shoppers"), max(200, round(SHOPPERS * scale)))
    prices = _prices.draw(_stream(seed, "prices"), garments)
    sessions, visits = _sessions.draw(_stream(seed, "sessions"), people, max(800, round(SESSIONS * scale)))
    views = _choice.look(_stream(seed, "views"), garments, people, sessions, visits)
    rng = _stream(seed, "orders")
    fits = _fit.choose(rng, garments, people, sessions.shopper[views.session], views.item)
    if pricing == "scheduled":
        decisions = _choice.decide(_stream(seed, "decisions"), garments, sessions, views, prices)
        lines = _bought(decisions, views, fits, None, rng, garments)
        stock = _orders.stock(_stream(seed, "stock"), garments, sessions, lines, ids)
    else:
        sent_back = _orders.returns(rng, garments, views.item, fits)
        trade = _reactive.trade(_stream(seed, "trade"), garments, sessions, views, fits, sent_back, prices)
        prices, decisions = trade.history, trade.decisions
        lines = _bought(decisions, views, fits, sent_back, rng, garments)
        stock = _reactive.stock(garments, trade.counts, ids)
    times = _events.timeline(sessions, views)
    labels = _items.size_labels(garments, views.item, fits.size)
    orders = np.bincount(sessions.shopper[np.unique(lines.session)], minlength=len(people))
    tables = {
        Table.ITEMS: _items.items(_stream(seed, "copy"), garments, ids),
        Table.VARIANTS: _items.variants(garments, ids),
        Table.STOCK_LEVELS: stock,
        Table.PRICES: _prices.table(garments, ids, prices),
        Table.SHOPPERS: _items.shoppers(people, orders),
        **_orders.tables(garments, sessions, times, lines, prices, ids, people.ids),
        Table.INTERACTIONS: _events.table(sessions, views, decisions, times, ids, people.ids, labels),
        Table.REVIEWS: _reviews.table(_stream(seed, "reviews"), garments, sessions, lines, ids, people.ids),
    }
    return tables, _truth.tell(seed, scale, garments, people, ids)


def _bought(
    decisions: _choice.Decisions,
    views: _choice.Views,
    fits: _fit.Fits,
    sent_back: NDArray[np.bool_] | None,
    rng: np.random.Generator,
    garments: _garments.Garments,
) -> _orders.Lines:
    """The purchases among the views; what comes back is drawn here unless it is known by view."""
    rows = np.flatnonzero(decisions.purchase)
    worn, item = _fit.Fits(fits.size[rows], fits.misfit[rows]), views.item[rows]
    returned = _orders.returns(rng, garments, item, worn) if sent_back is None else sent_back[rows]
    return _orders.Lines(views.session[rows], item, worn, returned)
