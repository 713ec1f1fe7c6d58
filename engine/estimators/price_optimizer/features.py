"""The columns that demand is foretold from: what was known at an origin, and what is planned for a later week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.price_optimizer import levels, season

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.grid import Grid
    from engine.estimators.price_optimizer.response import Response

HORIZON = 8
"""Weeks ahead that are foretold."""

KNOWN = (
    "recent units",
    "units",
    "mean units",
    "last units",
    "share of weeks with a sale",
    "variability",
    "past price ratio",
    "last price ratio",
    "past lift",
    "last lift",
    "reference price",
    "category",
    "weeks on sale",
    "views",
    "in stock",
)
LEVEL = ("level", "recent by usual level", "lasting by usual level")
PLANNED = ("price ratio", "lift", "promoted share", "weeks ahead", "age", "season")
NAMES = (*KNOWN, *LEVEL, *PLANNED)
PRICE = NAMES.index("price ratio")
CATEGORY = NAMES.index("category")
SHRUNK = tuple(NAMES.index(name) for name in LEVEL)

_LONG = 26


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What is known before a week.

    Attributes
    ----------
    columns : ndarray of float32, shape (n_items, len(KNOWN) + len(LEVEL))
        NaN where unknown.
    level : ndarray of float32, shape (n_items,)
        Expected units of a week at the reference price.
    category_level : ndarray of float32, shape (n_categories,)
    season : ndarray of float32, shape (n_categories, HORIZON)
        Log factor of the weeks ahead; NaN without a year of data.
    """

    columns: NDArray[np.float32]
    level: NDArray[np.float32]
    category_level: NDArray[np.float32]
    season: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Query:
    """Item-weeks to foretell, one row each.

    Attributes
    ----------
    item : ndarray of int64
        Row of the snapshot, -1 for an item that is not known.
    category : ndarray of int64
    ahead : ndarray of int64
        Weeks ahead, from 1.
    ratio, promoted, whole, age : ndarray of float64
        Log of price by reference; share of the week promoted, on sale; weeks since new (NaN where unknown).
    campaign : ndarray of int64
    """

    item: NDArray[np.int64]
    category: NDArray[np.int64]
    ahead: NDArray[np.int64]
    ratio: NDArray[np.float64]
    promoted: NDArray[np.float64]
    whole: NDArray[np.float64]
    age: NDArray[np.float64]
    campaign: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.item)


class Past:
    """Snapshots at any origin of a grid.

    Parameters
    ----------
    category : ndarray of int, shape (n_items,)
    created : ndarray of float64, shape (n_items,)
        Week since the start in which each item was new, NaN where unknown.
    """

    def __init__(
        self, grid: Grid, category: NDArray[Any], created: NDArray[Any], response: Response, half_life: float
    ) -> None:
        self.grid, self.category, self.created, self.response = grid, category, created, response
        factor = response.of(grid)
        memories = (half_life / 3, half_life, half_life * 2.5)
        self._recent, self._usual, self._lasting = (levels.smooth(grid, factor, category, h) for h in memories)
        self._season = season.Totals(grid, factor, category)

    def snapshot(self, origin: int) -> Snapshot:
        """What is known before week `origin`."""
        usual = self._usual.item[:, origin]
        shrunk = (np.log(usual), *(np.log(side.item[:, origin] / usual) for side in (self._recent, self._lasting)))
        return Snapshot(
            columns=np.column_stack([*self._known(origin), *shrunk]).astype(np.float32),
            level=usual,
            category_level=self._usual.category[:, origin],
            season=self._season.ahead(origin, HORIZON),
        )

    def _known(self, origin: int) -> list[NDArray[Any]]:
        past = self.grid.until(origin)
        long = slice(max(0, origin - _LONG), origin)
        weeks = past.on[:, long].sum(axis=1)
        mean = past.units[:, long].sum(axis=1) / np.maximum(weeks, 1)
        variance = (past.units[:, long] ** 2).sum(axis=1) / np.maximum(weeks, 1) - mean**2
        there = past.on.any(axis=1)
        lift = self.response.lift[past.campaign]
        found = [
            np.log1p(_faded(past.units, past.on, 2.0)),
            np.log1p(_faded(past.units, past.on, 8.0)),
            np.log1p(mean),
            np.log1p(_last(past.units, self.grid.items)),
            (past.units[:, long] > 0).sum(axis=1) / np.maximum(weeks, 1),
            np.sqrt(np.maximum(variance, 0)) / (mean + 0.1),
            _faded(past.ratio, past.on, 8.0),
            _last(past.ratio, self.grid.items),
            _faded(lift, past.on, 8.0),
            _last(lift, self.grid.items),
        ]
        found = [np.where(there, column, np.nan) for column in found]
        views = np.full(self.grid.items, np.nan)
        if past.views is not None:
            views = np.where(there, np.log1p(_faded(past.views, past.on, 4.0)), np.nan)
        in_stock = _last(past.exposure, self.grid.items) / np.maximum(_last(past.whole, self.grid.items), 1e-6)
        return [
            *found,
            np.log(self.grid.reference),
            self.category.astype(np.float64),
            np.log1p(past.on.sum(axis=1)),
            views,
            np.where(there, in_stock, np.nan),
        ]


def asked(
    grid: Grid, category: NDArray[Any], created: NDArray[Any], period: int, origin: int
) -> tuple[Query, NDArray[np.float64]]:
    """The items on sale in a week of a grid, seen from an origin, and what they sold.

    Parameters
    ----------
    created : ndarray, shape (n_items,)
        Week since the start in which each item was new, NaN where unknown.
    """
    item = np.flatnonzero(grid.on[:, period])
    query = Query(
        item=item,
        category=category[item].astype(np.int64),
        ahead=np.full(len(item), period - origin + 1),
        ratio=grid.ratio[item, period].astype(np.float64),
        promoted=grid.promoted[item, period].astype(np.float64),
        whole=np.maximum(grid.whole[item, period], 1 / 7).astype(np.float64),
        age=np.maximum(period + 0.5 - created[item], 0.0),
        campaign=grid.campaign[item, period].astype(np.int64),
    )
    return query, grid.units[item, period].astype(np.float64)


def design(snapshot: Snapshot, query: Query, lift: NDArray[np.float64]) -> NDArray[np.float32]:
    """The columns `NAMES`, shape (n_rows, len(NAMES)); an unknown item has its category's level only."""
    columns = snapshot.columns[np.maximum(query.item, 0)]
    unknown = query.item < 0
    if unknown.any():
        columns[unknown] = np.nan
        columns[unknown, CATEGORY] = query.category[unknown]
        columns[unknown, SHRUNK[0]] = np.log(snapshot.category_level[query.category[unknown]])
    planned = np.column_stack(
        [
            query.ratio,
            lift[query.campaign],
            query.promoted,
            query.ahead,
            query.age,
            snapshot.season[query.category, np.minimum(query.ahead, HORIZON) - 1],
        ]
    )
    return np.hstack([columns, planned.astype(np.float32)])


def expected(snapshot: Snapshot, query: Query, response: Response, *, share: float = 1.0) -> NDArray[np.float64]:
    """Log of the units that the log-linear model expects: level, price, promotion, season.

    Parameters
    ----------
    share : float
        Part of the elasticity that counts, 0 to 1.
    """
    known = query.item >= 0
    own = np.maximum(query.item, 0)
    level = np.where(known, snapshot.level[own], snapshot.category_level[query.category])
    slope = np.where(known, response.slope[own], response.by_category[query.category])
    turn = np.nan_to_num(snapshot.season[query.category, np.minimum(query.ahead, HORIZON) - 1])
    found: NDArray[np.float64] = (
        np.log(level) + share * slope * query.ratio + response.lift[query.campaign] + turn + np.log(query.whole)
    )
    return found


def _faded(values: NDArray[Any], on: NDArray[np.bool_], half_life: float) -> NDArray[np.float64]:
    """Exponentially weighted mean over the weeks on sale; 0 where there is none."""
    weight = 0.5 ** (np.arange(values.shape[1])[::-1] / half_life)
    over = on @ weight
    found: NDArray[np.float64] = ((values * on) @ weight) / np.maximum(over, 1e-9)
    return found


def _last(values: NDArray[Any], items: int) -> NDArray[Any]:
    return values[:, -1] if values.shape[1] else np.zeros(items)
