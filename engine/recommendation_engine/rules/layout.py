"""Laying a list out: pins at their places, caps, diversity, exploration; see `plan` for which wins.

One array says what may still be placed: a score of -inf means never. What a cap closes and what was
placed is set to -inf there, so that no later step can bring it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engine.recommendation_engine.rules.spread import Spread
from engine.recommenders.topk import top_k

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.recommendation_engine.rules.rulebook import Cap, Pin

POOL = 100
"""Fewest of the best products among which diversity chooses; twice the list where that is more."""


@dataclass(frozen=True)
class Placed:
    """A product of the list; `propensity` is None where nothing was drawn."""

    row: int
    pinned_by: str | None = None
    explored: bool = False
    propensity: float | None = None


class Draw(Protocol):
    """Chance for new products, place by place."""

    def draw(self, scores: NDArray[np.float64]) -> int | None:
        """A row, or None where this place goes by score."""

    def propensity(self, row: int, best: int | None) -> float:
        """Probability with which this place went to `row`, where `best` had it by score."""


def lay_out(
    scores: NDArray[np.float64],
    limit: int,
    *,
    pins: Sequence[Pin] = (),
    caps: Sequence[Cap] = (),
    diversity: float = 0.0,
    content: csr_matrix | None = None,
    explore: Draw | None = None,
) -> list[Placed]:
    """The list, place by place.

    Parameters
    ----------
    scores : ndarray, shape (n_products,)
        -inf marks what must not appear.
    content : csr_matrix, shape (n_products, n_features), or None
        Rows of unit norm; needed for diversity.

    Returns
    -------
    list of Placed
        At most `limit`; fewer where no more may appear.
    """
    if not pins and not caps and not diversity and explore is None:
        return [Placed(int(row)) for row in top_k(scores[None, :], limit)[0] if row >= 0]
    left = scores.copy()
    seats = seated(pins, scores, limit)
    counts = _Counts(caps, left)
    for pin in seats.values():
        left[pin.row] = -np.inf
        counts.add(pin.row)
    pool = _Pool(left, limit, diversity, content, [pin.row for pin in seats.values()])
    certain = 1.0 if explore is not None else None
    placed: list[Placed] = []
    for position in range(1, limit + 1):
        following = None if position in seats else _next(pool, left, explore)
        if following is not None:
            placed.append(following)
            left[following.row] = -np.inf
            counts.add(following.row)
            pool.took(following.row)
        elif seats:
            # A list that is too short for its last pins takes them where it ends; the others stay.
            pin = seats.pop(position if position in seats else max(seats))
            placed.append(Placed(pin.row, pinned_by=pin.rule.rule_id, propensity=certain))
        else:
            break
    return placed


def seated(pins: Iterable[Pin], scores: NDArray[np.float64], limit: int) -> dict[int, Pin]:
    """Place to pin: allowed products only, each once; where a place is taken the later one moves on."""
    seats: dict[int, Pin] = {}
    rows: set[int] = set()
    for pin in pins:
        if pin.row in rows or not np.isfinite(scores[pin.row]):
            continue
        position = pin.position
        while position in seats:
            position += 1
        if position <= limit:
            seats[position] = pin
            rows.add(pin.row)
    return seats


def _next(pool: _Pool, left: NDArray[np.float64], explore: Draw | None) -> Placed | None:
    """The product of the next free place."""
    drawn = explore.draw(left) if explore is not None else None
    best = pool.best()
    row = best if drawn is None else drawn
    if row is None:
        return None
    propensity = None if explore is None else explore.propensity(row, best)
    return Placed(row, explored=drawn is not None, propensity=propensity)


class _Counts:
    """How many products of each value the list has; a full value closes its products."""

    def __init__(self, caps: Sequence[Cap], left: NDArray[np.float64]) -> None:
        self._caps = caps
        self._left = left
        self._held = [np.zeros(len(cap.rows), dtype=np.int64) for cap in caps]

    def add(self, row: int) -> None:
        for cap, held in zip(self._caps, self._held, strict=True):
            for code in cap.codes[row]:
                if code >= 0:
                    held[code] += 1
                    if held[code] == cap.most:
                        self._left[cap.rows[code]] = -np.inf


class _Pool:
    """The best of what may still be placed, a stretch at a time."""

    def __init__(
        self,
        left: NDArray[np.float64],
        limit: int,
        diversity: float,
        content: csr_matrix | None,
        seen: Sequence[int],
    ) -> None:
        self._left = left
        self._size = max(2 * limit, POOL) if diversity else limit
        self._diversity, self._content = diversity, content
        self._seen = list(seen)
        self._refill()

    def best(self) -> int | None:
        """The row to place next; None when nothing may be placed any more."""
        while True:
            row = self._spread.best(self._left) if self._spread is not None else self._first()
            if row is not None:
                return row
            if len(self._rows) == 0:
                return None
            self._refill()

    def took(self, row: int) -> None:
        """Note what was placed, by score or by chance."""
        self._seen.append(row)
        if self._spread is not None:
            self._spread.took(row)

    def _first(self) -> int | None:
        while self._at < len(self._rows):
            row = int(self._rows[self._at])
            if np.isfinite(self._left[row]):
                return row
            self._at += 1
        return None

    def _refill(self) -> None:
        rows = top_k(self._left[None, :], self._size)[0]
        self._rows, self._at = rows[rows >= 0], 0
        self._spread = None
        if self._diversity and self._content is not None and len(self._rows):
            self._spread = Spread(self._rows, self._left[self._rows], self._content, self._diversity)
            self._spread.saw(self._seen)
