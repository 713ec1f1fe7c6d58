"""Markdowns until the end of a season: a path of prices for each item that sells its stock for the most.

What the stock cost is spent, so the path with the highest revenue and salvage is the one with the highest
margin too. Sales until a week are Poisson with the demand until then, cut off at the stock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import InvalidInput
from engine.estimators.price_optimizer._figures import Figure, figure

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
_MOST_PATHS = 20_000


@dataclass(frozen=True, eq=False)
class MarkdownItem:
    """One item at the end of its season.

    Attributes
    ----------
    item_id : str
    stock : int
        Pieces on hand.
    price : float
        Now.
    demand : ndarray, shape (weeks,)
        Expected pieces of each week at the price now.
    elasticity : ndarray, shape (draws,)
    level : ndarray, shape (draws,), or None
        Draws of a factor on demand, around 1.
    cost : float or None
        Of a piece.
    salvage : float
        What a piece left over brings.
    lowest : float
        Price that it may not fall below.
    """

    item_id: str
    stock: int
    price: float
    demand: NDArray[np.float64]
    elasticity: NDArray[np.float64]
    level: NDArray[np.float64] | None = None
    cost: float | None = None
    salvage: float = 0.0
    lowest: float = 0.0


@dataclass(frozen=True, eq=False)
class MarkdownPlan:
    """The path chosen for an item, beside staying at the price now.

    Attributes
    ----------
    prices : ndarray, shape (weeks,)
        Never rising.
    units, revenue : Figure
        Of all weeks; never more units than stock. `revenue` is without salvage.
    proceeds : Figure
        Revenue and what is left at its salvage value.
    margin : Figure or None
        Proceeds less the cost of all stock; None where the cost is not known.
    gain : Figure
        Proceeds less those at the price now.
    sell_through : float
        Expected share of the stock that is sold.
    binding : str or None
        The bound that the path rests on, in words.
    """

    item_id: str
    prices: NDArray[np.float64]
    units: Figure
    units_now: Figure
    revenue: Figure
    revenue_now: Figure
    proceeds: Figure
    margin: Figure | None
    margin_now: Figure | None
    gain: Figure
    sell_through: float
    sell_through_now: float
    binding: str | None
    why: str


def plan_markdowns(
    items: Sequence[MarkdownItem],
    *,
    cuts: Sequence[float] = CUTS,
    most_steps: int = 2,
    sell_through: float | None = None,
) -> list[MarkdownPlan]:
    """A plan for every item.

    Parameters
    ----------
    items : sequence of MarkdownItem
    cuts : sequence of float
        Markdowns to choose from, as shares of the price now; 0 is always among them.
    most_steps : int
        Times that a price may fall after the first week's.
    sell_through : float, optional
        Share of the stock that shall be sold; where no path gets there, the one that gets closest is taken.

    Raises
    ------
    InvalidInput
        A stock, price, demand or cut that cannot be right.
    """
    levels = sorted({0.0, *cuts})
    if levels[0] < 0 or levels[-1] >= 1:
        raise InvalidInput(f"Markdowns are {list(cuts)}.", "They are shares from 0 to below 1.", "Write 30% as 0.3.")
    return [_plan(item, np.array(levels), most_steps, sell_through) for item in items]


@cache
def paths(weeks: int, levels: int, most_steps: int) -> NDArray[np.int64]:
    """All never rising prices, as places in the levels from dear to cheap, shape (n, weeks)."""
    found = []
    for steps in range(min(most_steps, weeks - 1) + 1):
        for when in combinations(range(1, weeks), steps):
            for chosen in combinations_with_replacement(range(levels), steps + 1):
                if len(set(chosen)) == steps + 1:
                    found.append(np.repeat(chosen, np.diff((0, *when, weeks))))
            if len(found) > _MOST_PATHS:
                raise InvalidInput(
                    f"{weeks} weeks and {levels} markdowns make too many plans.",
                    "Up to 20,000 are compared.",
                    "Plan fewer weeks, or allow fewer markdowns or steps.",
                )
    return np.array(found)


def _plan(item: MarkdownItem, cuts: NDArray[np.float64], most_steps: int, target: float | None) -> MarkdownPlan:
    _check(item)
    prices = np.round(item.price * (1 - cuts), 2)
    allowed = np.flatnonzero((prices >= item.lowest - 1e-9) & (prices > 0) | (cuts == 0))
    prices = prices[allowed]
    ways = paths(len(item.demand), len(prices), most_steps)
    sold, revenue = _expected(item, prices, ways)
    proceeds = revenue + item.salvage * (item.stock - sold)
    share = sold.mean(axis=1) / item.stock if item.stock else np.ones(len(ways))
    best, reached = _choose(proceeds.mean(axis=1), share, target)
    free = int(np.argmax(proceeds.mean(axis=1)))
    binding = _binding(item, ways[best], prices, cuts, share[best], target, forced=best != free, reached=reached)
    spent = None if item.cost is None else item.cost * item.stock
    return MarkdownPlan(
        item_id=item.item_id,
        prices=prices[ways[best]],
        units=figure(sold[best]),
        units_now=figure(sold[0]),
        revenue=figure(revenue[best]),
        revenue_now=figure(revenue[0]),
        proceeds=figure(proceeds[best]),
        margin=None if spent is None else figure(proceeds[best] - spent),
        margin_now=None if spent is None else figure(proceeds[0] - spent),
        gain=figure(proceeds[best] - proceeds[0]),
        sell_through=float(share[best]),
        sell_through_now=float(share[0]),
        binding=binding,
        why=_why(prices[ways[best]], item.price, binding),
    )


def _choose(proceeds: NDArray[np.float64], share: NDArray[np.float64], target: float | None) -> tuple[int, bool]:
    """The best path that meets the target, or the one that comes closest to it."""
    if target is None:
        return int(np.argmax(proceeds)), True
    meets = np.flatnonzero(share >= target - 1e-9)
    if len(meets):
        return int(meets[np.argmax(proceeds[meets])]), True
    return int(np.argmax(share)), False


def _expected(
    item: MarkdownItem, prices: NDArray[np.float64], ways: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expected pieces and revenue of every path and draw, shape (paths, draws)."""
    factor = np.exp(-item.elasticity[:, None] * np.log(prices / item.price)[None, :])
    if item.level is not None:
        factor = factor * item.level[:, None]
    sales = _sales(item.stock, float(item.demand.sum() * factor.max()))
    wanted = np.zeros((len(ways), len(item.elasticity)))
    sold, revenue = wanted.copy(), wanted.copy()
    for week, demand in enumerate(item.demand):
        at = ways[:, week]
        wanted = wanted + demand * factor.T[at]
        until = np.interp(wanted, *sales)
        revenue += (until - sold) * prices[at][:, None]
        sold = until
    return sold, revenue


def _sales(stock: int, most: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Demand and the expected sales out of a stock, `E min(stock, Poisson(demand))`."""
    from scipy.special import pdtr

    demand = np.concatenate([[0.0], np.geomspace(1e-3, max(most, 1.0) * 1.01, 600)])
    if stock == 0:
        return demand, np.zeros_like(demand)
    below = pdtr(stock - 1, demand) * demand
    return demand, np.minimum(below + stock * (1 - pdtr(stock, demand)), np.minimum(stock, demand))


def _binding(
    item: MarkdownItem,
    way: NDArray[np.int64],
    prices: NDArray[np.float64],
    cuts: NDArray[np.float64],
    share: float,
    target: float | None,
    *,
    forced: bool,
    reached: bool,
) -> str | None:
    if item.stock == 0:
        return "there is no stock"
    if not reached:
        return f"no allowed path sells {target:.0%} of the stock; this one sells the most"
    if forced:
        return f"{target:.0%} of the stock is to be sold"
    if way[-1] == len(prices) - 1 and len(prices) < len(cuts):
        return f"the price may not fall below {item.lowest:,.2f}"
    if way[-1] == len(prices) - 1 and len(prices) > 1:
        return f"the deepest markdown is {cuts[-1]:.0%}"
    return f"stock: {share:.0%} of {item.stock} pieces are sold" if share > 0.9 else None


def _why(prices: NDArray[np.float64], price: float, binding: str | None) -> str:
    end = f" ({binding})." if binding else "."
    if (prices >= price - 1e-9).all():
        return "Kept at the price now: a markdown would bring less than it gives away" + end
    weeks = np.flatnonzero(np.diff(np.concatenate([[price], prices])) < 0)
    steps = ", ".join(f"{prices[week]:,.2f} from week {week + 1}" for week in weeks)
    return f"Down to {steps}: this brings the most for what is on hand" + end


def _check(item: MarkdownItem) -> None:
    if item.stock < 0 or not (np.isfinite(item.price) and item.price > 0) or item.salvage < 0:
        raise InvalidInput(
            f"Item {item.item_id[:60]!r} has stock {item.stock}, price {item.price}, salvage {item.salvage}.",
            "Stock and salvage are 0 or more, the price is above 0.",
        )
    if not len(item.demand) or not (np.isfinite(item.demand).all() and (item.demand >= 0).all()):
        raise InvalidInput(
            f"Item {item.item_id[:60]!r} has no expected demand for the weeks left.",
            "There is a number of 0 or more for every week, at least one.",
        )
