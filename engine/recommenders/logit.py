"""Weights of the blend by maximum likelihood: the blend is a conditional logit model of choice.

Fitting the likelihood of what shoppers chose next is smooth and convex, so it needs far fewer
shoppers than a search over a ranking metric, and gives one answer. Items that nobody chose are
sampled, with the offset that keeps the estimate consistent (McFadden 1978; Train 2009, ch. 3.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

UPPER = 5.0


@dataclass(frozen=True)
class Choices:
    """What shoppers chose, among what.

    Parameters
    ----------
    signals : ndarray of float32, shape (n_choices, n_alternatives, n_signals)
        The chosen alternative comes first.
    offset : ndarray of float32, shape (n_choices, n_alternatives)
        Log of how many items an alternative stands for; -inf for one that was not on offer.
    """

    signals: NDArray[np.float32]
    offset: NDArray[np.float32]


def sample_alternatives(
    popularity: NDArray[np.float64], allowed: NDArray[np.bool_], *, head: int, tail: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The most popular items and a draw from the rest.

    Returns
    -------
    items : ndarray of int64
    offset : ndarray of float64
        Log of the number of items that each stands for.
    """
    order = np.flatnonzero(allowed)[np.argsort(-popularity[allowed], kind="stable")]
    rest = order[head:]
    drawn = np.random.default_rng(seed).choice(rest, size=min(tail, len(rest)), replace=False)
    weight = np.log(len(rest) / len(drawn)) if len(drawn) else 0.0
    first = order[:head]
    return np.r_[first, drawn], np.r_[np.zeros(len(first)), np.full(len(drawn), weight)]


def fit_weights(choices: Choices, start: NDArray[np.float64], *, ridge: float) -> tuple[NDArray[np.float64], float]:
    """Weights >= 0 that make the choices most likely, and the mean log likelihood per choice.

    Parameters
    ----------
    start : ndarray, shape (n_signals,)
        Where the search starts and what the ridge pulls to.
    ridge : float
        Penalty on the squared distance from `start`, in units of choices.
    """
    from scipy.optimize import minimize

    n = len(choices.signals)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = _negative_log_likelihood(choices, weights)
        pull = weights - start
        return value + ridge / n * float(pull @ pull), slope + 2 * ridge / n * pull

    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, UPPER)] * len(start), options={"maxiter": 60}
    )
    return np.asarray(found.x, dtype=np.float64), -_negative_log_likelihood(choices, found.x)[0]


def mean_log_likelihood(choices: Choices, weights: NDArray[np.float64]) -> float:
    """How likely the choices are under some weights, in nats per choice."""
    return -_negative_log_likelihood(choices, weights)[0]


def _negative_log_likelihood(choices: Choices, weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Mean over choices, and its gradient."""
    score = (choices.signals @ weights.astype(np.float32)).astype(np.float64) + choices.offset
    top = score.max(axis=1, keepdims=True)
    share = np.exp(score - top)
    total = share.sum(axis=1, keepdims=True)
    share /= total
    value = -(score[:, 0] - top[:, 0] - np.log(total[:, 0])).mean()
    expected = np.einsum("ca,cas->s", share.astype(np.float32), choices.signals) / len(score)
    return float(value), expected - choices.signals[:, 0, :].mean(axis=0, dtype=np.float64)
