"""How the weeks ahead differ from now, as last year told it by category."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.grid import Grid

_YEAR = 52
_AROUND = 1
_BEFORE = 8
_FEWEST_BEFORE = 4
_PRIOR_UNITS = 60.0
_MOST = 1.5


class Totals:
    """Sales and expected exposure of each category by week.

    Parameters
    ----------
    response : ndarray, shape (n_items, periods)
        Log factor of price and promotion, which is taken out.
    """

    def __init__(self, grid: Grid, response: NDArray[Any], category: NDArray[Any]) -> None:
        shape = (int(category.max()) + 1, grid.periods)
        sold, over = np.zeros(shape), np.zeros(shape)
        np.add.at(sold, category, grid.units)
        np.add.at(over, category, grid.exposure * np.exp(response))
        self._sold, self._over = (np.cumsum(np.pad(side, ((0, 0), (1, 0))), axis=1) for side in (sold, over))

    def ahead(self, origin: int, weeks: int) -> NDArray[np.float32]:
        """Log factor of each of the weeks from `origin` on by category, NaN where last year is not known."""
        found = np.full((len(self._sold), weeks), np.nan, dtype=np.float32)
        begin, end = max(0, origin - _YEAR - _BEFORE), origin - _YEAR
        if end - begin < _FEWEST_BEFORE:
            return found
        for ahead in range(weeks):
            low, high = origin + ahead - _YEAR - _AROUND, origin + ahead - _YEAR + _AROUND + 1
            if low >= 0 and high <= origin:
                found[:, ahead] = self._factor((begin, end), (low, high))
        return found

    def _factor(self, before: tuple[int, int], then: tuple[int, int]) -> NDArray[np.float64]:
        """Log of the rate then by the rate before, shrunk to no difference."""
        sold, over = (side[:, then[1]] - side[:, then[0]] for side in (self._sold, self._over))
        earlier, weight = (side[:, before[1]] - side[:, before[0]] for side in (self._sold, self._over))
        usual = earlier / np.maximum(weight, 1e-9)
        trust = np.minimum(earlier, sold) / (np.minimum(earlier, sold) + _PRIOR_UNITS)
        factor = np.log((sold + 1.0) / (over * usual + 1.0))
        found: NDArray[np.float64] = np.clip(trust * factor, -_MOST, _MOST)
        return found
