"""Percentile bootstrap of means over units (Efron & Tibshirani 1993), in blocks of bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 2_000
_BLOCK_CELLS = 2_000_000


def resampled_means(values: NDArray[Any], *, resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.float64]:
    """Means of resamples with replacement, the same draws for every column.

    Parameters
    ----------
    values : ndarray, shape (n_units,) or (n_units, n_columns)

    Returns
    -------
    ndarray, shape (resamples,) or (resamples, n_columns)
    """
    columns = values.reshape(len(values), -1).astype(np.float64)
    distinct, counts = np.unique(columns, axis=0, return_counts=True)
    random = np.random.default_rng(seed)
    means = np.empty((resamples, columns.shape[1]))
    step = max(1, _BLOCK_CELLS // len(distinct))
    for start in range(0, resamples, step):
        stop = min(start + step, resamples)
        drawn = random.multinomial(len(columns), counts / len(columns), size=stop - start)
        means[start:stop] = drawn @ distinct / len(columns)
    return means.reshape((resamples, *values.shape[1:]))


def interval(
    values: NDArray[Any], *, resamples: int = RESAMPLES, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Bounds of the mean's interval; both are NaN without units."""
    if len(values) == 0:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low, high = np.quantile(resampled_means(values, resamples=resamples, seed=seed), [tail, 1 - tail])
    return float(low), float(high)
