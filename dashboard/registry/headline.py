"""The first screen of a version: how good it is, why it is live, what it was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.cards import count, figure, moment, size
from dashboard.metrics import metric_name, primary_first
from dashboard.promotion import gain_words, verdict_against
from dashboard.registry.production import gate_words
from dashboard.runtime import ask, plain
from dashboard.state import link
from engine.catalog.service import CatalogService
from engine.errors import SnapshotNotFound
from engine.model_registry.insight import InsightService, Reign
from engine.model_registry.schema import ModelInfo, VerdictRecord, VersionInfo
from engine.model_registry.service import RegistryService


def headline(version: VersionInfo, model: ModelInfo, champion: str | None) -> None:
    """Figures against the rival, then the two sentences that a question about a version asks for."""
    reign = next((r for r in ask(InsightService.reigns, model=model.model) if r.version == version.version), None)
    record = _verdict(version, champion)
    verdict: Mapping[str, Any] = record.verdict if record else {}
    with st.grid(4, min_column_width=150):
        _primary(version, model, record)
        st.metric("Gate", _gate_word(verdict), help="The verdict on it, on the same held-out rows as its rival")
        files = ask(InsightService.files, model=version.model, reference=version.version)
        st.metric("Size", size(sum(file.size for file in files)) if files else "–", help="All files of its artifact")
        st.metric("Training", trained_in(version), help="Fit and refit on all rows, without the evaluation")
    with st.container(border=True, gap="small"):
        st.markdown(f"**{_status(version, champion)}** {plain(why(version, reign, verdict))}")
        _trained_on(version, model)


def _verdict(version: VersionInfo, champion: str | None) -> VerdictRecord | None:
    """The verdict against what serves, else the newest one; of the champion, the one it was promoted with."""
    if version.version != champion and (record := verdict_against(version.model, version.version, champion)):
        return record
    given = ask(RegistryService.verdicts, model=version.model, version=version.version)
    return given[0] if given else None


def _primary(version: VersionInfo, model: ModelInfo, record: VerdictRecord | None) -> None:
    names = primary_first(version.metrics, model.kind)
    if not names:
        st.metric("Metrics", "–", help="Nothing was measured")
        return
    interval = (version.evaluation or {}).get("metrics", {}).get(names[0], {})
    low, high = interval.get("low"), interval.get("high")
    verdict: Mapping[str, Any] = record.verdict if record else {}
    percent = verdict.get("gain_percent") if verdict.get("metric") == names[0] else None
    sure = percent is not None and verdict.get("low_percent", 0) * verdict.get("high_percent", 0) > 0
    rival = (record.against if record else None) or "baseline"
    with st.container(gap=None):
        st.metric(
            metric_name(names[0]),
            figure(version.metrics[names[0]]),
            delta=None if percent is None else f"{percent:+.1f}% vs {rival}",
            delta_color="normal" if sure else "off",
        )
        if low is not None:
            st.caption(f"95% interval {figure(low)} to {figure(high)}")


def _gate_word(verdict: Mapping[str, Any]) -> str:
    return "not asked" if "passed" not in verdict else "passed" if verdict["passed"] else "not passed"


def _status(version: VersionInfo, champion: str | None) -> str:
    if version.version == champion:
        return "Live now."
    return "Not live." if version.artifact else "It holds metrics but no model, so it cannot serve."


def why(version: VersionInfo, reign: Reign | None, verdict: Mapping[str, Any]) -> str:
    """Why it is or was live and what the gate said, in words."""
    said = gain_words(verdict) if verdict else "It was never compared with another."
    if verdict:
        said += f" Compared with {verdict.get('rival', 'its rival')}."
    if reign is None:
        return said
    how = "Brought back by" if reign.action == "rolled_back" else "Promoted by"
    times = f"{moment(reign.since)}" + ("" if reign.until is None else f", until {moment(reign.until)}")
    reason = f": “{reign.reason.rstrip('.')}”" if reign.reason else ""
    gate = f" The gate was {gate_words(reign)}." if reign.passed is False else ""
    return f"{how} {reign.actor}, {times}{reason}.{gate} {said}"


def _trained_on(version: VersionInfo, model: ModelInfo) -> None:
    number = version.lineage.snapshot
    with st.container(horizontal=True, vertical_alignment="center"):
        if number is None:
            st.caption("Its data was not named when it was registered.", width="content")
            return
        try:
            snapshot = ask(CatalogService.get_snapshot, number=number)
        except SnapshotNotFound:
            st.caption(f"Trained on snapshot {number}, which this store does not hold.", width="content")
            return
        rows = {name: table.rows for name, table in snapshot.summary.items() if table.rows}
        st.caption(
            f"Trained on snapshot {number} of {plain(snapshot.shop)}, taken {moment(snapshot.created_at)}: "
            f"{_largest(rows)}.",
            width="content",
        )
        link("data", "Its rows", shop=snapshot.shop, snapshot=str(number))
        if model.shop and model.kind == "recommender":
            link("sandbox", "Try it in the sandbox", shop=model.shop, version=version.version)


def _largest(rows: Mapping[str, int]) -> str:
    named: Sequence[str] = [name for name in ("items", "shoppers", "interactions", "order_lines") if name in rows]
    return ", ".join(f"{count(rows[name])} {name.replace('_', ' ')}" for name in named or list(rows)[:3])


def trained_in(version: VersionInfo) -> str:
    """Seconds of fitting; a dash where it was not timed."""
    seconds = version.params.get("seconds")
    if not isinstance(seconds, Mapping):
        return "–"
    spent = sum(float(value) for name, value in seconds.items() if name in ("fit", "refit"))
    return f"{spent:.1f} s"
