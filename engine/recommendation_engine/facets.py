"""What can be asked for: the values of every facet of a catalogue, and the products that have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.recommenders.events import Codes
from engine.recommenders.price_bands import BANDS, banded, bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.records import ItemCard

_PLAIN = ("category", "brand", "colour", "season")
_SHOWN = 12


class CatalogFacets:
    """Facets over products in a fixed order.

    Parameters
    ----------
    cards : sequence of ItemCard
        Products; row numbers below are positions in it.
    """

    def __init__(self, cards: Sequence[ItemCard]) -> None:
        self.cards = cards
        self.size = len(cards)

    def repriced(self, cards: Sequence[ItemCard], prices: Mapping[int, float]) -> CatalogFacets:
        """The same products with other prices at some rows, banded by today's edges; the rest is shared.

        Parameters
        ----------
        cards : sequence of ItemCard
            With the changed prices.
        """
        other = CatalogFacets(cards)
        other.__dict__.update({name: getattr(self, name) for name in ("values", "place", "sold_out", "_categories")})
        rows = np.fromiter(prices, dtype=np.int64, count=len(prices))
        changed = np.fromiter(prices.values(), dtype=np.float64, count=len(prices))
        if self.tells_prices:
            moved = self.bands.copy()
            moved[rows] = banded(self.price, self._categories, rows, changed)
            other.__dict__["bands"] = moved
        return other

    @cached_property
    def place(self) -> dict[str, int]:
        """Row by product id."""
        return {card.item_id: row for row, card in enumerate(self.cards)}

    @cached_property
    def values(self) -> dict[str, dict[str, NDArray[np.int64]]]:
        """Facet to value to rows of the products that have it; the shop's own spelling."""
        found: dict[str, dict[str, list[int]]] = {}
        for row, card in enumerate(self.cards):
            for name, value in _told(card):
                rows = found.setdefault(name, {}).setdefault(value, [])
                if not rows or rows[-1] != row:
                    rows.append(row)
        return {
            name: {value: np.array(rows, dtype=np.int64) for value, rows in sorted(by_value.items())}
            for name, by_value in found.items()
        }

    @cached_property
    def price(self) -> NDArray[np.float64]:
        """Price by row, NaN where unknown."""
        return np.array([np.nan if card.price is None else card.price for card in self.cards], dtype=np.float64)

    @cached_property
    def bands(self) -> NDArray[np.int32]:
        """Price band by row as a place in `BANDS`, -1 where unknown."""
        return bands(self.price, self._categories).codes

    @cached_property
    def _categories(self) -> Codes:
        labels = sorted({card.category for card in self.cards if card.category})
        place = {label: code for code, label in enumerate(labels)}
        category = np.array([place.get(card.category or "", -1) for card in self.cards], dtype=np.int32)
        return Codes(category, tuple(labels))

    @cached_property
    def sold_out(self) -> NDArray[np.bool_]:
        """Products known to have no piece left."""
        return np.array([card.in_stock is False for card in self.cards], dtype=bool)

    @cached_property
    def tells_stock(self) -> bool:
        """Whether the shop tells stock of any product."""
        return any(card.in_stock is not None for card in self.cards)

    @cached_property
    def tells_prices(self) -> bool:
        """Whether the shop tells the price of any product."""
        return bool(np.isfinite(self.price).any())

    def rows(self, facet: str, wanted: Iterable[str]) -> NDArray[np.bool_]:
        """Products that have any of the wanted values, shape (n_products,).

        Raises
        ------
        InvalidInput
            The catalogue has no such value.
        """
        mask = np.zeros(self.size, dtype=bool)
        for value in wanted:
            mask[self.values[facet][spelling(value, self.values[facet], facet)]] = True
        return mask

    def of_ids(self, ids: Iterable[str]) -> NDArray[np.bool_]:
        """Products by id; ids that do not exist match nothing."""
        mask = np.zeros(self.size, dtype=bool)
        mask[[self.place[item] for item in ids if item in self.place]] = True
        return mask

    def by_value(self, facet: str) -> Mapping[str, NDArray[np.int64]]:
        """Rows of the products by value of a facet, `price_range` among them.

        Raises
        ------
        InvalidInput
            The catalogue has no such facet.
        """
        if facet == "price_range" and self.tells_prices:
            return {band: np.flatnonzero(self.bands == code) for code, band in enumerate(BANDS)}
        if facet not in self.values:
            raise InvalidInput(
                f"Products here tell no {facet[:80]!r}.", f"They tell {listing(self.values)}.", "Choose one of these."
            )
        return self.values[facet]

    def in_band(self, band: str) -> NDArray[np.bool_]:
        """Products of a price band.

        Raises
        ------
        InvalidInput
        """
        mask: NDArray[np.bool_] = self.bands == BANDS.index(spelling(band, BANDS, "price_range"))
        return mask


def meant(value: Any, known: Iterable[str], facet: str) -> str | None:
    """The shop's own spelling of a value, None where it has none."""
    try:
        return spelling(as_text(value), known, facet)
    except InvalidInput:
        return None


def spelling(value: str, known: Iterable[str], facet: str) -> str:
    """The shop's own spelling of a value: case and plural endings do not matter.

    Raises
    ------
    InvalidInput
        No value, or more than one, is meant.
    """
    known = tuple(known)
    if value in known:
        return value
    for forms in (_cases, _endings):
        matches = [label for label in known if forms(label) & forms(value)]
        if len(matches) == 1:
            return matches[0]
    raise InvalidInput(
        f"There is no {facet.replace('_', ' ')} {value[:80]!r} here.",
        f"There is: {listing(known)}.",
        "Choose one of these.",
        facet=facet,
    )


def listing(names: Iterable[str]) -> str:
    """Names for a message, cut when there are many."""
    known = list(names)
    rest = len(known) - _SHOWN
    return ", ".join(known[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _cases(word: str) -> set[str]:
    return {word.casefold().strip()}


def _endings(word: str) -> set[str]:
    """A word with and without its plural ending."""
    folded = word.casefold().strip()
    forms = {folded}
    if folded.endswith("s") and not folded.endswith("ss"):
        forms |= {folded[:-1]} | ({folded[:-2]} if folded.endswith("es") else set())
    return {form for form in forms if len(form) > 2} or {folded}


def _told(card: ItemCard) -> Iterable[tuple[str, str]]:
    """Every facet and value that a card tells."""
    for name in _PLAIN:
        value = getattr(card, name)
        if value:
            yield name, value
    for size in card.sizes:
        yield "size", size
    for name, value in card.attributes.items():
        if name not in _PLAIN:
            for single in value if isinstance(value, list) else [value]:
                if isinstance(single, (str, int, float, bool)) and str(single).strip():
                    yield name, as_text(single)


def as_text(value: Any) -> str:
    """A plain value as a facet writes it."""
    return f"{value:g}" if isinstance(value, float) else str(value).strip()
