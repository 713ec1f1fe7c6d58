"""How often the pieces of a category were small, fitted or were large."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import CorruptArtifact
from engine.estimators.fit_advisor.learner import Arrays, checked, of_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.fit_advisor.config import FitAdvisorConfig

_SHRINKAGE = 50.0


class Prior:
    """Shares of each category, drawn towards those of the shop."""

    def __init__(self, config: FitAdvisorConfig) -> None:
        self.rounds = config.rounds
        self._shares = np.full((1, 3), 1 / 3)

    def fit(self, rows: NDArray[Any], fit: NDArray[Any], held: tuple[Any, Any] | None, report: Report) -> None:
        code = rows[:, 0].astype(np.int64)
        whole = (np.bincount(fit, minlength=3) + 1.0) / (len(fit) + 3.0)
        counts = np.zeros((int(code.max()) + 1, 3))
        np.add.at(counts, (code[code >= 0], fit[code >= 0]), 1.0)
        shares = (counts + _SHRINKAGE * whole) / (counts.sum(axis=1, keepdims=True) + _SHRINKAGE)
        self._shares = np.vstack([shares, whole])
        if held is not None:
            chances = self._shares[self._place(held[0])]
            report.metric("validation_loss", 0, float(-np.log(chances[np.arange(len(chances)), held[1]]).mean()))

    def _place(self, rows: NDArray[Any]) -> NDArray[np.int64]:
        code = rows[:, 0].astype(np.int64)
        return np.where((code < 0) | (code >= len(self._shares) - 1), len(self._shares) - 1, code)

    def cumulative(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        return of_probabilities(self._shares[self._place(rows)])

    def save(self) -> tuple[dict[str, NDArray[np.float64]], dict[str, bytes]]:
        return {"shares": self._shares}, {}

    def restore(self, arrays: Arrays, files: Mapping[str, bytes], width: int) -> None:
        rows = len(arrays["shares"]) if "shares" in arrays else 0
        self._shares = checked(arrays, "shares", (rows, 3))
        if rows == 0 or (self._shares <= 0).any() or not np.allclose(self._shares.sum(axis=1), 1, atol=1e-6):
            raise CorruptArtifact("The shares of fits are no probabilities.", hint="Load another version.")
