"""Why a product is there, in words that follow from the arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.recommendation_engine.schema import Contribution
from engine.recommenders.blend import NEIGHBOURS, POPULARITY

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.catalog.records import ItemCard
    from engine.recommenders.blend import Blend, Taste

_SHARED = ("category", "brand", "colour", "season")
_NEGLIGIBLE = 1e-12
_TOP_SHARE = 0.05
_SECOND = 0.3
_WORDS = {
    "category": ("Fits the taste for {}", "Not the usual category"),
    "brand": ("Fits the taste for {}", "Not one of the usual brands"),
    "colour": ("Fits the taste for {}", "Not one of the usual colours"),
    "price": ("In the usual price range ({})", "Outside the usual price range"),
    "occasion": ("Often chosen for {}", "Seldom chosen for the occasion"),
    "size": ("Often chosen in size {}", "Seldom chosen in the size"),
    "age": ("Popular with shoppers aged {}", "Less popular at this age"),
    "segment": ("Popular with shoppers like this one ({})", "Less popular with shoppers like this one"),
}


@dataclass(frozen=True)
class Explainer:
    """Words for one request.

    Parameters
    ----------
    cards : sequence of ItemCard
        By row.
    item_codes : mapping of str to ndarray of int32
        Own value of each item in the facets that products tell.
    blend, taste
        What the scores were made from.
    fresh : mapping of int to str
        Rows of items that came with the request, with what was done in words.
    timed : bool
        Whether the shop tells times; without them nothing can be called recent.
    """

    cards: Sequence[ItemCard]
    item_codes: Mapping[str, NDArray[np.int32]]
    blend: Blend
    taste: Taste
    fresh: Mapping[int, str]
    timed: bool

    def contributions(
        self, parts: Mapping[str, NDArray[np.float64]], items: NDArray[np.int64]
    ) -> list[list[Contribution]]:
        """Contributions of each item, the largest first; what adds nothing is left out."""
        values = {name: np.broadcast_to(part[0], self.blend.n_items)[items] for name, part in parts.items()}
        words = {name: self._because(name, items, values[name]) for name in values}
        total = np.sum([np.abs(value) for value in values.values()], axis=0) if values else np.zeros(len(items))
        answer = []
        for place in range(len(items)):
            found = [
                Contribution(
                    signal=name,
                    value=float(value[place]),
                    share=float(abs(value[place]) / total[place]),
                    because=words[name][place],
                )
                for name, value in values.items()
                if abs(value[place]) > _NEGLIGIBLE
            ]
            answer.append(sorted(found, key=lambda part: -abs(part.value)))
        return answer

    def reason(self, contributions: Sequence[Contribution], usual: Mapping[str, float]) -> str:
        """The one or two signals that lift the product most above the usual product.

        Parameters
        ----------
        usual : mapping of str to float
            Mean of each signal's contribution over the products that could have appeared.
        """
        lift = {part.signal: part.value - usual.get(part.signal, 0.0) for part in contributions if part.value > 0}
        best = sorted(
            (part for part in contributions if lift.get(part.signal, 0.0) > 0), key=lambda part: -lift[part.signal]
        )
        chosen = best[:1] + _second(best[1:], best[:1], lift)
        texts = list(dict.fromkeys(part.because for part in chosen))
        if not texts:
            return "Among the best of what is left after the filters"
        return "; ".join([texts[0], *(text[0].lower() + text[1:] for text in texts[1:])])

    def _because(self, name: str, items: NDArray[np.int64], values: NDArray[np.float64]) -> list[str]:
        if name in POPULARITY:
            return self._popularity(name, items)
        if name in NEIGHBOURS:
            return self._neighbours(name, self.blend.neighbours[name], items)
        return self._lift(name, items, values)

    def _popularity(self, name: str, items: NDArray[np.int64]) -> list[str]:
        signal = self.blend.popularity[name]
        top = signal[items] >= np.quantile(signal, 1 - _TOP_SHARE)
        if not self.timed:
            words = ("One of the most chosen products", "Chosen by other shoppers")
        elif name == "trending":
            words = ("Trending this month", "Chosen in the last weeks")
        else:
            words = ("A favourite of the last months", "Chosen over the last months")
        return [words[0] if high else words[1] for high in top]

    def _neighbours(self, name: str, matrix: csr_matrix, items: NDArray[np.int64]) -> list[str]:
        """Each item's strongest link to something the shopper met."""
        met = self.taste.history.indices
        if len(met) == 0:
            return [""] * len(items)
        links = matrix[met][:, items].toarray() * self.taste.history.data[:, None]
        best = links.argmax(axis=0)
        return [
            self._link(name, self.cards[int(met[row])], self.cards[int(item)], int(met[row]))
            for row, item in zip(best, items, strict=True)
        ]

    def _link(self, name: str, source: ItemCard, target: ItemCard, row: int) -> str:
        title = source.title or source.item_id
        place = self.fresh.get(row, "chosen before")
        if name == "together":
            return f"Because of {title}, {place}"
        shared = [
            facet for facet in _SHARED if getattr(source, facet) and getattr(source, facet) == getattr(target, facet)
        ]
        if not shared:
            return f"Reads like {title}, {place}"
        words = shared[0] if len(shared) == 1 else f"{', '.join(shared[:-1])} and {shared[-1]}"
        return f"Shares {words} with {title}, {place}"

    def _lift(self, name: str, items: NDArray[np.int64], values: NDArray[np.float64]) -> list[str]:
        """The value through which a lift comes about."""
        more, less = _WORDS[name]
        facet, taste = self.blend.facets[name], self.taste.facets.get(name)
        if taste is None:
            return [""] * len(items)
        told = facet.side == "item"
        own = self.item_codes[name][items] if told else (taste[0] * facet.ratio[items]).argmax(axis=1)
        return [
            more.format(facet.labels[place]) if value > 0 and place >= 0 else less
            for place, value in zip(own, values, strict=True)
        ]


def _second(
    rest: Sequence[Contribution], first: Sequence[Contribution], lift: Mapping[str, float]
) -> list[Contribution]:
    """One more reason, if it weighs enough and does not name another link to an item."""
    for part in rest:
        if lift[part.signal] < _SECOND * lift[first[0].signal]:
            return []
        if not {part.signal, first[0].signal} <= set(NEIGHBOURS):
            return [part]
    return []
