"""Several runs side by side: metrics, params, curves laid over each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from dashboard import charts
from dashboard.cards import csv_button, span, table
from dashboard.metrics import metric_name
from dashboard.registry.plots import of_run, plots
from dashboard.registry.tables import flat, side_by_side
from dashboard.runtime import ask
from dashboard.state import link
from engine.model_registry.run_search import RunSearchService
from engine.model_registry.schema import RunInfo


def labels(runs: Sequence[RunInfo]) -> dict[str, str]:
    """Run id to a label that tells these runs apart: its name, with the end of its id where names repeat."""
    names = Counter(run.name for run in runs)
    return {run.run_id: run.name if names[run.name] == 1 else f"{run.name} {run.run_id[-4:]}" for run in runs}


def duration(run: RunInfo) -> str:
    """How long a run took; a dash while it runs."""
    return span((run.ended_at - run.started_at).total_seconds() if run.ended_at else None)


def compare_runs(ids: Sequence[str]) -> None:
    """Draw the comparison of two to five runs."""
    runs = ask(RunSearchService.named, run_ids=list(dict.fromkeys(ids))[:5])
    named = labels(runs)
    with st.container(horizontal=True):
        for run in runs:
            link("experiments", named[run.run_id], experiment=run.experiment, run=run.run_id)
    metrics, params, curves, picture = st.tabs(
        ["Metrics", "Params", "Curves", "Plots"], key="part", bind="query-params", on_change="rerun"
    )
    if metrics.open:
        with metrics:
            names = sorted({name for run in runs for name in run.metrics})
            rows = [
                {"Metric": metric_name(name), **{named[run.run_id]: run.metrics.get(name) for run in runs}}
                for name in names
            ]
            if rows:
                table(rows, alt="Last values of the metrics side by side")
                csv_button(rows, list(rows[0]), name="runs-compared.csv", key="runs_csv")
            else:
                st.caption("Nothing was measured in these runs.")
    if params.open:
        with params:
            everything = st.toggle("Show what is the same, too", key="everything", bind="query-params")
            tables = {
                named[run.run_id]: {
                    **flat(run.params),
                    "status": run.status,
                    "took": duration(run),
                    "notes": run.notes or None,
                }
                for run in runs
            }
            differing = side_by_side(tables, everything=everything)
            if differing:
                table(differing, alt="Params side by side")
            else:
                st.caption("The same in all.")
    if curves.open:
        with curves:
            overlaid(runs)
    if picture.open:
        with picture:
            plots([of_run(run, named[run.run_id]) for run in runs], kind=None)


def overlaid(runs: Sequence[RunInfo]) -> None:
    """One metric's curve in each run; the metric is in the URL."""
    found = ask(RunSearchService.curves, run_ids=[run.run_id for run in runs])
    named = labels(runs)
    steps: Counter[str] = Counter(point.metric for points in found.values() for point in points)
    names = [name for name, number in steps.most_common() if number > len(found)]
    if not names:
        st.caption("No metric was measured at more than one step in these runs.")
        return
    name = st.selectbox("Metric", names, format_func=metric_name, key="curve", bind="query-params", width=260)
    series = {
        named[run_id]: [(point.step, point.value) for point in points if point.metric == name]
        for run_id, points in found.items()
    }
    figure = charts.curves({label: points for label, points in series.items() if points})
    figure.update_yaxes(title=metric_name(name))
    charts.draw(figure, alt=f"{metric_name(name)} over steps of {', '.join(series)}", height=340, key="overlaid")
