"""Rows that an import or another snapshot adds, changes and removes, as tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.cards import count, csv_button, table
from dashboard.registry.tables import words
from engine.catalog.records import RowChange

KINDS = ("added", "changed", "removed")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?\+00:00")


def row_changes(changes: Sequence[RowChange], totals: Mapping[str, int], *, name: str, key: str) -> None:
    """Example rows of one table, each kind of change under its count.

    Parameters
    ----------
    totals : mapping of str to int
        All rows by kind of change, not only the examples.
    name : str
        The table, for the reader and for the files.
    key : str
        Prefix of the widgets' keys.
    """
    for kind in KINDS:
        mine = [change for change in changes if change.change == kind]
        if not mine:
            continue
        total = totals.get(kind, len(mine))
        first = f", the first {len(mine)} shown" if total > len(mine) else ""
        rows = as_rows(mine)
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{kind.capitalize()}**: {count(total)} {'row' if total == 1 else 'rows'}{first}")
            csv_button(rows, list(rows[0]), name=f"{name}-{kind}.csv", key=f"{key}_{kind}_csv")
        table(rows, digits=2, alt=f"Rows of {name} that are {kind}", key=f"{key}_{kind}", height=_height(len(rows)))


def as_rows(changes: Sequence[RowChange]) -> list[dict[str, Any]]:
    """Changed rows as one line a value, old beside new; others as they are, without columns that are empty."""
    if changes[0].change == "changed":
        return [
            {
                "Row": ", ".join(words(told(value)) for value in change.key.values()),
                "Column": column,
                "Old": words(told((change.before or {}).get(column))),
                "New": words(told((change.after or {}).get(column))),
            }
            for change in changes
            for column in sorted({*(change.before or {}), *(change.after or {})})
        ]
    rows = [dict(change.after or change.before or {}) for change in changes]
    filled = [name for name in rows[0] if any(row.get(name) is not None for row in rows)]
    return [{name: told(row.get(name)) for name in filled} for row in rows]


def told(value: Any) -> Any:
    """A time without what says nothing: midnight, seconds and the zone, which is always UTC."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    day, minute, seconds = found.groups()
    exact = seconds not in (None, ":00")
    return f"{day} {minute}{seconds if exact else ''}" if exact or minute != "00:00" else day


def _height(rows: int) -> Any:
    return "content" if rows <= 8 else 320
