"""The last weeks are held out, and forecast from the cut."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from engine.errors import InvalidInput
from engine.estimators.base import Holdout
from engine.estimators.price_optimizer.demand import held_weeks

if TYPE_CHECKING:
    from engine.estimators.price_optimizer.data import Sales

FEWEST_WEEKS = 12
"""Weeks of sales below which nothing is foretold."""


def split(sales: Sales) -> Holdout:
    """Weeks before the cut, and all weeks with the ones from it.

    Raises
    ------
    InvalidInput
        There are too few weeks, or nothing was on sale in one of the parts.
    """
    weeks = held_weeks(sales.periods)
    cut = sales.periods - weeks
    if sales.periods < FEWEST_WEEKS or not (sales.panel.period < cut).any() or not (sales.panel.period >= cut).any():
        raise InvalidInput(
            f"The sales cover {sales.periods} weeks.",
            f"At least {FEWEST_WEEKS} are needed, with items on sale in the last {weeks} and before.",
            "Import orders of a longer time.",
        )
    day = sales.panel.day(cut)
    about = (
        f"Temporal: the last {weeks} weeks, from {day}, are forecast from there; the prices and promotions that were"
        " in force in them count as known"
    )
    if not sales.listed:
        about += ". There is no price list: a price is what was paid last, and items sold lately count as on sale"
    return Holdout(sales.until(cut), sales, about, datetime.combine(day, time(), tzinfo=UTC))
