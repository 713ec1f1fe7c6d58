"""What a training would do: rows, columns, time and memory, before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from dashboard.cards import ago, count, figure, size, span, table
from dashboard.metrics import metric_name
from dashboard.runtime import plain
from dashboard.state import link
from dashboard.training.kinds import Kind
from engine.model_registry.schema import VersionInfo
from engine.training.schema import JobPreview

_NAMED = 12


def champion_line(kind: Kind, champion: VersionInfo | None) -> None:
    """What serves now, with its figure, or what the first version must beat."""
    if champion is None:
        st.markdown(f"No champion yet. The first version is held against the baseline: {plain(kind.baseline)}.")
        return
    value = champion.metrics.get(kind.primary_metric)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"Champion **{plain(champion.version)}**: {plain(metric_name(kind.primary_metric))} {figure(value)}, "
            f"trained {ago(champion.created_at, datetime.now(UTC))} on snapshot {champion.lineage.snapshot or '–'}.",
            width="content",
        )
        link("registry", "Open", model=champion.model, version=champion.version)


def outlook(preview: JobPreview) -> None:
    """Rows, target, columns, expected time and memory; what the data lacks comes first."""
    if preview.missing:
        words = " ".join(plain(sentence) for sentence in preview.missing)
        st.warning(words, icon=":material/rule:", title="It cannot be trained on this data")
        link("data", "Import data", shop=preview.shop, tab="Import")
    found, expected = preview.outlook, preview.expected
    told = f"From past runs like it: {expected.from_runs}" if expected else "No run of this kind has ended here yet"
    with st.grid(3, min_column_width=120):
        st.metric("Learns from", f"{count(found.rows)} {plain(found.unit)}" if found else "–")
        st.metric("Takes about", span(expected.seconds) if expected else "–", help=told)
        st.metric("Memory", size(expected.memory_mb * 1e6) if expected and expected.memory_mb else "–", help=told)
    if found is None:
        return
    if found.target:
        st.markdown(f"Foretells **{plain(found.target)}**.")
    if found.notes:
        st.caption(plain(" ".join(found.notes)))
    if found.columns:
        _columns(found.columns, found.left_out)


def _columns(used: Sequence[str], left_out: dict[str, str]) -> None:
    named = ", ".join(used[:_NAMED]) + (f" and {len(used) - _NAMED} more" if len(used) > _NAMED else "")
    st.caption(plain(f"Columns used: {named}."))
    if not left_out:
        return
    if len(left_out) <= 2:
        for name, why in left_out.items():
            st.caption(plain(f"Left out: {name}. {why}"))
        return
    with st.expander(f"{len(left_out)} columns are left out", key="left_out", on_change="rerun") as opened:
        if opened.open:
            table([{"Column": name, "Why": why} for name, why in left_out.items()], alt="Columns that are left out")
