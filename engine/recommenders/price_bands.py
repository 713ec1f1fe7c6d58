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
    known = np.flatnonzero(np.isfinite(price))
    codes[known] = banded(price, category, known, price[known])
    return Codes(codes, BANDS)


def banded(
    price: NDArray[np.float64], category: Codes, rows: NDArray[np.int64], asked: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Bands that other prices of some rows would fall in, the edges being those of `price`.

    Parameters
    ----------
    price : ndarray, shape (n_items,)
        The prices that define the bands, NaN where unknown.
    category : Codes
        By item.
    rows : ndarray of int64, shape (n_asked,)
    asked : ndarray of float64, shape (n_asked,)
    """
    known = np.isfinite(price)
    codes = np.full(len(rows), -1, dtype=np.int32)
    if not known.any():
        return codes
    codes[:] = np.searchsorted(np.quantile(price[known], _QUANTILES), asked, side="right")
    for value in np.unique(category.codes[rows]):
        group = known & (category.codes == value)
        if value >= 0 and group.sum() >= _ENOUGH:
            here = category.codes[rows] == value
            codes[here] = np.searchsorted(np.quantile(price[group], _QUANTILES), asked[here], side="right")
    return codes
