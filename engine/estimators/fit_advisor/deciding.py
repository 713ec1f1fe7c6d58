"""From cumulative log odds to calibrated probabilities, and to a verdict that counts each class alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.estimators import measures
from engine.estimators.fit_advisor.learner import LIMIT, sigmoid

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FLOOR = 1e-4
_WEIGHTS = np.exp(np.linspace(0.0, 2.2, 23))


@dataclass(frozen=True)
class Decider:
    """Temperature and shifts of the log odds, and the weights by which small and large are told.

    Parameters
    ----------
    slope : float
        Above 0; 1 leaves the odds as they are.
    shifts : tuple of float
        Of the odds of small, and of small or fit.
    weights : tuple of float
        Of small, fit and large: the verdict has the greatest weight times probability.
    """

    slope: float = 1.0
    shifts: tuple[float, float] = (0.0, 0.0)
    weights: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @classmethod
    def learn(cls, odds: NDArray[Any], fit: NDArray[Any]) -> Self:
        """From rows that the model has not seen: calibrated first, then the weights with the best macro-F1."""
        from scipy.optimize import minimize

        rows = np.arange(len(fit))

        def loss(told: NDArray[Any]) -> float:
            chance = _chances(odds, float(np.exp(told[0])), (float(told[1]), float(told[2])))
            return float(-np.log(chance[rows, fit]).mean()) + 1e-4 * float((told**2).sum())

        bounds = [(-2.0, 2.0), (-2.0, 2.0), (-2.0, 2.0)]
        found = minimize(loss, np.zeros(3), method="L-BFGS-B", bounds=bounds)
        slope, shifts = float(np.exp(found.x[0])), (float(found.x[1]), float(found.x[2]))
        return cls(slope, shifts, best_weights(_chances(odds, slope, shifts), fit))

    def chances(self, odds: NDArray[Any]) -> NDArray[np.float64]:
        """Probabilities of small, fit and large, shape (n, 3)."""
        return _chances(odds, self.slope, self.shifts)

    def verdicts(self, chances: NDArray[Any]) -> NDArray[np.int64]:
        found: NDArray[np.int64] = (chances * np.array(self.weights)).argmax(axis=1)
        return found

    def plain(self) -> dict[str, Any]:
        return {"slope": self.slope, "shifts": list(self.shifts), "weights": list(self.weights)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """From what `plain` gave; `ValueError` where it is out of bounds."""
        shifts, weights = (tuple(map(float, plain[name])) for name in ("shifts", "weights"))
        slope = float(plain["slope"])
        if len(shifts) != 2 or len(weights) != 3 or not 0 < slope < 100 or min(weights) <= 0 or max(weights) > 1e3:
            raise ValueError("the calibration is out of bounds")
        if max(map(abs, shifts)) > LIMIT:
            raise ValueError("the calibration is out of bounds")
        return cls(slope, (shifts[0], shifts[1]), (weights[0], weights[1], weights[2]))


def best_weights(chances: NDArray[Any], fit: NDArray[Any]) -> tuple[float, float, float]:
    """Weights of small and large, that of fit being 1, by which the verdict has the best macro-F1."""
    best, found = -1.0, (1.0, 1.0, 1.0)
    for small in _WEIGHTS:
        for large in _WEIGHTS:
            guess = (chances * np.array([small, 1.0, large])).argmax(axis=1)
            table = np.bincount(fit * 3 + guess, minlength=9).reshape(3, 3)
            totals = np.concatenate([np.diag(table), table.sum(axis=0), table.sum(axis=1)])
            value = float(measures.figure("macro_f1", totals.astype(np.float64)))
            if value > best + 1e-9:
                best, found = value, (float(small), 1.0, float(large))
    return found


def _chances(odds: NDArray[Any], slope: float, shifts: tuple[float, float]) -> NDArray[np.float64]:
    moved = np.clip(odds, -LIMIT, LIMIT) * slope + np.array(shifts)
    small = sigmoid(moved[:, 0])
    large = sigmoid(-np.maximum(moved[:, 1], moved[:, 0]))
    chances = np.column_stack([small, np.maximum(1 - small - large, 0.0), large])
    found: NDArray[np.float64] = (chances + _FLOOR) / (1 + 3 * _FLOOR)
    return found
