"""What is held out of a recommender's data: the last days, or a part of each basket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from engine.estimators.base import Holdout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.recommender.data import ShopData

WINDOWS = (28, 56, 90)
"""Days that may be held out; the first with enough shoppers is taken."""

ENOUGH_SHOPPERS = 3_000
"""Known shoppers at which the interval of NDCG@10 is narrow enough to tell models apart."""

_MOST_HELD_OUT = 0.25
_SHARE = 0.2
_NEWCOMERS = 0.1
_SEED = 20_260_101


@dataclass(frozen=True)
class Targets:
    """The held-out items of each test shopper.

    Parameters
    ----------
    shopper : ndarray of int32, shape (n_units,)
        Rows of the test shoppers, ascending.
    starts : ndarray of int64, shape (n_units + 1,)
        Unit `u` has the items `item[starts[u]:starts[u + 1]]`.
    item : ndarray of int32
        Items that the shopper had not met before.
    """

    shopper: NDArray[np.int32]
    starts: NDArray[np.int64]
    item: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.shopper)

    @property
    def unit(self) -> NDArray[np.int64]:
        """Unit of each entry of `item`."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))


def split(data: ShopData) -> Holdout:
    """Hold out the last days where the shop tells times, else a part of each shopper's items."""
    return leave_some_out(data) if data.log.day is None else last_days(data)


def last_days(data: ShopData) -> Holdout:
    """Temporal split: train on everything before the cut, test on what known and new shoppers chose after."""
    day = data.log.day
    assert day is not None
    end = np.floor(data.now) + 1
    window, cut = WINDOWS[0], end - WINDOWS[0]
    for candidate in WINDOWS:
        before = day < end - candidate
        if before.mean() < 1 - _MOST_HELD_OUT:
            break
        window, cut = candidate, end - candidate
        if _known_shoppers(data, before) >= ENOUGH_SHOPPERS:
            break
    train, test = held_out(data, cut, end)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=float(cut))
    about = (
        f"Temporal: trained on events before {moment:%Y-%m-%d}, tested on the {window} days from then. "
        f"Every existing item is ranked ({int(train.candidate.sum()):,}); items met before are left out; "
        "items that appeared later count as misses. Age and segment of shoppers are taken as known"
    )
    return Holdout(train, test, about, moment)


def held_out(data: ShopData, cut: float, end: float) -> tuple[ShopData, Targets]:
    """Everything before the day `cut`, and what was chosen from then to before `end`; the log tells times."""
    day = data.log.day
    assert day is not None
    before = day < cut
    train = data.until(before, cut, _existing(data, before, cut))
    return train, _targets(data, ~before & (day < end) & data.log.strong, before)


def leave_some_out(data: ShopData) -> Holdout:
    """Random split for shops without times; the draw is the same for every config."""
    random = np.random.default_rng(_SEED)
    size = data.log.n_items
    pair, place = np.unique(data.log.shopper.astype(np.int64) * size + data.log.item, return_inverse=True)
    shopper = pair // size
    starts = np.flatnonzero(np.r_[True, shopper[1:] != shopper[:-1]])
    count = np.diff(np.r_[starts, len(pair)])
    order = np.lexsort((random.random(len(pair)), shopper))
    rank = np.empty(len(pair), dtype=np.int64)
    rank[order] = np.arange(len(pair)) - np.repeat(starts, count)
    newcomer = random.random(len(count)) < _NEWCOMERS
    held = np.where(newcomer, count, np.where(count > 1, np.maximum(np.round(_SHARE * count), 1), 0))
    out = (rank < np.repeat(held, count))[place]
    train = data.until(~out, data.now, data.candidate)
    about = (
        f"Random, as the shop tells no times: {_SHARE:.0%} of each shopper's items are held out (at least one), and "
        f"all items of {_NEWCOMERS:.0%} of the shoppers, who stand for newcomers. Every item is ranked ({size:,}); "
        "items met before are left out. A random split flatters models: they see the same days they are tested on"
    )
    return Holdout(train, _targets(data, out & data.log.strong, ~out), about)


def _known_shoppers(data: ShopData, before: NDArray[np.bool_]) -> int:
    after = np.unique(data.log.shopper[~before & data.log.strong])
    return int(np.isin(after, data.log.shopper[before]).sum())


def _existing(data: ShopData, before: NDArray[np.bool_], cut: float) -> NDArray[np.bool_]:
    """Items with an event or a first day before the cut."""
    touched = np.zeros(data.log.n_items, dtype=bool)
    touched[data.log.item[before]] = True
    return data.candidate & (touched | (data.created < cut))


def _targets(data: ShopData, held: NDArray[np.bool_], kept: NDArray[np.bool_]) -> Targets:
    """Distinct held-out pairs that the shopper's kept events do not hold."""
    size = data.log.n_items
    pair = data.log.shopper.astype(np.int64) * size + data.log.item
    wanted = np.unique(pair[held])
    wanted = wanted[~np.isin(wanted, pair[kept])]
    shopper, starts = np.unique(wanted // size, return_index=True)
    return Targets(
        shopper.astype(np.int32), np.r_[starts, len(wanted)].astype(np.int64), (wanted % size).astype(np.int32)
    )
