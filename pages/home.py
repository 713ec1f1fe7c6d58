from datetime import UTC, datetime

import streamlit as st

from dashboard.cards import ago, count, moment, table, with_interval
from dashboard.datasets import lacking
from dashboard.live import running_jobs
from dashboard.metrics import metric_name
from dashboard.overview import champion_version, next_action, serving
from dashboard.promotion import gain_words, verdict_against
from dashboard.runtime import ask, plain
from dashboard.state import go, heading, link
from engine.catalog.service import CatalogService
from engine.model_registry.schema import CHAMPION
from engine.model_registry.service import RegistryService
from engine.training.service import TrainingService

now = datetime.now(UTC)
shops = ask(CatalogService.list_shops)
snapshots = ask(CatalogService.list_snapshots, limit=50)
models = ask(RegistryService.list_models)
jobs = ask(TrainingService.list_jobs, limit=20)

champions = []
waiting = None
for model in models:
    champion = champion_version(model)
    if champion is not None:
        version = ask(RegistryService.get_version, model=model.model, reference=champion)
        moves = ask(RegistryService.history, model=model.model, alias=CHAMPION, limit=20)
        verdicts = ask(RegistryService.verdicts, model=model.model, version=champion)
        champions.append(serving(model, version, moves, verdicts[0].verdict if verdicts else None))
    if waiting is None and model.latest is not None and model.latest != champion:
        record = verdict_against(model.model, model.latest, champion)
        if record is not None and record.passed:
            waiting = ask(RegistryService.get_version, model=model.model, reference=model.latest)

heading("Home")
newest = {shop.shop: next((s for s in snapshots if s.shop == shop.shop), None) for shop in shops}
rows = {
    name: sum(s.summary[name].rows for s in newest.values() if s and name in s.summary)
    for name in ("items", "interactions")
}
with st.grid(4, min_column_width=150):
    st.metric("Models serving", len(champions), help="Models with a champion")
    st.metric("Versions", count(sum(model.versions for model in models)))
    st.metric("Products", count(rows["items"]), help="In the newest snapshot of every shop")
    st.metric(
        "Events", count(rows["interactions"]), help="Views, carts, purchases, ratings, ... in the newest snapshots"
    )

untrainable = {shop.shop for shop in shops if shop.snapshot is not None and lacking("recommender", shop.snapshot)}
action = next_action(shops, snapshots, champions, jobs, waiting, untrainable=untrainable)
with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.markdown(plain(action.sentence), width="content")
    if st.button(action.label, type="primary", key="next_action"):
        go(action.page, **action.params)

running_jobs(jobs)

if champions:
    st.subheader("Champions", anchor=False)
    with st.grid(min_column_width=320, gap="medium"):
        for champion in champions:
            with st.container(border=True):
                value, low, high = champion.interval
                st.caption(
                    f"{plain(champion.model.model)} · {champion.version.version} · since {ago(champion.since, now)}"
                )
                st.metric(metric_name(champion.metric), "–" if value is None else with_interval(value, low, high))
                rival = champion.verdict.get("rival", "the model before")
                st.caption(
                    f"{plain(gain_words(champion.verdict))} Compared with {plain(rival)}."
                    if champion.verdict
                    else "No comparison was kept."
                )
                link("registry", "Open", model=champion.model.model, version=champion.version.version)

if any(newest.values()):
    st.subheader("Data", anchor=False)
    table(
        [
            {
                "Shop": shop.title,
                "Snapshot": newest[shop.shop].number,
                "Taken": moment(newest[shop.shop].created_at),
                "Age": ago(newest[shop.shop].created_at, now),
                "Products": newest[shop.shop].summary["items"].rows if "items" in newest[shop.shop].summary else 0,
                "Set aside": newest[shop.shop].quarantined,
            }
            for shop in shops
            if newest[shop.shop] is not None
        ],
        alt="Newest snapshot of every shop",
    )
