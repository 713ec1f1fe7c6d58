"""The seasonal naive: same week last year by how the level has moved, else the mean of the last weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.price_optimizer.features import HORIZON

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.grid import Grid

_YEAR = 52
_RECENT = 8
_FEWEST_UNITS = 10.0
_LEAST, _MOST = 0.2, 5.0


def forecast(grid: Grid, category: NDArray[Any], origin: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Units of the weeks from `origin` on, by item and by category for items never seen.

    Returns
    -------
    ndarray, shape (n_items, HORIZON); ndarray, shape (n_categories, HORIZON)
    """
    past = grid.until(origin)
    recent = _mean(past, origin - _RECENT, origin)
    known = past.on.any(axis=1)
    count = int(category.max()) + 1
    usual = np.bincount(category, recent * known, count) / np.maximum(np.bincount(category, known, count), 1)
    recent = np.where(known, recent, usual[category])
    found = np.repeat(recent[:, None], HORIZON, axis=1)
    then = _mean(past, origin - _YEAR - _RECENT, origin - _YEAR)
    for ahead in range(HORIZON):
        week = origin + ahead - _YEAR
        if week < _RECENT:
            continue
        enough = then * _RECENT >= _FEWEST_UNITS
        factor = np.clip(past.units[:, week] / np.maximum(then, 1e-9), _LEAST, _MOST)
        found[:, ahead] = np.where(enough, recent * factor, recent)
    return found.astype(np.float32), np.repeat(usual[:, None], HORIZON, axis=1).astype(np.float32)


def _mean(grid: Grid, low: int, high: int) -> NDArray[np.float64]:
    """Mean units of the weeks on sale in a span; 0 where there were none."""
    span = slice(max(0, low), max(0, high))
    weeks = grid.on[:, span].sum(axis=1)
    found: NDArray[np.float64] = grid.units[:, span].sum(axis=1) / np.maximum(weeks, 1)
    return found
