"""How far each voice counts: weights of log probabilities, learned where no voice has learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.calibration import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST = 4.0
_PULL = 0.003


def weights(voices: NDArray[np.float64], label: NDArray[np.int64], balance: float = 0.0) -> NDArray[np.float64]:
    """Non-negative weights that give the labels the least log loss; their sum sets how sure the answers are.

    Parameters
    ----------
    voices : ndarray, shape (voices, n, classes)
        Log probabilities of rows that were not learned from.
    balance : float
        0 counts rows alike, 1 classes alike.
    """
    from scipy.optimize import minimize

    count, rows = len(voices), np.arange(len(label))
    equal = np.full(count, 1.0 / count)
    if len(label) == 0:
        return equal
    told = voices[:, rows, label]
    counts = np.bincount(label, minlength=voices.shape[2])
    share = counts[label] ** -balance
    share = share / share.sum()

    def loss(weight: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        found = softmax(np.tensordot(weight, voices, axes=1))
        value = -share @ np.log(np.clip(found[rows, label], 1e-12, 1)) + _PULL * ((weight - equal) ** 2).sum()
        slope = ((found[None] * voices).sum(axis=2) - told) @ share + 2 * _PULL * (weight - equal)
        return float(value), slope

    answer = minimize(loss, equal, jac=True, bounds=[(0.0, _MOST)] * count, method="L-BFGS-B")
    found: NDArray[np.float64] = np.asarray(answer.x, dtype=np.float64)
    return found if found.sum() > 0 else equal


def threshold(confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float) -> float:
    """The least probability above which answers are right often enough, 0 to 1.

    Where no threshold is good enough, it is the most confident answer's probability, so that almost all abstain.
    """
    if len(confidence) == 0:
        return 0.5
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share >= precision)
    place = good[-1] if len(good) else 0
    return float(np.clip(confidence[order[place]], 0.0, 1.0))
