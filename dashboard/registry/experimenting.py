"""The runs of an experiment: table, one run opened, favourites and notes."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.cards import facts, moment, span, state_badge, table, to_csv
from dashboard.live import draw_metrics
from dashboard.metrics import metric_name, primary_first
from dashboard.registry.tables import flat, varying, words
from dashboard.runtime import act, ask, plain
from dashboard.state import go, link, set_params
from engine.model_registry.remarks import RemarkService
from engine.model_registry.run_search import RunPage, RunSearchService
from engine.model_registry.runs import RunService
from engine.model_registry.schema import RunInfo

_METRICS_SHOWN, _PARAMS_SHOWN = 4, 4
_MOST_EXPORTED = 5_000


def runs_table(page: RunPage, arguments: dict[str, Any], *, kind: str | None) -> list[RunInfo]:
    """Draw a page of runs; returns those that are ticked."""
    metrics, params = columns(page.rows, kind)
    rows = [_cells(run, page, metrics, params) for run in page.rows]
    key = f"runs_table_{zlib.crc32(repr((arguments, [run.run_id for run in page.rows])).encode()):08x}"

    def opened() -> None:
        for place, _ in st.session_state[key].selection.cells:
            set_params(run=page.rows[place].run_id)

    numbers = {metric_name(name): st.column_config.NumberColumn(format="%.4f") for name in metrics}
    actions = st.container(horizontal=True, vertical_alignment="center")
    st.dataframe(
        rows,
        hide_index=True,
        key=key,
        on_select=opened,
        selection_mode=["multi-row", "single-cell"],
        column_config={
            "★": st.column_config.TextColumn("★", width=40, help="Favourite"),
            "Run": st.column_config.TextColumn(pinned=True),
            **numbers,
        },
        height="content" if len(rows) <= 12 else 460,
        placeholder="–",
        alt="Runs with status, metrics and the params that differ",
    )
    ticked = [page.rows[place] for place in st.session_state[key].selection.rows if place < len(page.rows)]
    with actions:
        _actions(ticked, page)
    _download(arguments, metrics, params)
    return ticked


def columns(runs: Sequence[RunInfo], kind: str | None) -> tuple[list[str], list[str]]:
    """Metrics that most runs have, the primary one first, and params that differ."""
    usual = [name for name, _ in Counter(name for run in runs for name in run.metrics).most_common()]
    return primary_first(usual, kind)[:_METRICS_SHOWN], varying([flat(run.params) for run in runs])[:_PARAMS_SHOWN]


def _cells(run: RunInfo, page: RunPage, metrics: Sequence[str], params: Sequence[str]) -> dict[str, Any]:
    settings = flat(run.params)
    return {
        "★": "★" if run.run_id in page.favourites else "",
        "Run": run.name,
        "Status": run.status,
        **{metric_name(name): run.metrics.get(name) for name in metrics},
        **{name: words(settings.get(name)) for name in params},
        "Version": page.versions.get(run.run_id, "–").rpartition("/")[2],
        "Took": span(page.seconds.get(run.run_id)),
        "Started": moment(run.started_at),
        "Notes": run.notes,
    }


def _actions(ticked: Sequence[RunInfo], page: RunPage) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if not ticked:
            st.caption("Click a row to open a run; tick runs to lay their curves over each other or to compare them.")
            return
        if 2 <= len(ticked) <= 5 and st.button(f"Compare {len(ticked)} runs", type="primary", key="compare_runs"):
            go("compare", runs=",".join(run.run_id for run in ticked))
        loved = all(run.run_id in page.favourites for run in ticked)
        label = "No longer favourite" if loved else "Mark as favourite"
        if st.button(label, key="favourite", icon=":material/star:"):
            for run in ticked:
                act(RemarkService.mark_run, run_id=run.run_id, favourite=not loved)
            st.rerun()


def _download(arguments: dict[str, Any], metrics: Sequence[str], params: Sequence[str]) -> None:
    def data() -> bytes:
        page = ask(RunSearchService.search, **{**arguments, "limit": _MOST_EXPORTED, "offset": 0})
        rows = [{"Id": run.run_id, **_cells(run, page, metrics, params)} for run in page.rows]
        return to_csv(rows, list(rows[0]))

    st.download_button(
        "Download CSV",
        data=data,
        file_name="runs.csv",
        mime="text/csv",
        key="runs_csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def one_run(run_id: str) -> None:
    """A run opened: figures, params, curves, notes."""
    page = ask(RunSearchService.search, text=run_id, limit=1)
    run = page.rows[0]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(plain(run.name), anchor=False, width="content")
            state_badge(run.status)
            if run.run_id in page.favourites:
                st.badge("favourite", color="orange", icon=":material/star:")
            made = page.versions.get(run.run_id)
            if made:
                model, _, version = made.rpartition("/")
                link("registry", f"Version {version}", model=model, version=version)
            if run.job_id:
                link("training", "Training job", job=run.job_id)
            st.button("Close", key="close_run", icon=":material/close:", type="tertiary", on_click=_close)
        st.caption(
            f"{plain(run.run_id)}, started {moment(run.started_at)} by {plain(run.created_by)}, took {span(page.seconds.get(run.run_id))}."
        )
        left, right = st.columns(2)
        with left:
            if run.metrics:
                rows = [{"Metric": metric_name(name), "Last value": value} for name, value in run.metrics.items()]
                table(rows, alt="Last value of each metric", height=260)
        with right:
            settings = flat(run.params)
            if settings:
                facts({name: words(value) for name, value in settings.items()}, alt="Params of the run", height=260)
        _curves(run)
        _notes(run)


def _close() -> None:
    set_params(run="")


def _curves(run: RunInfo) -> None:
    series: dict[str, list[tuple[int, float]]] = {}
    for point in ask(RunSearchService.curves, run_ids=[run.run_id])[run.run_id]:
        series.setdefault(point.metric, []).append((point.step, point.value))
    several = {name: points for name, points in series.items() if len(points) > 1}
    if several:
        draw_metrics(several, key=f"run_{run.run_id}")


def _notes(run: RunInfo) -> None:
    with st.form(f"notes_{run.run_id}", border=False):
        notes = st.text_area("Notes", run.notes, max_chars=4000, height=90, placeholder="What did this run teach?")
        if st.form_submit_button("Save notes"):
            kept = act(RunService.note, run_id=run.run_id, notes=notes, tags=run.tags, done="The notes are saved.")
            if kept is not None:
                st.rerun()
