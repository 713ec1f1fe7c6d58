import streamlit as st

from dashboard.cards import moment, stage_badge
from dashboard.promotion import promote_dialog, rollback_dialog
from dashboard.registry.comments import comments
from dashboard.registry.contents import contents
from dashboard.registry.controls import filters, order, search_field, told_filters, views
from dashboard.registry.headline import headline
from dashboard.registry.list_state import ListState, bring_back, found, keep, kept
from dashboard.registry.origin import lineage, recipe
from dashboard.registry.production import production
from dashboard.registry.try_it import try_it
from dashboard.registry.version_list import open_version, version_list
from dashboard.registry.version_view import audit_trail, card, figures, signature
from dashboard.runtime import ask, plain, show_error
from dashboard.state import go, heading, link, param
from engine.errors import InvalidInput, NotFound
from engine.model_registry.schema import CHAMPION
from engine.model_registry.search import SearchService
from engine.model_registry.service import RegistryService

VERSIONS, IN_PRODUCTION = "Versions", "In production"

model_name, number = param("model"), param("version")
version = None
if model_name and number:
    try:
        version = ask(RegistryService.get_version, model=model_name, reference=number)
    except NotFound:
        open_version("", "")
if version is None:
    bring_back()
heading("Registry")

if version is None:
    models = ask(RegistryService.list_models)
    if not models:
        st.caption("No model is registered yet. A training job registers one.")
        if st.button("Train a model", type="primary"):
            go("training")
        st.stop()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        view = st.segmented_control(
            "View",
            [VERSIONS, IN_PRODUCTION],
            default=VERSIONS,
            required=True,
            key="view",
            bind="query-params",
            label_visibility="collapsed",
        )
        with st.container(horizontal=True, width="content"):
            link("experiments", "Experiments")
            link("compare", "Compare")
    if view == IN_PRODUCTION:
        production()
        st.stop()

    state = ListState.from_url()
    query, wrong = state.query, None
    try:
        page = found(state)
    except InvalidInput as error:
        wrong = error
        query = st.session_state.get("registry_good_query", "")
        page = found(state, query)
    st.session_state["registry_good_query"] = query
    state = ListState.from_url()  # past the end, the last page was taken
    keep()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search_field()
        filters(state, page.facets)
        views()
        order(state, ask(SearchService.metric_names))
    if wrong is not None:
        show_error(wrong)
        st.caption(f"Still shown: {f'the versions of {plain(repr(query))}' if query else 'all versions'}.")
    told_filters(state)
    version_list(state, page, query)
    st.stop()

model = ask(RegistryService.get_model, model=version.model)
champion = model.aliases.get(CHAMPION)
with st.container(horizontal=True, vertical_alignment="center"):
    if st.button("All versions", key="back", icon=":material/arrow_back:", type="tertiary"):
        go("registry", **kept())
    numbers = ask(SearchService.numbers, model=version.model)
    options = list(dict.fromkeys([*numbers, version.version]))
    st.session_state["version"] = version.version
    st.selectbox(
        "Version",
        options,
        key="version",
        width=160,
        label_visibility="collapsed",
        on_change=lambda: open_version(model_name, st.session_state["version"]),
    )
with st.container(horizontal=True, vertical_alignment="center"):
    st.subheader(f"{plain(version.model)} {plain(version.version)}", anchor=False, width="content")
    stage_badge(version.stage)
    for alias in version.aliases:
        st.badge(plain(alias), color="blue")
    if version.version != champion and version.artifact and st.button("Promote", type="primary", key="promote"):
        promote_dialog(version, champion)
    if version.version == champion and st.button("Roll back", key="rollback", icon=":material/undo:"):
        rollback_dialog(version.model, champion)
    if champion is not None and version.version != champion:
        link("compare", f"Compare with {champion}", model=version.model, versions=f"{champion},{version.version}")
st.caption(plain(version.description) or f"Registered {moment(version.created_at)} by {plain(version.created_by)}.")
headline(version, model, champion)

parts = {
    "Figures": figures,
    "Lineage": lineage,
    "Recipe": recipe,
    "Files": contents,
    "Card": card,
    "Signature": signature,
    "Try it": try_it,
    "Comments": comments,
    "Audit trail": audit_trail,
}
tabs = st.tabs(list(parts), key="part", bind="query-params", on_change="rerun")
for tab, draw in zip(tabs, parts.values(), strict=True):
    with tab:
        if tab.open:
            draw(version)
