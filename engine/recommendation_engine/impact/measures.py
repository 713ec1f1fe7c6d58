"""Figures of two sets of lists for the same sessions, and of the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from engine.estimators.base import Interval
from engine.recommendation_engine.impact.intervals import paired
from engine.recommendation_engine.impact.schema import Measure
from engine.recommenders import metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommendation_engine.impact.held_out import HeldOutSession
    from engine.recommendation_engine.impact.replay import Rehearsal

LOW_STOCK = 3
"""Pieces of all sizes together up to which a product counts as nearly gone."""


@dataclass(frozen=True)
class Outcome:
    """Lists of one plan for some sessions, with the prices that it tries.

    Parameters
    ----------
    lists : ndarray of int64, shape (n_sessions, k)
        Rows of the rehearsal's recommender, -1 for an empty place.
    prices : mapping of str to float
        Tried prices by product id.
    """

    rehearsal: Rehearsal
    sessions: Sequence[HeldOutSession]
    lists: NDArray[np.int64]
    prices: Mapping[str, float]

    @cached_property
    def filled(self) -> NDArray[np.int64]:
        """Places that hold a product, by session."""
        return np.asarray((self.lists >= 0).sum(axis=1), dtype=np.int64)

    def hit_rate(self) -> NDArray[np.float64]:
        """1 where a list holds something that the session bought."""
        return metrics.hit_rate(self._hit, self.lists.shape[1])

    def ndcg(self) -> NDArray[np.float64]:
        """NDCG by session; what the model does not know counts as missed."""
        wanted = np.array([len(session.bought) for session in self.sessions], dtype=np.int64)
        return metrics.ndcg(self._hit, wanted, self.lists.shape[1])

    def revenue(self) -> NDArray[np.float64]:
        """Of what was bought and kept and the list holds, at the tried price where there is one."""
        return self._added([self._price_of(*pair)[0] for pair in self._pairs])

    def margin(self) -> NDArray[np.float64]:
        """The same over purchase cost."""
        return self._added([self._price_of(*pair)[1] for pair in self._pairs])

    def share(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Share of each list's places whose product is among `rows`, shape (n_products,)."""
        inside = np.where(self.lists >= 0, rows[self.lists], False).sum(axis=1)
        return np.asarray(inside / np.maximum(self.filled, 1), dtype=np.float64)

    def coverage(self) -> float:
        """Share of the products that existed which some list shows."""
        listed = self.rehearsal.recommender.shelf.listed
        return metrics.coverage(self.lists, self.lists.shape[1], int(listed.sum()))

    @cached_property
    def _pairs(self) -> list[tuple[int, int]]:
        """Session and place among its purchases, of every purchase that the model knows."""
        place = self.rehearsal.recommender.facets.place
        return [
            (unit, at)
            for unit, session in enumerate(self.sessions)
            for at, bought in enumerate(session.bought)
            if bought.item_id in place
        ]

    @cached_property
    def _wanted(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        place = self.rehearsal.recommender.facets.place
        unit = np.array([unit for unit, _ in self._pairs], dtype=np.int64)
        item = [place[self.sessions[unit].bought[at].item_id] for unit, at in self._pairs]
        return unit, np.array(item, dtype=np.int32)

    @cached_property
    def _hit(self) -> NDArray[np.bool_]:
        unit, item = self._wanted
        return metrics.hits(self.lists, unit, item, len(self.rehearsal.recommender.cards))

    def _price_of(self, unit: int, at: int) -> tuple[float, float]:
        """Revenue and margin of a purchase; 0 where unknown."""
        bought = self.sessions[unit].bought[at]
        price = self.prices.get(bought.item_id)
        revenue = bought.revenue if price is None else price * bought.pieces
        if revenue is None or bought.revenue is None or bought.margin is None:
            return revenue or 0.0, 0.0
        return revenue, revenue - (bought.revenue - bought.margin)

    def _added(self, values: Sequence[float]) -> NDArray[np.float64]:
        """Values of the purchases that the lists hold, added up by session."""
        unit, item = self._wanted
        shown = (self.lists[unit] == item[:, None]).any(axis=1) if len(unit) else np.zeros(0, dtype=bool)
        return np.bincount(unit[shown], np.array(values)[shown], minlength=len(self.sessions)).astype(np.float64)


def measures(before: Outcome, after: Outcome) -> list[Measure]:
    """Every figure that the data allow, in the order in which a person reads them."""
    sessions = before.sessions
    found = [
        _measure(
            "hit_rate_at_10", "Sessions whose purchase was in the list", "share", before.hit_rate(), after.hit_rate()
        ),
        _measure("ndcg_at_10", "How high the purchase stood (NDCG@10)", "score", before.ndcg(), after.ndcg()),
    ]
    if any(bought.revenue is not None for session in sessions for bought in session.bought):
        note = "Of what was bought, kept and in the list; pieces do not respond to a tried price."
        found.append(
            _measure("revenue", "Revenue of it, by session", "currency", before.revenue(), after.revenue(), note=note)
        )
    if any(bought.margin is not None for session in sessions for bought in session.bought):
        note = "The same less purchase cost; products without a cost count as nothing."
        found.append(
            _measure("margin", "Margin of it, by session", "currency", before.margin(), after.margin(), note=note)
        )
    return [*found, _coverage(before, after), *_stock(before, after), _empty(before, after)]


def moved(before: Outcome, after: Outcome) -> Interval:
    """Share of the places that hold another product than before."""
    places = np.maximum(np.maximum(before.filled, after.filled), 1)
    other = (before.lists != after.lists).sum(axis=1) / places
    return paired(other, other)[0]


def _measure(
    name: str,
    title: str,
    unit: str,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    *,
    higher_is_better: bool = True,
    note: str = "",
) -> Measure:
    first, second, change = paired(before, after)
    return Measure(
        name=name,
        title=title,
        unit=unit,
        before=first,
        after=second,
        difference=change,
        higher_is_better=higher_is_better,
        note=note,
    )


def _coverage(before: Outcome, after: Outcome) -> Measure:
    first, second = before.coverage(), after.coverage()
    return Measure(
        name="coverage_at_10",
        title="Products that some list shows",
        unit="share",
        before=Interval(value=first),
        after=Interval(value=second),
        difference=Interval(value=second - first),
        note="A count over these very sessions, so without an interval; more sessions show more products.",
    )


def _stock(before: Outcome, after: Outcome) -> list[Measure]:
    """Places that lead to what is nearly gone, or was gone in the end; none where the shop counts no stock."""
    rehearsal = before.rehearsal
    cards = rehearsal.recommender.cards
    if all(card.on_hand is None for card in cards):
        return []
    low = np.array([card.on_hand is not None and card.on_hand <= LOW_STOCK for card in cards])
    gone = np.array([card.item_id in rehearsal.sold_out for card in cards])
    return [
        _measure(
            "low_stock",
            f"Places with {LOW_STOCK} pieces or fewer",
            "share",
            before.share(low),
            after.share(low),
            higher_is_better=False,
            note="By the stock at the start of the held-out days.",
        ),
        _measure(
            "sold_out",
            "Places whose product ran out",
            "share",
            before.share(gone),
            after.share(gone),
            higher_is_better=False,
            note="Products in stock at the start of the held-out days without a piece at the last count.",
        ),
    ]


def _empty(before: Outcome, after: Outcome) -> Measure:
    first, second = ((outcome.filled == 0).astype(np.float64) for outcome in (before, after))
    return _measure("zero_results", "Sessions with an empty list", "share", first, second, higher_is_better=False)
