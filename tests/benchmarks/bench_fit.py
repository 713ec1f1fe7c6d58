"""Small, fit or large on Rent The Runway: ours beside the prior and a plain multinomial logistic regression.

All learn from the same older rentals, are calibrated and get their class weights from the newest of them in the
same way, and are measured on the newest fifth. Intervals resample shoppers, with all their rentals (cluster
bootstrap), and are paired.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.estimators import measures
from engine.estimators.base import Holdout
from engine.estimators.calibration import reliability
from engine.estimators.fit_advisor.config import FitAdvisorConfig
from engine.estimators.fit_advisor.data import units
from engine.estimators.fit_advisor.estimator import FitAdvisor
from engine.estimators.fit_advisor.measuring import by_unit, cold
from engine.settings import Settings
from tests.benchmarks.bench_data import SHARED
from tests.benchmarks.table import Figure, Table
from tests.engine.estimators.shops import Silent

_MODELS = {"ours": "lightgbm", "latent": "latent", "multinomial": "multinomial", "prior": "baseline"}
_METRICS = ("log_loss", "macro_f1")


def run() -> Table:
    """Learn with each model, and compare on the same shoppers."""
    holdout = rentals()
    test, fresh = holdout.test, cold(holdout)
    table = Table("fit", f"Rent The Runway, {len(holdout.train):,} to learn from, {len(test):,} held out by time")
    told = {name: foretold(model, holdout) for name, model in _MODELS.items()}
    everybody = np.ones(len(test), dtype=bool)
    for who, rows in (("all", everybody), ("cold shoppers", fresh), ("warm shoppers", ~fresh)):
        found = {name: addends(test.fit[rows], *pair, rows, units(test)[rows]) for name, pair in told.items()}
        for name in _MODELS:
            table.figures += [figure(f"{who}: {name}: {metric}", metric, found[name][metric]) for metric in _METRICS]
            table.figures.append(
                Figure(f"{who}: {name}: ECE", calibration_error(test.fit[rows], *told[name], rows), "")
            )
        for peer in list(_MODELS)[1:]:
            table.figures += [gain(f"{who}: ours - {peer}", metric, found["ours"], found[peer]) for metric in _METRICS]
    return table


def rentals() -> Holdout:
    """The data set as the importer reads it, split by time."""
    with tempfile.TemporaryDirectory() as folder, Engine.open(Settings.at(Path(folder))) as engine:
        source = SHARED / "rent_the_runway" / "rentals.parquet"
        engine.call(CatalogService.run_import, actor=Actor.system("bench"), shop="rentals", path=source)
        snapshot = engine.call(CatalogService.list_snapshots, shop="rentals")[0]
        dataset = engine.service(CatalogService).dataset(snapshot.number)
        return FitAdvisor.holdout(dataset, FitAdvisorConfig())


def foretold(model: str, holdout: Holdout) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Probabilities and verdicts of the held-out rows."""
    found = FitAdvisor(FitAdvisorConfig.model_validate({"model": model}))
    found.fit(holdout.train, Silent())
    chances = found.model.chances(holdout.test)
    return chances, found.model.decider.verdicts(chances)


def addends(
    fit: NDArray[Any], chances: NDArray[Any], guess: NDArray[Any], rows: NDArray[np.bool_], unit: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Addends of each metric by shopper."""
    return {
        "log_loss": by_unit(measures.log_losses(fit, chances[rows]), unit),
        "macro_f1": by_unit(measures.macro_f1_addends(fit, guess[rows], 3), unit),
    }


def figure(what: str, metric: str, per_unit: NDArray[np.float64]) -> Figure:
    found = measures.interval(metric, per_unit, resamples=500)
    return Figure(what, found.value, "", found.low, found.high, len(per_unit))


def gain(what: str, metric: str, ours: dict[str, Any], theirs: dict[str, Any]) -> Figure:
    """Ours less a peer's on the same resamples of shoppers."""
    values = measures.gains(metric, ours[metric], theirs[metric], resamples=1_000)
    low, high = np.quantile(values, [0.025, 0.975])
    bar = "interval below 0" if metric == "log_loss" else "interval above 0"
    difference = measures.value(metric, ours[metric]) - measures.value(metric, theirs[metric])
    return Figure(f"{what}: {metric}", difference, "", float(low), float(high), len(ours[metric]), bar)


def calibration_error(fit: NDArray[Any], chances: NDArray[Any], guess: NDArray[Any], rows: NDArray[np.bool_]) -> float:
    """Of the probability of the verdict."""
    verdict = guess[rows]
    return reliability(chances[rows][np.arange(len(verdict)), verdict], verdict == fit).ece
