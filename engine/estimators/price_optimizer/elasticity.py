"""How demand answers to price, by category and item, with honest uncertainty.

Units follow `exposure * level of the item * (price / list price) ** -elasticity * lift ** promoted`, with
seasons, periods and age beside it. Items have levels of their own (`_counts`), so prices that follow stock
and past sales do no harm; categories borrow from each other (`_pooling`), and items from their category.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import InvalidInput
from engine.estimators.price_optimizer import _counts, _design, _pooling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.panel import Panel

Z90 = 1.6448536269514722
LEAST_SALES = 20
"""Pieces sold below which nothing can be said."""


@dataclass(frozen=True, eq=False)
class Elasticities:
    """Posterior of a shop's price response; elasticities are positive numbers.

    Attributes
    ----------
    categories : tuple of str
    category : ndarray of int32, shape (n_items,)
        Index into `categories`.
    mean, sd, low, high : ndarray of float64, shape (n_categories,)
        Elasticity, its standard deviation and its 90% interval.
    covariance : ndarray of float64, shape (n_categories + 1, n_categories + 1)
        Of the elasticities and the log of the promotion lift.
    item_mean, item_sd : ndarray of float64, shape (n_items,)
        Elasticity of each item.
    item_spread : ndarray of float64, shape (n_items,)
        What the item's elasticity adds to the uncertainty of its category's (standard deviation).
    item_level : ndarray of float64, shape (n_items,)
        Level of an item's demand relative to what its category and season explain, 1 where unknown.
    promotion_mean, promotion_sd : float
        Factor on units while a promotion is named, and its standard deviation.
    shop_mean, shop_sd : float
        Mean elasticity of the shop's categories.
    rows, units : int
        Rows and pieces that it was learned from.
    by_category : ndarray of float64, shape (n_categories,)
        Pieces sold by category among them.
    """

    categories: tuple[str, ...]
    category: NDArray[np.int32]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    covariance: NDArray[np.float64]
    item_mean: NDArray[np.float64]
    item_sd: NDArray[np.float64]
    item_spread: NDArray[np.float64]
    item_level: NDArray[np.float64]
    promotion_mean: float
    promotion_sd: float
    shop_mean: float
    shop_sd: float
    rows: int
    units: int
    by_category: NDArray[np.float64]

    def sample(self, draws: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draws of the elasticities by category and of the promotion lift, shapes (draws, n_categories) and (draws,)."""
        middle = np.append(self.mean, np.log(self.promotion_mean))
        root = np.linalg.cholesky(self.covariance + 1e-12 * np.eye(len(middle)))
        drawn = middle + np.random.default_rng(seed).standard_normal((draws, len(middle))) @ root.T
        return np.maximum(drawn[:, :-1], 0.0), np.exp(drawn[:, -1])

    def sample_items(self, items: NDArray[np.int64], draws: int, seed: int = 0) -> NDArray[np.float64]:
        """Draws of the elasticities of items, shape (draws, len(items)), at least 0.

        Items of a category share its draws, since they share its uncertainty.
        """
        categories, _ = self.sample(draws, seed)
        which = self.category[items]
        own = np.random.default_rng([seed, 1]).standard_normal((draws, len(self.category)))[:, items]
        shift = self.item_mean[items] - self.mean[which]
        return np.maximum(categories[:, which] + shift + own * self.item_spread[items], 0.0)

    def response(
        self,
        item: int,
        price_from: float | NDArray[np.float64],
        price_to: float | NDArray[np.float64],
        draws: int = 400,
        *,
        seed: int = 0,
    ) -> NDArray[np.float64]:
        """Factor on an item's units when its price moves, shape (draws,) or (draws, n_prices).

        Raises
        ------
        InvalidInput
            A price is not above 0.
        """
        start, end = np.asarray(price_from, dtype=np.float64), np.asarray(price_to, dtype=np.float64)
        if not ((start > 0).all() and (end > 0).all()):
            raise InvalidInput("A price is 0 or less.", "Prices are above 0.", "Give the price in shop currency.")
        drawn = self.sample_items(np.array([item]), draws, seed)
        step = np.log(end / start)
        found: NDArray[np.float64] = np.exp(-drawn * step[None, ...])
        return found[:, 0] if step.ndim == 0 else found

    def arrays(self) -> dict[str, NDArray[np.float64] | NDArray[np.int32]]:
        """All arrays, for a file."""
        return {f.name: getattr(self, f.name) for f in fields(self) if isinstance(getattr(self, f.name), np.ndarray)}

    def numbers(self) -> dict[str, float | int | list[str]]:
        """All else, as JSON."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in self.arrays()}
        return {**plain, "categories": list(self.categories)}

    @classmethod
    def from_parts(
        cls, arrays: Mapping[str, NDArray[np.float64]], numbers: Mapping[str, float | int | list[str]]
    ) -> Elasticities:
        """What `arrays` and `numbers` gave, together again."""
        names = tuple(str(name) for name in numbers["categories"])  # type: ignore[union-attr]
        return cls(**{**arrays, **numbers, "categories": names})  # type: ignore[arg-type]


def fit(panel: Panel, *, max_rows: int = 600_000, seed: int = 0) -> Elasticities:
    """Learn a shop's price response.

    Parameters
    ----------
    panel : Panel
    max_rows : int
        Above this, items are drawn at random from every category, all of their rows each.
    seed : int
        Of that draw.

    Raises
    ------
    InvalidInput
        Too few sales, or prices that never changed.
    """
    from threadpoolctl import threadpool_limits

    _check(panel)
    used = _fewer(panel, max_rows, seed)
    with threadpool_limits(limits=1):
        design = _design.build(used)
        found = _counts.fit(design, len(panel.item_ids))
        pooled = _pool(design, found, len(panel.categories))
    return _assemble(panel, used, design, found, pooled)


def _check(panel: Panel) -> None:
    sold = panel.units.sum()
    if sold < LEAST_SALES:
        raise InvalidInput(
            f"{sold:.0f} pieces were sold at a known price.",
            f"At least {LEAST_SALES} are needed to see how demand answers to price.",
            "Import more orders, or prices for the time of the orders.",
        )
    moved = np.abs(np.log(panel.price / panel.reference)) > 1e-3
    if not moved.any():
        raise InvalidInput(
            "No item was ever sold at another price than its list price.",
            "How demand answers to price can only be seen where prices have changed.",
            "Import the price list with past prices, or wait until prices have changed.",
        )


def _fewer(panel: Panel, most: int, seed: int) -> Panel:
    """A random part of the items where there are too many rows."""
    if len(panel) <= most:
        return panel
    keep = np.random.default_rng(seed).random(len(panel.item_ids)) < most / len(panel)
    return panel.take(keep[panel.item])


def _pool(design: _design.Design, found: _counts.Fitted, categories: int) -> _pooling.Pooled:
    """Categories toward the shop's mean; those without rows are what the mean and the spread say."""
    present = np.array([part.category for part in design.parts])
    own = np.concatenate([design.of("elasticity"), design.of("promotion")])
    estimate = np.zeros(categories + 1)
    covariance = np.diag(np.full(categories + 1, 1e4))
    places = np.append(present, categories)
    estimate[places] = found.weights[own]
    covariance[np.ix_(places, places)] = found.covariance[np.ix_(own, own)]
    return _pooling.pool(estimate, covariance, categories)


def _assemble(
    panel: Panel, used: Panel, design: _design.Design, found: _counts.Fitted, pooled: _pooling.Pooled
) -> Elasticities:
    count = len(panel.categories)
    mean, covariance = pooled.mean[:count], pooled.covariance[: count + 1, : count + 1]
    sd = np.sqrt(np.diag(covariance)[:count])
    spread = _item_spread(found)
    shrink = spread**2 / (1 + spread**2 * found.information)
    deviation = shrink * found.score
    lift, lift_sd = float(np.exp(pooled.mean[count])), float(np.sqrt(covariance[count, count]))
    sold = np.bincount(used.category[used.item], weights=used.units, minlength=count)
    return Elasticities(
        categories=panel.categories,
        category=panel.category,
        mean=mean,
        sd=sd,
        low=mean - Z90 * sd,
        high=mean + Z90 * sd,
        covariance=covariance,
        item_mean=mean[panel.category] + deviation,
        item_sd=np.sqrt(sd[panel.category] ** 2 + shrink),
        item_spread=np.sqrt(shrink),
        item_level=found.level,
        promotion_mean=lift,
        promotion_sd=lift * lift_sd,
        shop_mean=float(pooled.mean[-1]),
        shop_sd=float(np.sqrt(pooled.covariance[-1, -1])),
        rows=len(used),
        units=int(used.units.sum()),
        by_category=sold.astype(np.float64),
    )


def _item_spread(found: _counts.Fitted) -> float:
    """How far items of a category differ in elasticity: what their scores vary more than chance."""
    total = float((found.information**2).sum())
    excess = float((found.score**2 - found.information).sum())
    return float(np.sqrt(np.clip(excess / total, 0.0, 1.0))) if total > 0 else 0.0
