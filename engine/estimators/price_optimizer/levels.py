"""What an item sells in a week at its reference price: recent sales, freed of price and promotion, shrunk.

Gamma-Poisson: a thin item leans on its category (and on how often it is looked at), a thick one on itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.grid import Grid

_TINY = 1e-6
_LEAST_SHAPE, _MOST_SHAPE = 0.1, 20.0


@dataclass(frozen=True, eq=False)
class Levels:
    """Levels at every origin: the weeks before it are known; shapes (n_items, periods + 1) and (n_categories, ...)."""

    item: NDArray[np.float32]
    category: NDArray[np.float32]


def smooth(grid: Grid, response: NDArray[Any], category: NDArray[Any], half_life: float) -> Levels:
    """Exponentially weighted level of every item before every week.

    Parameters
    ----------
    response : ndarray, shape (n_items, periods)
        Log factor of price and promotion.
    half_life : float
        Weeks after which a week counts half.
    """
    keep = 0.5 ** (1 / half_life)
    over = grid.exposure * np.exp(response)
    count = int(category.max()) + 1
    item = np.empty((grid.items, grid.periods + 1), dtype=np.float32)
    group = np.empty((count, grid.periods + 1), dtype=np.float32)
    sold, base, seen, shown = (np.zeros(grid.items) for _ in range(4))
    for origin in range(grid.periods + 1):
        item[:, origin], group[:, origin] = _shrunk(sold, base, seen, shown, category, count)
        if origin == grid.periods:
            break
        sold, base = sold * keep + grid.units[:, origin], base * keep + over[:, origin]
        if grid.views is not None:
            seen, shown = seen * keep + grid.views[:, origin], shown * keep + grid.exposure[:, origin]
    return Levels(item, group)


def _shrunk(
    sold: NDArray[np.float64],
    over: NDArray[np.float64],
    seen: NDArray[np.float64],
    shown: NDArray[np.float64],
    category: NDArray[Any],
    count: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Posterior means by item, and the mean of each category."""
    common = (sold.sum() + _TINY) / (over.sum() + 1.0)
    group = (np.bincount(category, sold, count) + common) / (np.bincount(category, over, count) + 1.0)
    prior = group[category] * _interest(seen, shown, category, count)
    shape = _shape(sold, over, prior)
    strength = shape / np.maximum(prior, _TINY)
    return np.maximum((sold + shape) / (over + strength), _TINY), np.maximum(group, _TINY)


def _interest(
    seen: NDArray[np.float64], shown: NDArray[np.float64], category: NDArray[Any], count: int
) -> NDArray[np.float64]:
    """How often an item is looked at, by its category's mean; 1 where looks are not told."""
    if not seen.any():
        return np.ones(len(category))
    usual = np.bincount(category, seen, count) / np.maximum(np.bincount(category, shown, count), _TINY)
    expected = shown * usual[category]
    found: NDArray[np.float64] = (seen + 5.0) / (expected + 5.0)
    return found


def _shape(sold: NDArray[np.float64], over: NDArray[np.float64], prior: NDArray[np.float64]) -> float:
    """Gamma shape by moments: how alike items are to what is expected of them."""
    expected = over * prior
    there = over > 0
    if there.sum() < 10:
        return 1.0
    excess = float(((sold - expected)[there] ** 2 - expected[there]).sum())
    found = float((expected[there] ** 2).sum()) / max(excess, _TINY)
    return float(np.clip(found, _LEAST_SHAPE, _MOST_SHAPE))
