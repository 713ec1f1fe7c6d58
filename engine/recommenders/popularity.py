"""Popularity with exponential decay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommenders.events import EventLog

YEAR_DAYS, SEASON_DAYS = 365.0, 90.0
OLD_DAYS = 730.0
"""Age from which an item is no longer new."""

_MONTH = 30.0

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


def novelty(log: EventLog, created: NDArray[np.float64], *, now: float) -> NDArray[np.float64]:
    """How lately each item came, as a logarithm: 0 from two years on, or where nothing is known, shape (n_items,).

    Parameters
    ----------
    log : EventLog
        With times; the first event tells when an item came, where nobody wrote it down.
    created : ndarray, shape (n_items,)
        First day in the shop, NaN where unknown.
    now : float
        Day from which items are seen.
    """
    first = np.full(log.n_items, np.inf)
    if log.day is not None:
        np.minimum.at(first, log.item, log.day)
    first = np.where(np.isfinite(created), created, first)
    age = np.where(np.isfinite(first), np.clip(now - first, 0.0, OLD_DAYS), OLD_DAYS)
    found: NDArray[np.float64] = np.log1p(OLD_DAYS / _MONTH) - np.log1p(age / _MONTH)
    return found


def a_year_ago(log: EventLog, *, now: float) -> NDArray[np.float64] | None:
    """Events by item in the weeks that follow the day a year before `now`; None where the log does not reach back.

    Returns
    -------
    ndarray, shape (n_items,), or None
    """
    if log.day is None or len(log) == 0 or float(log.day.min()) > now - YEAR_DAYS:
        return None
    season = (log.day >= now - YEAR_DAYS) & (log.day < now - YEAR_DAYS + SEASON_DAYS)
    return np.bincount(log.item[season], log.weight[season], minlength=log.n_items).astype(np.float64)


def surprise(popularity: NDArray[Any]) -> NDArray[np.float64]:
    """Self-information -log2 of the share of events, in bits; untouched items count as half an event."""
    counts = np.maximum(popularity.astype(np.float64), 0.5)
    bits: NDArray[np.float64] = -np.log2(counts / counts.sum())
    return bits
