"""What shoppers did by the shop's own records, and the currency that its orders are in."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.catalog.schema import EventKind, Table

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.catalog.dataset import Dataset

_COLUMNS = ("item_id", "event", "time")

Line = tuple[str, str, datetime | None]


class Diary:
    """Events of one snapshot by shopper, the last that was asked for."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: tuple[int, tuple[pa.Table, pa.Table]] | None = None

    def of(self, number: int, dataset: Dataset, shopper: str, limit: int) -> list[Line]:
        """Item, event and time of what a shopper did, the latest first.

        Parameters
        ----------
        number : int
            Snapshot that `dataset` is.
        """
        import pyarrow.compute as pc

        found: list[Line] = []
        for table in self._tables(number, dataset):
            rows = table.filter(pc.equal(table["shopper"], shopper)).select(_COLUMNS)
            found += [(row["item_id"], row["event"], row["time"]) for row in rows.to_pylist()]
        found.sort(key=lambda line: (line[2] is not None, line[2]), reverse=True)
        return found[:limit]

    def _tables(self, number: int, dataset: Dataset) -> tuple[pa.Table, pa.Table]:
        with self._guard:
            if self._held is None or self._held[0] != number:
                self._held = (number, _tables(dataset))
            return self._held[1]


def _tables(dataset: Dataset) -> tuple[pa.Table, pa.Table]:
    """Interactions, and order lines as purchases where the interactions tell none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    events = dataset.arrow(Table.INTERACTIONS, ["shopper", *_COLUMNS])
    orders = dataset.arrow(Table.ORDERS, ["order_id", "shopper", "time"])
    lines = dataset.arrow(Table.ORDER_LINES, ["order_id", "item_id"]).join(orders, "order_id", join_type="inner")
    bought = lines.append_column("event", pa.array([EventKind.PURCHASE.value] * len(lines), pa.string()))
    if len(bought):
        events = events.filter(pc.not_equal(events["event"], EventKind.PURCHASE.value))
    return events, bought


@lru_cache(maxsize=16)
def _currency(path: str) -> Counter[str]:
    import pyarrow.parquet as pq

    values: list[Any] = pq.ParquetFile(path).read(columns=["currency"]).column("currency").to_pylist()
    return Counter(str(value) for value in values if value)


def currency_of(dataset: Dataset) -> str | None:
    """The currency of most orders; None where the shop tells none."""
    found: Counter[str] = Counter()
    for path in dataset.files.get(Table.ORDERS, ()):
        found += _currency(str(path))
    return max(found, key=lambda code: (found[code], code)) if found else None
