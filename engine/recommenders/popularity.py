"""Popularity with exponential decay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommenders.events import EventLog

FLOOR = 0.1
"""Share of the mean popularity below which differences between items fade."""


def decayed(log: EventLog, *, now: float, half_life_days: float) -> NDArray[np.float64]:
    """Decayed weight of all events by item, shape (n_items,).

    Parameters
    ----------
    now : float
        Day at which an event counts in full.
    half_life_days : float
        Age at which it counts half.
    """
    return np.bincount(log.item, log.decay(now, half_life_days), minlength=log.n_items).astype(np.float64)


def as_signal(popularity: NDArray[Any]) -> NDArray[np.float64]:
    """Log popularity, zero for an item that nobody touched; scale-free, so windows of any length compare."""
    mean = float(popularity.mean()) if len(popularity) else 0.0
    if mean <= 0:
        return np.zeros(len(popularity))
    return np.log1p(popularity / (FLOOR * mean))


def surprise(popularity: NDArray[Any]) -> NDArray[np.float64]:
    """Self-information -log2 of the share of events, in bits; untouched items count as half an event."""
    counts = np.maximum(popularity.astype(np.float64), 0.5)
    bits: NDArray[np.float64] = -np.log2(counts / counts.sum())
    return bits
