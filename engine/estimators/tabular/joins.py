"""A table's rows with the columns of what they refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.catalog.schema import TABLES, Table
from engine.estimators.tabular.rows import Column, expanded, from_arrow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset

PARENTS: dict[Table, tuple[tuple[str, Table], ...]] = {
    Table.VARIANTS: (("item_id", Table.ITEMS),),
    Table.STOCK_LEVELS: (("variant_id", Table.VARIANTS), ("variants.item_id", Table.ITEMS)),
    Table.PRICES: (("item_id", Table.ITEMS),),
    Table.ORDERS: (("shopper", Table.SHOPPERS),),
    Table.ORDER_LINES: (
        ("order_id", Table.ORDERS),
        ("item_id", Table.ITEMS),
        ("variant_id", Table.VARIANTS),
        ("orders.shopper", Table.SHOPPERS),
    ),
    Table.INTERACTIONS: (("item_id", Table.ITEMS), ("shopper", Table.SHOPPERS)),
    Table.REVIEWS: (("item_id", Table.ITEMS), ("shopper", Table.SHOPPERS)),
    Table.IMPRESSIONS: (("item_id", Table.ITEMS), ("shopper", Table.SHOPPERS)),
    Table.RECORDS: (("item_id", Table.ITEMS), ("shopper", Table.SHOPPERS)),
}
"""Table to (column, parent): the column's values are keys of the parent; a dot names a parent's own column."""

_NO_FEATURE = ("image",)


def joined(dataset: Dataset, table: Table, sheet: str = "") -> dict[str, Column]:
    """All columns of a table and of its parents, shape (n_rows,) each.

    A parent's column is called `<parent>.<column>`, a key of a JSON column `<column>.<key>`.

    Parameters
    ----------
    sheet : str
        Only the records of this sheet; empty takes all rows.
    """
    found = _read(dataset, table)
    if sheet and table is Table.RECORDS:
        rows = np.array([value == sheet for value in found["sheet"].values], dtype=bool)
        found = {name: column.take(rows) for name, column in found.items()}
    for reference, parent in PARENTS.get(table, ()):
        if reference not in found or not dataset.rows(parent):
            continue
        key = TABLES[parent].key[0]
        columns = dataset.once(f"tabular.{parent}", lambda parent=parent: _read(dataset, parent))  # type: ignore[misc]
        places = _places(columns[key].values, found[reference].values)
        found |= {f"{parent}.{name}": column.take(places) for name, column in columns.items() if name != key}
    return {name: column for name, column in found.items() if name.rpartition(".")[2] not in _NO_FEATURE}


def _read(dataset: Dataset, table: Table) -> dict[str, Column]:
    """A table's own columns with JSON taken apart; columns without any value are there, all absent."""
    rows = dataset.arrow(table)
    found: dict[str, Column] = {}
    for column in TABLES[table].columns:
        read = from_arrow(rows.column(column.name), column.kind)
        if column.kind == "json":
            found |= {f"{column.name}.{key}": part for key, part in expanded(read.values).items()}
        else:
            found[column.name] = read
    return found


def _places(keys: NDArray[np.object_], wanted: NDArray[np.object_]) -> NDArray[np.int64]:
    """The row of each key, -1 where it joins none."""
    import pandas as pd

    index = pd.Index(keys)
    unique = index[~index.duplicated()]
    first = np.flatnonzero(~index.duplicated())
    places = unique.get_indexer(pd.Index(wanted))
    return np.where(places >= 0, first[np.maximum(places, 0)], -1).astype(np.int64)
