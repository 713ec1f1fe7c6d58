"""Where the columns of unknown files go: the guesses, to be corrected in a table."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.runtime import plain
from engine.catalog.importers import guess
from engine.catalog.records import Inspection, SourceTable
from engine.catalog.schema import TABLES, EventKind, Table
from engine.errors import InvalidInput

_LEFT_OUT = "(leave out)"


def edit_mapping(inspection: Inspection) -> dict[str, Any]:
    """Let a person say which table each source fills, and where each of its columns goes.

    Returns
    -------
    dict
        By source name: `table`, `columns` (canonical to source column) and `constants`.
    """
    mapping: dict[str, Any] = {}
    for source in inspection.tables:
        with st.container(border=True):
            options = [_LEFT_OUT, *Table]
            first = options.index(Table(source.table)) if source.table else 0
            fills = st.selectbox(
                f"{plain(source.name)} fills", options, index=first, key=f"map_{source.name}", width=320
            )
            if fills == _LEFT_OUT:
                st.caption("Nothing of this file is taken in.")
            else:
                mapping[source.name] = _entry(source, Table(fills))
    return mapping


def _entry(source: SourceTable, fills: Table) -> dict[str, Any]:
    st.caption(TABLES[fills].about + ".")
    columns = _columns(source, fills)
    constants = {}
    if fills is Table.INTERACTIONS and "event" not in columns:
        kinds = list(EventKind)
        likely = kinds.index(EventKind(guess.event_of(source.name, [column.name for column in source.columns])))
        constants["event"] = str(
            st.selectbox("Every row is a", kinds, index=likely, key=f"event_{source.name}", width=320)
        )
    needed = [c.name for c in TABLES[fills].columns if c.required and c.name not in {*columns, *constants}]
    if fills is Table.RECORDS:
        st.caption("Columns that go nowhere become the row's values; without an id of its own a row is numbered.")
    elif needed:
        st.warning(f"{fills} needs {', '.join(needed)}.", icon=":material/rule:")
    return {"table": str(fills), "columns": columns, "constants": constants}


def _columns(source: SourceTable, fills: Table) -> dict[str, str]:
    """Canonical column to source column, as edited."""
    targets = _targets(source, fills)
    edited = st.data_editor(
        [
            {
                "Source column": column.name,
                "Kind": column.kind,
                "Examples": ", ".join(column.examples[:3]),
                "Goes to": targets.get(column.name),
            }
            for column in source.columns
        ],
        hide_index=True,
        disabled=["Source column", "Kind", "Examples"],
        column_config={"Goes to": st.column_config.SelectboxColumn(options=list(TABLES[fills].names))},
        height="content",
        key=f"columns_{source.name}_{fills}",
        alt=f"Where the columns of {source.name} go",
    )
    pairs = [(str(row["Goes to"]), str(row["Source column"])) for row in edited if row["Goes to"]]
    if len(dict(pairs)) < len(pairs):
        raise InvalidInput(
            f"Two columns of {source.name} go to the same place.",
            "Each canonical column has one source.",
            "Clear one of them.",
        )
    return dict(pairs)


def _targets(source: SourceTable, fills: Table) -> dict[str, str]:
    """Source column to canonical column, as guessed for the table that was chosen."""
    if source.table == fills:
        return {column.name: column.target for column in source.columns if column.target}
    matches = guess.matches(fills, [column.name for column in source.columns])
    return {name: canonical for canonical, name in matches.items()}
