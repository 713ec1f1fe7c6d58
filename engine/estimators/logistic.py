"""Multinomial logistic regression as two arrays."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.errors import CorruptArtifact
from engine.estimators.calibration import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ABSENT = -20.0


@dataclass(frozen=True)
class Logistic:
    """Weights of each class, shape (classes, columns), and intercepts, shape (classes,)."""

    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]

    def scores(self, matrix: Any) -> NDArray[np.float64]:
        """Log odds up to a constant a row, shape (n, classes)."""
        found: NDArray[np.float64] = np.asarray(matrix @ self.weights.T, dtype=np.float64) + self.intercepts
        return found

    def log_probabilities(self, matrix: Any) -> NDArray[np.float64]:
        """Shape (n, classes)."""
        found: NDArray[np.float64] = np.log(np.clip(softmax(self.scores(matrix)), 1e-9, 1.0))
        return found

    def arrays(self, before: str = "") -> dict[str, NDArray[np.float32]]:
        """What `of` needs, by name after `before`; single precision changes far less than answers tell."""
        return {
            f"{before}weights": np.ascontiguousarray(self.weights, dtype=np.float32),
            f"{before}intercepts": np.ascontiguousarray(self.intercepts, dtype=np.float32),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], *, classes: int, columns: int, before: str = "") -> Self:
        """The model that was kept.

        Raises
        ------
        CorruptArtifact
            The arrays are absent, or do not have the shapes that the model needs.
        """
        weights, intercepts = arrays.get(f"{before}weights"), arrays.get(f"{before}intercepts")
        if (
            weights is None
            or intercepts is None
            or weights.shape != (classes, columns)
            or intercepts.shape != (classes,)
        ):
            raise CorruptArtifact(
                "The arrays of a part of the model are absent or have the wrong shape.",
                f"There are {classes} classes and {columns} columns.",
                "Train again, or load another version.",
            )
        return cls(weights.astype(np.float64), intercepts.astype(np.float64))


def fitted(
    matrix: Any,
    label: NDArray[np.int64],
    classes: int,
    *,
    strength: float,
    balance: float = 0.0,
    passes: int = 500,
    tolerance: float = 1e-5,
) -> Logistic:
    """Learn from rows; a class that none of them has keeps the least probability.

    Parameters
    ----------
    matrix : ndarray or CSR matrix, shape (n, columns)
    strength : float
        Inverse of the ridge penalty.
    balance : float
        0 counts rows alike, 1 classes alike.
    passes, tolerance : int, float
        The most that the solver takes, and the gradient at which it stops before.
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
    model = LogisticRegression(C=strength, max_iter=passes, tol=tolerance)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the passes are a budget, as early stopping is
        model.fit(matrix, label, sample_weight=weight[np.searchsorted(there, label)])
    rows, offsets = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(there) == 2:
        rows, offsets = np.vstack([-rows, rows]) / 2, np.concatenate([-offsets, offsets]) / 2
    weights[there], intercepts[there] = rows, offsets
    return Logistic(weights, intercepts)
