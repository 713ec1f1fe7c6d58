"""A report of an evaluation on a page: the first screen, then its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import charts
from dashboard.cards import count, csv_button, figure, table, with_interval
from dashboard.palette import BASELINE, SERIES
from dashboard.runtime import plain
from dashboard.state import choose
from engine.recommendation_engine.evaluation import EvaluationReport
from engine.recommendation_engine.evaluation.schema import METRICS, PAIRED, GroupResult, ModelResult, Paired
from engine.recommendation_engine.evaluation.shop import RECOMMENDER

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.estimators.base import Interval

MAIN = "ndcg_at_10"


def headline(report: EvaluationReport) -> None:
    """The best model, its lead, and how many shoppers that rests on."""
    ranked = best_first(report)
    best, main = ranked[0], METRICS[MAIN]
    with st.grid(4):
        found = best.metrics[MAIN]
        st.metric(f"Best {main}", figure(found.value), help=_interval(found))
        st.metric("Best model", plain(best.title))
        if len(ranked) > 1:
            pair = report.pair(best.name, ranked[1].name)
            st.metric(
                "Lead over the next",
                f"{pair.difference.value:+.4f}",
                help=f"{plain(ranked[1].title)}; {_interval(pair.difference)}",
                delta="told apart" if pair.decided else "not told apart",
                delta_color="normal" if pair.decided else "off",
                delta_arrow="off",
            )
        st.metric("Tested shoppers", count(report.units))


def models_table(report: EvaluationReport) -> None:
    """Every model with its figures; intervals are in the chart below and in the download."""
    rows = [
        {"Model": model.title} | {title: _value(model.metrics.get(name)) for name, title in METRICS.items()}
        for model in best_first(report)
    ]
    table(rows, alt="Models and their metrics, the best first")
    columns = ["model", "metric", "value", "low", "high"]
    flat = [
        {"model": model.name, "metric": name, **found.model_dump()}
        for model in best_first(report)
        for name, found in model.metrics.items()
    ]
    csv_button(flat, columns, name="evaluation-models.csv", key="models_csv")
    charts.draw(
        charts.intervals([_bar(model) for model in best_first(report)], axis=f"{METRICS[MAIN]}, 95% interval"),
        alt=f"{METRICS[MAIN]} of every model with its 95% interval",
        height=90 + 34 * len(report.models),
        key="models_chart",
    )


def windows(report: EvaluationReport) -> None:
    """The main metric of every model, window by window."""
    name = choose("Metric", METRICS, key="metric", width=220)
    if len(report.windows) > 1:
        charts.draw(
            over_windows(report, name), alt=f"{METRICS[name]} by window and model", height=340, key="windows_chart"
        )
    _groups(report, report.windows, name, label="Window", key="windows")


def slices(report: EvaluationReport) -> None:
    """Some metrics for some of the shoppers."""
    offered = {name: METRICS[name] for name in PAIRED}
    name = choose("Metric of the slices", offered, key="slice_metric", width=220)
    _groups(report, report.slices, name, label="Shoppers", key="slices")


def pair(report: EvaluationReport) -> None:
    """Any two models, compared on the same shoppers."""
    titles = {model.name: model.title for model in best_first(report)}
    if len(titles) < 2:
        st.caption("A comparison takes two models.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = choose("Model", titles, key="first", width=260)
        second = choose("Against", {name: titles[name] for name in titles if name != first}, key="second", width=260)
    found = [report.pair(first, second, metric) for metric in PAIRED]
    charts.draw(
        charts.intervals(
            [(METRICS[each.metric], *_bounds(each.difference), "Difference") for each in found],
            axis="The first model minus the second, 95% interval",
        ).add_vline(x=0, line={"color": BASELINE, "width": 1, "dash": "dot"}),
        alt="Differences of the two models with their 95% intervals",
        height=210,
        key="pair_chart",
    )
    for sentence in (_verdict(each, titles) for each in found):
        st.markdown(f"- {sentence}")
    rows = [{"metric": each.metric, **each.difference.model_dump()} for each in found]
    csv_button(rows, ["metric", "value", "low", "high"], name="evaluation-pair.csv", key="pair_csv")


def about(report: EvaluationReport) -> None:
    """The protocol, the data, and what was chosen."""
    data = report.data
    days = f", {data.first:%Y-%m-%d} to {data.last:%Y-%m-%d}" if data.first and data.last else ""
    st.markdown(plain(f"{report.about}."))
    st.caption(
        plain(
            f"{data.name}: {count(data.shoppers)} shoppers, {count(data.items)} items, {count(data.events)} events{days}. "
            f"Measured in {report.seconds:.0f} s, seed {report.plan.seed}. "
            "Intervals resample shoppers; a shopper in several windows counts once in each."
        )
    )
    for note in data.notes:
        st.caption(plain(note))
    rows = [
        {"Model": model.title, "Chosen on validation": _settings(model), "Fit (s)": model.fit_seconds}
        for model in report.models
    ]
    table(rows, alt="What was chosen for each model", digits=1)


def best_first(report: EvaluationReport) -> list[ModelResult]:
    """Models by the main metric."""
    return sorted(report.models, key=lambda model: -model.metrics[MAIN].value)


def over_windows(report: EvaluationReport, metric: str) -> go.Figure:
    """One line a model over the windows, in order of time."""
    import plotly.graph_objects as go

    drawn = go.Figure()
    for number, model in enumerate(best_first(report)):
        drawn.add_scatter(
            x=[window.name.split(" ")[0] for window in report.windows],
            y=[window.models[model.name][metric].value for window in report.windows],
            name=model.title,
            mode="lines+markers",
            marker={"size": 6, "symbol": number % 7},
            line={
                "color": SERIES[number % len(SERIES)],
                "width": 1.6,
                "dash": "dot" if number >= len(SERIES) else None,
            },
        )
    drawn.update_xaxes(title="First day of the window", type="category")
    drawn.update_yaxes(title=METRICS[metric])
    return drawn


def _groups(report: EvaluationReport, groups: Sequence[GroupResult], metric: str, *, label: str, key: str) -> None:
    ranked = best_first(report)
    rows: list[dict[str, Any]] = [
        {label: group.name, "Tested": group.units, "What": group.about}
        | {model.title: _value(group.models[model.name].get(metric)) for model in ranked}
        for group in groups
    ]
    if not rows:
        st.caption("There is only one group, which holds everybody.")
        return
    table(rows, alt=f"{METRICS[metric]} by {label.lower()} and model")
    flat = [
        {"group": group.name, "tested": group.units, "model": model, "metric": name, **found.model_dump()}
        for group in groups
        for model, figures in group.models.items()
        for name, found in figures.items()
    ]
    columns = ["group", "tested", "model", "metric", "value", "low", "high"]
    csv_button(flat, columns, name=f"evaluation-{key}.csv", key=f"{key}_csv")


def _verdict(found: Paired, titles: dict[str, str]) -> str:
    gap, metric = found.difference, METRICS[found.metric]
    told_ = f"{plain(metric)}: {with_interval(gap.value, gap.low, gap.high)}"
    if not found.decided:
        return f"{told_}. The interval holds zero: these shoppers do not tell the two apart."
    better = titles[found.first if gap.value > 0 else found.second]
    return f"{told_}. {plain(better)} is better."


def _settings(model: ModelResult) -> str:
    if model.weights:
        return ", ".join(f"{name} {weight:.2f}" for name, weight in model.weights.items() if weight > 0)
    return ", ".join(f"{name} {value}" for name, value in model.settings.items()) or "–"


def _bar(model: ModelResult) -> tuple[str, float, float | None, float | None, str]:
    return (model.title, *_bounds(model.metrics[MAIN]), "Models" if model.name != RECOMMENDER else "The shop's own")


def _bounds(found: Interval) -> tuple[float, float | None, float | None]:
    return found.value, found.low, found.high


def _interval(found: Interval) -> str:
    return "" if found.low is None or found.high is None else f"95% interval {found.low:.4f} to {found.high:.4f}"


def _value(found: Interval | None) -> float | None:
    return None if found is None else found.value


Part = Callable[[EvaluationReport], None]
PARTS: dict[str, Part] = {
    "Windows": windows,
    "Slices": slices,
    "Two models": pair,
    "How it was measured": about,
}
"""Tabs of a report."""
