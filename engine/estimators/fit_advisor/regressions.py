"""Ordinal regression with proportional odds (McCullagh 1980), and multinomial logistic regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import CorruptArtifact
from engine.estimators.calibration import softmax
from engine.estimators.fit_advisor.history import RISING
from engine.estimators.fit_advisor.learner import Arrays, checked, of_probabilities, ordered, sigmoid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.fit_advisor.config import FitAdvisorConfig

_STEPS, _TINY = 60, 1e-9


class _Scaled:
    """Columns at mean 0 and spread 1, as the training rows have them."""

    def __init__(self, config: FitAdvisorConfig) -> None:
        self.rounds, self._l2 = config.rounds, max(config.l2, 1e-3)
        self._centre = self._spread = np.zeros(0)
        self._weights = np.zeros((0, 0))

    def _learn_scale(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        self._centre, spread = rows.mean(axis=0), rows.std(axis=0)
        self._spread = np.where(spread > _TINY, spread, 1.0)
        return self._scaled(rows)

    def _scaled(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.clip((rows - self._centre) / self._spread, -10, 10)
        return found

    def save(self) -> tuple[dict[str, NDArray[np.float64]], dict[str, bytes]]:
        return {"centre": self._centre, "spread": self._spread, "weights": self._weights}, {}

    def _restore(self, arrays: Arrays, width: int, shape: tuple[int, ...]) -> None:
        self._centre, self._spread = (checked(arrays, name, (width,)) for name in ("centre", "spread"))
        self._weights = checked(arrays, "weights", shape)
        if (self._spread <= 0).any():
            raise CorruptArtifact("A spread of the fit model is not positive.", hint="Load another version.")


class Ordinal(_Scaled):
    """log odds of small = t0 - x w, of small or fit = t1 - x w, with w >= 0 where x rises with the size."""

    def fit(self, rows: NDArray[Any], fit: NDArray[Any], held: tuple[Any, Any] | None, report: Report) -> None:
        from scipy.optimize import minimize

        scaled, width = self._learn_scale(rows), rows.shape[1]
        share = np.clip(np.cumsum(np.bincount(fit, minlength=3))[:2] / len(fit), 0.001, 0.999)
        first = np.log(share / (1 - share))
        start = np.concatenate([np.zeros(width), [first[0], np.log(max(first[1] - first[0], 1e-3))]])
        bounds = [(0.0, None)] * RISING + [(None, None)] * (width - RISING) + [(-12.0, 12.0), (-8.0, 4.0)]
        loosen = np.eye(width + 2)
        loosen[RISING:width, RISING:width] = _whitening(scaled[:, RISING:])
        found = minimize(
            self._loss,
            start,
            (scaled.astype(np.float32), fit, loosen),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": _STEPS},
        )
        self._weights = loosen @ found.x
        _tell(self, held, report)

    def _loss(
        self, tight: NDArray[Any], rows: NDArray[Any], fit: NDArray[Any], loosen: NDArray[Any]
    ) -> tuple[float, NDArray[np.float64]]:
        weights = loosen @ tight
        low, gap = weights[-2], np.exp(weights[-1])
        pull = (rows @ weights[:-2].astype(np.float32)).astype(np.float64)
        small, upto = sigmoid(low - pull), sigmoid(low + gap - pull)
        chance = np.clip(np.choose(fit, [small, upto - small, 1 - upto]), 1e-12, 1)
        d_small, d_upto = small * (1 - small) / chance, upto * (1 - upto) / chance
        by_low = np.choose(fit, [d_small, -d_small, np.zeros_like(d_small)])
        by_high = np.choose(fit, [np.zeros_like(d_upto), d_upto, -d_upto])
        by_row = (by_low + by_high).astype(np.float32)
        slope = np.concatenate([rows.T @ by_row, [-(by_low + by_high).sum(), -by_high.sum() * gap]])
        slope[:-2] += self._l2 * weights[:-2]
        loss = -np.log(chance).sum() + self._l2 / 2 * (weights[:-2] ** 2).sum()
        return float(loss / len(fit)), loosen.T @ slope / len(fit)

    def cumulative(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        pull = self._scaled(rows) @ self._weights[:-2]
        return ordered(self._weights[-2] - pull, self._weights[-2] + np.exp(self._weights[-1]) - pull)

    def restore(self, arrays: Arrays, files: Mapping[str, bytes], width: int) -> None:
        self._restore(arrays, width, (width + 2,))
        if (self._weights[:RISING] < 0).any() or self._weights[-1] > 4:
            raise CorruptArtifact("A weight of the fit model is out of bounds.", hint="Load another version.")


class Multinomial(_Scaled):
    """Softmax of linear scores, whose weights are held back by a ridge."""

    def fit(self, rows: NDArray[Any], fit: NDArray[Any], held: tuple[Any, Any] | None, report: Report) -> None:
        from scipy.optimize import minimize

        scaled = np.column_stack([self._learn_scale(rows), np.ones(len(rows))])
        loosen = _whitening(scaled)
        start = np.zeros(scaled.shape[1] * 3)
        truth = (fit[:, None] == np.arange(3)).astype(np.float64)
        given = (scaled.astype(np.float32), truth, loosen)
        found = minimize(self._loss, start, given, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
        self._weights = loosen @ found.x.reshape(-1, 3)
        _tell(self, held, report)

    def _loss(
        self, tight: NDArray[Any], rows: NDArray[Any], truth: NDArray[Any], loosen: NDArray[Any]
    ) -> tuple[float, NDArray[np.float64]]:
        weights = loosen @ tight.reshape(-1, 3)
        chance = softmax(rows @ weights.astype(np.float32))
        slope = (rows.T @ (chance - truth).astype(np.float32)).astype(np.float64)
        slope[:-1] += self._l2 * weights[:-1]
        loss = -np.log(np.clip((chance * truth).sum(axis=1), 1e-12, 1)).sum() + self._l2 / 2 * (weights[:-1] ** 2).sum()
        return float(loss / len(rows)), (loosen.T @ slope).ravel() / len(rows)

    def cumulative(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        return of_probabilities(softmax(self._scaled(rows) @ self._weights[:-1] + self._weights[-1]))

    def restore(self, arrays: Arrays, files: Mapping[str, bytes], width: int) -> None:
        self._restore(arrays, width, (width + 1, 3))


def _whitening(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Weights of the columns in which they are uncorrelated, so that few steps find the minimum."""
    small = rows.astype(np.float32)
    gram = (small.T @ small).astype(np.float64) / len(rows)
    values, vectors = np.linalg.eigh(gram + 1e-4 * np.eye(len(gram)))
    found: NDArray[np.float64] = vectors / np.sqrt(np.maximum(values, 1e-4))
    return found


def _tell(model: Ordinal | Multinomial, held: tuple[Any, Any] | None, report: Report) -> None:
    """The loss of rows that were kept back."""
    if held is None:
        return
    small, upto = sigmoid(model.cumulative(held[0])).T
    chance = np.choose(held[1], [small, upto - small, 1 - upto])
    report.metric("validation_loss", 0, float(-np.log(np.clip(chance, 1e-12, 1)).mean()))
