"""Encoded rows without gaps and on one scale, for models that multiply: linear ones and networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from engine.errors import CorruptArtifact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.tabular.encoding import Encoded

_GRID = 101
_WIDEST = 5.0


class Dense(BaseModel):
    """Medians for what is absent, an indicator where something was, and a scale.

    Parameters
    ----------
    grids : list of lists of float
        Of each number: `[mean, deviation]`, or its quantiles in rising order.
    gaps : list of int
        Places of the numbers that are absent in some training rows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    scale: Literal["standard", "quantile"]
    medians: list[float]
    grids: list[list[float]]
    gaps: list[int]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        lengths = {len(grid) for grid in self.grids}
        if len(self.grids) != len(self.medians) or lengths - {2 if self.scale == "standard" else _GRID}:
            raise ValueError("one grid for each number")
        if any(not 0 <= place < len(self.medians) for place in self.gaps):
            raise ValueError("gaps are places of numbers")
        return self

    @classmethod
    def from_json(cls, value: Any, numbers: int) -> Self:
        """The scaling that `model_dump` wrote, of so many numbers.

        Raises
        ------
        CorruptArtifact
        """
        try:
            found = cls.model_validate(value)
        except ValidationError as error:
            raise CorruptArtifact("The stored scaling is not one.", hint="Load another version.") from error
        if len(found.medians) != numbers:
            raise CorruptArtifact("The stored scaling does not fit the encoder.", hint="Load another version.")
        return found

    @classmethod
    def learn(cls, rows: Encoded, scale: Literal["standard", "quantile"]) -> Self:
        """The scaling that training rows call for."""
        values = rows.numbers.astype(np.float64)
        absent = np.isnan(values)
        counted = [
            column[~gap] if (~gap).any() else np.zeros(1) for column, gap in zip(values.T, absent.T, strict=True)
        ]
        return cls(
            scale=scale,
            medians=[float(np.median(column)) for column in counted],
            grids=[_grid(column, scale) for column in counted],
            gaps=np.flatnonzero(absent.any(axis=0)).tolist(),
        )

    @property
    def width(self) -> int:
        """Columns of `numbers`."""
        return len(self.medians) + len(self.gaps)

    def numbers(self, rows: Encoded) -> NDArray[np.float32]:
        """Scaled numbers and indicators of gaps, shape (n_rows, width)."""
        values = rows.numbers.astype(np.float64)
        absent = np.isnan(values)
        values = np.where(absent, np.asarray(self.medians), values) if self.medians else values
        scaled = [self._scaled(column, grid) for column, grid in zip(values.T, self.grids, strict=True)]
        return np.column_stack([np.zeros((len(rows), 0)), *scaled, absent[:, self.gaps]]).astype(np.float32)

    def _scaled(self, values: NDArray[np.float64], grid: list[float]) -> NDArray[np.float64]:
        if self.scale == "standard":
            return np.clip((values - grid[0]) / grid[1], -2 * _WIDEST, 2 * _WIDEST)
        from scipy.special import ndtri

        knots = np.asarray(grid)
        share = np.interp(values, knots, np.linspace(0, 1, _GRID))
        mirrored = np.interp(-values, -knots[::-1], np.linspace(0, 1, _GRID))
        middle = (share + 1 - mirrored) / 2  # a value that fills several quantiles stands in their middle
        found: NDArray[np.float64] = ndtri(np.clip(middle, 1e-3, 1 - 1e-3))
        return found


def one_hot(rows: Encoded, sizes: list[int]) -> NDArray[np.float32]:
    """Indicators of every code, shape (n_rows, sum of sizes)."""
    starts = np.cumsum([0, *sizes])
    found = np.zeros((len(rows), starts[-1]), dtype=np.float32)
    for place, start in enumerate(starts[:-1]):
        found[np.arange(len(rows)), start + rows.codes[:, place]] = 1.0
    return found


def _grid(values: NDArray[np.float64], scale: str) -> list[float]:
    if scale == "standard":
        return [float(values.mean()), float(values.std()) or 1.0]
    return [float(value) for value in np.quantile(values, np.linspace(0, 1, _GRID))]
