"""Any CSV or Parquet files, with a mapping or a guess of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from engine.catalog.importers import guess
from engine.catalog.importers.base import Mapped, Reading
from engine.catalog.importers.bundle import Bundle, without_table
from engine.catalog.importers.mapping import SheetMapping, carried_out, checked, unmapped
from engine.catalog.importers.sheet import Sheet
from engine.catalog.quarantine import ragged
from engine.catalog.records import ColumnGuess, SourceTable
from engine.catalog.schema import TABLES, EventKind, Table
from engine.errors import InvalidInput

if TYPE_CHECKING:
    import pyarrow as pa

_SAMPLE_ROWS = 5


class Generic:
    """Tables with names that shops commonly use; a mapping says the rest."""

    name = "generic"
    about = "Any CSV or Parquet files"

    def recognises(self, bundle: Bundle) -> bool:
        return bool(bundle.tables)

    def check(self, bundle: Bundle) -> None:
        if not bundle.tables:
            raise without_table(bundle.name)

    def inspect(self, bundle: Bundle) -> tuple[list[SourceTable], list[str]]:
        sheets = [bundle.sheet(name) for name in sorted(bundle.tables)]
        notes = [note for sheet in sheets for note in (*sheet.notes, *_guess_notes(sheet))]
        return [_source_table(sheet) for sheet in sheets], notes

    def read(self, bundle: Bundle, mapping: Mapped | None) -> Reading:
        sheets = {name: bundle.sheet(name) for name in sorted(bundle.tables)}
        mapped, notes = _guessed(sheets) if mapping is None else _given(sheets, mapping)
        tables: dict[Table, list[pa.Table]] = defaultdict(list)
        for name, entry in mapped.items():
            for table, rows in carried_out(sheets[name], entry).items():
                tables[table].append(rows)
        return Reading(
            {table: _joined(parts) for table, parts in tables.items()},
            images={PurePosixPath(name).stem: data for name, data in bundle.pictures.items()},
            rejected=_rejected(sheets, mapped),
            mapping={name: entry.to_dict() for name, entry in mapped.items()},
            notes=(*[note for name in mapped for note in sheets[name].notes], *notes),
        )


def _guessed(sheets: Mapping[str, Sheet]) -> tuple[dict[str, SheetMapping], list[str]]:
    """A mapping for every sheet whose table can be told.

    Raises
    ------
    InvalidInput
        No sheet's can.
    """
    mapped, notes = {}, []
    for name, sheet in sheets.items():
        entry = guess.mapping_of(name, sheet.columns)
        if entry is None:
            notes.append(f"{name} was left out: its columns fit no table. Map them to take it in.")
        else:
            mapped[name] = checked(sheet, entry)
            notes += _guess_notes(sheet)
    if not mapped:
        raise unmapped(next(iter(sheets.values())), *_nearest(next(iter(sheets.values()))))
    return mapped, notes


def _nearest(sheet: Sheet) -> tuple[Table, str]:
    """The table that lacks least, and what it lacks first."""
    best: tuple[int, Table, str] | None = None
    for table in (Table.ITEMS, Table.INTERACTIONS, Table.SHOPPERS):
        found = guess.matches(table, sheet.columns)
        lacking = [column.name for column in TABLES[table].columns if column.required and column.name not in found]
        if lacking and (best is None or len(found) > best[0]):
            best = (len(found), table, lacking[0])
    return (best[1], best[2]) if best else (Table.ITEMS, "item_id")


def _given(sheets: Mapping[str, Sheet], mapping: Mapped) -> tuple[dict[str, SheetMapping], list[str]]:
    """The mapping that was asked for; the key of a single file's entry need not match its name."""
    asked: dict[str, Mapping[str, Any]] = {
        name: entry for name, entry in mapping.items() if entry and entry.get("table")
    }
    if len(sheets) == 1 and len(asked) == 1:
        asked = dict(zip(sheets, asked.values(), strict=True))
    unknown = sorted(set(asked) - set(sheets))
    if unknown or not asked:
        raise InvalidInput(
            f"The mapping names the table {unknown[0][:80]!r}." if unknown else "The mapping maps no table.",
            f"The files hold {', '.join(list(sheets)[:8])}.",
            "Map one of these.",
        )
    mapped = {name: checked(sheets[name], _filled(sheets[name], entry)) for name, entry in asked.items()}
    left = sorted(set(sheets) - set(mapped))
    return mapped, [f"{len(left)} files were left out: the mapping does not name them."] if left else []


def _filled(sheet: Sheet, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry without columns gets those that are guessed, records get all, events without a kind the likely one."""
    columns, constants = entry.get("columns") or {}, entry.get("constants") or {}
    if entry.get("table") == Table.RECORDS:
        found = guess.records_mapping(sheet.name, sheet.columns, columns)
        return {**found, "constants": {**found["constants"], **constants}}
    if not columns and entry.get("table") in set(Table):
        columns = guess.matches(Table(str(entry["table"])), sheet.columns)
    if entry.get("table") == Table.INTERACTIONS and "event" not in columns and "event" not in constants:
        constants = {**constants, "event": guess.event_of(sheet.name, sheet.columns)}
    return {**entry, "columns": columns, "constants": constants}


def _guess_notes(sheet: Sheet) -> list[str]:
    entry = guess.mapping_of(sheet.name, sheet.columns)
    if entry is None or "event" not in entry["constants"]:
        return []
    kinds = ", ".join(EventKind)
    return [f"{sheet.name} names no kind of event: every row counts as {entry['constants']['event']!r} (of {kinds})."]


def _joined(parts: Sequence[pa.Table]) -> pa.Table:
    """Several files of one table; columns that differ in type meet as text."""
    import pyarrow as pa

    from engine.catalog._arrays import plain
    from engine.catalog.coerce import as_text

    if len(parts) == 1:
        return parts[0]
    kinds: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        for field in part.schema:
            kinds[field.name].add(str(field.type))
    mixed = {name for name, found in kinds.items() if len(found) > 1}
    alike = [
        pa.table(
            {
                name: as_text(plain(part.column(name))) if name in mixed else part.column(name)
                for name in part.column_names
            }
        )
        for part in parts
    ]
    return pa.concat_tables(alike, promote_options="default")


def _rejected(sheets: Mapping[str, Sheet], mapped: Mapping[str, SheetMapping]) -> pa.Table:
    """Lines that could not be split; their text is kept only where it cannot hold a shopper's id."""
    import pyarrow as pa

    from engine.catalog import quarantine

    parts = [
        ragged(
            entry.table,
            name,
            [
                (row, reason, text if "shopper" not in TABLES[entry.table].names else "")
                for row, reason, text in sheets[name].ragged
            ],
        )
        for name, entry in mapped.items()
    ]
    return pa.concat_tables(parts) if parts else quarantine.schema().empty_table()


def _source_table(sheet: Sheet) -> SourceTable:
    entry = guess.mapping_of(sheet.name, sheet.columns)
    targets = {source: target for target, source in entry["columns"].items()} if entry else {}
    head = sheet.table.slice(0, _SAMPLE_ROWS).to_pylist()
    columns = tuple(
        ColumnGuess(
            name=column,
            kind=guess.kind_of(sheet.table.column(column)),
            target=targets.get(column),
            examples=tuple(str(row[column])[:80] for row in head[:3] if row[column] not in (None, "")),
        )
        for column in sheet.columns
    )
    sample = tuple({name: _shown(value) for name, value in row.items()} for row in head)
    return SourceTable(
        name=sheet.name, table=entry["table"] if entry else None, rows=sheet.rows, columns=columns, sample=sample
    )


def _shown(value: Any) -> Any:
    """A sample cell as a JSON value."""
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return value if value is None or isinstance(value, bool | int) else str(value)[:200]
