"""Events of shoppers with items, in the order in which each shopper met them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.recommendation_engine.evaluation.schema import DataSummary

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class Interactions:
    """A whole file, or a shop's log.

    Parameters
    ----------
    shopper, item : ndarray of int32, shape (n_events,)
        Sorted by shopper, then by time.
    day : ndarray of float64, shape (n_events,), or None
        Days since 1970; None where only the order is known.
    strong : ndarray of bool, shape (n_events,)
        Events whose items a model should foretell.
    content : csr_matrix, shape (n_items, n_features), or None
        What items are, rows of unit norm or none.
    """

    name: str
    shopper: NDArray[np.int32]
    item: NDArray[np.int32]
    day: NDArray[np.float64] | None
    strong: NDArray[np.bool_]
    n_shoppers: int
    n_items: int
    content: csr_matrix | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def ordered(
        cls,
        name: str,
        shopper: NDArray[Any],
        item: NDArray[Any],
        day: NDArray[np.float64] | None,
        *,
        strong: NDArray[np.bool_] | None = None,
        content: csr_matrix | None = None,
        notes: Sequence[str] = (),
        n_shoppers: int | None = None,
        n_items: int | None = None,
    ) -> Self:
        """Sort events by shopper and time; what happened at one time keeps the order of the file."""
        order = np.lexsort((shopper,) if day is None else (day, shopper))
        kept = np.ones(len(shopper), dtype=bool) if strong is None or not strong.any() else strong
        return cls(
            name=name,
            shopper=shopper[order].astype(np.int32),
            item=item[order].astype(np.int32),
            day=None if day is None else day[order],
            strong=kept[order],
            n_shoppers=n_shoppers or int(shopper.max(initial=-1)) + 1,
            n_items=n_items or int(item.max(initial=-1)) + 1,
            content=content,
            notes=tuple(notes),
        )

    def __len__(self) -> int:
        return len(self.item)

    def summary(self) -> DataSummary:
        """Sizes and the days covered."""
        return DataSummary(
            name=self.name,
            shoppers=len(np.unique(self.shopper)),
            items=len(np.unique(self.item)),
            events=len(self),
            first=None if self.day is None else moment(float(self.day.min())),
            last=None if self.day is None else moment(float(self.day.max())),
            notes=self.notes,
        )


def moment(day: float) -> datetime:
    """A day since 1970 as a time."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
