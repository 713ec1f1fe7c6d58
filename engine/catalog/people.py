"""Shoppers as a page may show them: pseudonym, activity, age, segment."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from engine.catalog.dataset import Dataset
from engine.catalog.records import ShopperCard
from engine.catalog.schema import Table

if TYPE_CHECKING:
    import pandas as pd


class PeopleIndex:
    """Every shopper of a snapshot, most active first, built on first use."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    @cached_property
    def _rows(self) -> pd.DataFrame:
        """Everybody in the shopper table or with an event, with a count."""
        people = self._dataset.frame(Table.SHOPPERS, ["shopper", "age", "segment"])
        table = Table.INTERACTIONS if self._dataset.rows(Table.INTERACTIONS) else Table.ORDERS
        events = self._dataset.frame(table, ["shopper"])["shopper"].value_counts()
        rows = people.merge(events.rename_axis("shopper").reset_index(name="events"), how="outer", on="shopper")
        rows["events"] = rows["events"].fillna(0).astype(int)
        return rows.sort_values(["events", "shopper"], ascending=[False, True]).reset_index(drop=True)

    def search(self, query: str, limit: int) -> list[ShopperCard]:
        """Shoppers whose pseudonym starts with, or whose segment holds, the query."""
        rows = self._rows
        if query:
            word = query.lower()
            segments = rows["segment"].fillna("").str.lower().str.contains(word, regex=False)
            rows = rows[rows["shopper"].str.startswith(word) | segments]
        head = rows.head(limit)
        return [
            ShopperCard(
                shopper=str(row["shopper"]),
                events=int(row["events"]),
                age=float(row["age"]) if row["age"] == row["age"] else None,
                segment=row["segment"] if isinstance(row["segment"], str) else None,
            )
            for row in head.to_dict("records")
        ]
