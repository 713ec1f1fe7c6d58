"""From forecasts and elasticities to decisions on prices: try out, recommend, mark down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import InvalidInput
from engine.estimators.price_optimizer import answers, decisions
from engine.estimators.price_optimizer._markdown import CUTS
from engine.estimators.price_optimizer.features import HORIZON

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.decisions import (
        Bounds,
        MarkdownPlan,
        Objective,
        Recommendation,
        WhatIf,
    )
    from engine.estimators.price_optimizer.demand import Demand
    from engine.estimators.price_optimizer.elasticity import Elasticities
    from engine.estimators.price_optimizer.shop import Shop

DRAWS = 400
_LEVEL_SPREAD = 0.15
"""Log spread of the expected level itself, beyond what the elasticity leaves open."""


@dataclass(frozen=True, eq=False)
class Pricing:
    """What decisions are made of."""

    shop: Shop
    demand: Demand
    elasticities: Elasticities
    seed: int = 0

    def what_if(self, item_ids: Sequence[str], prices: Sequence[float], *, weeks: int = 4) -> list[WhatIf]:
        """Each item at a new price, over the next weeks."""
        _weeks(weeks)
        if len(item_ids) != len(prices):
            raise InvalidInput(f"There are {len(item_ids)} products and {len(prices)} prices.", "One price each.")
        found, places = [], self._places(item_ids)
        for place, price, weekly in zip(places, prices, self._weekly(places, weeks), strict=True):
            units, elasticity = self._draws(place, weekly)
            now = float(self.shop.price[place])
            found.append(decisions.what_if(units, now, price, elasticity, cost=self._cost(place)))
        return found

    def recommend(
        self,
        item_ids: Sequence[str],
        *,
        bounds: Bounds | None = None,
        objective: Objective | None = None,
        weeks: int = 4,
    ) -> list[Recommendation]:
        """The best price of each item within bounds; profit where its cost is known, else revenue."""
        _weeks(weeks)
        found, places = [], self._places(item_ids)
        for place, weekly in zip(places, self._weekly(places, weeks), strict=True):
            units, elasticity = self._draws(place, weekly)
            cost = self._cost(place)
            aim: Objective = objective or ("revenue" if cost is None else "profit")
            now = float(self.shop.price[place])
            found.append(decisions.recommend(units, now, elasticity, cost=cost, bounds=bounds, objective=aim))
        return found

    def markdown_plan(
        self,
        item_ids: Sequence[str],
        stock: Mapping[str, int],
        *,
        weeks: int = 6,
        cuts: Sequence[float] = CUTS,
        most_steps: int = 2,
        sell_through: float | None = None,
        salvage: float = 0.0,
        floor_margin: float | None = None,
    ) -> list[MarkdownPlan]:
        """Prices until the end of a season that bring the most for the stock on hand.

        Parameters
        ----------
        stock : mapping of item id to pieces
        salvage : float
            What a piece left over brings, as a share of its price now.
        floor_margin : float, optional
            Least margin as a share of the price, where the cost is known.
        """
        _weeks(weeks)
        items, places = [], self._places(item_ids)
        for name, place, demand in zip(item_ids, places, self._weekly(places, weeks), strict=True):
            if name not in stock:
                raise InvalidInput(f"The stock of {name[:60]!r} is not told.", "A plan needs the pieces on hand.")
            units, elasticity = self._draws(place, demand)
            cost = self._cost(place)
            lowest = 0.0 if cost is None or floor_margin is None else cost / (1 - floor_margin)
            price = float(self.shop.price[place])
            items.append(
                decisions.MarkdownItem(
                    item_id=name,
                    stock=stock[name],
                    price=price,
                    demand=demand,
                    elasticity=elasticity,
                    level=units / max(float(demand.sum()), 1e-9),
                    cost=cost,
                    salvage=salvage * price,
                    lowest=lowest,
                )
            )
        return decisions.plan_markdowns(items, cuts=cuts, most_steps=most_steps, sell_through=sell_through)

    def _places(self, item_ids: Sequence[str]) -> NDArray[np.int64]:
        places = [self.shop.places.get(name, -1) for name in item_ids]
        lost = [name for name, place in zip(item_ids, places, strict=True) if place < 0]
        lost += [name for name, place in zip(item_ids, places, strict=True) if place >= 0 and not self._sold(place)]
        if lost:
            raise InvalidInput(
                f"{len(lost)} products have no price that is known, {lost[0][:60]!r} among them.",
                "Prices are planned for products that were on sale.",
                "Leave them out, or train on newer data.",
            )
        return np.array(places, dtype=np.int64)

    def _sold(self, place: int) -> bool:
        return bool(np.isfinite(self.shop.price[place]))

    def _cost(self, place: int) -> float | None:
        cost = float(self.shop.cost[place])
        return cost if np.isfinite(cost) else None

    def _weekly(self, places: NDArray[np.int64], weeks: int) -> NDArray[np.float64]:
        """Expected units of each week at the price now, shape (n_items, weeks)."""
        names = [self.shop.item_ids[place] for place in places]
        ahead = range(1, weeks + 1)
        questions = [
            answers.read(self.shop, {"item_id": name, "weeks_ahead": week}) for name in names for week in ahead
        ]
        if not questions:
            return np.zeros((0, weeks))
        return self.demand.units(answers.query(self.shop, questions)).reshape(len(names), weeks)

    def _draws(self, place: int, weekly: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draws of the units of all weeks at the price now, and of the elasticity."""
        elasticity = self.elasticities.sample_items(np.array([place]), DRAWS, self.seed)[:, 0]
        noise = np.random.default_rng([self.seed, int(place)]).standard_normal(DRAWS) * _LEVEL_SPREAD
        return float(weekly.sum()) * np.exp(noise - _LEVEL_SPREAD**2 / 2), elasticity


def _weeks(weeks: int) -> None:
    if not 1 <= weeks <= HORIZON:
        raise InvalidInput(f"{weeks} weeks cannot be foretold.", f"1 to {HORIZON} weeks can.", "Plan fewer weeks.")
