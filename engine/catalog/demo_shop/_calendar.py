"""Days, seasons and campaigns of the demo shop. Time is fixed: nothing here asks for today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

START = date(2025, 5, 1)
END = date(2026, 10, 31)
"""Last day with events."""

DAYS = (END - START).days + 1
WEEKS = -(-DAYS // 7)
MARKET, CURRENCY = "DE", "EUR"


def day(year: int, month: int, of_month: int) -> int:
    """Days since the start."""
    return (date(year, month, of_month) - START).days


@dataclass(frozen=True, slots=True)
class Campaign:
    """A promotion: first and last day, price cut, share of the garments in it; empty categories mean all."""

    name: str
    first: int
    last: int
    cut: float
    share: float
    categories: tuple[str, ...] = ()


CAMPAIGNS: tuple[Campaign, ...] = (
    Campaign("Dress weeks", day(2025, 5, 12), day(2025, 5, 25), 0.15, 0.6, ("dresses", "skirts")),
    Campaign("Summer sale", day(2025, 7, 7), day(2025, 8, 3), 0.30, 0.4),
    Campaign("Denim days", day(2025, 9, 8), day(2025, 9, 18), 0.20, 0.7, ("jeans", "jackets", "shorts")),
    Campaign("Knit week", day(2025, 10, 13), day(2025, 10, 20), 0.15, 0.6, ("knitwear", "scarves", "hats")),
    Campaign("Black Friday", day(2025, 11, 26), day(2025, 12, 1), 0.25, 0.55),
    Campaign("Winter sale", day(2026, 1, 5), day(2026, 2, 1), 0.30, 0.4),
    Campaign("Work edit", day(2026, 3, 9), day(2026, 3, 18), 0.15, 0.6, ("blazers", "trousers", "shirts", "blouses")),
    Campaign("Dress weeks", day(2026, 5, 11), day(2026, 5, 24), 0.15, 0.6, ("dresses", "skirts")),
    Campaign("Summer sale", day(2026, 7, 6), day(2026, 8, 2), 0.30, 0.4),
    Campaign("Denim days", day(2026, 9, 7), day(2026, 9, 17), 0.20, 0.7, ("jeans", "jackets", "shorts")),
    Campaign("Coat week", day(2026, 10, 12), day(2026, 10, 19), 0.15, 0.6, ("coats", "jackets")),
)
MARKDOWN = "Last pieces"
"""Name of the price cuts at the end of a garment's life."""


def warmth() -> NDArray[np.float64]:
    """Summer (1) to winter (-1) by day, shape (DAYS,); high summer is in the middle of July."""
    of_year = (np.arange(DAYS) + START.timetuple().tm_yday - 197) / 365.25
    return np.cos(2 * np.pi * of_year)


def traffic() -> NDArray[np.float64]:
    """Relative number of sessions by day: growth, weekday, campaigns, Christmas."""
    days = np.arange(DAYS)
    weekday = (days + START.weekday()) % 7
    level = (1 + 0.35 * days / DAYS) * np.choose(weekday, (1.02, 0.95, 0.93, 0.97, 0.94, 1.04, 1.22))
    for campaign in CAMPAIGNS:
        level[campaign.first : campaign.last + 1] *= 1 + (0.22 if campaign.categories else 0.5)
    level[day(2025, 12, 5) : day(2025, 12, 20)] *= 1.25
    return level  # type: ignore[no-any-return]


def moments(days: NDArray[np.int64], seconds: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Days since the start and seconds of the day as UTC times."""
    start = np.datetime64(START.isoformat(), "us")
    return start + days.astype("timedelta64[D]") + seconds.astype("timedelta64[s]")  # type: ignore[no-any-return]
