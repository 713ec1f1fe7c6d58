"""Rows that were set aside: correct them in the table, and take them in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.cards import count, table
from dashboard.data.mending import Drafts, Outcome, corrections, editable_columns, shown_row
from dashboard.runtime import act, ask, plain
from dashboard.state import choose, link, set_params
from engine.catalog.erasure import FORGOTTEN
from engine.catalog.records import MendedRow, Mode, QuarantinedRow, SnapshotInfo
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.catalog.views import SnapshotViews

_MOST_READ = 5_000
_MOST_SHOWN = 500
_ANY = "*"
_MODES = {Mode.APPEND: "Leave it aside", Mode.UPSERT: "Update it"}


def quarantine(snapshot: SnapshotInfo, snapshots: Sequence[SnapshotInfo]) -> None:
    """What waits, by table; without any, where some waits."""
    outcome: Outcome | None = st.session_state.get("mend_outcome")
    if outcome is not None and outcome.number == snapshot.number:
        _told(outcome)
    rows = ask(CatalogService.quarantine, number=snapshot.number, limit=_MOST_READ) if snapshot.quarantined else []
    rows = [row for row in rows if row.reason != FORGOTTEN]
    waiting = [row for row in rows if row.mended_in is None]
    if not waiting:
        _nothing(snapshot, snapshots, rows)
        return
    taken = len(rows) - len(waiting)
    st.caption(
        f"{count(snapshot.quarantined)} {'row was' if snapshot.quarantined == 1 else 'rows were'} set aside by this import"
        + (f", {count(taken)} of them were taken in since" if taken else "")
        + ". Correct values in the table; rows that pass every check come in as a new snapshot."
        + (f" The first {count(_MOST_READ)} are listed." if snapshot.quarantined > _MOST_READ else "")
    )
    by_table = Counter(row.table for row in waiting)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
            name = choose("Rows of", {t: f"{t} ({count(n)})" for t, n in by_table.most_common()}, key="aside")
            mine = _of_reason([row for row in waiting if row.table == name])
        st.download_button(
            "Download CSV",
            data=lambda: ask(SnapshotViews.quarantine_csv, number=snapshot.number).encode("utf-8-sig"),
            file_name=f"{snapshot.shop}-{snapshot.number}-quarantine.csv",
            mime="text/csv",
            key="quarantine_csv",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            help="All rows that wait. Correct them elsewhere, then run 'skyy data mend' with the file.",
        )
    _editor(snapshot, Table(name), mine[:_MOST_SHOWN])
    if len(mine) > _MOST_SHOWN:
        st.caption(f"The first {_MOST_SHOWN} of {count(len(mine))} rows are in the table; the others follow them.")


def _of_reason(rows: list[QuarantinedRow]) -> list[QuarantinedRow]:
    reasons = Counter(row.reason for row in rows)
    if len(reasons) < 2:
        return rows
    titles = {_ANY: f"Any ({count(len(rows))})", **{r: f"{r} ({count(n)})" for r, n in reasons.most_common()}}
    reason = choose("Because", titles, key="why", width=360)
    return [row for row in rows if reason in (_ANY, row.reason)]


def _editor(snapshot: SnapshotInfo, name: Table, rows: Sequence[QuarantinedRow]) -> None:
    drafts = Drafts.of(snapshot.number)
    names = editable_columns(name, rows)
    column = st.column_config
    edited = st.data_editor(
        [shown_row(row, names, drafts.of_row(row.index)) for row in rows],
        hide_index=True,
        disabled=["Row", "Reason", "Source"],
        column_order=["Row", "Reason", *names, "Source"],
        column_config={
            "Row": column.NumberColumn(format="localized", pinned=True, help="Counted from 1 in the source"),
            "Reason": column.TextColumn(width="large", pinned=True),
            **{found: column.TextColumn(found) for found in names},
        },
        key=f"mend_{snapshot.number}_{name}_{drafts.round}_{'-'.join(str(row.index) for row in rows[:1])}_{len(rows)}",
        height="content" if len(rows) <= 12 else 460,
        alt=f"Rows of {name} that were set aside, with the reason; values can be corrected",
    )
    corrected = corrections(rows, names, edited)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        mode = st.segmented_control(
            "A row whose key is there already",
            list(_MODES),
            format_func=_MODES.__getitem__,
            default=Mode.APPEND,
            required=True,
            key="mend_mode",
            help="Leave the row that is there, or let the corrected one update it",
        )
        label = f"Check and take in ({count(len(corrected))})" if corrected else "Check and take in"
        if st.button(label, type="primary", disabled=not corrected, key="mend_go"):
            _mend(snapshot.number, corrected, mode, drafts)
        if st.button(
            "Check all as they are",
            key="mend_all",
            help="For rows that only waited for others, such as events of products that came later",
        ):
            _mend(snapshot.number, {row.index: corrected.get(row.index, {}) for row in rows}, mode, drafts)
    if not corrected:
        st.caption("Click into a cell to correct it.")


def _mend(number: int, corrected: Mapping[int, Mapping[str, Any]], mode: Mode, drafts: Drafts) -> None:
    """Rows that still fail keep their corrections in the table."""
    rows = [MendedRow(index=index, data=dict(data)) for index, data in corrected.items()]
    report = act(CatalogService.mend, number=number, rows=rows, mode=mode)
    if report is None:
        return
    now = ask(CatalogService.quarantine, number=number, limit=_MOST_READ)
    still = [row for row in now if row.index in corrected and row.mended_in is None]
    drafts.keep({row.index: dict(corrected[row.index]) for row in still})
    st.session_state["mend_outcome"] = Outcome(number, report, still)
    set_params(snapshot=str(number))
    st.rerun()


def _told(outcome: Outcome) -> None:
    """What came in, and what still fails and why."""
    report = outcome.report
    accepted = sum(entry.accepted for entry in report.summary.values())
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{plain(outcome.sentence)}**")
            if st.button("Close", key="mend_close", icon=":material/close:", type="tertiary"):
                del st.session_state["mend_outcome"]
                st.rerun()
        if report.snapshot is not None and accepted:
            link("data", f"Open snapshot {report.snapshot}", shop=report.shop, snapshot=str(report.snapshot))
        if report.reasons:
            table(
                [{"Still fails because": reason, "Rows": rows} for reason, rows in report.reasons.items()],
                alt="Why rows still fail",
            )
            listed = ", ".join(count(row.row) for row in outcome.still[:12])
            st.caption(
                f"Still waiting: {'row' if len(outcome.still) == 1 else 'rows'} {listed}"
                f"{' and more' if len(outcome.still) > 12 else ''}. Your corrections are kept in the table."
            )
        for note in report.notes:
            st.caption(plain(note))


def _nothing(snapshot: SnapshotInfo, snapshots: Sequence[SnapshotInfo], rows: Sequence[QuarantinedRow]) -> None:
    if rows:
        numbers = ", ".join(str(number) for number in sorted({row.mended_in for row in rows if row.mended_in}))
        st.caption(f"All {count(len(rows))} rows that were set aside have been taken in, as snapshot {numbers}.")
    else:
        st.caption(f"Every row that was read into snapshot {snapshot.number} was accepted.")
    for other in [s for s in snapshots if s.quarantined and s.number != snapshot.number][:3]:
        label = f"Snapshot {other.number} set {count(other.quarantined)} rows aside"
        link("data", label, shop=other.shop, snapshot=str(other.number), tab="Quarantine")
