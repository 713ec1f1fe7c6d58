"""Parquet files, with their claims about size checked before they are unpacked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.catalog.importers.limits import Limits
from engine.catalog.importers.sheet import Sheet, check_names, check_shape
from engine.errors import InvalidFile

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_BATCH_ROWS = 65_536
_UNPACKED = 4  # times the limit of the files themselves


def columns(name: str, data: bytes) -> tuple[str, ...]:
    """The column names, from the footer."""
    return tuple(_open(name, data).schema_arrow.names)


def parse(name: str, data: bytes, limits: Limits) -> Sheet:
    """The rows of a Parquet file; nested columns are left out.

    Raises
    ------
    InvalidFile
        It is cut short or damaged, or unpacks to more than the limits.
    """
    import pyarrow as pa

    file = _open(name, data)
    check_shape(name, len(file.schema_arrow.names), file.metadata.num_rows, limits)
    check_names(name, file.schema_arrow.names)
    if not file.metadata.num_rows:
        raise InvalidFile(f"{name} has no rows.", "A table has at least one row.", "Check the export.")
    flat = [field.name for field in file.schema_arrow if not pa.types.is_nested(_value_type(field.type))]
    nested = sorted(set(file.schema_arrow.names) - set(flat))
    try:
        table = _as_text(_rows(name, file, flat, limits))
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _broken(name, error) from error
    notes = (f"{name}: the nested columns {', '.join(nested[:5])} were left out.",) if nested else ()
    return Sheet(name, table, pa.array(range(1, table.num_rows + 1), pa.int64()), notes=notes)


def _rows(name: str, file: pq.ParquetFile, columns: list[str], limits: Limits) -> pa.Table:
    """The rows, read batch by batch so that a file whose footer lies is stopped early."""
    import pyarrow as pa

    batches, size = [], 0
    for batch in file.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False):
        size += sum(_size(column) for column in batch.columns)
        if size > _UNPACKED * limits.bytes:
            raise InvalidFile(
                f"{name} unpacks to more than {_UNPACKED * limits.bytes // 2**20:,} MB.",
                "An import fits this limit in memory.",
                "Import it in parts with mode append, or raise SKYY_MAX_UPLOAD_MB.",
            )
        batches.append(batch)
    return pa.Table.from_batches(batches)


def _size(column: pa.Array) -> int:
    """Bytes that a column has without its dictionary."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type) or not len(column.dictionary):
        return int(column.nbytes)
    if not (pa.types.is_string(column.dictionary.type) or pa.types.is_binary(column.dictionary.type)):
        return 8 * len(column)
    lengths = pc.binary_length(column.dictionary).cast(pa.int64()).take(column.indices)
    return int(pc.sum(lengths).as_py() or 0) + 4 * len(column)


def _as_text(table: pa.Table) -> pa.Table:
    """Bytes, as some writers store text, as text."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        kind = _value_type(field.type)
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
            table = table.set_column(place, field.name, table.column(place).cast(kind).cast(pa.string()))
    return table


def _value_type(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _open(name: str, data: bytes) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        plain = pq.ParquetFile(pa.BufferReader(data))
        texts = [
            field.name
            for field in plain.schema_arrow
            if pa.types.is_string(field.type) or pa.types.is_large_string(field.type) or pa.types.is_binary(field.type)
        ]
        # Dictionaries keep a short file with one long repeated text short in memory, too.
        return pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _broken(name, error) from error


def _broken(name: str, error: Exception) -> InvalidFile:
    if isinstance(error, InvalidFile):
        return error
    return InvalidFile(
        f"{name} is not a whole Parquet file: {str(error).splitlines()[0][:120]}.",
        "A Parquet file starts and ends with its mark and is complete.",
        "Export or upload it again.",
    )
