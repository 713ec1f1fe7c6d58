"""Arrow columns in one shape: one chunk, no dictionary, plain strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa


def plain(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The column as one array; dictionaries are decoded, every kind of string is `string`.

    Raises
    ------
    InvalidInput
        Bytes that are not UTF-8 text.
    """
    import pyarrow as pa

    try:
        column = _decoded(column)
    except pa.ArrowInvalid as error:
        raise InvalidInput(
            f"A column of {column.type} does not hold text: {str(error)[:100]}.",
            "Text is UTF-8.",
            "Convert the column.",
        ) from error
    if isinstance(column, pa.ChunkedArray):
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    return column


def _decoded(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    import pyarrow as pa
    import pyarrow.types as types

    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    texts = (types.is_large_string, types.is_string_view, types.is_binary, types.is_large_binary)
    return column.cast(pa.string()) if any(test(column.type) for test in texts) else column


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
