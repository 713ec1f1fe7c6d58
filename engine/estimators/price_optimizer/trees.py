"""Boosted trees of counts on a log scale, on top of an offset and never rising with the price."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import boosting
from engine.estimators.price_optimizer.features import CATEGORY, NAMES, PRICE, SHRUNK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.config import PriceConfig

_PATIENCE = 40
_HIGHEST = 20.0
_MANY_ROWS = 400_000
"""Rows from which a second thread wins more than threads lose by waiting for each other on a busy machine."""

Curve = Callable[[int, float], None]
"""Told of the validation loss after each tree."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What trees are grown on: columns `NAMES`, units sold, log of the units that the structure expects."""

    columns: NDArray[np.float32]
    units: NDArray[np.float64]
    offset: NDArray[np.float64]


@dataclass(frozen=True)
class Trees:
    """A fitted booster, as the bytes it is stored in.

    Attributes
    ----------
    library : str
        "lightgbm" or "xgboost".
    structured : bool
        Whether it adds to an offset.
    """

    library: str
    structured: bool
    model: bytes
    rounds: int

    def units(self, columns: NDArray[np.float32], offset: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected units, shape (n_rows,)."""
        if not len(columns):
            return np.zeros(0)
        raw = self._raw(shown(columns, structured=self.structured))
        found: NDArray[np.float64] = np.exp(np.minimum(raw + (offset if self.structured else 0.0), _HIGHEST))
        return found

    def _raw(self, columns: NDArray[np.float32]) -> NDArray[np.float64]:
        if self.library == "xgboost":
            data = boosting.xgboost().DMatrix(columns, base_margin=np.zeros(len(columns)), nthread=1)
            return np.asarray(self._booster.predict(data, output_margin=True), dtype=np.float64)
        return np.asarray(self._booster.predict(columns, raw_score=True, num_threads=1), dtype=np.float64)

    @cached_property
    def _booster(self) -> Any:
        """The parsed model."""
        if self.library == "xgboost":
            return boosting.xgboost().Booster(model_file=bytearray(self.model))
        return boosting.lightgbm().Booster(model_str=self.model.decode())


def shown(columns: NDArray[np.float32], *, structured: bool) -> NDArray[np.float32]:
    """The columns that a model is given: without the structure, no shrunk levels."""
    return columns if structured else np.delete(columns, SHRUNK, axis=1)


def grow(
    train: Rows, valid: Rows | None, config: PriceConfig, *, rounds: int, curve: Curve = lambda step, loss: None
) -> Trees:
    """Grow trees, as many as were best on the validation rows where there are some."""
    structured = config.model != "plain"
    if config.model == "xgboost":
        model, count = _xgboost(train, valid, config, rounds, curve)
        return Trees("xgboost", True, model, count)
    model, count = _lightgbm(train, valid, config, rounds, curve, structured=structured)
    return Trees("lightgbm", structured, model, count)


def _lightgbm(
    train: Rows, valid: Rows | None, config: PriceConfig, rounds: int, curve: Curve, *, structured: bool
) -> tuple[bytes, int]:
    lgb = boosting.lightgbm()
    names = [name for place, name in enumerate(NAMES) if structured or place not in SHRUNK]

    def data(rows: Rows, reference: Any = None) -> Any:
        return lgb.Dataset(
            shown(rows.columns, structured=structured),
            rows.units,
            init_score=rows.offset if structured else None,
            reference=reference,
            feature_name=[name.replace(" ", "_") for name in names],
            categorical_feature=[names.index(NAMES[CATEGORY])],
            free_raw_data=False,
        )

    first = data(train)
    told = [data(valid, first)] if valid is not None else []
    callbacks = [_told(curve)]
    if valid is not None:
        callbacks.append(lgb.early_stopping(_PATIENCE, verbose=False))
    parameters = _parameters(config, _threads(train))
    if structured:
        parameters["monotone_constraints"] = [-1 if name == NAMES[PRICE] else 0 for name in names]
        parameters["monotone_constraints_method"] = "intermediate"
    booster = lgb.train(parameters, first, rounds, valid_sets=told, callbacks=callbacks)
    count = booster.best_iteration if valid is not None else rounds
    count = max(1, int(count or rounds))
    return booster.model_to_string(num_iteration=count).encode(), count


def _threads(train: Rows) -> int:
    return (os.cpu_count() or 1) if len(train.units) >= _MANY_ROWS else 1


def _parameters(config: PriceConfig, threads: int) -> dict[str, Any]:
    return {
        "objective": config.objective,
        "metric": config.objective,
        "tweedie_variance_power": config.power,
        "num_leaves": config.leaves,
        "learning_rate": config.learning_rate,
        "min_data_in_leaf": config.leaf_rows,
        "feature_fraction": config.column_share,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "seed": config.seed,
        "verbose": -1,
    }


def _told(curve: Curve) -> Callable[[Any], None]:
    def tell(environment: Any) -> None:
        for _, _, value, *_ in environment.evaluation_result_list or ():
            curve(environment.iteration + 1, float(value))

    return tell


def _xgboost(train: Rows, valid: Rows | None, config: PriceConfig, rounds: int, curve: Curve) -> tuple[bytes, int]:
    xgb = boosting.xgboost()
    tweedie = config.objective == "tweedie"
    metric = f"tweedie-nloglik@{config.power}" if tweedie else "poisson-nloglik"
    parameters = {
        "objective": "reg:tweedie" if tweedie else "count:poisson",
        "eval_metric": metric,
        "tree_method": "hist",
        "grow_policy": "lossguide",
        "max_leaves": config.leaves,
        "max_depth": 0,
        "eta": config.learning_rate,
        "min_child_weight": config.leaf_rows / 10,
        "colsample_bytree": config.column_share,
        "monotone_constraints": "(" + ",".join("-1" if place == PRICE else "0" for place in range(len(NAMES))) + ")",
        "nthread": _threads(train),
        "seed": config.seed,
        **({"tweedie_variance_power": config.power} if tweedie else {}),
    }
    first, *told = [
        xgb.DMatrix(rows.columns, rows.units, base_margin=rows.offset) for rows in (train, valid) if rows is not None
    ]
    losses: dict[str, dict[str, list[float]]] = {}
    booster = xgb.train(
        parameters,
        first,
        rounds,
        evals=[(data, "validation") for data in told],
        early_stopping_rounds=_PATIENCE if told else None,
        evals_result=losses,
        verbose_eval=False,
    )
    for step, value in enumerate(losses.get("validation", {}).get(metric, ()), start=1):
        curve(step, float(value))
    count = int(booster.best_iteration) + 1 if told else rounds
    return bytes(booster[:count].save_raw("ubj")), count
