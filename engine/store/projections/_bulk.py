"""Payload values as rows; many in one statement, since DuckDB takes columns a hundred times faster than row after row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def insert_rows(cursor: DuckDBPyConnection, table: str, types: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows whose values have the given DuckDB types, in the order of the table's columns."""
    if not rows:
        return
    if len(rows) == 1:
        marks = ", ".join(f"?::{kind}" for kind in types)
        cursor.execute(f"INSERT INTO {table} VALUES ({marks})", list(rows[0]))  # noqa: S608  # names from constants
        return
    columns = ", ".join(f"unnest(?::{kind}[])" for kind in types)
    values = [list(column) for column in zip(*rows, strict=True)]
    cursor.execute(f"INSERT INTO {table} SELECT {columns}", values)  # names from constants


def naive_utc(text: str | None) -> datetime | None:
    """A time of a payload (UTC, with its zone) as the database keeps it."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None
