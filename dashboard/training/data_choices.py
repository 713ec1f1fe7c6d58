"""What the data has for settings that name a table, a sheet or columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.datasets import dataset_of
from dashboard.runtime import ask
from engine.catalog.dataset import Dataset
from engine.catalog.schema import TABLES, Table
from engine.catalog.service import CatalogService
from engine.estimators.base import Outlook

_MOST = 300


def offered(snapshot: int, table: str | None, outlook: Outlook | None) -> Mapping[str, Sequence[str]]:
    """Setting to the values that the snapshot has for it.

    Parameters
    ----------
    table : str or None
        The table that the form has chosen, None where the kind learns from the products.
    outlook : Outlook or None
        Of the recipe: columns that are used, and columns that the checks leave out.
    """
    known = columns(snapshot)
    if table is None:
        return {"target": known.get(Table.ITEMS.value, [])}
    used = list(outlook.columns) if outlook else []
    aside = list(outlook.left_out) if outlook else []
    return {
        "table": list(known),
        "sheet": sheets(snapshot),
        "target": known.get(table, []),
        "leave_out": used,
        "keep": aside,
    }


@st.cache_data(max_entries=20, show_spinner=False)
def columns(snapshot: int) -> dict[str, list[str]]:
    """Tables that have rows, each with the columns that have values and the keys inside its JSON columns."""
    dataset = dataset_of(ask(CatalogService.get_snapshot, number=snapshot))
    return {table.value: _columns(dataset, table) for table in Table if dataset.rows(table)}


def _columns(dataset: Dataset, table: Table) -> list[str]:
    found: list[str] = []
    for column in TABLES[table].columns:
        if dataset.has(table, column.name):
            found += _keys(dataset, table, column.name) if column.kind == "json" else [column.name]
    return found[:_MOST]


def _keys(dataset: Dataset, table: Table, column: str) -> list[str]:
    """Names of the values inside a column of JSON objects, such as `attributes.fabric`."""
    texts = dataset.arrow(table, [column]).column(column).unique().to_pylist()
    return [f"{column}.{key}" for key in sorted({key for text in texts if text for key in json.loads(text)})]


@st.cache_data(max_entries=20, show_spinner=False)
def sheets(snapshot: int) -> list[str]:
    """Names of the tables that were imported as they are."""
    dataset = dataset_of(ask(CatalogService.get_snapshot, number=snapshot))
    if not dataset.rows(Table.RECORDS):
        return []
    return sorted(str(name) for name in dataset.arrow(Table.RECORDS, ["sheet"]).column("sheet").unique().to_pylist())
