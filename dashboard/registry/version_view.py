"""The parts of one version's page."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.cards import csv_button, facts, figure, moment, table
from dashboard.live import draw_metrics
from dashboard.metrics import metric_name, primary_first
from dashboard.promotion import champion_of
from dashboard.registry.tables import flat, words
from dashboard.runtime import ask, plain
from engine.model_registry.run_search import RunSearchService
from engine.model_registry.schema import CHAMPION, VersionInfo
from engine.model_registry.service import RegistryService

_CARD_ORDER = {"purpose": 0, "method": 1, "limits": 3}


def figures(version: VersionInfo) -> None:
    """Metrics with intervals beside the champion's, and slices."""
    measured = (version.evaluation or {}).get("metrics", {})
    if not measured and not version.metrics:
        st.caption("Nothing was measured for this version.")
        return
    champion = champion_of(version.model)
    served = champion is not None and champion != version.version
    rival = ask(RegistryService.get_version, model=version.model, reference=CHAMPION) if served else None
    kind = ask(RegistryService.get_model, model=version.model).kind
    names = primary_first(version.metrics, kind)
    rows = [_row(name, measured.get(name, {"value": version.metrics[name]}), rival) for name in names]
    if version.evaluation:
        st.caption(
            f"{plain(version.evaluation['protocol'].rstrip('.'))}. {version.evaluation['units']:,} units. 95% bootstrap intervals."
        )
    table(
        rows,
        alt="Metrics with intervals",
    )
    csv_button(rows, list(rows[0]), name=f"{version.model}-{version.version}-metrics.csv", key="metrics_csv")
    _slices(version, kind)
    _curves(version)


def _curves(version: VersionInfo) -> None:
    """What the run measured while it learned."""
    if version.run_id is None:
        return
    points = ask(RunSearchService.curves, run_ids=[version.run_id])[version.run_id]
    series: dict[str, list[tuple[int, float]]] = {}
    for point in points:
        series.setdefault(point.metric, []).append((point.step, point.value))
    several = {name: values for name, values in series.items() if len(values) > 1}
    if several:
        st.subheader("Curves of the run", anchor=False)
        draw_metrics(several, key="version")


def _row(name: str, interval: dict[str, Any], rival: VersionInfo | None) -> dict[str, Any]:
    row = {
        "Metric": metric_name(name),
        "Value": interval["value"],
        "Low": interval.get("low"),
        "High": interval.get("high"),
    }
    return row if rival is None else {**row, f"Champion {rival.version}": rival.metrics.get(name)}


def _slices(version: VersionInfo, kind: str) -> None:
    slices: dict[str, dict[str, dict[str, Any]]] = (version.evaluation or {}).get("slices", {})
    if not slices:
        return
    st.subheader("Slices", anchor=False)
    names = primary_first((name for metrics in slices.values() for name in metrics), kind)
    name = st.selectbox("Metric", names, format_func=metric_name, key="slice_metric", bind="query-params", width=260)
    whole = version.evaluation["metrics"].get(name) if version.evaluation else None
    rows = [("all", whole["value"], whole.get("low"), whole.get("high"), "All")] if whole else []
    rows += [
        (label, metrics[name]["value"], metrics[name].get("low"), metrics[name].get("high"), "Slice")
        for label, metrics in slices.items()
        if name in metrics
    ]
    height = 90 + 34 * len(rows)
    charts.draw(
        charts.intervals(rows, axis=metric_name(name)),
        alt=f"{metric_name(name)} by slice with 95% intervals",
        height=height,
        key="slices",
    )


def card(version: VersionInfo) -> None:
    """The model card: words first, then every figure and table that was written."""
    if not version.card:
        st.caption("No card was written for this version.")
        return
    told = {title: text for title, text in version.card.items() if isinstance(text, str | list)}
    for title in sorted(told, key=lambda name: (_CARD_ORDER.get(name, 2), name)):
        st.subheader(plain(_titled(title)), anchor=False)
        lines = told[title] if isinstance(told[title], list) else [told[title]]
        for line in lines:
            st.text(words(line))
    rest = {name: value for name, value in version.card.items() if name not in told}
    tables = {name: value for name, value in rest.items() if isinstance(value, dict) and value}
    for name, values in tables.items():
        st.subheader(plain(_titled(name)), anchor=False)
        _card_table(_titled(name), flat(values))
    counted = {_titled(name): words(value) for name, value in rest.items() if name not in tables}
    if counted:
        st.subheader("Figures", anchor=False)
        facts(counted, alt="Figures of the card")


def _card_table(title: str, values: dict[str, Any]) -> None:
    """Numbers as bars, the largest first; other values as a table."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values.values()):
        parts = sorted(values.items(), key=lambda pair: -abs(pair[1]))
        height = 60 + 26 * len(parts)
        charts.draw(charts.bars(parts, axis=title), alt=f"{title}: {parts}", height=height, key=f"card_{title}")
    else:
        facts({name: words(value) for name, value in values.items()}, alt=title)


def _titled(name: Any) -> str:
    text = str(name).replace("_", " ")
    return text[:1].upper() + text[1:]


def signature(version: VersionInfo) -> None:
    """What the model takes and gives."""
    if version.signature is None:
        st.caption("No signature was registered.")
        return
    left, right = st.columns(2)
    for column, title, schema in (
        (left, "Takes", version.signature.inputs),
        (right, "Gives", version.signature.outputs),
    ):
        column.subheader(title, anchor=False)
        column.code(json.dumps(schema, indent=2, ensure_ascii=False), language="json", height=420)


def audit_trail(version: VersionInfo) -> None:
    """Who moved the model's aliases when and why, and every verdict on this version."""
    moves = ask(RegistryService.history, model=version.model)
    rows = [
        {
            "When": moment(move.time),
            "Who": move.actor,
            "Alias": move.alias,
            "From": move.previous or "–",
            "To": move.version or "–",
            "Act": move.action.replace("_", " "),
            "Why": move.reason,
            "Gate": _gate(move.verdict) if move.alias == CHAMPION else "",
        }
        for move in moves
    ]
    if rows:
        table(rows, alt="Moves of the model's aliases")
        csv_button(rows, list(rows[0]), name=f"{version.model}-history.csv", key="history_csv")
    else:
        st.caption("No alias of this model was ever moved.")
    given = ask(RegistryService.verdicts, model=version.model, version=version.version)
    if given:
        st.subheader("Verdicts of the gate", anchor=False)
        table(
            [
                {
                    "When": moment(record.time),
                    "Against": record.against or "baseline",
                    "Passed": "yes" if record.passed else "no",
                    "Gain": figure(record.verdict.get("gain")),
                    "Why": " ".join(record.verdict.get("reasons", [])),
                }
                for record in given
            ],
            alt="Verdicts of the gate on this version",
        )


def _gate(verdict: dict[str, Any] | None) -> str:
    if verdict is None:
        return ""
    return "overruled" if verdict.get("overruled") else "passed" if verdict.get("passed") else "not passed"
