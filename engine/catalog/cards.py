"""Products as the wall shows them, with today's price and stock."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.catalog.dataset import Dataset
from engine.catalog.records import ItemCard
from engine.catalog.schema import Table
from engine.errors import ItemNotFound

if TYPE_CHECKING:
    import pandas as pd

_SIZE_ORDER = ("xxxs", "xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl", "2xl", "3xl", "4xl")
_TEXTS = ("title", "category", "brand", "colour", "season", "image")


class CardIndex:
    """All product cards of a snapshot, built on first use.

    Parameters
    ----------
    dataset : Dataset
        Items, and where present variants, stock and prices.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    @cached_property
    def cards(self) -> list[ItemCard]:
        """Every card, in the order of the catalogue."""
        items = self._dataset.frame(Table.ITEMS, ["item_id", *_TEXTS, "attributes", "cost", "created_at"])
        texts = {name: _optional(items[name]) for name in _TEXTS}
        attributes = [json.loads(text) if text else {} for text in _optional(items["attributes"])]
        prices, stock, sizes = self._prices(), self._stock(), self._sizes()
        cost, created = _optional(items["cost"]), _times(items["created_at"])
        return [
            ItemCard(
                item_id=item,
                title=texts["title"][place] or item,
                category=texts["category"][place],
                brand=texts["brand"][place],
                colour=texts["colour"][place],
                season=texts["season"][place],
                image=texts["image"][place],
                price=prices.get(item),
                in_stock=None if item not in stock else stock[item] > 0,
                sizes=sizes.get(item, ()),
                attributes=attributes[place],
                cost=cost[place],
                on_hand=stock.get(item),
                created_at=created[place],
            )
            for place, item in enumerate(items["item_id"].tolist())
        ]

    @cached_property
    def by_id(self) -> dict[str, ItemCard]:
        """The cards by item id."""
        return {card.item_id: card for card in self.cards}

    @cached_property
    def _haystacks(self) -> list[str]:
        return [
            " ".join(
                filter(None, (card.item_id, card.title, card.category, card.brand, card.colour, card.season))
            ).lower()
            for card in self.cards
        ]

    def card(self, item_id: str) -> ItemCard:
        """One card.

        Raises
        ------
        ItemNotFound
        """
        if item_id not in self.by_id:
            raise ItemNotFound(f"There is no product {item_id[:80]!r}.", hint="Search the catalogue for its id.")
        return self.by_id[item_id]

    def search(self, query: str = "", category: str | None = None) -> Iterable[ItemCard]:
        """Cards that hold every word of `query`, in any case."""
        words = query.lower().split()
        for card, haystack in zip(self.cards, self._haystacks, strict=True):
            if (category is None or card.category == category) and all(word in haystack for word in words):
                yield card

    def _prices(self) -> dict[str, float]:
        """The price that holds: the latest open-ended one, else the latest of all."""
        prices = self._dataset.frame(Table.PRICES, ["item_id", "from", "to", "price"])
        prices["open"] = prices["to"].isna()
        latest = prices.sort_values(["open", "from"], na_position="first", kind="stable").drop_duplicates(
            "item_id", keep="last"
        )
        return dict(zip(latest["item_id"].tolist(), latest["price"].tolist(), strict=True))

    def _stock(self) -> dict[str, int]:
        """Pieces of all variants at their last count; products without a count are absent."""
        levels = self._dataset.frame(Table.STOCK_LEVELS)
        if levels.empty:
            return {}
        last = levels.sort_values("time", kind="stable").drop_duplicates("variant_id", keep="last")
        owners = self._dataset.frame(Table.VARIANTS, ["variant_id", "item_id"])
        pieces = last.merge(owners, on="variant_id").groupby("item_id")["on_hand"].sum()
        return {str(item): int(count) for item, count in pieces.items()}

    def _sizes(self) -> dict[str, tuple[str, ...]]:
        variants = self._dataset.frame(Table.VARIANTS, ["item_id", "size"]).dropna().drop_duplicates()
        sizes: dict[str, list[str]] = {}
        for item, size in zip(variants["item_id"].tolist(), variants["size"].tolist(), strict=True):
            sizes.setdefault(item, []).append(size)
        return {item: tuple(sorted(found, key=size_rank)) for item, found in sizes.items()}


def size_rank(size: str) -> tuple[int, float, str]:
    """Sorts sizes as a shop does: XS before M before XL, 8 before 10."""
    lower = size.strip().lower()
    if lower in _SIZE_ORDER:
        return (0, float(_SIZE_ORDER.index(lower)), lower)
    number = re.match(r"\d+(?:\.\d+)?", lower)
    return (1, float(number.group()), lower) if number else (2, 0.0, lower)


def _optional(column: pd.Series[Any]) -> list[Any]:
    """Values with None for what is absent."""
    values: list[Any] = column.astype(object).where(column.notna(), None).tolist()
    return values


def _times(column: pd.Series[Any]) -> list[datetime | None]:
    """Times with None for what is absent, as plain datetimes."""
    return [None if value is None else value.to_pydatetime() for value in _optional(column)]


def cards(dataset: Dataset) -> list[ItemCard]:
    """Every product card of a dataset, in the order of the catalogue."""
    return CardIndex(dataset).cards
