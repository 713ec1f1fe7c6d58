"""Intervals that hold what they say on weeks kept back: split conformal, normalised by the expected level.

Vovk et al. 2005; signed scores by bin of expectation (Mondrian), so that thin and thick items each keep coverage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COVERAGE = 0.9
_BINS = 5
_FEWEST = 100
_FLOOR = 0.05


@dataclass(frozen=True, eq=False)
class Intervals:
    """Signed normalised errors that bound 90% of weeks.

    Attributes
    ----------
    edges : ndarray of float64, shape (n_bins - 1,)
        Of the expected units, rising.
    low, high : ndarray of float64, shape (n_bins,)
        Quantiles of (units - expected) / scale.
    """

    edges: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def around(self, units: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bounds of expected units; never below 0, and they hold the expectation itself."""
        expected = np.asarray(units, dtype=np.float64)
        place = np.searchsorted(self.edges, expected, side="right")
        size = scale(expected)
        low = np.minimum(expected + self.low[place] * size, expected)
        return np.maximum(low, 0.0), np.maximum(expected + self.high[place] * size, expected)


def calibrate(expected: NDArray[Any], units: NDArray[Any], coverage: float = COVERAGE) -> Intervals:
    """Quantiles of the errors of weeks that no tree was grown on.

    Parameters
    ----------
    expected, units : ndarray, shape (n_rows,)
    """
    bins = int(np.clip(len(expected) // _FEWEST, 1, _BINS))
    edges = np.unique(np.quantile(expected, np.linspace(0, 1, bins + 1)[1:-1])) if bins > 1 else np.zeros(0)
    place = np.searchsorted(edges, expected, side="right")
    scores = (units - expected) / scale(expected)
    tail = (1 - coverage) / 2
    bounds = [_bounds(scores[place == number], tail) for number in range(len(edges) + 1)]
    low, high = (np.array(side, dtype=np.float64) for side in zip(*bounds, strict=True))
    return Intervals(edges.astype(np.float64), low, high)


def scale(expected: NDArray[Any]) -> NDArray[np.float64]:
    """About the spread of a count: that of a Poisson for few units, in proportion for many."""
    level = np.maximum(np.asarray(expected, dtype=np.float64), _FLOOR)
    found: NDArray[np.float64] = np.sqrt(level) + 0.3 * level
    return found


def _bounds(scores: NDArray[np.float64], tail: float) -> tuple[float, float]:
    """Quantiles with the correction for a finite sample."""
    if not len(scores):
        return -1.0, 1.0
    ordered = np.sort(scores)
    count = len(ordered)
    low = max(int(np.floor(tail * (count + 1))) - 1, 0)
    high = min(int(np.ceil((1 - tail) * (count + 1))) - 1, count - 1)
    return float(ordered[low]), float(ordered[high])
