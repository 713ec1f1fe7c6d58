"""Whom and what rules can name in a shop: segments, markets, properties of products; cached by snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.datasets import choices, dataset_of
from dashboard.runtime import ask
from engine.catalog.dataset import Dataset
from engine.catalog.records import ItemCard
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService

_PROPERTIES = ("category", "brand", "colour", "season", "size", "occasion")
_ALL = 1_000_000


@dataclass(frozen=True)
class Audience:
    """What forms offer; `properties` are the keys of a rule's `where`, each with its values."""

    segments: tuple[str, ...]
    markets: tuple[str, ...]
    properties: dict[str, tuple[str, ...]]


@st.cache_resource(max_entries=8, show_spinner=False)
def audience_of(number: int) -> Audience:
    """What rules of a snapshot can name."""
    dataset = dataset_of(ask(CatalogService.get_snapshot, number=number))
    offered = choices(number)
    properties = {key: tuple(map(str, offered[key])) for key in _PROPERTIES if key in offered}
    if "price_range" in offered:
        properties["price_range"] = ("budget", "mid", "luxury")
    return Audience(
        _values(dataset, ((Table.SHOPPERS, "segment"),)),
        _values(dataset, ((Table.ORDERS, "market"), (Table.PRICES, "market"))),
        properties,
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def cards_of(shop: str, number: int) -> dict[str, ItemCard]:
    """The products of a shop's newest snapshot by id; `number` is that snapshot."""
    return {card.item_id: card for card in ask(CatalogService.items, shop=shop, limit=_ALL)}


def _values(dataset: Dataset, columns: Sequence[tuple[Table, str]]) -> tuple[str, ...]:
    found: set[str] = set()
    for table, column in columns:
        if dataset.has(table, column):
            found.update(str(value) for value in dataset.frame(table, [column])[column].dropna().unique())
    return tuple(sorted(found))
