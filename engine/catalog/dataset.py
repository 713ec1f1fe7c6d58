"""The rows of a snapshot, read from its Parquet parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from engine.catalog.schema import TABLES, Table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    from numpy.typing import NDArray

T = TypeVar("T")


class Dataset:
    """Canonical tables as Arrow or pandas; a table that is absent is an empty one.

    Parameters
    ----------
    files : mapping of Table to paths
        Parquet parts of each table, in order; every part has the table's whole schema.
    snapshot : int or None
        The snapshot that the parts are, None for rows that were never imported.
    vectors : ndarray of float32, shape (n_item_rows, n_dimensions), or None
        Embeddings of the rows of the items table, where somebody made them.
    labels : mapping of str to mapping of item id to label, or None
        What people corrected, by the column or attribute that it is about.
    """

    def __init__(
        self,
        files: Mapping[Table, Sequence[Path]],
        snapshot: int | None = None,
        vectors: NDArray[np.float32] | None = None,
        labels: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.files = {Table(table): tuple(paths) for table, paths in files.items() if paths}
        self.snapshot = snapshot
        self.vectors = vectors
        self.labels: Mapping[str, Mapping[str, str]] = labels or {}
        self._kept: dict[str, Any] = {}

    def once(self, name: str, compute: Callable[[], T]) -> T:
        """What `compute` gave when it was first asked for under this name: costly readings are made once."""
        if name not in self._kept:
            self._kept[name] = compute()
        found: T = self._kept[name]
        return found

    @cached_property
    def _metadata(self) -> dict[Table, list[pq.FileMetaData]]:
        import pyarrow.parquet as pq

        return {table: [pq.read_metadata(path) for path in paths] for table, paths in self.files.items()}

    def rows(self, table: Table) -> int:
        """Number of rows, from the files' footers."""
        return sum(part.num_rows for part in self._metadata.get(table, ()))

    def has(self, table: Table, *columns: str) -> bool:
        """Whether there are rows, and each of `columns` has a value in at least one of them.

        Raises
        ------
        KeyError
            The table's schema has no such column.
        """
        names = [TABLES[table].column(name).name for name in columns]
        return self.rows(table) > 0 and all(self._any_value(table, name) for name in names)

    def _any_value(self, table: Table, name: str) -> bool:
        """Whether a column has a non-null value; footers tell, unless one has no statistics."""
        for part in self._metadata[table]:
            if name not in part.schema.names:  # stored before the column was thought of
                continue
            position = part.schema.names.index(name)
            for group in range(part.num_row_groups):
                chunk = part.row_group(group).column(position)
                nulls = chunk.statistics.null_count if chunk.statistics is not None else None
                if nulls is None:
                    return self._count_values(table, name) > 0
                if nulls < part.row_group(group).num_rows:
                    return True
        return False

    def _count_values(self, table: Table, column: str) -> int:
        values = self.arrow(table, [column]).column(column)
        return int(len(values) - values.null_count)

    def arrow(self, table: Table, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows in order of import, with the table's schema or only `columns` of it."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        wanted = list(columns) if columns is not None else list(TABLES[table].names)
        full = TABLES[table].arrow_schema()
        schema = pa.schema([full.field(name) for name in wanted])
        parts = [_read(pq.ParquetFile(path), schema) for path in self.files.get(table, ())]
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def frame(self, table: Table, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The same rows for pandas; times are UTC, absent values are NaN, NaT or None."""
        return self.arrow(table, columns).to_pandas()

    def head(self, table: Table, limit: int) -> list[dict[str, Any]]:
        """The first rows as plain JSON values."""
        import pyarrow.parquet as pq

        rows: list[dict[str, Any]] = []
        for path in self.files.get(table, ()):
            for batch in pq.ParquetFile(path).iter_batches(batch_size=max(1, limit)):
                rows += batch.to_pylist()
                if len(rows) >= limit:
                    return [plain_row(row) for row in rows[:limit]]
        return [plain_row(row) for row in rows]


def _read(file: pq.ParquetFile, schema: pa.Schema) -> pa.Table:
    """A part with all of the schema's columns; those that it was stored before are empty."""
    import pyarrow as pa

    there = [name for name in schema.names if name in file.schema_arrow.names]
    found = file.read(columns=there)
    for field in schema:
        if field.name not in there:
            found = found.append_column(field, pa.nulls(file.metadata.num_rows, field.type))
    return found.select(schema.names).cast(schema)


def plain_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON values: times as ISO 8601."""
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
