"""Arrow columns in one shape: one chunk, no dictionary, plain strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa


def plain(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The column as one array; dictionaries are decoded, every kind of string is `string`."""
    import pyarrow as pa
    import pyarrow.types as types

    whole = column.type
    if types.is_dictionary(whole):
        column = column.cast(whole.value_type)
    if types.is_large_string(column.type) or types.is_string_view(column.type) or types.is_binary(column.type):
        column = column.cast(pa.string())
    if isinstance(column, pa.ChunkedArray):
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    return column


def is_text(array: pa.Array) -> bool:
    import pyarrow.types as types

    return bool(types.is_string(array.type))


def mask(values: pa.Array) -> npt.NDArray[np.bool_]:
    """A boolean Arrow array for numpy; null counts as False."""
    import numpy as np
    import pyarrow.compute as pc

    return np.asarray(pc.fill_null(plain(values), False).to_numpy(zero_copy_only=False), dtype=bool)


def row_codes(tables: Sequence[pa.Table], columns: Sequence[str]) -> list[npt.NDArray[np.int64]]:
    """One integer a row, equal exactly where all `columns` are equal, across several tables; null equals null.

    Parameters
    ----------
    tables : sequence of pa.Table
        All hold `columns` with the same types.
    """
    import numpy as np
    import pyarrow as pa

    total = sum(table.num_rows for table in tables)
    codes = np.zeros(total, dtype=np.int64)
    for name in columns:
        both = plain(pa.chunked_array([plain(table.column(name)) for table in tables]))
        encoded = both.dictionary_encode(null_encoding="encode")
        step = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
        codes = np.unique(codes * (len(encoded.dictionary) + 1) + step, return_inverse=True)[1].astype(np.int64)
    return np.split(codes, np.cumsum([table.num_rows for table in tables])[:-1])
