"""One table as a file has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.catalog.importers.limits import Limits
from engine.errors import InvalidFile

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Sheet:
    """Rows of a file.

    `rows` counts every row that was read: those of `table`, whose places `numbers` tells (from 1),
    and those of `ragged`, which could not be split into columns: (row, reason, text).
    """

    name: str
    table: pa.Table
    numbers: pa.Array
    ragged: tuple[tuple[int, str, str], ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.table.column_names)

    @property
    def rows(self) -> int:
        return int(self.table.num_rows) + len(self.ragged)


def check_shape(name: str, columns: int, rows: int, limits: Limits) -> None:
    """Refuse a table with too many columns or rows.

    Raises
    ------
    InvalidFile
    """
    if columns > limits.columns:
        raise InvalidFile(
            f"{name} has {columns:,} columns.",
            f"A table has up to {limits.columns}.",
            "Export only the columns that you need.",
        )
    if rows > limits.rows:
        raise InvalidFile(
            f"{name} has {rows:,} rows.",
            f"An import takes up to {limits.rows:,} rows a table.",
            "Import it in parts with mode append, or raise SKYY_MAX_IMPORT_ROWS.",
        )


def check_names(name: str, columns: list[str]) -> None:
    """Refuse column names that occur twice.

    Raises
    ------
    InvalidFile
    """
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise InvalidFile(
            f"{name} has the column {twice[0][:60]!r} twice.", "Every column has its own name.", "Rename one of them."
        )
