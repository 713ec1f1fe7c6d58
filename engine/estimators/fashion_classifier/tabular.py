"""The other columns as numbers: one place for each frequent value, and scaled amounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEWEST, _MOST = 5, 60


class Amount(BaseModel):
    """Centre and spread of log(1 + value)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    centre: float
    spread: float = Field(gt=0)


class Columns(BaseModel):
    """What was learned about each column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: dict[str, list[str]]
    amounts: dict[str, Amount]

    @classmethod
    def learned(cls, texts: Mapping[str, NDArray[Any]], numbers: Mapping[str, NDArray[np.float64]]) -> Columns:
        """Values that five products have at least, and amounts that differ."""
        values = {}
        for name, column in texts.items():
            counts = Counter(str(value) for value in column if value is not None).most_common(_MOST)
            kept = sorted(value for value, count in counts if count >= _FEWEST)
            if kept and not (len(kept) == 1 and counts[0][1] == len(column)):
                values[name] = kept
        amounts = {}
        for name, column in numbers.items():
            told = _logs(column[np.isfinite(column)])
            if len(told) > 1 and told.std() > 0:
                amounts[name] = Amount(centre=float(told.mean()), spread=float(told.std()))
        return cls(values=values, amounts=amounts)

    @property
    def width(self) -> int:
        return sum(map(len, self.values.values())) + 2 * len(self.amounts)

    @property
    def names(self) -> list[str]:
        return [*self.values, *self.amounts]

    def of(
        self, texts: Mapping[str, NDArray[Any]], numbers: Mapping[str, NDArray[np.float64]], rows: int
    ) -> NDArray[np.float64]:
        """Shape (rows, width); an absent column is all gaps."""
        parts = [_places(texts.get(name), values, rows) for name, values in self.values.items()]
        parts += [_scaled(numbers.get(name), amount, rows) for name, amount in self.amounts.items()]
        return np.hstack(parts) if parts else np.zeros((rows, 0))


def _places(column: NDArray[Any] | None, values: list[str], rows: int) -> NDArray[np.float64]:
    if column is None:
        return np.zeros((rows, len(values)))
    found: NDArray[np.float64] = np.equal.outer(np.array([str(v) for v in column]), np.array(values)).astype(np.float64)
    return found


def _scaled(column: NDArray[np.float64] | None, amount: Amount, rows: int) -> NDArray[np.float64]:
    """The scaled amount, and whether there is one."""
    if column is None:
        return np.zeros((rows, 2))
    there = np.isfinite(column)
    scaled = np.clip((_logs(np.where(there, column, 0.0)) - amount.centre) / amount.spread, -5, 5)
    return np.column_stack([np.where(there, scaled, 0.0), there])


def _logs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.log1p(np.maximum(values, 0.0))
    return found
