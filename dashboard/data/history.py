"""The snapshots of a shop, and how two of them differ."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.cards import count, csv_button, moment, size, table
from dashboard.data.changes import row_changes
from dashboard.data.importers import MODES, title_of
from dashboard.runtime import ask, plain
from dashboard.state import choose
from engine.catalog.records import SnapshotDiff, SnapshotInfo
from engine.catalog.views import SnapshotViews


def history(snapshots: Sequence[SnapshotInfo]) -> None:
    """All snapshots, newest first."""
    rows = [
        {
            "Snapshot": s.number,
            "Taken": moment(s.created_at),
            "By": s.created_by,
            "From": title_of(s.importer),
            "How": MODES[s.mode],
            "Files": ", ".join(f"{f.name} ({size(f.bytes)})" if f.bytes else f.name for f in s.sources),
            "Rows": sum(t.rows for t in s.summary.values()),
            "Added": sum(t.added for t in s.summary.values()),
            "Changed": sum(t.changed for t in s.summary.values()),
            "Removed": sum(t.removed for t in s.summary.values()),
            "Set aside": s.quarantined,
            "After": s.parent,
        }
        for s in snapshots
    ]
    table(rows, alt="Snapshots of the shop, newest first")
    csv_button(rows, list(rows[0]), name=f"{snapshots[0].shop}-snapshots.csv", key="snapshots_csv")


def comparison(snapshot: SnapshotInfo, snapshots: Sequence[SnapshotInfo]) -> None:
    """The chosen snapshot against another of the shop, in the order of time."""
    others = sorted((s for s in snapshots if s.number != snapshot.number), key=lambda s: s.number != snapshot.parent)
    if not others:
        st.caption("This shop has one snapshot. The next import makes another, and here is what it changed.")
        return
    titles = {str(s.number): f"{s.number}, {moment(s.created_at)}" for s in others}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        other = int(choose(f"Compare snapshot {snapshot.number} with", titles, key="with", width=280))
    before, after = sorted((other, snapshot.number))
    with st.spinner("Comparing row by row", show_time=True):
        diff = difference(before, after, _contents([s for s in snapshots if s.number in (before, after)]))
    if not diff.tables:
        st.caption(f"Snapshots {before} and {after} hold the same rows.")
        return
    st.caption(f"What changed from snapshot {before} to snapshot {after}; tables that are equal are left out.")
    rows = [
        {
            "Table": name,
            f"Rows in {before}": found.before,
            f"Rows in {after}": found.after,
            "Added": found.added,
            "Changed": found.changed,
            "Removed": found.removed,
        }
        for name, found in diff.tables.items()
    ]
    table(rows, alt=f"Rows added, changed and removed from snapshot {before} to {after}, by table")
    csv_button(rows, list(rows[0]), name=f"{diff.shop}-{before}-to-{after}.csv", key="diff_csv")
    _examples(diff)


def _examples(diff: SnapshotDiff) -> None:
    titles = {
        name: f"{name} ({count(found.added + found.changed + found.removed)})" for name, found in diff.tables.items()
    }
    name = choose("Rows of", titles, key="changed", width=280)
    found = diff.tables[name]
    totals = {"added": found.added, "changed": found.changed, "removed": found.removed}
    row_changes(found.examples, totals, name=name, key="diff")


def _contents(snapshots: Sequence[SnapshotInfo]) -> tuple[str, ...]:
    """What the snapshots are made of: forgetting a shopper changes it."""
    return tuple(part.digest for s in snapshots for parts in s.tables.values() for part in parts)


@st.cache_data(max_entries=20, show_spinner=False)
def difference(before: int, after: int, contents: tuple[str, ...]) -> SnapshotDiff:
    """How two snapshots differ; `contents` only names what was compared."""
    return ask(SnapshotViews.diff, before=before, after=after)


def words(snapshot: SnapshotInfo) -> str:
    """Where a snapshot came from, in one line."""
    files = ", ".join(source.name for source in snapshot.sources)
    how = f"{title_of(snapshot.importer)}; {MODES[snapshot.mode].lower()}; by {snapshot.created_by}"
    return plain(f"From {files} ({how}).")
