"""Multinomial logistic regression as two arrays."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.calibration import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ABSENT = -20.0
_PASSES = 150


@dataclass(frozen=True)
class Logistic:
    """Weights of each class, shape (classes, columns), and intercepts, shape (classes,)."""

    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]

    def log_probabilities(self, matrix: Any) -> NDArray[np.float64]:
        """Shape (n, classes)."""
        scores = np.asarray(matrix @ self.weights.T) + self.intercepts
        return np.log(np.clip(softmax(scores), 1e-9, 1.0))


def fitted(matrix: Any, label: NDArray[np.int64], classes: int, *, strength: float, balance: float) -> Logistic:
    """Learn from rows; a class that none of them has keeps the least probability.

    Parameters
    ----------
    matrix : ndarray or CSR matrix, shape (n, columns)
    strength : float
        Inverse of the ridge penalty.
    balance : float
        0 counts rows alike, 1 classes alike.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    weights = np.zeros((classes, matrix.shape[1]))
    intercepts = np.full(classes, _ABSENT)
    there, counts = np.unique(label, return_counts=True)
    if len(there) < 2 or matrix.shape[1] == 0:
        intercepts[there] = np.log(counts / counts.sum())
        return Logistic(weights, intercepts)
    weight = (counts.mean() / counts) ** balance
    model = LogisticRegression(C=strength, max_iter=_PASSES, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the passes are a budget, as early stopping is
        model.fit(matrix, label, sample_weight=weight[np.searchsorted(there, label)])
    rows, offsets = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(there) == 2:
        rows, offsets = np.vstack([-rows, rows]) / 2, np.concatenate([-offsets, offsets]) / 2
    weights[there], intercepts[there] = rows, offsets
    return Logistic(weights, intercepts)
