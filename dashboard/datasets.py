"""A snapshot's tables for a page, and what its filters can offer; cached by snapshot number."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from dashboard.runtime import ask, engine
from engine.catalog.dataset import Dataset
from engine.catalog.records import SnapshotInfo
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService


def dataset_of(snapshot: SnapshotInfo) -> Dataset:
    """The tables of a snapshot, read from the artifact store by whichever process the page runs in."""
    files = {
        Table(name): [engine().artifacts.path(part.digest) for part in parts]
        for name, parts in snapshot.tables.items()
        if parts
    }
    return Dataset(files, snapshot.number)


@st.cache_data(max_entries=50, show_spinner=False)
def lacking(kind: str, number: int) -> list[str]:
    """What a snapshot lacks to train a kind, in words."""
    from engine.estimators.kinds import kind_of

    trained = kind_of(kind)
    return trained.missing(dataset_of(ask(CatalogService.get_snapshot, number=number)), trained.config_type())


@st.cache_data(max_entries=20, show_spinner=False)
def choices(number: int) -> dict[str, list[Any]]:
    """Values that the catalogue's filters can take, most frequent first, by context key."""
    dataset = dataset_of(ask(CatalogService.get_snapshot, number=number))
    found: dict[str, list[Any]] = {}
    for key, table, column in _COLUMNS:
        if dataset.has(table, column):
            counts = dataset.frame(table, [column])[column].dropna().value_counts()
            found[key] = [str(value) for value in counts.index[:500]]
    occasions = _inside(dataset, Table.ITEMS, "attributes", "occasion")
    occasions = occasions or _inside(dataset, Table.INTERACTIONS, "context", "occasion")
    return {**found, "occasion": occasions} if occasions else found


def _inside(dataset: Dataset, table: Table, column: str, key: str) -> list[str]:
    """Values of one key inside a column of JSON objects."""
    if not dataset.has(table, column):
        return []
    found: set[str] = set()
    for text in dataset.arrow(table, [column]).column(column).unique().to_pylist():
        value = json.loads(text).get(key) if text else None
        found.update(str(single) for single in (value if isinstance(value, list) else [value]) if single is not None)
    return sorted(found)


_COLUMNS = (
    ("category", Table.ITEMS, "category"),
    ("brand", Table.ITEMS, "brand"),
    ("colour", Table.ITEMS, "colour"),
    ("season", Table.ITEMS, "season"),
    ("size", Table.VARIANTS, "size"),
    ("price_range", Table.PRICES, "price"),
    ("in_stock", Table.STOCK_LEVELS, "on_hand"),
)
