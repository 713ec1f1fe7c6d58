"""How well the held-out weeks were foretold; an item is a unit, since its weeks are not independent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.estimators import measures
from engine.estimators.price_optimizer import grid
from engine.estimators.price_optimizer.demand import Demand, weeks_ahead

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Holdout, Scores
    from engine.estimators.price_optimizer.data import Sales
    from engine.estimators.price_optimizer.features import Query

_THIN_UNITS = 10.0
_NEW_WEEKS = 8
_MOST_CATEGORIES = 12


def evaluate(demand: Demand, holdout: Holdout) -> Scores:
    """Weighted error, bias, spread and coverage of the held-out weeks.

    Raises
    ------
    InvalidInput
        Nothing was sold in them.
    """
    sales: Sales = holdout.test
    cut = holdout.train.periods
    whole = grid.build(sales)
    query, units = weeks_ahead(whole, sales, cut, sales.periods - cut)
    if units.sum() <= 0:
        raise InvalidInput("Nothing was sold in the held-out weeks.", "A forecast is measured on sales.")
    expected = demand.units(query)
    low, high = demand.intervals.around(expected)
    items, group = np.unique(query.item, return_inverse=True)
    error = expected - units
    per_unit = {
        "wmape": measures.by_group(np.column_stack([np.abs(error), units]), group),
        "rmse": measures.by_group(error**2, group),
        "bias": measures.by_group(np.column_stack([error, units]), group),
        "interval_coverage": measures.by_group((units >= low - 1e-9) & (units <= high + 1e-9), group),
    }
    members = _members(sales, whole, query, items, group, cut)
    off = measures.interval("bias", per_unit["bias"])
    extra = {"absolute_bias": off.model_copy(update={"value": abs(off.value), "low": None, "high": None})}
    miss = abs(measures.value("interval_coverage", per_unit["interval_coverage"]) - 0.9)
    extra["coverage_error"] = extra["absolute_bias"].model_copy(update={"value": miss})
    return measures.scores(holdout.about, per_unit, members, extra=extra)


def _members(
    sales: Sales, whole: grid.Grid, query: Query, items: NDArray[Any], group: NDArray[Any], cut: int
) -> dict[str, NDArray[np.bool_]]:
    """Slices of the items: categories, promoted or not, thin, new."""
    past = whole.until(cut)
    sold = past.units.sum(axis=1)[items]
    promoted = np.bincount(group, query.campaign > 0) > 0
    category = sales.panel.category[items]
    volume = np.bincount(sales.panel.category, whole.units.sum(axis=1), len(sales.panel.categories))
    largest = np.argsort(-volume, kind="stable")[:_MOST_CATEGORIES]
    return {
        **{f"category: {sales.panel.categories[code]}": category == code for code in largest},
        "promoted in these weeks": promoted,
        "never promoted in these weeks": ~promoted,
        f"thin: fewer than {_THIN_UNITS:.0f} pieces before": sold < _THIN_UNITS,
        f"new: on sale for less than {_NEW_WEEKS} weeks": past.on.sum(axis=1)[items] < _NEW_WEEKS,
    }
