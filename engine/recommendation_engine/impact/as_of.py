"""A shop's tables as they stood at an earlier moment, so that a replay does not know what came after."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from engine.catalog.dataset import Dataset
from engine.catalog.schema import TABLES, Table

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa


class AsOf(Dataset):
    """The products, prices and stock of a dataset at a moment.

    Parameters
    ----------
    dataset : Dataset
    moment : datetime or None
        Prices and counts from this moment on are left out, and a price that held then is the latest one;
        None where the shop tells no times.
    items : collection of str
        Products that existed.
    """

    def __init__(self, dataset: Dataset, moment: datetime | None, items: Collection[str]) -> None:
        super().__init__(dataset.files, dataset.snapshot)
        self._moment = moment
        self._items = frozenset(items)

    def arrow(self, table: Table, columns: Sequence[str] | None = None) -> pa.Table:
        wanted = list(columns) if columns is not None else list(TABLES[table].names)
        rows = super().arrow(table)
        if table is Table.ITEMS:
            rows = self._existing(rows)
        elif self._moment is not None and table is Table.STOCK_LEVELS:
            rows = _before(rows, "time", self._moment)
        elif self._moment is not None and table is Table.PRICES:
            rows = _open_at(_before(rows, "from", self._moment), self._moment)
        return rows.select(wanted)

    def _existing(self, items: pa.Table) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc

        return items.filter(pc.is_in(items["item_id"], value_set=pa.array(sorted(self._items), pa.string())))


def _before(rows: pa.Table, column: str, moment: datetime) -> pa.Table:
    """Rows from before the moment, and those without a time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    earlier = pc.less(rows[column], pa.scalar(moment, rows[column].type))
    return rows.filter(pc.fill_null(earlier, True))


def _open_at(prices: pa.Table, moment: datetime) -> pa.Table:
    """Prices whose end lies after the moment are open; nobody knew the end yet."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = prices["to"]
    ended = pc.less_equal(ends, pa.scalar(moment, ends.type))
    known = pc.if_else(pc.fill_null(ended, False), ends, pa.scalar(None, ends.type))
    return prices.set_column(prices.schema.get_field_index("to"), prices.schema.field("to"), known)
