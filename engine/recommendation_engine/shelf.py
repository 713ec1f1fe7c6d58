"""The products of a release as requests see them: cards, facets, properties, content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.recommendation_engine.facets import CatalogFacets
from engine.recommenders import content

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.catalog.records import ItemCard

_NOT_CONTENT = ("size",)


class Shelf:
    """Products in the order of the model's rows.

    Parameters
    ----------
    cards : sequence of ItemCard
        By row; a product that left the catalogue has a bare card.
    listed : ndarray of bool, shape (n_products,)
        Products that the catalogue still has.
    """

    def __init__(
        self, cards: Sequence[ItemCard], listed: NDArray[np.bool_], facets: CatalogFacets | None = None
    ) -> None:
        self.cards = cards
        self.listed = listed
        self.facets = facets or CatalogFacets(cards)

    def repriced(self, prices: Mapping[str, float]) -> Shelf:
        """The same products with some prices changed, by product id; ids that do not exist are left aside."""
        rows = {self.facets.place[item]: price for item, price in prices.items() if item in self.facets.place}
        if not rows:
            return self
        cards = list(self.cards)
        for row, price in rows.items():
            cards[row] = cards[row].model_copy(update={"price": float(price)})
        other = Shelf(cards, self.listed, self.facets.repriced(cards, rows))
        if "content" in self.__dict__:
            other.__dict__["content"] = self.content
        return other

    @cached_property
    def created(self) -> NDArray[np.float64]:
        """First day in the shop in days since 1970, NaN where unknown."""
        return np.array(
            [np.nan if card.created_at is None else card.created_at.timestamp() / 86_400 for card in self.cards]
        )

    @cached_property
    def freshness(self) -> NDArray[np.float64]:
        """How young each product is among all: 0 the oldest, 1 the youngest."""
        return _ranked(self.created)

    @cached_property
    def margin(self) -> NDArray[np.float64]:
        """How much of its price each product leaves over its cost, among all: 0 the least, 1 the most."""
        cost = np.array([np.nan if card.cost is None else card.cost for card in self.cards])
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = 1 - cost / self.facets.price
        return _ranked(np.where(np.isfinite(rate), rate, np.nan))

    @cached_property
    def stock(self) -> NDArray[np.float64]:
        """How many pieces of each product there are, among all: 0 the fewest, 1 the most."""
        return _ranked(np.array([np.nan if card.on_hand is None else float(card.on_hand) for card in self.cards]))

    @cached_property
    def content(self) -> csr_matrix:
        """What each product is: its facets weighted by rarity and the words of its title, rows of unit norm."""
        from scipy.sparse import hstack

        told, words = self._told(), content.words([card.title for card in self.cards])
        return content.unit_rows(hstack([told, words]).tocsr()).astype(np.float32)

    @cached_property
    def _turned(self) -> csr_matrix:
        return self.content.T.tocsr()

    def likeness(self, rows: NDArray[Any]) -> NDArray[np.float32]:
        """Cosine of the content of some products with all, shape (n_rows, n_products), 0 to 1."""
        found: NDArray[np.float32] = (self.content[rows] @ self._turned).toarray()
        return found

    def _told(self) -> csr_matrix:
        from scipy.sparse import csr_matrix

        rows, columns, weights = [], [], []
        column = 0
        for name, by_value in self.facets.values.items():
            if name in _NOT_CONTENT:
                continue
            for found in by_value.values():
                rows.append(found)
                columns.append(np.full(len(found), column))
                weights.append(np.full(len(found), np.log1p(len(self.cards) / len(found))))
                column += 1
        if not rows:
            return csr_matrix((len(self.cards), 1))
        cells = (np.concatenate(rows), np.concatenate(columns))
        return content.unit_rows(csr_matrix((np.concatenate(weights), cells), shape=(len(self.cards), column)))


def _ranked(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the known values that lie below each, scaled to 0..1; unknown ones are 0."""
    known = np.isfinite(values)
    ranks = np.zeros(len(values))
    if known.sum() > 1:
        distinct, place = np.unique(values[known], return_inverse=True)
        ranks[known] = place / max(len(distinct) - 1, 1)
    return ranks
