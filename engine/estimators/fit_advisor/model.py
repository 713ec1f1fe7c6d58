"""The fitted whole: columns, history, learner and decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.fit_advisor import history as histories
from engine.estimators.fit_advisor.columns import Columns
from engine.estimators.fit_advisor.data import hold_out
from engine.estimators.fit_advisor.deciding import Decider
from engine.estimators.fit_advisor.history import NAMES, History
from engine.estimators.fit_advisor.learner import Learner, learner_of, matrix, uses_history

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.fit_advisor.config import FitAdvisorConfig
    from engine.estimators.fit_advisor.rows import FitRows

_FEWEST_INNER = 40


@dataclass(frozen=True, eq=False)
class Model:
    """Parts that were learned from the same rows; `decider` from the newest of them."""

    config: FitAdvisorConfig
    columns: Columns
    history: History
    learner: Learner
    decider: Decider

    @property
    def width(self) -> int:
        """Columns that the learner reads."""
        return width_of(self.config.model, self.columns)

    def odds(self, rows: FitRows) -> NDArray[np.float64]:
        """Cumulative log odds before calibration, shape (n, 2)."""
        return self.learner.cumulative(self._matrix(rows))

    def chances(self, rows: FitRows) -> NDArray[np.float64]:
        """Probabilities of small, fit and large, shape (n, 3)."""
        return self.decider.chances(self.odds(rows)) if len(rows) else np.zeros((0, 3))

    def _matrix(self, rows: FitRows) -> NDArray[np.float64]:
        model = self.config.model
        features = self.history.features(rows, self.columns) if uses_history(model) else np.zeros((len(rows), 0))
        return matrix(model, rows, self.columns, features)


def width_of(model: str, columns: Columns) -> int:
    """Columns that a sort of model reads."""
    plain = 2 + len(columns.anchor) + len(columns.categories) + len(columns.bodies)
    return {
        "lightgbm": len(NAMES) + 6 + 2,
        "latent": len(NAMES) + plain - 3,
        "multinomial": plain,
        "baseline": 1,
    }[model]


def learn(rows: FitRows, config: FitAdvisorConfig, report: Report) -> Model:
    """Learn on the older rows, stop and calibrate by the newer ones, then learn again on all.

    A row's history never has the row itself, and that of the newer rows only has older ones.
    """
    report.stage("Learning from the older part", 0.05)
    inner = hold_out(rows)
    if min(len(inner.train), len(inner.test)) < _FEWEST_INNER:
        report.log("Too few rows to keep some back: probabilities are not calibrated.")
        return _once(rows, config, report, None, Decider())
    first = _once(inner.train, config, report, inner.test, Decider())
    decider = Decider.learn(first.odds(inner.test), inner.test.fit)
    report.stage("Learning from all rows", 0.55)
    return _once(rows, config, report, None, decider, first.learner.rounds)


def _once(
    rows: FitRows, config: FitAdvisorConfig, report: Report, held: FitRows | None, decider: Decider, rounds: int = 0
) -> Model:
    columns = Columns.learn(rows)
    past, features = _past(rows, columns, config)
    learner = learner_of(config)
    learner.rounds = rounds or learner.rounds
    found = Model(config, columns, past, learner, decider)
    kept: tuple[Any, Any] | None = None if held is None else (found._matrix(held), held.fit)
    learner.fit(matrix(config.model, rows, columns, features), rows.fit, kept, report)
    return found


def _past(rows: FitRows, columns: Columns, config: FitAdvisorConfig) -> tuple[History, NDArray[np.float64]]:
    if uses_history(config.model):
        return histories.learn(rows, columns, config)
    return History({}, {}, np.zeros((1, 3)), np.zeros((1, 3))), np.zeros((len(rows), 0))
