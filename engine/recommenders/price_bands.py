"""Budget, mid and luxury: price bands that a shop's own prices define."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.recommenders.events import Codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

BANDS = ("budget", "mid", "luxury")
_QUANTILES = (0.3, 0.7)
_ENOUGH = 12


def bands(price: NDArray[np.float64], category: Codes) -> Codes:
    """Band of each item among its category, or among all items where its category has few priced ones.

    Parameters
    ----------
    price : ndarray, shape (n_items,)
        NaN where unknown; the band is then -1.
    """
    codes = np.full(len(price), -1, dtype=np.int32)
    known = np.isfinite(price)
    if known.any():
        codes[known] = np.searchsorted(np.quantile(price[known], _QUANTILES), price[known], side="right")
    for value in range(len(category.labels)):
        group = known & (category.codes == value)
        if group.sum() >= _ENOUGH:
            codes[group] = np.searchsorted(np.quantile(price[group], _QUANTILES), price[group], side="right")
    return Codes(codes, BANDS)
