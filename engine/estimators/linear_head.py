"""Multinomial logistic regression as two arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.errors import CorruptArtifact
from engine.estimators.calibration import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ITERATIONS = 500


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Scores of classes as weighted sums.

    Parameters
    ----------
    weight : ndarray of float32, shape (n_classes, n_columns)
    offset : ndarray of float32, shape (n_classes,)
    """

    weight: NDArray[np.float32]
    offset: NDArray[np.float32]

    @classmethod
    def learn(
        cls, rows: Any, actual: NDArray[Any], classes: int, *, strength: float = 1.0, balanced: bool = False
    ) -> Self:
        """Fit by maximum likelihood with a ridge penalty.

        Parameters
        ----------
        rows : ndarray or csr_matrix, shape (n, n_columns)
        actual : ndarray of int, shape (n,)
            0 to classes - 1; a class that does not occur is never foretold.
        strength : float
            Inverse of the penalty, `C` of scikit-learn.
        balanced : bool
            Whether classes count alike, however many rows they have.
        """
        from sklearn.linear_model import LogisticRegression

        present = np.unique(actual)
        weight = np.zeros((classes, rows.shape[1]), dtype=np.float32)
        offset = np.full(classes, -30.0, dtype=np.float32)
        if len(present) == 1:
            offset[present] = 0.0
            return cls(weight, offset)
        fitted = LogisticRegression(
            C=strength, max_iter=_ITERATIONS, tol=1e-5, class_weight="balanced" if balanced else None
        ).fit(rows, actual)
        if len(present) == 2:
            weight[present[1]], offset[present[1]] = fitted.coef_[0], fitted.intercept_[0]
            offset[present[0]] = 0.0
        else:
            weight[present], offset[present] = fitted.coef_, fitted.intercept_
        return cls(weight, offset)

    def scores(self, rows: Any) -> NDArray[np.float64]:
        """Log odds up to a constant a row, shape (n, n_classes)."""
        found: NDArray[np.float64] = np.asarray(rows @ self.weight.T, dtype=np.float64) + self.offset
        return found

    def log_probabilities(self, rows: Any) -> NDArray[np.float64]:
        """Shape (n, n_classes)."""
        found: NDArray[np.float64] = np.log(np.clip(softmax(self.scores(rows)), 1e-12, 1.0))
        return found

    @classmethod
    def of(cls, weight: NDArray[Any], offset: NDArray[Any], *, classes: int, columns: int) -> Self:
        """The head that was kept.

        Raises
        ------
        CorruptArtifact
            The arrays do not have the shapes that the model needs.
        """
        if weight.shape != (classes, columns) or offset.shape != (classes,):
            raise CorruptArtifact(
                f"A part of the model has the shape {weight.shape}.",
                f"It has {classes} classes and {columns} columns.",
                "Train again, or load another version.",
            )
        return cls(weight.astype(np.float32), offset.astype(np.float32))
