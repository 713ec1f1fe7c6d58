"""A figure with its interval, from draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Figure:
    """Mean of the draws and the bounds that hold 90% of them."""

    value: float
    low: float
    high: float


def figure(draws: NDArray[np.float64]) -> Figure:
    """Of one draw or more."""
    low, high = np.quantile(draws, (0.05, 0.95))
    return Figure(float(draws.mean()), float(low), float(high))
