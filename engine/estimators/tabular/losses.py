"""Losses of rows, the same for every model, and those of the constant model that D2 compares with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.calibration import softmax
from engine.estimators.measures import log_losses

if TYPE_CHECKING:
    from numpy.typing import NDArray


def losses(scores: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
    """Log loss of each row where scores have classes, else the squared error, shape (n_rows,)."""
    if scores.ndim == 2:
        return log_losses(target, softmax(scores))
    found: NDArray[np.float64] = (np.asarray(target, dtype=np.float64) - scores) ** 2
    return found


def prior(target: NDArray[Any], classes: int) -> NDArray[np.float64]:
    """Shares of the classes in training rows; one that has no row counts half a row (Jeffreys' prior)."""
    counts = np.bincount(target, minlength=classes) + 0.5
    shares: NDArray[np.float64] = counts / counts.sum()
    return shares


def deviance_addends(loss: NDArray[Any], target: NDArray[Any], constant: NDArray[Any] | float) -> NDArray[np.float64]:
    """Addends of the share of deviance explained, D2, shape (n_rows, 2): the loss, and the constant model's.

    Parameters
    ----------
    constant : ndarray, shape (classes,), or float
        Shares of the classes, or the mean, of the training rows.
    """
    if isinstance(constant, float):
        null = (np.asarray(target, dtype=np.float64) - constant) ** 2
    else:
        null = -np.log(np.clip(constant[target], 1e-12, 1.0))
    return np.column_stack([loss, null])
