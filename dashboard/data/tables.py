"""One table of a snapshot: what is in each column, its first rows, and the whole as a file."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.cards import count, table
from dashboard.data.columns import column_detail, column_list, joins
from dashboard.runtime import ask
from dashboard.state import choose, set_params
from engine.catalog.profile_records import TableProfile
from engine.catalog.records import SnapshotInfo, TableSummary
from engine.catalog.service import CatalogService
from engine.catalog.views import SnapshotViews

COLUMNS, ROWS = "Columns", "First rows"
_COUNTS = {
    "Read": "read",
    "Accepted": "accepted",
    "Set aside": "quarantined",
    "Added": "added",
    "Changed": "changed",
    "Removed": "removed",
}
_SAMPLE = 100
_MOST_CSV = 100_000
_DOWN = ":material/download:"


def contents(snapshot: SnapshotInfo) -> None:
    """All tables in one line each, then the chosen one."""
    present = [name for name, parts in snapshot.tables.items() if parts]
    present.sort(key=lambda name: not (name in snapshot.summary and snapshot.summary[name].read))
    _summary(snapshot, present)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
            rows = {name: sum(part.rows for part in snapshot.tables[name]) for name in present}
            chosen = choose(
                "Table", {name: f"{name} ({count(rows[name])})" for name in present}, key="table", width=260
            )
            look = st.segmented_control(
                "Look at", [COLUMNS, ROWS], default=COLUMNS, required=True, key="look", bind="query-params"
            )
        _downloads(snapshot, chosen, rows[chosen])
    if look == ROWS:
        sample = ask(CatalogService.sample, number=snapshot.number, table=chosen, limit=_SAMPLE)
        filled = [name for name in sample[0] if any(row[name] is not None for row in sample)] if sample else []
        st.caption(f"The first {len(sample)} of {count(rows[chosen])} rows; columns that are empty here are left out.")
        table(
            [{name: row[name] for name in filled} for row in sample],
            alt=f"The first rows of {chosen}",
            digits=2,
            height=520,
        )
    else:
        with st.spinner("Looking at every row", show_time=True):
            found = ask(SnapshotViews.profile, number=snapshot.number, table=chosen)
        _profile(found)


def _summary(snapshot: SnapshotInfo, present: Sequence[str]) -> None:
    """What the import did; a click opens a table below."""
    names = list(dict.fromkeys([*present, *snapshot.summary]))

    def opened() -> None:
        for place, _ in st.session_state["summary"].selection.cells:
            if names[place] in present:
                set_params(table=names[place])

    summary = {name: snapshot.summary.get(name, TableSummary(rows=0)) for name in names}
    told = {title: field for title, field in _COUNTS.items() if any(getattr(s, field) for s in summary.values())}
    table(
        [
            {"Table": name, "Rows": s.rows, **{title: getattr(s, field) or None for title, field in told.items()}}
            for name, s in summary.items()
        ],
        alt=f"Tables of snapshot {snapshot.number} and what its import did to them",
        key="summary",
        on_select=opened,
        selection_mode="single-cell",
    )


def _profile(found: TableProfile) -> None:
    joins(found)
    column_list(found)
    column_detail(found)


def _downloads(snapshot: SnapshotInfo, name: str, rows: int) -> None:
    """Files are made when they are asked for."""
    number, stem = snapshot.number, f"{snapshot.shop}-{snapshot.number}-{name}"
    cut = rows > _MOST_CSV
    with st.container(horizontal=True, width="content"):
        st.download_button(
            "Parquet",
            data=lambda: ask(SnapshotViews.table_parquet, number=number, table=name).read_bytes(),
            file_name=f"{stem}.parquet",
            mime="application/vnd.apache.parquet",
            key="table_parquet",
            icon=_DOWN,
            type="tertiary",
            on_click="ignore",
            help="The whole table with its types",
        )
        st.download_button(
            f"CSV, first {count(_MOST_CSV)} rows" if cut else "CSV",
            data=lambda: ask(SnapshotViews.table_csv, number=number, table=name, limit=_MOST_CSV).encode("utf-8-sig"),
            file_name=f"{stem}.csv",
            mime="text/csv",
            key="table_csv",
            icon=_DOWN,
            type="tertiary",
            on_click="ignore",
            help="Cells that a spreadsheet would carry out are guarded",
        )
