"""What to charge: a price tried out, the best price within bounds, and a plan for the end of a season.

Pure functions on numbers. Uncertainty comes in as draws of an item's elasticity and of the level of its
demand; intervals hold 90% of the draws and are of expected figures, not of a single week's luck.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.errors import InvalidInput
from engine.estimators.price_optimizer._figures import Figure, figure
from engine.estimators.price_optimizer._markdown import MarkdownItem, MarkdownPlan, plan_markdowns

if TYPE_CHECKING:
    from numpy.typing import NDArray

Objective = Literal["profit", "revenue", "units"]


@dataclass(frozen=True)
class Outcome:
    """What is expected of a period at a price; margin is None where the cost is not known."""

    price: float
    units: Figure
    revenue: Figure
    margin: Figure | None


@dataclass(frozen=True)
class WhatIf:
    """Now and then; `gain` is then less now, of margin, or of revenue where the cost is not known."""

    now: Outcome
    then: Outcome
    gain: Figure
    better: float
    """Share of the draws in which `gain` is above 0."""


@dataclass(frozen=True)
class Bounds:
    """What the merchandiser allows.

    Attributes
    ----------
    most_down, most_up : float
        Largest change as shares of the price now.
    floor_margin : float or None
        Least margin as a share of the price; needs a cost.
    lowest, highest : float or None
        Prices.
    endings : tuple of float
        What prices end in, such as (0.95, 0.99); empty for any whole hundredth.
    """

    most_down: float = 0.3
    most_up: float = 0.2
    floor_margin: float | None = None
    lowest: float | None = None
    highest: float | None = None
    endings: tuple[float, ...] = ()


@dataclass(frozen=True)
class Recommendation:
    """A price with what it brings and why; `binding` is the bound that it rests on, in words, or None."""

    price: float
    result: WhatIf
    objective: Objective
    binding: str | None
    why: str


def what_if(
    units: float | NDArray[np.float64],
    price_now: float,
    price_then: float,
    elasticity: NDArray[np.float64],
    *,
    cost: float | None = None,
    lift: float | NDArray[np.float64] = 1.0,
) -> WhatIf:
    """What a change of price does to a period.

    Parameters
    ----------
    units : float or ndarray, shape (draws,)
        Expected pieces at the price now.
    price_now, price_then : float
        Above 0, in shop currency.
    elasticity : ndarray, shape (draws,)
    cost : float, optional
        Of a piece.
    lift : float or ndarray, shape (draws,)
        Further factor on the units then, such as a promotion's.

    Raises
    ------
    InvalidInput
        A price is not above 0, or units or cost are below 0.
    """
    _check(units, price_now, cost)
    _check(units, price_then, cost)
    level = np.broadcast_to(np.asarray(units, dtype=np.float64), elasticity.shape)
    then = level * (price_then / price_now) ** -elasticity * lift
    unit_now, unit_then = price_now - (cost or 0.0), price_then - (cost or 0.0)
    gain = then * unit_then - level * unit_now
    return WhatIf(
        now=_outcome(price_now, level, cost),
        then=_outcome(price_then, then, cost),
        gain=figure(gain),
        better=float((gain > 0).mean()),
    )


def recommend(
    units: float | NDArray[np.float64],
    price_now: float,
    elasticity: NDArray[np.float64],
    *,
    cost: float | None = None,
    bounds: Bounds | None = None,
    objective: Objective = "profit",
) -> Recommendation:
    """The price within bounds at which the objective is highest on average over the draws.

    A price now that breaks a bound is left; where no price meets all bounds, it is kept.

    Raises
    ------
    InvalidInput
        As `what_if`; bounds that cannot be right; profit is asked for without a cost.
    """
    limits = bounds or Bounds()
    _check(units, price_now, cost)
    _check_bounds(limits)
    if objective == "profit" and cost is None:
        raise InvalidInput(
            "The cost of this item is not known.",
            "Profit needs what a piece costs the shop.",
            "Import costs, or aim for revenue.",
        )
    low, high = _lower(price_now, cost, limits), _upper(price_now, limits)
    prices = candidates(price_now, low[0], high[0], limits.endings)
    if not len(prices):
        result = what_if(units, price_now, price_now, elasticity, cost=cost)
        crossed = low[0] > high[0]
        binding = f"{low[1]}, and {high[1]}" if crossed else "no allowed price ending lies within the bounds"
        return Recommendation(price_now, result, objective, binding, f"The price is kept: {binding}.")
    values = _values(units, price_now, prices, elasticity, cost, objective)
    best = int(np.argmax(values))
    price = float(prices[best])
    result = what_if(units, price_now, price, elasticity, cost=cost)
    at_bound = low if best == 0 else high if best == len(prices) - 1 else None
    rests = at_bound[1] if at_bound is not None and len(prices) > 1 else None
    return Recommendation(price, result, objective, rests, _why(price, price_now, objective, rests))


def candidates(price_now: float, low: float, high: float, endings: tuple[float, ...] = ()) -> NDArray[np.float64]:
    """Prices from `low` to `high` that end as they should, in rising order; the price now counts if it lies there."""
    if low > high + 1e-9:
        return np.zeros(0)
    if endings:
        whole = np.arange(np.floor(low), np.ceil(high) + 1)
        found = (whole[:, None] + np.array(endings)[None, :]).ravel()
    else:
        found = np.append(np.arange(np.ceil(low * 100 - 1e-6), np.floor(high * 100 + 1e-6) + 1) / 100, price_now)
        if len(found) > 2_000:
            found = np.append(np.round(np.geomspace(max(low, 0.01), high, 1_000), 2), price_now)
    found = np.append(np.round(found, 2), price_now)
    within = (found >= low - 1e-9) & (found <= high + 1e-9) & (found > 0)
    return np.unique(found[within])


def _values(
    units: float | NDArray[np.float64],
    price_now: float,
    prices: NDArray[np.float64],
    elasticity: NDArray[np.float64],
    cost: float | None,
    objective: Objective,
) -> NDArray[np.float64]:
    """Mean of the objective over the draws at each price."""
    level = np.broadcast_to(np.asarray(units, dtype=np.float64), elasticity.shape)
    sold = level[:, None] * np.exp(-elasticity[:, None] * np.log(prices / price_now)[None, :])
    each = {"profit": prices - (cost or 0.0), "revenue": prices, "units": np.ones_like(prices)}[objective]
    return sold.mean(axis=0) * each  # type: ignore[no-any-return]


def _lower(price: float, cost: float | None, limits: Bounds) -> tuple[float, str]:
    """The least price allowed and what sets it."""
    found = [(price * (1 - limits.most_down), f"it may fall by {limits.most_down:.0%} at most")]
    if limits.lowest is not None:
        found.append((limits.lowest, f"the lowest price is {limits.lowest:,.2f}"))
    if limits.floor_margin is not None and cost is not None:
        found.append((cost / (1 - limits.floor_margin), f"the margin may not fall below {limits.floor_margin:.0%}"))
    return max(found, key=lambda bound: bound[0])


def _upper(price: float, limits: Bounds) -> tuple[float, str]:
    found = [(price * (1 + limits.most_up), f"it may rise by {limits.most_up:.0%} at most")]
    if limits.highest is not None:
        found.append((limits.highest, f"the highest price is {limits.highest:,.2f}"))
    return min(found, key=lambda bound: bound[0])


def _why(price: float, price_now: float, objective: Objective, binding: str | None) -> str:
    if price == price_now:
        return f"Expected {objective} is highest at the price now" + (f": {binding}." if binding else ".")
    way = "Lower" if price < price_now else "Higher"
    if binding is None:
        return f"{way}: expected {objective} is highest here, and no bound stands in the way."
    return f"{way}, as far as allowed: {binding}."


def _outcome(price: float, units: NDArray[np.float64], cost: float | None) -> Outcome:
    margin = None if cost is None else figure(units * (price - cost))
    return Outcome(price, figure(units), figure(units * price), margin)


def _check(units: float | NDArray[np.float64], price: float, cost: float | None) -> None:
    if not (np.isfinite(price) and price > 0):
        raise InvalidInput(f"The price is {price}.", "Prices are above 0.", "Give the price in shop currency.")
    if not (np.isfinite(units).all() and (np.asarray(units) >= 0).all()):
        raise InvalidInput("The units at the price now are below 0 or unknown.", "They are 0 or more.")
    if cost is not None and not (np.isfinite(cost) and cost >= 0):
        raise InvalidInput(f"The cost is {cost}.", "Costs are 0 or more.", "Leave it out where it is not known.")


def _check_bounds(limits: Bounds) -> None:
    shares = (limits.most_down, limits.floor_margin or 0.0)
    if not all(0 <= share < 1 for share in shares) or limits.most_up < 0:
        raise InvalidInput(
            f"The bounds are {limits.most_down} down, {limits.most_up} up, {limits.floor_margin} margin.",
            "They are shares: 0 or more, and below 1 for a fall and a margin.",
            "Write 30% as 0.3.",
        )
    if not all(0 <= ending < 1 for ending in limits.endings):
        raise InvalidInput(f"Price endings are {limits.endings}.", "They lie from 0 to below 1, such as 0.95.")


__all__ = [
    "Bounds",
    "Figure",
    "MarkdownItem",
    "MarkdownPlan",
    "Objective",
    "Outcome",
    "Recommendation",
    "WhatIf",
    "candidates",
    "plan_markdowns",
    "recommend",
    "what_if",
]
