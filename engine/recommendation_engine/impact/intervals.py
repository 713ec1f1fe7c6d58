"""Intervals of means: one for skewed values, one for pairs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.base import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 2_000
_BLOCK_CELLS = 2_000_000
_A, _B = 1 / 3, 1 / 6
_FEWEST_DEGREES = 2.0


def skewed_interval(values: NDArray[Any], *, level: float = 0.95) -> Interval:
    """Mean of values that a few large ones dominate, with bounds that hold for small samples too.

    Skewness is taken out by a monotone cubic transformation (Hall 1992, "On the removal of skewness by
    transformation"). The quantile is Student's, with the degrees of freedom that the variance estimate
    really has: `2 n / (kurtosis - 1)` (Satterthwaite's rule with the values' own kurtosis).

    Parameters
    ----------
    values : ndarray, shape (n,)
        Independent draws; the bounds are None for fewer than two.
    """
    from scipy import stats

    n = len(values)
    if n < 2:
        return Interval(value=float(values.sum()))
    mean = float(values.mean())
    spread = float(values.std(ddof=1))
    if spread <= 1e-15 * max(abs(mean), 1e-285):
        return Interval(value=mean, low=mean, high=mean)
    away = (values - mean) / spread
    skew, kurtosis = float((away**3).mean()), float((away**4).mean())
    degrees = max(2 * n / max(kurtosis - 1, 1e-9), _FEWEST_DEGREES)
    quantile = float(stats.t.ppf((1 + level) / 2, degrees))
    low, high = (mean - spread / math.sqrt(n) * _untransformed(end, skew, n) for end in (quantile, -quantile))
    return Interval(value=mean, low=low, high=high)


def _untransformed(quantile: float, skew: float, n: int) -> float:
    """Hall's transformation solved for the t-statistic."""
    if abs(skew) < 1e-9:
        return quantile
    root = math.sqrt(n)
    return float(root / (_A * skew) * (np.cbrt(1 + 3 * _A * skew * (quantile / root - _B * skew / n)) - 1))


def resampled_means(values: NDArray[Any], *, resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.float64]:
    """Means of resamples of whole units; for one number of units and seed always the same draws.

    So the figures of one plan do not waver with what it is compared with.

    Parameters
    ----------
    values : ndarray, shape (n_units, n_columns)

    Returns
    -------
    ndarray, shape (resamples, n_columns)
    """
    units = len(values)
    random = np.random.default_rng(seed)
    means = np.empty((resamples, values.shape[1]))
    step = max(1, _BLOCK_CELLS // units)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = random.integers(0, units, (size, units)) + np.arange(size)[:, None] * units
        counts = np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units)
        means[start : start + size] = counts @ values / units
    return means


def bounds(values: NDArray[Any], *, level: float = 0.95, seed: int = 0) -> list[Interval]:
    """Mean of each column with its percentile bootstrap interval (Efron & Tibshirani 1993).

    Parameters
    ----------
    values : ndarray, shape (n_units, n_columns)
        The same units in every column; bounds are None without units.
    """
    if len(values) == 0:
        return [Interval(value=0.0)] * values.shape[1]
    tail = (1 - level) / 2
    low, high = np.quantile(resampled_means(values, seed=seed), [tail, 1 - tail], axis=0)
    return [
        Interval(value=float(mean), low=float(one), high=float(other))
        for mean, one, other in zip(values.mean(axis=0), low, high, strict=True)
    ]


def paired(before: NDArray[Any], after: NDArray[Any]) -> tuple[Interval, Interval, Interval]:
    """Means of both, and of the difference, over the same units.

    Parameters
    ----------
    before, after : ndarray, shape (n_units,)
    """
    change = np.asarray(after, dtype=np.float64) - before
    first, second, difference = bounds(np.column_stack([before, after, change]))
    return first, second, difference
