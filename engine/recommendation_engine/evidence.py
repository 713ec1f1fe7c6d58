"""Which products a contribution comes from, exactly: the parts sum to the contribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.recommendation_engine.telling import chosen_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.records import ItemCard
    from engine.recommendation_engine.scoring import Scored

MOST_TOLD = 5
"""Products that are told one by one; the others are told together, so that the sum stays exact."""

_NEGLIGIBLE = 1e-12
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Sources:
    """Products met, and what each adds to each asked product.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_sources,)
    values : ndarray of float64, shape (n_sources, n_asked)
        Columns sum to the contributions.
    """

    rows: NDArray[np.int64]
    values: NDArray[np.float64]

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Places of the sources of each asked product, the weightiest first, shape (n_sources, n_asked)."""
        return np.argsort(-np.abs(self.values), axis=0, kind="stable")

    @cached_property
    def counts(self) -> list[int]:
        """How many sources of each asked product add anything."""
        found: list[int] = (np.abs(self.values) > _NEGLIGIBLE).sum(axis=0).tolist()
        return found

    @cached_property
    def sums(self) -> list[float]:
        """Sum of the sources of each asked product."""
        found: list[float] = self.values.sum(axis=0).tolist()
        return found

    def strongest(self, place: int) -> int | None:
        """Row of the product that adds most to (or takes most from) one asked product."""
        return int(self.rows[self.order[0, place]]) if self.counts[place] else None


def sources(scored: Scored, name: str, items: NDArray[np.int64]) -> Sources | None:
    """Where the part of a signal comes from; None where it does not come from what the shopper met."""
    if name in scored.own:
        drawn = scored.own[name]
        return Sources(drawn.rows, drawn.values[:, items])
    if name not in scored.parts:
        return None
    part = scored.parts[name]
    found = scored.blend.evidence(name, scored.taste, items, part[items] if len(part) > 1 else None)
    return None if found is None else Sources(*found)


def evidence(found: Sources, place: int, cards: Sequence[ItemCard], said: Said, whole: float) -> list[dict[str, Any]]:
    """Fields of `Evidence` for one asked product, the weightiest first; what is beyond the told ones is one last entry.

    Parameters
    ----------
    whole : float
        The contribution. Where it is not the sum of the sources (a tree may weigh that there are none),
        nothing is told of them.
    """
    if abs(found.sums[place] - whole) > _TOLERANCE * max(1.0, abs(whole)):
        return []
    order = found.order[: found.counts[place], place]
    told, rest = order[:MOST_TOLD], order[MOST_TOLD:]
    entries = [
        {"item_id": cards[row].item_id, "title": cards[row].title, "value": value, "told": said.of(row)}
        for row, value in zip(found.rows[told].tolist(), found.values[told, place].tolist(), strict=True)
    ]
    if len(rest):
        left = float(found.values[rest, place].sum())
        entries.append({"item_id": "", "title": f"{len(rest)} more products", "value": left, "told": "met before"})
    return entries


class Said:
    """How each product was met, in words, looked up when asked.

    Parameters
    ----------
    fresh : mapping of int to str
        What came with the request, by row.
    last_day : csr_matrix or None
        Day of the last event of each pair, as the model remembers it.
    row : int
        Of the shopper, -1 for one that the model has not met.
    """

    def __init__(self, fresh: Mapping[int, str], last_day: Any, row: int) -> None:
        self._fresh = fresh
        self._last_day, self._row = last_day, row
        self._found: dict[int, str] = {}

    def of(self, item: int) -> str:
        """Words for the product at a row."""
        if item not in self._found:
            self._found[item] = self._fresh.get(item) or self._past(item)
        return self._found[item]

    def _past(self, item: int) -> str:
        if self._last_day is None or self._row < 0:
            return "chosen before"
        span = slice(int(self._last_day.indptr[self._row]), int(self._last_day.indptr[self._row + 1]))
        where = np.flatnonzero(self._last_day.indices[span] == item)
        return chosen_on(float(self._last_day.data[span][where[0]])) if len(where) else "chosen before"
