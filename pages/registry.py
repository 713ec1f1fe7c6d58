import streamlit as st

from dashboard.cards import csv_button, figure, moment, stage_badge, table
from dashboard.metrics import metric_name, primary_first
from dashboard.promotion import champion_of, promote_dialog, rollback_dialog
from dashboard.runtime import ask, plain
from dashboard.state import go, heading
from dashboard.version_view import audit_trail, figures, lineage, purpose, signature
from engine.model_registry.schema import Stage
from engine.model_registry.service import RegistryService

ALL = "All"

models = ask(RegistryService.list_models)
heading("Registry")

if not models:
    st.caption("No model is registered yet. A training job registers one.")
    if st.button("Train a model", type="primary"):
        go("training")
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    model = st.selectbox("Model", [ALL, *(m.model for m in models)], key="model", bind="query-params", width=320)
    versions = ask(RegistryService.list_versions, model=None if model == ALL else model, limit=500)
    chosen = ALL
    if model != ALL:
        numbers = [ALL, *(v.version for v in versions)]
        chosen = st.selectbox("Version", numbers, key="version", bind="query-params", width=180)

if chosen == ALL:
    aliases = sorted({alias for v in versions for alias in v.aliases})
    with st.container(horizontal=True):
        stages = st.pills("Stage", list(Stage), selection_mode="multi", key="stage", bind="query-params")
        wanted = st.pills("Alias", aliases, selection_mode="multi", key="alias", bind="query-params") if aliases else []
    shown = [v for v in versions if (not stages or v.stage in stages) and (not wanted or set(wanted) & set(v.aliases))]
    kinds = {m.model: m.kind for m in models}
    kind = kinds[shown[0].model] if shown else None
    names = primary_first((name for v in shown for name in v.metrics), kind)[:6]
    rows = [
        {
            "Model": v.model,
            "Version": v.version,
            "Stage": v.stage.value,
            "Aliases": ", ".join(v.aliases),
            **{metric_name(name): v.metrics.get(name) for name in names},
            "Snapshot": v.lineage.snapshot,
            "Registered": moment(v.created_at),
            "By": v.created_by,
        }
        for v in shown
    ]

    def open_row() -> None:
        """Turn the selected row into the address of its version."""
        for row in st.session_state["versions_table"].selection.rows:
            st.session_state["model"], st.session_state["version"] = shown[row].model, shown[row].version

    if not rows:
        st.caption("No version has this stage and alias. Take a facet away.")
        st.stop()
    st.caption(f"{len(rows)} of {len(versions)} versions. Select a row to open it.")
    table(
        rows,
        key="versions_table",
        on_select=open_row,
        selection_mode="single-row",
        alt="Versions with their metrics",
    )
    csv_button(rows, list(rows[0]), name="versions.csv", key="versions_csv")
    st.stop()

version = next(v for v in versions if v.version == chosen)
champion = champion_of(version.model)
with st.container(horizontal=True, vertical_alignment="center"):
    st.subheader(f"{plain(version.model)} {plain(version.version)}", anchor=False, width="content")
    stage_badge(version.stage)
    for alias in version.aliases:
        st.badge(alias, color="blue")
st.caption(plain(version.description) or f"Registered {moment(version.created_at)} by {plain(version.created_by)}.")

with st.container(horizontal=True):
    if (
        version.version != champion
        and version.artifact is not None
        and st.button("Promote", type="primary", key="promote")
    ):
        promote_dialog(version, champion)
    if version.version == champion and st.button("Roll back", key="rollback", icon=":material/undo:"):
        rollback_dialog(version.model, champion)
    if version.artifact is None:
        st.caption("It holds metrics but no model, so it cannot serve.")

if version.version != champion and champion is not None:
    now = next((v for v in versions if v.version == champion), None)
    kind = next(m.kind for m in models if m.model == version.model)
    for name in primary_first(version.metrics, kind)[:1]:
        st.caption(
            f"{metric_name(name)} {figure(version.metrics[name])}, each on its own held-out rows; "
            f"the champion {champion} has {figure(now.metrics.get(name) if now else None)}."
        )

tabs = st.tabs(
    ["Figures", "Lineage", "Card", "Signature", "Audit trail"], key="part", bind="query-params", on_change="rerun"
)
for tab, draw in zip(tabs, (figures, lineage, purpose, signature, audit_trail), strict=True):
    with tab:
        if tab.open:
            draw(version)
