"""Logistic and ridge regression of scikit-learn, kept as arrays and computed with numpy."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from threadpoolctl import threadpool_limits

from engine.artifacts.formats import parse_safetensors
from engine.errors import CorruptArtifact
from engine.estimators.tabular.dense import Dense, one_hot
from engine.estimators.tabular.losses import losses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.tabular.config import TabularConfig
    from engine.estimators.tabular.encoding import Encoded
    from engine.estimators.tabular.learner import Rows, Shape

FILE = "linear.safetensors"
_PENALTIES = (1.0, 10.0, 100.0, 1_000.0)
_PLAIN = 1.0
_STEPS = 200


class Linear:
    """Weights for scaled numbers, gaps and category codes; the penalty is chosen on held-back rows.

    The baseline is the same with a fixed penalty.
    """

    def __init__(self, config: TabularConfig, shape: Shape) -> None:
        self.config, self.shape = config, shape
        self.penalty = _PLAIN
        self._dense: Dense | None = None
        self._weights = np.zeros((0, 0))
        self._offset = np.zeros(0)

    def fit(self, rows: Rows, held: Rows | None, report: Report) -> None:
        with threadpool_limits(limits=1):  # small products; more threads only wait for each other
            self._fit(rows, held, report)

    def _fit(self, rows: Rows, held: Rows | None, report: Report) -> None:
        self._dense = Dense.learn(rows.encoded, "standard")
        inputs = self._inputs(rows.encoded)
        if held is None or self.config.model == "baseline":
            self._learn(inputs, rows.target, self.penalty)
            return
        found: list[tuple[float, float]] = []
        for step, penalty in enumerate(_PENALTIES):
            self._learn(inputs, rows.target, penalty)
            found.append((float(losses(self.scores(held.encoded), held.target).mean()), penalty))
            report.metric("validation_loss", step, found[-1][0])
        self.penalty = min(found)[1]
        self._learn(inputs, rows.target, self.penalty)

    def _inputs(self, rows: Encoded) -> NDArray[np.float32]:
        assert self._dense is not None
        return np.hstack([self._dense.numbers(rows), one_hot(rows, list(self.shape.sizes))])

    def _learn(self, inputs: NDArray[np.float32], target: NDArray[Any], penalty: float) -> None:
        if self.shape.classes == 0:
            self._weights, self._offset = _ridge(inputs, target, penalty)
        else:
            self._weights, self._offset = _logistic(inputs, target, self.shape.classes, penalty)

    def scores(self, rows: Encoded) -> NDArray[np.float64]:
        found = self._inputs(rows).astype(np.float64) @ self._weights + self._offset
        return found[:, 0] if self.shape.classes == 0 else found

    def save(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        from safetensors.numpy import save

        assert self._dense is not None
        arrays = {"weights": np.ascontiguousarray(self._weights), "offset": self._offset}
        return {"penalty": self.penalty, "scaling": self._dense.model_dump(mode="json")}, {FILE: bytes(save(arrays))}

    @classmethod
    def load(cls, config: TabularConfig, shape: Shape, plain: Mapping[str, Any], files: Mapping[str, bytes]) -> Self:
        found = cls(config, shape)
        found._dense = Dense.from_json(plain.get("scaling"), shape.numbers)
        arrays = parse_safetensors(files.get(FILE, b""), FILE)
        inputs, outputs = found._dense.width + sum(shape.sizes), max(shape.classes, 1)
        wanted = {"weights": (inputs, outputs), "offset": (outputs,)}
        if {name: value.shape for name, value in arrays.items()} != wanted:
            raise CorruptArtifact("The weights do not fit the encoder.", hint="Load another version.")
        found._weights, found._offset = arrays["weights"], arrays["offset"]
        return found


def _ridge(inputs: NDArray[Any], target: NDArray[Any], penalty: float) -> tuple[NDArray[Any], NDArray[Any]]:
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=penalty, solver="cholesky").fit(inputs.astype(np.float64), target)
    return np.asarray(model.coef_).reshape(-1, 1), np.array([float(np.ravel(model.intercept_)[0])])


def _logistic(
    inputs: NDArray[Any], target: NDArray[Any], classes: int, penalty: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weights of every class; one without rows, which a temporal split may leave, is as good as impossible."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    weights, offset = np.zeros((inputs.shape[1], classes)), np.full(classes, -20.0)
    present = np.unique(target)
    if len(present) == 1:
        offset[present] = 0.0
        return weights, offset
    model = LogisticRegression(C=1.0 / penalty, max_iter=_STEPS, tol=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # nearly there is good enough for a penalised optimum
        model.fit(inputs, target)
    coefficients, intercepts = np.asarray(model.coef_, dtype=float), np.asarray(model.intercept_, dtype=float)
    if len(present) == 2:
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercepts = np.array([-intercepts[0] / 2, intercepts[0] / 2])
    weights[:, present], offset[present] = coefficients.T, intercepts
    return weights, offset
