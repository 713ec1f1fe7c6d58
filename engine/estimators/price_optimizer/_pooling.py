"""Partial pooling: categories borrow from each other as far as they are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPREADS = np.geomspace(0.02, 1.2, 40)
"""Differences between categories that are thought possible (standard deviations)."""

_HALF_NORMAL = 0.4
"""Scale of the prior of that difference."""

CENTRE, WIDTH = 1.4, 0.8
"""Where a shop's mean elasticity is looked for before its data: apparel lies at 1 to 2 (Tellis 1988; Bijmolt et al. 2005)."""


@dataclass(frozen=True, eq=False)
class Pooled:
    """Posterior of all elasticities, what was estimated beside them, and the shop's mean, in this order.

    `spread` is the posterior mean of the standard deviation between categories.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    spread: float


def pool(estimate: NDArray[np.float64], covariance: NDArray[np.float64], groups: int) -> Pooled:
    """Normal-normal model, with the spread between groups integrated out on a grid.

    Parameters
    ----------
    estimate : ndarray of float64, shape (groups + others,)
        The first `groups` are pooled; the others are only seen together with them.
    covariance : ndarray of float64, shape (groups + others, groups + others)
    """
    size = len(estimate)
    precision = np.linalg.inv(covariance)
    mean = np.zeros((len(SPREADS), size + 1))
    second = np.zeros((len(SPREADS), size + 1, size + 1))
    log_weight = np.zeros(len(SPREADS))
    for place, spread in enumerate(SPREADS):
        joint = _prior(spread, groups, size)
        joint[:size, :size] += precision
        target = np.append(precision @ estimate, CENTRE / WIDTH**2)
        inverse = np.linalg.inv(joint)
        mean[place], second[place] = inverse @ target, inverse
        log_weight[place] = _evidence(estimate[:groups], covariance[:groups, :groups], spread)
    log_weight += -0.5 * (SPREADS / _HALF_NORMAL) ** 2 + np.log(SPREADS)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    middle = weight @ mean
    apart = mean - middle
    mixed = np.einsum("k,kij->ij", weight, second) + np.einsum("k,ki,kj->ij", weight, apart, apart)
    return Pooled(middle, mixed, float(weight @ SPREADS))


def _prior(spread: float, groups: int, size: int) -> NDArray[np.float64]:
    """Precision of the groups around their mean (the last coordinate), and of that mean."""
    joint = np.zeros((size + 1, size + 1))
    rows = np.arange(groups)
    joint[rows, rows] = spread**-2
    joint[rows, size] = joint[size, rows] = -(spread**-2)
    joint[size, size] = groups * spread**-2 + WIDTH**-2
    return joint


def _evidence(estimate: NDArray[np.float64], covariance: NDArray[np.float64], spread: float) -> float:
    """Log likelihood of the spread, with the mean integrated out."""
    whole = covariance + spread**2 * np.eye(len(estimate)) + WIDTH**2
    apart = estimate - CENTRE
    _, log_determinant = np.linalg.slogdet(whole)
    return float(-0.5 * (log_determinant + apart @ np.linalg.solve(whole, apart)))
