"""What learns from the columns: one protocol, cumulative log odds of the three fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from engine.errors import CorruptArtifact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.fit_advisor.columns import Columns
    from engine.estimators.fit_advisor.config import FitAdvisorConfig
    from engine.estimators.fit_advisor.rows import FitRows

LIMIT = 15.0
"""Log odds are kept within it."""

Arrays = Mapping[str, "NDArray[Any]"]


class Learner(Protocol):
    """A fitted or unfitted model of one sort."""

    rounds: int

    def fit(self, rows: NDArray[Any], fit: NDArray[Any], held: tuple[Any, Any] | None, report: Report) -> None:
        """Learn from rows; `held` has rows and fits by which to stop."""

    def cumulative(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """Log odds of small, and of small or fit, shape (n, 2), the second never below the first."""

    def save(self) -> tuple[dict[str, NDArray[np.float64]], dict[str, bytes]]: ...

    def restore(self, arrays: Arrays, files: Mapping[str, bytes], width: int) -> None:
        """Take what `save` gave; `width` is the number of columns."""


def learner_of(config: FitAdvisorConfig) -> Learner:
    """An unfitted learner of the config's sort."""
    if config.model == "lightgbm":
        from engine.estimators.fit_advisor.trees import Trees

        return Trees(config)
    if config.model == "baseline":
        from engine.estimators.fit_advisor.prior import Prior

        return Prior(config)
    from engine.estimators.fit_advisor import regressions

    return regressions.Ordinal(config) if config.model == "latent" else regressions.Multinomial(config)


def matrix(model: str, rows: FitRows, columns: Columns, features: NDArray[np.float64]) -> NDArray[np.float64]:
    """The columns that a sort of model reads, shape (n, n_columns)."""
    if model == "lightgbm":
        codes = columns.codes(rows)
        return np.hstack([features, columns.numbers(rows), np.where(codes < 0, np.nan, codes)])
    if model == "latent":
        return np.hstack([features, columns.plain(rows)[:, 3:]])
    return columns.plain(rows) if model == "multinomial" else columns.codes(rows)[:, :1]


def uses_history(model: str) -> bool:
    """Whether earlier reviews of the shopper and of the piece count."""
    return model in ("lightgbm", "latent")


def ordered(small: NDArray[Any], upto: NDArray[Any]) -> NDArray[np.float64]:
    """Two columns of log odds within bounds and in order."""
    low = np.clip(small, -LIMIT, LIMIT)
    return np.column_stack([low, np.maximum(np.clip(upto, -LIMIT, LIMIT), low)])


def of_probabilities(chances: NDArray[Any]) -> NDArray[np.float64]:
    """Cumulative log odds of probabilities, shape (n, 3) to (n, 2)."""
    kept = np.clip(chances, 1e-7, 1.0)
    small, large = kept[:, 0], kept[:, 2]
    return ordered(np.log(small / np.clip(1 - small, 1e-7, 1)), np.log(np.clip(1 - large, 1e-7, 1) / large))


def sigmoid(odds: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities of log odds, same shape."""
    found: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(odds, -40, 40)))
    return found


def checked(arrays: Arrays, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """A stored array of that shape.

    Raises
    ------
    CorruptArtifact
        It is absent, has another shape or values that are not finite.
    """
    found = arrays.get(name)
    if found is None or found.shape != shape or not np.isfinite(found).all():
        raise CorruptArtifact(
            f"The array {name!r} of the fit model is absent or does not fit the others.",
            f"It has the shape {shape} and finite values.",
            "Train again, or load another version.",
        )
    return np.asarray(found, dtype=np.float64)
