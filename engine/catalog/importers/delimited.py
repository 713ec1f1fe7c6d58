"""Delimited text: the separator, the encoding and broken lines are found out, not asked for."""

from __future__ import annotations

import codecs
import contextlib
import csv
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.catalog.importers.limits import Limits
from engine.catalog.importers.sheet import Sheet, check_names, check_shape
from engine.errors import InvalidFile

if TYPE_CHECKING:
    import pyarrow as pa

_SEPARATORS = (",", ";", "\t", "|")
_SNIFFED_ROWS = 30
_SNIFFED_CHARACTERS = 200_000
_MAGIC = {
    b"PAR1": "a Parquet file",
    b"PK": "a zip archive",
    b"\x1f\x8b": "a gzip file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"SQLite format 3": "a database",
    **{bytes([0x80, version]): "a pickle, which can run code" for version in range(2, 6)},
}


def parse(name: str, data: bytes, limits: Limits) -> Sheet:
    """The rows of a delimited text, every cell as text.

    Raises
    ------
    InvalidFile
        It is no such text, or has no header, no rows, or too many of either.
    """
    text = _decode(name, data)
    header, separator = _header(name, text)
    check_shape(name, len(header), 0, limits)
    names = [column.strip() or f"column {place}" for place, column in enumerate(header, 1)]
    check_names(name, names)
    table, ragged = _read(name, text.encode(), separator, len(names))
    if not table.num_rows and not ragged:
        raise InvalidFile(f"{name} has a header and no rows.", "A table has at least one row.", "Check the export.")
    check_shape(name, len(names), table.num_rows + len(ragged), limits)
    table = table.rename_columns(names)
    _refuse_open_quote(name, text, table)
    return Sheet(name, table, _numbers(table.num_rows, ragged), tuple(ragged), _notes(name, separator))


def _decode(name: str, data: bytes) -> str:
    """UTF-8, or UTF-16 with its mark; anything else would be guessed wrong now and then."""
    if not data.strip(b" \t\r\n\xef\xbb\xbf"):
        raise InvalidFile(f"{name} is empty.", "A table has a header and at least one row.", "Check the export.")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not data.startswith(b"\xff\xfe\x00\x00"):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
        _refuse_binary(name, data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidFile(
            f"{name} is not UTF-8 text: byte 0x{data[error.start]:02x} in line {line:,}.",
            "Delimited files are UTF-8, or UTF-16 with a byte order mark.",
            "Save it as 'CSV UTF-8', or convert it with iconv.",
        ) from error
    if "\0" in text:
        raise _not_text(name, "it holds NUL bytes")
    return text


def _refuse_binary(name: str, data: bytes) -> None:
    for mark, what in _MAGIC.items():
        if data.startswith(mark) and (not mark.isalnum() or b"\0" in data[:4096]):
            raise _not_text(name, f"it is {what}")
    if b"\0" in data:
        parquet = name.lower().endswith(".parquet")
        kind = "it holds NUL bytes, and a Parquet file begins with PAR1" if parquet else "it holds NUL bytes"
        raise _not_text(name, kind)


def _not_text(name: str, why: str) -> InvalidFile:
    return InvalidFile(
        f"{name} is not a delimited text: {why}.",
        "Tables come as CSV, TSV or Parquet.",
        "Export it as CSV UTF-8 or Parquet.",
    )


def _header(name: str, text: str) -> tuple[list[str], str]:
    """The first row and the separator: the one that splits the first rows into most columns, evenly."""
    start = text.lstrip("\r\n")[:_SNIFFED_CHARACTERS]
    best: tuple[tuple[bool, int], list[str], str] | None = None
    for separator in _SEPARATORS:
        rows = _first_rows(start, separator)
        if rows:
            even = sum(len(row) == len(rows[0]) for row in rows) * 2 > len(rows)
            rank = (even and len(rows[0]) > 1, len(rows[0]))
            if best is None or rank > best[0]:
                best = (rank, rows[0], separator)
    if best is None:
        raise _not_text(name, "its first row cannot be split into columns")
    return best[1], best[2]


def _first_rows(text: str, separator: str) -> list[list[str]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    reader = csv.reader((line + "\n" for line in lines), delimiter=separator)
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # a huge cell: what came before it is enough
        rows.extend(itertools.islice((row for row in reader if row), _SNIFFED_ROWS))
    return rows


def _read(name: str, data: bytes, separator: str, width: int) -> tuple[pa.Table, list[tuple[int, str, str]]]:
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    ragged: list[tuple[int, str, str]] = []
    names = [f"f{place}" for place in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            arrow_csv.ReadOptions(use_threads=False, block_size=max(len(data) + 1, 4096), column_names=names),
            arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=_keep_in(ragged)),
            arrow_csv.ConvertOptions(
                check_utf8=False, strings_can_be_null=False, column_types=dict.fromkeys(names, pa.string())
            ),
        )
    except (pa.ArrowException, OverflowError) as error:
        raise _not_text(name, str(error).splitlines()[0][:120]) from error
    header_was_ragged = bool(ragged) and ragged[0][0] == 0
    return (table if header_was_ragged else table.slice(1)), ragged[header_was_ragged:]


def _keep_in(ragged: list[tuple[int, str, str]]) -> Callable[[Any], str]:
    """A handler that notes lines with another number of fields than the header."""

    def keep(row: Any) -> str:
        reason = f"the line has {row.actual_columns} fields where the header has {row.expected_columns}"
        ragged.append((int(row.number) - 1, reason, str(row.text)))
        return "skip"

    return keep


def _refuse_open_quote(name: str, text: str, table: pa.Table) -> None:
    """A quote that never closes swallows the rest of the file into one cell."""
    if text.count('"') % 2 == 0 or not table.num_rows:
        return
    last = table.column(table.num_columns - 1)[-1].as_py()
    cells = [table.column(place)[-1].as_py() for place in range(table.num_columns)]
    if "\n" in last or "\r" in last or any("\n" in cell for cell in cells):
        raise InvalidFile(
            f"{name} has a quoted cell in row {table.num_rows:,} that never ends.",
            "Every opening quote has a closing one.",
            "Mend the quote, or export the file again.",
        )


def _numbers(rows: int, ragged: list[tuple[int, str, str]]) -> pa.Array:
    """Places of the good rows: all places but those of the ragged ones."""
    import numpy as np
    import pyarrow as pa

    places = np.ones(rows + len(ragged) + 1, dtype=bool)
    places[0] = False
    places[[place for place, _, _ in ragged if place < len(places)]] = False
    return pa.array(np.flatnonzero(places)[:rows], pa.int64())


def _notes(name: str, separator: str) -> tuple[str, ...]:
    words = {";": "semicolons", "\t": "tabs", "|": "bars"}
    return (f"{name}: columns are separated by {words[separator]}.",) if separator in words else ()
