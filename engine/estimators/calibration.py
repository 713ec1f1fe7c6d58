"""Probabilities that mean what they say: temperature scaling, and the expected calibration error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.base import Calibration

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 15


def softmax(scores: NDArray[Any], temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities of each row of scores, shape (n, classes)."""
    shifted = np.asarray(scores, dtype=np.float64) / temperature
    raised = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    found: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return found


def temperature(scores: NDArray[Any], actual: NDArray[Any]) -> float:
    """The temperature, 0.05 to 20, that gives held-out rows the least log loss (Guo et al. 2017).

    Parameters
    ----------
    scores : ndarray, shape (n, classes)
        Log probabilities, or anything that softmax turns into them.
    actual : ndarray of int, shape (n,)
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(actual))

    def loss(log_t: float) -> float:
        return float(-np.log(np.clip(softmax(scores, float(np.exp(log_t)))[rows, actual], 1e-12, 1)).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(found.x))


def reliability(confidence: NDArray[Any], right: NDArray[Any], bins: int = _BINS) -> Calibration:
    """How often what was foretold with some probability came true, in bins of equal count (Nixon et al. 2019).

    Parameters
    ----------
    confidence : ndarray, shape (n,)
        Probability foretold, 0 to 1.
    right : ndarray of bool, shape (n,)
        Whether it came true.
    """
    order = np.argsort(confidence, kind="stable")
    groups = [part for part in np.array_split(order, min(bins, len(order))) if len(part)]
    foretold = [float(np.asarray(confidence, dtype=np.float64)[part].mean()) for part in groups]
    observed = [float(np.asarray(right, dtype=np.float64)[part].mean()) for part in groups]
    counts = [len(part) for part in groups]
    ece = sum(n * abs(p - o) for n, p, o in zip(counts, foretold, observed, strict=True)) / max(sum(counts), 1)
    return Calibration(foretold=foretold, observed=observed, counts=counts, ece=float(ece))
