"""Corrected rows of a quarantine, on their way through the same checks as every import."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.catalog.delivery import Delivery
from engine.catalog.plan import Plan
from engine.catalog.quarantine import LONGEST_KEPT, ROW_COLUMN, SOURCE_COLUMN
from engine.catalog.records import MendedRow, Mode, SnapshotInfo, Source
from engine.catalog.schema import TABLES, Table
from engine.errors import InvalidInput
from engine.files import canonical_json

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.store import Transaction

IMPORTER = "mend"


def delivery_of(
    info: SnapshotInfo, aside: pa.Table, rows: Sequence[MendedRow], mended: Mapping[int, int], mode: Mode
) -> tuple[Delivery, list[int]]:
    """What the corrected rows bring, and their indices.

    Parameters
    ----------
    aside : pa.Table
        The whole quarantine of the snapshot.
    mended : mapping of int to int
        What was taken in already, by index.

    Raises
    ------
    InvalidInput
    """
    if mode is Mode.REPLACE:
        raise InvalidInput("Mended rows cannot replace a table.", "Mode append or upsert.", "Import the whole table.")
    picked = _checked([row.index for row in rows], aside.num_rows, info.number, mended)
    by_table: dict[Table, list[dict[str, Any]]] = {}
    cut = 0
    for row in rows:
        held = aside.slice(row.index, 1).to_pylist()[0]
        table = Table(held["table"])
        values = _corrected(table, json.loads(held["data"]), row)
        cut += any(len(str(value)) == LONGEST_KEPT for name, value in values.items() if name not in row.data)
        by_table.setdefault(table, []).append({**values, ROW_COLUMN: row.index + 1})
    name = f"Quarantine of snapshot {info.number}"
    identity = canonical_json([info.number, sorted(picked), len(mended)])
    source = Source(name=name, sha256=hashlib.sha256(identity.encode()).hexdigest(), bytes=0)
    note = f"{cut:,} rows hold a text that was cut at {LONGEST_KEPT:,} characters when it was set aside."
    tables = {table: _as_table(found, name) for table, found in by_table.items()}
    return Delivery(IMPORTER, mode, tables, (source,), notes=(note,) if cut else ()), picked


def settle(transaction: Transaction, info: SnapshotInfo, number: int, picked: Sequence[int], plan: Plan) -> None:
    """Record, with the new snapshot, which rows left the quarantine."""
    failed = {row - 1 for row in plan.quarantine.column("row").to_pylist()}
    taken = sorted(index for index in picked if index not in failed)
    payload = {"shop": info.shop, "number": info.number, "rows": taken, "snapshot": number}
    transaction.emit("quarantine.mended", f"{info.shop}/{info.number}", payload)


def _checked(picked: list[int], rows: int, number: int, mended: Mapping[int, int]) -> list[int]:
    if not picked:
        raise InvalidInput("No row was given.", "Mending takes at least one row.", "Correct rows of the quarantine.")
    if len(set(picked)) < len(picked):
        twice = next(index for index in picked if picked.count(index) > 1)
        raise InvalidInput(f"Row {twice} is given twice.", "Every row is mended once.", "Leave one of them out.")
    for index in picked:
        if not 0 <= index < rows:
            raise InvalidInput(
                f"The quarantine of snapshot {number} has no row {index}.",
                f"It has {rows:,} rows, from 0.",
                "Download it again.",
            )
        if index in mended:
            raise InvalidInput(
                f"Row {index} was taken in already, by snapshot {mended[index]}.",
                "A row is taken in once.",
                "Leave it out.",
            )
    return picked


def _corrected(table: Table, held: Mapping[str, Any], row: MendedRow) -> dict[str, str | None]:
    """What was set aside, with the corrections over it."""
    names = TABLES[table].names
    unknown = [name for name, value in row.data.items() if name not in names and value is not None]
    if unknown:
        raise InvalidInput(
            f"Row {row.index} has a value for {unknown[0][:60]!r}.",
            f"The table {table} has {', '.join(names)}.",
            "Use these names.",
        )
    merged = {**held, **row.data}
    return {name: _text(value) for name, value in merged.items() if name in names and name != "image"}


def _text(value: Any) -> str | None:
    """A JSON value as a cell; pandas wrote whole numbers of gappy columns as floats."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return canonical_json(value)


def _as_table(rows: Sequence[Mapping[str, Any]], source: str) -> pa.Table:
    import pyarrow as pa

    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name != ROW_COLUMN]
    columns: dict[str, Any] = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    columns[SOURCE_COLUMN] = pa.repeat(source, len(rows))
    columns[ROW_COLUMN] = pa.array([row[ROW_COLUMN] for row in rows], pa.int64())
    return pa.table(columns)
