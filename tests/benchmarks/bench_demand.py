"""Weekly demand of a grocer's products over the last eight weeks, forecast from the cut (see `journeys`).

Every model gets the same weeks, prices and promotions. Both kinds of trees choose their size from the same grid
on the last eight weeks of the training rows. There is no year before, so the naive forecasts are the last week
and the means of the last 4, 8 and 13 weeks; the best of them is the bar. The last rows tell what the same models
do when only the promotions of the held-out weeks are known and no price in them (see `journeys`), and when
neither is and the last ones are taken to go on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.estimators import measures
from engine.estimators.base import Holdout, Scores
from engine.estimators.price_optimizer import data, elasticity, evaluation, grid
from engine.estimators.price_optimizer import demand as demands
from engine.estimators.price_optimizer.config import PriceConfig
from engine.estimators.price_optimizer.data import Sales
from engine.estimators.price_optimizer.demand import Demand
from engine.estimators.price_optimizer.split import split
from tests.benchmarks.journeys import journeys
from tests.benchmarks.table import Figure, Table

SIZES: tuple[Mapping[str, Any], ...] = (
    {"leaves": 31, "leaf_rows": 100},
    {"leaves": 63, "leaf_rows": 60},
    {"leaves": 127, "leaf_rows": 60},
)
SHARED: Mapping[str, Any] = {"rounds": 1_000, "horizons": 1}
NAIVE = (1, 4, 8, 13)
_METRICS = ("wmape", "rmse", "bias", "interval_coverage")
_STRUCTURED, _PLAIN = "structured", "plain"


class Notes:
    """A report that keeps the best validation loss."""

    def __init__(self) -> None:
        self.loss = float("inf")

    def stage(self, name: str, share: float) -> None:
        return

    def metric(self, name: str, step: int, value: float) -> None:
        self.loss = min(self.loss, value) if name == "validation_loss" else self.loss

    def log(self, line: str) -> None:
        return


@dataclass(frozen=True)
class Measured:
    """A model's figures on the held-out weeks, and what it was."""

    scores: Scores
    fitted: Demand
    told: str


def run() -> Table:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        sales = data.read(journeys(Path(folder)))
        blind = data.read(journeys(Path(other), prices_ahead=False))
    holdout = split(sales)
    found = elasticity.fit(holdout.train.panel)
    slopes = (-np.maximum(found.item_mean, 0.0), -np.maximum(found.mean, 0.0))
    naive, best = _naive(holdout)
    models = {
        "elasticity alone": _best("elasticity", holdout, slopes, ({},)),
        "LightGBM without the structure": _best(_PLAIN, holdout, None, SIZES),
        "structured": _best(_STRUCTURED, holdout, slopes, SIZES),
    }
    units = len(naive[best])
    table = Table(
        "demand", f"The Complete Journey: {units:,} products sold in half of the weeks, last 8 weeks held out"
    )
    table.figures += [
        Figure(f"mean of the last {weeks} weeks, wmape", measures.value("wmape", rows), "")
        for weeks, rows in naive.items()
    ]
    for name, measured in models.items():
        table.figures += _told(name, measured, units)
    ours = models["structured"].scores.per_unit["wmape"]
    table.figures.append(
        _relative(f"structured by the best naive ({best} weeks), wmape less", ours, naive[best], "> 0.10")
    )
    plain = models["LightGBM without the structure"].scores.per_unit["wmape"]
    table.figures.append(_relative("structured by LightGBM without it, wmape less", ours, plain, "> 0"))
    table.figures += _without(models, replace(holdout, test=blind), naive[best], "prices ahead unknown")
    table.figures += _without(models, replace(holdout, test=_lasting(holdout)), naive[best], "promotions unknown too")
    return table


def _best(model: str, holdout: Holdout, slopes: Any, sizes: tuple[Mapping[str, Any], ...]) -> Measured:
    """The size with the least loss on the validation weeks."""
    tried = []
    for size in sizes:
        notes = Notes()
        config = PriceConfig(**{"model": model, **SHARED, **size})
        fitted = demands.fit(holdout.train, slopes, config, notes)
        rounds = "" if fitted.trees is None else f", {fitted.trees.rounds} trees of {config.leaves} leaves"
        tried.append((notes.loss, fitted, rounds))
    _, fitted, rounds = min(tried, key=lambda row: row[0])
    return Measured(evaluation.evaluate(fitted, holdout), fitted, rounds)


def _naive(holdout: Holdout) -> tuple[dict[int, NDArray[np.float64]], int]:
    """Addends of the weighted error of each naive forecast, and the best one's weeks."""
    sales, cut = holdout.test, holdout.train.periods
    whole = grid.build(sales)
    query, units = demands.weeks_ahead(whole, sales, cut, sales.periods - cut)
    _, group = np.unique(query.item, return_inverse=True)
    found = {}
    for weeks in NAIVE:
        span = slice(cut - weeks, cut)
        mean = whole.units[:, span].sum(axis=1) / np.maximum(whole.on[:, span].sum(axis=1), 1)
        found[weeks] = measures.by_group(np.column_stack([np.abs(mean[query.item] - units), units]), group)
    return found, min(found, key=lambda weeks: measures.value("wmape", found[weeks]))


def _without(models: Mapping[str, Measured], holdout: Holdout, naive: NDArray[np.float64], what: str) -> list[Figure]:
    """Every model's weighted error on other inputs for the same weeks, and ours by the rivals'."""
    rows = {name: evaluation.evaluate(measured.fitted, holdout).per_unit["wmape"] for name, measured in models.items()}
    ours = rows["structured"]
    return [
        *(_figure(f"{what}: {name}, wmape", "wmape", values, len(values)) for name, values in rows.items()),
        _relative(f"{what}: structured by the best naive, less", ours, naive),
        _relative(f"{what}: structured by LightGBM without it, less", ours, rows["LightGBM without the structure"]),
    ]


def _lasting(holdout: Holdout) -> Sales:
    """The held-out weeks as if each item's last price and promotion went on."""
    sales: Sales = holdout.test
    panel, cut = sales.panel, holdout.train.periods
    known = grid.build(holdout.train)
    later = panel.period >= cut
    item = panel.item
    price = np.where(later, panel.reference * np.exp(known.ratio[item, cut - 1]), panel.price)
    promoted = np.where(later, known.promoted[item, cut - 1], panel.promoted)
    campaign = np.where(later, known.campaign[item, cut - 1], sales.campaign).astype(np.int16)
    return replace(sales, panel=replace(panel, price=price, promoted=promoted), campaign=campaign)


def _told(name: str, measured: Measured, units: int) -> list[Figure]:
    rows = measured.scores.per_unit
    return [
        _figure(f"{name}{measured.told if metric == 'wmape' else ''}, {metric}", metric, rows[metric], units)
        for metric in _METRICS
    ]


def _figure(what: str, metric: str, rows: NDArray[np.float64], units: int) -> Figure:
    found = measures.interval(metric, rows)
    return Figure(what, found.value, "", found.low, found.high, units)


def _relative(what: str, ours: NDArray[np.float64], theirs: NDArray[np.float64], bar: str = "") -> Figure:
    """Share of their error that we do without, paired over products."""
    gains = -measures.gains("wmape", ours, theirs)
    base = measures.value("wmape", theirs)
    low, high = np.quantile(gains / base, [0.025, 0.975])
    value = 1 - measures.value("wmape", ours) / base
    return Figure(what, value, "", float(low), float(high), len(ours), bar)


if __name__ == "__main__":
    found = run()
    found.show()
    found.write()
