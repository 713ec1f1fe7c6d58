"""What the four ways to learn have in common: encoded rows in, scores out, files that bring them back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.tabular.config import TabularConfig
    from engine.estimators.tabular.encoding import Encoded

_SMALL = 5_000_000


@dataclass(frozen=True)
class Shape:
    """What goes in and out.

    Parameters
    ----------
    classes : int
        0 for a regression.
    numbers : int
        Numbers of a row.
    sizes : tuple of int
        Codes of each category.
    """

    classes: int
    numbers: int
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Rows:
    """Encoded rows and their targets: int64 classes, or float64 values with mean 0 and deviation 1."""

    encoded: Encoded
    target: NDArray[Any]

    def __len__(self) -> int:
        return len(self.target)


class Learner(Protocol):
    """A way to learn."""

    def __init__(self, config: TabularConfig, shape: Shape) -> None: ...

    def fit(self, rows: Rows, held: Rows | None, report: Report) -> None:
        """Learn.

        Parameters
        ----------
        held : Rows or None
            Rows that tell when to stop and how much to shrink. None learns as long, and shrinks as much, as was found
            best by the call before.
        """

    def scores(self, rows: Encoded) -> NDArray[np.float64]:
        """Log probabilities up to a constant, shape (n_rows, classes), or values, shape (n_rows,)."""

    def save(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Plain JSON and files."""

    @classmethod
    def load(cls, config: TabularConfig, shape: Shape, plain: Mapping[str, Any], files: Mapping[str, bytes]) -> Self:
        """The same learner again.

        Raises
        ------
        CorruptArtifact
            The files do not fit the config or the shape.
        """


def threads(rows: int, shape: Shape) -> int:
    """One thread for tables so small that more would only wait for each other, else one a core."""
    small = rows * (shape.numbers + len(shape.sizes)) < _SMALL
    return 1 if small else os.cpu_count() or 1


def learner_type(model: str) -> type[Learner]:
    """The class behind the config's `model`."""
    if model == "lightgbm":
        from engine.estimators.tabular.lightgbm_trees import LightGBMTrees

        return LightGBMTrees
    if model == "xgboost":
        from engine.estimators.tabular.xgboost_trees import XGBoostTrees

        return XGBoostTrees
    if model == "network":
        from engine.estimators.tabular.network import Network

        return Network
    from engine.estimators.tabular.linear import Linear

    return Linear
