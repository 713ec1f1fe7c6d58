"""The rows of a snapshot, read from its Parquet parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.catalog.schema import TABLES, Table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    from numpy.typing import NDArray


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
    """

    def __init__(
        self,
        files: Mapping[Table, Sequence[Path]],
        snapshot: int | None = None,
        vectors: NDArray[np.float32] | None = None,
    ) -> None:
        self.files = {Table(table): tuple(paths) for table, paths in files.items() if paths}
        self.snapshot = snapshot
        self.vectors = vectors

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
        positions = [TABLES[table].names.index(TABLES[table].column(name).name) for name in columns]
        return self.rows(table) > 0 and all(self._any_value(table, position) for position in positions)

    def _any_value(self, table: Table, position: int) -> bool:
        """Whether a column has a non-null value; footers tell, unless one has no statistics."""
        for part in self._metadata[table]:
            for group in range(part.num_row_groups):
                chunk = part.row_group(group).column(position)
                nulls = chunk.statistics.null_count if chunk.statistics is not None else None
                if nulls is None:
                    return self._count_values(table, TABLES[table].names[position]) > 0
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
        parts = [pq.ParquetFile(path).read(columns=wanted).select(wanted) for path in self.files.get(table, ())]
        return pa.concat_tables([part.cast(schema) for part in parts]) if parts else schema.empty_table()

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


def plain_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON values: times as ISO 8601."""
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
