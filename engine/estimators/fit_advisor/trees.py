"""Boosted trees (LightGBM, Ke et al. 2017) for each side of the fit, monotone in the size of the piece.

Two models, one for small and one for large, are the cumulative odds of an ordinal answer (Frank & Hall 2001).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.artifacts.formats import check_format
from engine.boosting import lightgbm
from engine.errors import CorruptArtifact
from engine.estimators.fit_advisor.history import RISING
from engine.estimators.fit_advisor.learner import Arrays, ordered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.fit_advisor.config import FitAdvisorConfig

_SIDES = (("small", 0, -1), ("large", 2, 1))
"""File, class, and how its odds move when the size rises."""

_FEW = 20_000
"""Rows below which threads cost more than they bring."""

_CODES = 2
"""The last columns are codes."""


class Trees:
    """A booster for small and one for large."""

    def __init__(self, config: FitAdvisorConfig) -> None:
        self.config = config
        self.rounds = config.rounds
        self._boosters: list[Any] = []

    def fit(self, rows: NDArray[Any], fit: NDArray[Any], held: tuple[Any, Any] | None, report: Report) -> None:
        """Both sides; where rows are kept back, as many trees as are best for the two together."""
        module = lightgbm()
        width = rows.shape[1]
        codes = list(range(width - _CODES, width))
        self._boosters, curves = [], []
        for _, label, sign in _SIDES:
            data = module.Dataset(
                rows, label=(fit == label).astype(np.float64), categorical_feature=codes, params={"verbosity": -1}
            )
            settings = self._settings(width, sign, len(rows))
            evaluated: dict[str, Any] = {}
            valid, calls = [], []
            if held is not None:
                valid = [module.Dataset(held[0], label=(held[1] == label).astype(np.float64), reference=data)]
                stop = module.early_stopping(self.config.patience, verbose=False)
                calls = [module.record_evaluation(evaluated), stop]
            booster = module.train(settings, data, self.rounds, valid_sets=valid, callbacks=calls)
            self._boosters.append(booster)
            if held is not None:
                curves.append(evaluated["valid_0"]["binary_logloss"])
        if held is not None:
            _tell(curves, report)
            self.rounds = max(1, round(float(np.mean([booster.best_iteration for booster in self._boosters]))))

    def _settings(self, width: int, sign: int, rows: int) -> dict[str, Any]:
        return {
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": self.config.learning_rate,
            "num_leaves": self.config.leaves,
            "min_data_in_leaf": max(1, min(self.config.leaf_rows, rows // 20)),
            "lambda_l2": self.config.l2,
            "feature_fraction": 0.7,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "cat_smooth": 30.0,
            "max_bin": 127,
            "monotone_constraints": [sign] * RISING + [0] * (width - RISING),
            "seed": self.config.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1 if rows < _FEW else os.cpu_count() or 1,
            "verbosity": -1,
        }

    def cumulative(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        small, large = (
            np.asarray(booster.predict(rows, raw_score=True, num_threads=1 if len(rows) < _FEW else 0), dtype=float)
            for booster in self._boosters
        )
        return ordered(small, -large)

    def save(self) -> tuple[dict[str, NDArray[np.float64]], dict[str, bytes]]:
        files = {
            f"{name}.lgb": booster.model_to_string().encode()
            for (name, _, _), booster in zip(_SIDES, self._boosters, strict=True)
        }
        return {}, files

    def restore(self, arrays: Arrays, files: Mapping[str, bytes], width: int) -> None:
        module = lightgbm()
        try:
            for name, _, _ in _SIDES:  # LightGBM ends the process on a text that is cut short
                check_format(f"{name}.lgb", files[f"{name}.lgb"])
            self._boosters = [module.Booster(model_str=files[f"{name}.lgb"].decode()) for name, _, _ in _SIDES]
        except (KeyError, UnicodeDecodeError, module.basic.LightGBMError) as error:
            raise CorruptArtifact("The trees cannot be read.", hint="Load another version.") from error
        if any((found.num_feature(), found.num_model_per_iteration()) != (width, 1) for found in self._boosters):
            raise CorruptArtifact("The trees do not fit the columns.", hint="Load another version.")


def _tell(curves: list[list[float]], report: Report) -> None:
    """The sum of both sides' losses, tree by tree, as far as both went."""
    for step, (small, large) in enumerate(zip(*curves, strict=False)):
        if step % 5 == 0:
            report.metric("validation_loss", step, float(small + large))
