"""Weekly demand: a smoothed level, the answer to price and promotion, and trees that add what they leave out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.price_optimizer import conformal, features, grid, naive, response, trees
from engine.estimators.price_optimizer.features import HORIZON, Past, Query, Snapshot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.price_optimizer.config import PriceConfig
    from engine.estimators.price_optimizer.conformal import Intervals
    from engine.estimators.price_optimizer.data import Sales
    from engine.estimators.price_optimizer.grid import Grid
    from engine.estimators.price_optimizer.response import Response
    from engine.estimators.price_optimizer.trees import Trees

Slopes = tuple["NDArray[Any]", "NDArray[Any]"]
"""Known elasticities, of items and of categories."""

_WARM_UP = 4
"""Weeks at the start that are only looked back on."""

_CURVE_EVERY = 10


@dataclass(frozen=True, eq=False)
class Demand:
    """A fitted model of weekly demand, as of the end of its data.

    Attributes
    ----------
    naive : tuple of ndarray, shapes (n_items, HORIZON) and (n_categories, HORIZON), or None
        What the baseline foretells, where that is the model.
    share : float
        Part of the elasticity that trees start from.
    """

    snapshot: Snapshot
    response: Response
    trees: Trees | None
    naive: tuple[NDArray[np.float32], NDArray[np.float32]] | None
    intervals: Intervals
    share: float

    def units(self, query: Query) -> NDArray[np.float64]:
        """Expected units of item-weeks, shape (n_rows,)."""
        return _units(self.snapshot, self.response, self.trees, self.naive, query, self.share)


def held_weeks(periods: int) -> int:
    """Weeks at the end that are kept back: 8, or fewer on short data."""
    return HORIZON if periods >= 5 * HORIZON else max(1, min(HORIZON // 2, periods // 4))


def fit(sales: Sales, slopes: Slopes | None, config: PriceConfig, report: Report) -> Demand:
    """Learn demand; the last weeks choose the number of trees and calibrate the intervals, then all are learned from.

    Parameters
    ----------
    slopes : (ndarray of items, ndarray of categories), or None
        Change of log demand by log price; estimated by category where not given.
    """
    full = grid.build(sales)
    weeks = held_weeks(full.periods)
    cut = full.periods - weeks
    report.stage("Learning from the weeks before the last ones", 0.35)
    past = _past(sales, grid.build(sales.until(cut)), slopes, config)
    queries, units = weeks_ahead(full, sales, cut, weeks)
    grown, expected = _first(past, cut, queries, units, config, report)
    if not config.grows:
        report.metric("validation_loss", 0, deviance(units, expected, config.power))
    intervals = conformal.calibrate(expected, units)
    report.stage("Learning from all weeks", 0.7)
    past = _past(sales, full, slopes, config)
    final = None if grown is None else _grow(past, config, grown.rounds, None, report)
    guess = _naive(past, config)
    return Demand(past.snapshot(full.periods), past.response, final, guess, intervals, config.slope_share)


def _first(
    past: Past, cut: int, query: Query, units: NDArray[np.float64], config: PriceConfig, report: Report
) -> tuple[Trees | None, NDArray[np.float64]]:
    """Trees as good as they get on the validation weeks, none where the structure alone is better; and the forecast."""
    snapshot, share = past.snapshot(cut), config.slope_share
    alone = _units(snapshot, past.response, None, _naive(past, config), query, share)
    if not config.grows:
        return None, alone
    grown = _grow(past, config, config.rounds, _valid(past, snapshot, query, units, share), report)
    expected = _units(snapshot, past.response, grown, None, query, share)
    losses = [deviance(units, side, config.power) for side in (expected, alone)]
    if config.model != "plain" and losses[1] <= losses[0]:
        report.log("Trees were no better than the elasticity model alone on the last weeks; there are none.")
        return None, alone
    report.log(f"{grown.rounds} trees were best on the last weeks of the training rows.")
    return grown, expected


def weeks_ahead(whole: Grid, sales: Sales, cut: int, weeks: int) -> tuple[Query, NDArray[np.float64]]:
    """The items on sale in the weeks from a cut on, seen from the cut, and what they sold."""
    created = sales.panel.created / sales.panel.step_days
    periods = range(cut, min(cut + weeks, whole.periods))
    parts = [features.asked(whole, sales.panel.category, created, period, cut) for period in periods]
    names = Query.__dataclass_fields__
    joined = {name: np.concatenate([getattr(query, name) for query, _ in parts]) for name in names}
    return Query(**joined), np.concatenate([units for _, units in parts])


def deviance(units: NDArray[Any], expected: NDArray[Any], power: float) -> float:
    """Mean Tweedie loss, the negative log likelihood up to what no forecast can change."""
    level = np.maximum(np.asarray(expected, dtype=np.float64), 1e-6)
    return float((-units * level ** (1 - power) / (1 - power) + level ** (2 - power) / (2 - power)).mean())


def _units(
    snapshot: Snapshot,
    answer: Response,
    grown: Trees | None,
    guess: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
    query: Query,
    share: float,
) -> NDArray[np.float64]:
    ahead = np.minimum(query.ahead, HORIZON) - 1
    if guess is not None:
        known = query.item >= 0
        found = np.where(known, guess[0][np.maximum(query.item, 0), ahead], guess[1][query.category, ahead])
        return np.asarray(found * query.whole, dtype=np.float64)
    offset = features.expected(snapshot, query, answer)
    if grown is None:
        alone: NDArray[np.float64] = np.exp(offset)
        return alone
    offset = features.expected(snapshot, query, answer, share=share)
    return grown.units(features.design(snapshot, query, answer.lift), offset)


def _past(sales: Sales, known: Grid, slopes: Slopes | None, config: PriceConfig) -> Past:
    category = sales.panel.category
    answer = response.fit(known, category, len(sales.campaigns), slopes)
    return Past(known, category, sales.panel.created / sales.panel.step_days, answer, config.half_life_weeks)


def _naive(past: Past, config: PriceConfig) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    return naive.forecast(past.grid, past.category, past.grid.periods) if config.model == "baseline" else None


def _valid(past: Past, snapshot: Snapshot, query: Query, units: NDArray[np.float64], share: float) -> trees.Rows:
    columns = features.design(snapshot, query, past.response.lift)
    return trees.Rows(columns, units, features.expected(snapshot, query, past.response, share=share))


def _grow(past: Past, config: PriceConfig, rounds: int, valid: trees.Rows | None, report: Report) -> Trees:
    def curve(step: int, loss: float) -> None:
        if step % _CURVE_EVERY == 1:
            report.metric("validation_loss", step, loss)

    return trees.grow(_training(past, config), valid, config, rounds=rounds, curve=curve)


def _training(past: Past, config: PriceConfig) -> trees.Rows:
    """Every week on sale, seen from some weeks before it; which ones turns with the week."""
    columns, units, offset = [], [], []
    kept: dict[int, Snapshot] = {}
    for period in range(min(_WARM_UP, past.grid.periods - 1), past.grid.periods):
        for origin in _origins(period, config.horizons):
            if origin not in kept:
                kept[origin] = past.snapshot(origin)
            query, sold = features.asked(past.grid, past.category, past.created, period, origin)
            columns.append(features.design(kept[origin], query, past.response.lift))
            offset.append(features.expected(kept[origin], query, past.response, share=config.slope_share))
            units.append(sold)
    return trees.Rows(np.concatenate(columns), np.concatenate(units), np.concatenate(offset))


def _origins(period: int, horizons: int) -> list[int]:
    steps = [(period + turn * HORIZON // horizons) % HORIZON for turn in range(horizons)]
    return sorted({max(period - step, 1) for step in steps})
