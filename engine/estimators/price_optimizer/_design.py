"""What demand is explained by besides an item's own level: columns of the regression, category by category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.panel import Panel

LEAST_AVAILABLE = 0.02
"""Rows with less of their demand met than this say nothing on demand."""

_NUISANCES = ("season", "period", "age", "level")
_YEAR = 365.25


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of one category, in order of item.

    Attributes
    ----------
    category : int
    place : ndarray of int64, shape (n_columns,)
        Where its columns stand among all coefficients.
    columns : ndarray of float64, shape (n, n_columns)
        The second one is minus the log of price over list price: its coefficient is the elasticity.
    units, offset : ndarray of float64, shape (n,)
        Pieces sold, and the log of what they are to be seen against.
    items : ndarray of int64, shape (n_own_items,)
    begins : ndarray of int64, shape (n_own_items,)
        First row of each item.
    spread : ndarray of float64, shape (n,)
    """

    category: int
    place: NDArray[np.int64]
    columns: NDArray[np.float64]
    units: NDArray[np.float64]
    offset: NDArray[np.float64]
    items: NDArray[np.int64]
    begins: NDArray[np.int64]
    spread: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Design:
    """All parts, and which group of priors each coefficient belongs to.

    Attributes
    ----------
    group : ndarray of str, shape (n_coefficients,)
        "intercept", "elasticity", "promotion", or a nuisance that is shrunk to 0.
    """

    parts: tuple[Part, ...]
    group: NDArray[np.str_]

    @property
    def nuisances(self) -> tuple[str, ...]:
        return tuple(name for name in _NUISANCES if (self.group == name).any())

    def of(self, group: str) -> NDArray[np.int64]:
        """Places of a group's coefficients; elasticities are in order of the parts."""
        return np.flatnonzero(self.group == group)


def build(panel: Panel) -> Design:
    """The regression of a panel; rows without exposure are left out."""
    exposure = (panel.days if panel.views is None else panel.views) * panel.available
    panel_rows = np.flatnonzero((panel.available >= LEAST_AVAILABLE) & (exposure > 0))
    category = panel.category[panel.item[panel_rows]]
    shared, names = _shared(panel)
    waves = _waves(panel, 1 if panel.views is not None else 2)
    own = ("intercept", "elasticity", *("season",) * waves.shape[1])
    present = np.unique(category)
    group = [*names, *own * len(present)]
    parts = []
    for number, which in enumerate(present):
        rows = panel_rows[category == which]
        rows = rows[np.lexsort((panel.period[rows], panel.item[rows]))]
        items, begins = np.unique(panel.item[rows], return_index=True)
        slope = -np.log(panel.price[rows] / panel.reference[rows])
        mine = np.column_stack([np.ones(len(rows)), slope, waves[rows]])
        place = len(names) + number * len(own) + np.arange(len(own))
        parts.append(
            Part(
                category=int(which),
                place=np.concatenate([place, np.arange(len(names))]),
                columns=np.hstack([mine, shared[rows]]),
                units=panel.units[rows],
                offset=np.log(exposure[rows]),
                items=items.astype(np.int64),
                begins=begins,
                spread=panel.spread[rows],
            )
        )
    return Design(tuple(parts), np.array(group))


def _shared(panel: Panel) -> tuple[NDArray[np.float64], list[str]]:
    """Columns with one coefficient in the whole shop: promotion, period, age, and where items began."""
    age = np.nan_to_num(panel.age, nan=60.0)
    ageing = np.column_stack([np.exp(-age / 14), np.log1p(age / 30) - np.log(3)])
    period = (panel.period[:, None] == np.arange(panel.periods)[None, :]).astype(np.float64)
    columns = np.hstack([panel.promoted[:, None], period, ageing, _beginnings(panel)])
    return columns, ["promotion", *["period"] * panel.periods, *["age"] * 2, *["level"] * 2]


def _beginnings(panel: Panel) -> NDArray[np.float64]:
    """What was so before any reaction to sales: the list price against its category, the first price against it."""
    items, first, place = np.unique(panel.item, return_index=True, return_inverse=True)
    order = np.lexsort((panel.period, panel.item))
    first = order[np.searchsorted(panel.item[order], items)]
    cut = np.log(panel.price[first] / panel.reference[first])
    level = np.log(panel.reference[first])
    category = panel.category[items]
    total = np.bincount(category, weights=level, minlength=len(panel.categories))
    level = level - (total / np.maximum(np.bincount(category, minlength=len(panel.categories)), 1))[category]
    return np.column_stack([level, cut])[place]


def _waves(panel: Panel, count: int) -> NDArray[np.float64]:
    """Yearly waves, shape (n, 2 * count); none where less than half a year is known."""
    if panel.periods * panel.step_days < _YEAR / 2:
        return np.zeros((len(panel), 0))
    angle = 2 * np.pi * (panel.period * panel.step_days) / _YEAR
    return np.column_stack([wave(angle * (k + 1)) for k in range(count) for wave in (np.sin, np.cos)])
