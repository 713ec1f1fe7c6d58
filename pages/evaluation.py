import streamlit as st

from dashboard.cards import moment, state_badge
from dashboard.evaluating import ask_for_one, earlier, opened, uploaded, watch
from dashboard.evaluation_report import PARTS, headline, models_table
from dashboard.runtime import ask, plain, told
from dashboard.state import go, heading, shop_picker
from engine.background import BackgroundState
from engine.catalog.service import CatalogService
from engine.recommendation_engine.evaluation import EvaluationService

heading("Evaluation")
shops = [shop for shop in ask(CatalogService.list_shops) if shop.snapshot is not None]
if not shops:
    st.caption("Models are measured on what a shop's shoppers did, and there is no shop yet.")
    if st.button("Import data", type="primary"):
        go("data")
    report, found = uploaded(), []
else:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shop = shop_picker(shops, width=220)
        report = uploaded()
    found = ask(EvaluationService.list_evaluations, shop=shop.shop)
    running = [info for info in ask(EvaluationService.list_evaluations) if not info.state.final]
    ask_for_one(shop, busy=bool(running))
    for info in running:
        watch(info)

chosen = None if report is not None else opened(found)
if chosen is not None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{plain(chosen.shop)}, snapshot {chosen.snapshot}", anchor=False, width="content")
        if chosen.state is not BackgroundState.DONE:
            state_badge(chosen.state)
    st.caption(f"Started by {plain(chosen.started_by)}, {moment(chosen.started)}.")
    if chosen.error is not None:
        st.error(plain(chosen.error), icon=":material/error:")
    if chosen.state is BackgroundState.DONE:
        with told():
            report = ask(EvaluationService.report, evaluation=chosen.id)
elif report is None and shops:
    st.caption("No evaluation of this shop yet. It tells how well each model foretells what shoppers chose next.")

if report is not None:
    headline(report)
    models_table(report)
    tabs = st.tabs(list(PARTS), key="part", bind="query-params", on_change="rerun")
    for tab, draw in zip(tabs, PARTS.values(), strict=True):
        if tab.open:
            with tab:
                draw(report)
if found:
    earlier(found)
