"""Corrections on their way from the table to the engine; those that failed are kept for the next try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from dashboard.cards import count
from engine.catalog.records import ImportReport, QuarantinedRow
from engine.catalog.schema import TABLES, Table

_PICTURE = "image"


@dataclass
class Drafts:
    """Corrections that did not pass yet, of one snapshot's quarantine; `round` counts the tries."""

    round: int = 0
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, number: int) -> Drafts:
        """Those of this session."""
        kept: dict[int, Drafts] = st.session_state.setdefault("mend_drafts", {})
        return kept.setdefault(number, cls())

    def of_row(self, index: int) -> Mapping[str, Any]:
        """The corrections of a row, none before the first try."""
        return self.rows.get(index, {})

    def keep(self, rows: Mapping[int, dict[str, Any]]) -> None:
        """Start another round with these."""
        self.rows = {index: data for index, data in rows.items() if data}
        self.round += 1


@dataclass(frozen=True)
class Outcome:
    """What a try did: the engine's report, and the rows that still wait."""

    number: int
    report: ImportReport
    still: Sequence[QuarantinedRow]

    @property
    def sentence(self) -> str:
        """What came in, in words."""
        tables = {name: entry for name, entry in self.report.summary.items() if entry.read}
        came = sum(entry.accepted for entry in tables.values())
        if self.report.snapshot is None or not came:
            return "No row passed the checks yet; nothing was stored."
        changed = sum(entry.changed for entry in tables.values())
        told = f"{count(came)} {'row' if came == 1 else 'rows'} came in as snapshot {self.report.snapshot}"
        told += f", {count(changed)} of them updated a row" if changed else ""
        return told + (f"; {count(len(self.still))} still fail." if self.still else ".")


def editable_columns(name: Table, rows: Sequence[QuarantinedRow]) -> list[str]:
    """Columns worth showing: what is required, what any row brings, what any reason is about."""
    spec = TABLES[name]
    wanted = {column.name for column in spec.columns if column.required}
    wanted |= {found for row in rows for found in (*row.data, row.column)}
    if any("line" in row.data for row in rows):  # a line that could not be split into columns
        wanted |= set(spec.names)
    return [column for column in spec.names if column in wanted and column != _PICTURE]


def shown_row(row: QuarantinedRow, names: Sequence[str], draft: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the table shows it: what was set aside, with the corrections over it."""
    line = f"{row.source}: {row.data['line']}" if "line" in row.data else row.source
    values = {name: draft[name] if name in draft else as_text(row.data.get(name)) for name in names}
    return {"Row": row.row, "Reason": row.reason, **values, "Source": line}


def corrections(
    rows: Sequence[QuarantinedRow], names: Sequence[str], edited: Sequence[Mapping[str, Any]]
) -> dict[int, dict[str, str | None]]:
    """By index, the values that are not what was set aside; an emptied cell clears."""
    found: dict[int, dict[str, str | None]] = {}
    for row, line in zip(rows, edited, strict=True):
        values = {name: as_text(line.get(name)) or None for name in names}
        changed = {name: value for name, value in values.items() if value != (as_text(row.data.get(name)) or None)}
        if changed:
            found[row.index] = changed
    return found


def as_text(value: Any) -> str | None:
    """A value as its cell; whole numbers of gappy columns were set aside as floats."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
