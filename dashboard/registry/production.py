"""What was in production when, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from dashboard import charts
from dashboard.cards import csv_button, moment, span
from dashboard.registry import figures
from dashboard.registry.version_list import open_version
from dashboard.runtime import ask
from dashboard.state import listed, set_listed
from engine.model_registry.insight import InsightService, Reign


def production() -> None:
    """Timeline and table of every reign; the models are in the URL."""
    rows = ask(InsightService.reigns)
    if not rows:
        st.caption("No version has been in production yet. Promote one, and its reign begins here.")
        return
    models = sorted({row.model for row in rows})
    chosen = [name for name in listed("model") if name in models]
    st.session_state["production_models"] = chosen
    with st.container(horizontal=True):
        st.multiselect(
            "Models",
            models,
            key="production_models",
            placeholder="All models",
            width=420,
            on_change=lambda: set_listed("model", st.session_state["production_models"]),
        )
    shown = [row for row in rows if not chosen or row.model in chosen]
    now = datetime.now(UTC)
    figure, height = figures.reigns(shown, now)
    charts.draw(figure, alt=_in_words(shown), height=height, key="reigns")
    st.caption("Hatched: the reign began with a roll-back. Click a row to open the version.")
    _table(shown, now)


def _table(rows: Sequence[Reign], now: datetime) -> None:
    told = [reign_row(row, now) for row in rows]

    def opened() -> None:
        for place, _ in st.session_state["reigns_table"].selection.cells:
            open_version(rows[place].model, rows[place].version)

    st.dataframe(
        told,
        hide_index=True,
        key="reigns_table",
        on_select=opened,
        selection_mode="single-cell",
        column_config={"Snapshot": st.column_config.NumberColumn(format="%d")},
        placeholder="–",
        alt="Reigns of champions, newest first, with who, why and the gate's verdict",
    )
    csv_button(told, list(told[0]), name="in-production.csv", key="reigns_csv")


def reign_row(row: Reign, now: datetime) -> dict[str, object]:
    """A reign as a line of a table."""
    return {
        "Model": row.model,
        "Version": row.version,
        "From": moment(row.since),
        "Until": "now" if row.until is None else moment(row.until),
        "For": span(((row.until or now) - row.since).total_seconds()),
        "Began by": row.action.replace("_", " "),
        "Why": row.reason or "–",
        "Who": row.actor,
        "Gate": gate_words(row),
        "Snapshot": row.snapshot,
    }


def gate_words(row: Reign) -> str:
    """What the gate said of the promotion."""
    return "not asked" if row.passed is None else "passed" if row.passed else "overruled"


def _in_words(rows: Sequence[Reign]) -> str:
    now = [f"{row.model} {row.version} since {moment(row.since)}" for row in rows if row.until is None]
    return f"{len(rows)} reigns. In production now: {', '.join(now) or 'nothing'}"
