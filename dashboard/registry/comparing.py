"""Two to five versions side by side: metrics, recipe, data, schema, signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.cards import count, csv_button, facts, moment, table
from dashboard.metrics import metric_name, primary_first
from dashboard.registry import figures
from dashboard.registry.tables import flat, side_by_side
from dashboard.runtime import ask, plain
from dashboard.state import link
from engine.catalog.records import SnapshotInfo
from engine.catalog.service import CatalogService
from engine.errors import SnapshotNotFound
from engine.model_registry.insight import InsightService, PairedFigure
from engine.model_registry.schema import ModelInfo, VersionInfo

Paired = dict[str, dict[str, PairedFigure]]
"""Version to metric to its difference from the first version."""


def paired_with_first(versions: Sequence[VersionInfo]) -> Paired:
    """Differences of every other version from the first, where both were measured on the same rows."""
    first, *others = versions
    return {
        other.version: {
            found.metric: found
            for found in ask(InsightService.paired, model=first.model, first=first.version, second=other.version)
        }
        for other in others
    }


def compare_metrics(versions: Sequence[VersionInfo], model: ModelInfo) -> None:
    """Values, and differences from the first version with their intervals."""
    paired = paired_with_first(versions)
    first, *others = versions
    names = primary_first((name for version in versions for name in version.metrics), model.kind)
    if not names:
        st.caption("Nothing was measured for these versions.")
        return
    _verdicts(first, others, paired, names[0])
    table(
        [_metric_row(name, versions, paired) for name in names],
        alt="Metrics side by side with differences",
        width="stretch",
    )
    rows = [_plain_row(name, versions, paired) for name in names]
    csv_button(rows, list(rows[0]), name=f"{model.model}-compared.csv", key="compared_csv")
    shared = [name for name in names if any(name in found for found in paired.values())]
    if shared:
        _forest(first, others, paired, shared)


def _verdicts(first: VersionInfo, others: Sequence[VersionInfo], paired: Paired, name: str) -> None:
    for other in others:
        found = paired[other.version].get(name)
        if found is None:
            why = (
                "their snapshots differ"
                if first.lineage.snapshot != other.lineage.snapshot
                else "no figures by unit were kept"
            )
            sentence = f"{other.version} and {first.version} share no held-out rows ({why}): each figure stands alone."
        else:
            sure = "better" if found.low > 0 else "worse" if found.high < 0 else "no sure difference"
            sentence = (
                f"{other.version} against {first.version}: {sure}, {metric_name(name)} {found.difference:+.4f} "
                f"(95% interval {found.low:+.4f} to {found.high:+.4f}, {found.units:,} shared units)."
            )
        st.markdown(plain(sentence))


def _metric_row(name: str, versions: Sequence[VersionInfo], paired: Paired) -> dict[str, Any]:
    first, *others = versions
    row: dict[str, Any] = {"Metric": metric_name(name)}
    row.update({version.version: version.metrics.get(name) for version in versions})
    for other in others:
        row[f"{other.version} − {first.version}"] = _difference(name, first, other, paired[other.version].get(name))
    return row


def _difference(name: str, first: VersionInfo, other: VersionInfo, found: PairedFigure | None) -> str:
    if found is not None:
        return f"{found.difference:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
    mine, theirs = other.metrics.get(name), first.metrics.get(name)
    return "–" if mine is None or theirs is None else f"{mine - theirs:+.4f}"


def _plain_row(name: str, versions: Sequence[VersionInfo], paired: Paired) -> dict[str, Any]:
    row: dict[str, Any] = {"metric": name, **{version.version: version.metrics.get(name) for version in versions}}
    for version, found in paired.items():
        figure = found.get(name)
        row[f"{version} difference"] = figure.difference if figure else None
        row[f"{version} low"] = figure.low if figure else None
        row[f"{version} high"] = figure.high if figure else None
    return row


def _forest(first: VersionInfo, others: Sequence[VersionInfo], paired: Paired, names: Sequence[str]) -> None:
    name = st.selectbox(
        "Difference in", names, format_func=metric_name, key="difference_in", bind="query-params", width=240
    )
    rows = [
        (other.version, found.difference, found.low, found.high)
        for other in others
        if (found := paired[other.version].get(name)) is not None
    ]
    charts.draw(
        figures.differences(rows, axis=f"{metric_name(name)}, difference from {first.version}"),
        alt=f"Differences from {first.version} in {metric_name(name)}: {rows}",
        height=100 + 40 * len(rows),
        key="differences",
    )


def compare_recipes(versions: Sequence[VersionInfo]) -> None:
    """Settings, params and origin; only what differs unless asked otherwise."""
    everything = st.toggle("Show what is the same, too", key="everything", bind="query-params")
    about = {v.version: {"framework": v.framework, **v.lineage.model_dump(include=_ORIGIN)} for v in versions}
    parts: Sequence[tuple[str, Mapping[str, Mapping[str, Any]]]] = (
        ("Settings", {v.version: flat(v.lineage.config) for v in versions}),
        ("Params", {v.version: flat(v.params) for v in versions}),
        ("Origin", about),
        ("Environment", {v.version: v.lineage.environment for v in versions}),
    )
    for title, tables in parts:
        _differing(title, tables, everything=everything)


_ORIGIN = {"snapshot", "code_version", "seed", "parent", "job_id"}


def _differing(title: str, tables: Mapping[str, Mapping[str, Any]], *, everything: bool) -> None:
    rows = side_by_side(tables, everything=everything)
    st.subheader(title, anchor=False)
    if rows:
        table(rows, alt=f"{title} side by side", height="content")
    else:
        st.caption("The same in all." if any(tables.values()) else "Nothing was kept.")


def compare_data(versions: Sequence[VersionInfo]) -> None:
    """Snapshots with their rows, and what goes in and out."""
    snapshots = {v.version: _snapshot(v.lineage.snapshot) for v in versions}
    if len({v.lineage.snapshot for v in versions}) == 1:
        number = versions[0].lineage.snapshot
        st.markdown("Their data was not named." if number is None else f"All were trained on snapshot {number}.")
        facts(_data(snapshots[versions[0].version]), alt="The snapshot: rows by table")
    else:
        rows = side_by_side({version: _data(found) for version, found in snapshots.items()}, everything=True)
        table(rows, alt="Snapshots side by side: rows by table", height="content")
    with st.container(horizontal=True):
        for number, found in {s.number: s for s in snapshots.values() if s is not None}.items():
            link("data", f"Snapshot {number}", shop=found.shop, snapshot=str(number))
    signatures = {v.version: v.signature.model_dump() if v.signature else {} for v in versions}
    for title, side in (("Takes", "inputs"), ("Gives", "outputs")):
        _differing(title, {version: flat(s.get(side)) for version, s in signatures.items()}, everything=False)


def _snapshot(number: int | None) -> SnapshotInfo | None:
    if number is None:
        return None
    try:
        return ask(CatalogService.get_snapshot, number=number)
    except SnapshotNotFound:
        return None


def _data(found: SnapshotInfo | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "Snapshot": str(found.number),
        "Taken": moment(found.created_at),
        "Importer": found.importer,
        "Set aside": found.quarantined,
        **{f"Rows of {name.replace('_', ' ')}": count(summary.rows) for name, summary in found.summary.items()},
    }


def compare_signals(versions: Sequence[VersionInfo]) -> None:
    """What each feature weighs in each version."""
    weights = {v.version: signals(v) for v in versions if signals(v)}
    if not weights:
        st.caption("These versions do not say what their features weigh.")
        return
    figure, height = figures.grouped(weights, axis="Weight in the score")
    charts.draw(figure, alt=f"Weights of the signals by version: {weights}", height=height, key="signals")
    rows = [{"Signal": name, **{v: w.get(name) for v, w in weights.items()}} for name in _names(weights)]
    csv_button(rows, list(rows[0]), name="signals.csv", key="signals_csv")


def signals(version: VersionInfo) -> dict[str, float]:
    """Weights that the model card names, by feature."""
    found = (version.card or {}).get("signals", {})
    return {str(name): float(value) for name, value in found.items() if isinstance(value, int | float)}


def _names(tables: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return sorted({name for values in tables.values() for name in values})
