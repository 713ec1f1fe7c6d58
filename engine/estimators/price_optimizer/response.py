"""How demand answers price and promotion, as factors: slopes by item, lifts by named promotion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.grid import Grid

_ROUNDS = 6
_PRIOR_UNITS = 20.0
"""Units of the common lift that a promotion's own lift is seen against."""
_PRIOR_SLOPE = 60.0
"""Curvature that pulls a category's slope to the common one."""
_STEEPEST = -5.0
_STEP = 0.8


@dataclass(frozen=True, eq=False)
class Response:
    """Log factors on demand.

    Attributes
    ----------
    slope : ndarray of float64, shape (n_items,)
        Change of log demand by log price, at most 0.
    by_category : ndarray of float64, shape (n_categories,)
        The same for an item of which nothing else is known.
    lift : ndarray of float64, shape (n_campaigns,)
        Log lift of each promotion at the same price; the first is 0: none.
    """

    slope: NDArray[np.float64]
    by_category: NDArray[np.float64]
    lift: NDArray[np.float64]

    def of(self, grid: Grid) -> NDArray[np.float32]:
        """The log factor in every week, shape (n_items, periods)."""
        found: NDArray[np.float32] = (self.slope[:, None] * grid.ratio + self.lift[grid.campaign]).astype(np.float32)
        return found


def fit(
    grid: Grid, category: NDArray[Any], campaigns: int, slopes: tuple[NDArray[Any], NDArray[Any]] | None
) -> Response:
    """Lifts by promotion, and slopes where none are given, by alternating Newton steps on the Poisson likelihood.

    Parameters
    ----------
    slopes : (ndarray of items, ndarray of categories), or None
        Known elasticities, which are kept.
    """
    count = int(category.max()) + 1
    item, week = np.nonzero(grid.on)
    rows = _Rows(
        item=item,
        group=category[item],
        units=grid.units[item, week].astype(np.float64),
        exposure=grid.exposure[item, week].astype(np.float64),
        ratio=grid.ratio[item, week].astype(np.float64),
        campaign=grid.campaign[item, week],
    )
    slope, by_category = slopes or (np.full(grid.items, -1.0), np.full(count, -1.0))
    lift = np.zeros(campaigns)
    for _ in range(_ROUNDS):
        level = _levels(rows, slope, lift, grid.items)
        if slopes is None:
            by_category = _slopes(rows, by_category, level, lift)
            slope = by_category[category]
        lift = lift + _STEP * _lift_step(rows, slope, lift, level)
        lift = np.clip(lift - lift[0], -3.0, 3.0)
    return Response(np.minimum(slope, 0.0), np.minimum(by_category, 0.0), lift)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Item-weeks on sale."""

    item: NDArray[np.int64]
    group: NDArray[np.int32]
    units: NDArray[np.float64]
    exposure: NDArray[np.float64]
    ratio: NDArray[np.float64]
    campaign: NDArray[np.int16]


def _levels(rows: _Rows, slope: NDArray[np.float64], lift: NDArray[np.float64], items: int) -> NDArray[np.float64]:
    """Expected units at the reference price in each row, from all of its item's weeks."""
    factor = np.exp(slope[rows.item] * rows.ratio + lift[rows.campaign]) * rows.exposure
    sold = np.bincount(rows.item, rows.units, items)
    over = np.bincount(rows.item, factor, items)
    level: NDArray[np.float64] = (sold + 1e-3) / (over + 1e-2)
    return level[rows.item] * rows.exposure


def _slopes(
    rows: _Rows, slope: NDArray[np.float64], level: NDArray[np.float64], lift: NDArray[np.float64]
) -> NDArray[np.float64]:
    """One step of each category's slope, pulled to the one of all."""
    mean = level * np.exp(slope[rows.group] * rows.ratio + lift[rows.campaign])
    up = np.bincount(rows.group, (rows.units - mean) * rows.ratio, len(slope))
    bend = np.bincount(rows.group, mean * rows.ratio**2, len(slope))
    common = float((slope * bend).sum() + up.sum()) / max(float(bend.sum()), 1e-9)
    moved = slope + (up - (slope - common) * _PRIOR_SLOPE) / (bend + _PRIOR_SLOPE)
    return np.clip(moved, _STEEPEST, 0.0)


def _lift_step(
    rows: _Rows, slope: NDArray[np.float64], lift: NDArray[np.float64], level: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What each promotion sold beyond what was expected of it, in logs."""
    mean = level * np.exp(slope[rows.item] * rows.ratio + lift[rows.campaign])
    sold = np.bincount(rows.campaign, rows.units, len(lift)) + _PRIOR_UNITS
    step: NDArray[np.float64] = np.log(sold / (np.bincount(rows.campaign, mean, len(lift)) + _PRIOR_UNITS))
    return step
