import streamlit as st

from dashboard.cards import count, moment
from dashboard.runtime import ask, told
from dashboard.state import arrived, go, heading, param, set_params, shop_picker
from dashboard.training.job_view import job_view
from dashboard.training.kinds import choose_kind
from dashboard.training.launcher import launcher
from dashboard.training.notice import look_out, tell_ended
from dashboard.training.queue import jobs_table, waiting
from engine.catalog.service import CatalogService
from engine.training.service import TrainingService

heading("Training")
shops = [shop for shop in ask(CatalogService.list_shops) if shop.snapshot is not None]
if not shops:
    st.caption("A model is trained on a shop's data, and there is none yet.")
    if st.button("Import data", type="primary"):
        go("data")
    st.stop()

jobs = ask(TrainingService.list_jobs, shop=None, limit=100)
tell_ended(jobs)
if arrived() and not param("job"):
    running = next((job for job in jobs if not job.state.final), None)
    set_params(job=running.job_id if running else "")
shown = param("job")

start = st.expander("Train another model", key="another", on_change="rerun", icon=":material/add:") if shown else None
if start is None or start.open:
    with start or st.container():
        choice, card = st.columns([2, 3], gap="medium")
        with choice:
            shop = shop_picker(shops, width=420)
            snapshot = ask(CatalogService.get_snapshot, number=shop.snapshot)
            rows = [f"{count(s.rows)} {name.replace('_', ' ')}" for name, s in snapshot.summary.items() if s.rows]
            st.caption(f"Snapshot {snapshot.number} of {moment(snapshot.created_at)}: {', '.join(rows)}.")
            kind = choose_kind()
        with card, st.container(border=True), told():
            launcher(kind, shop, ended=sum(job.state.final for job in jobs))
if shown:
    job_view(shown)

look_out(jobs, shown=shown or None)
waiting(jobs)
if jobs:
    jobs_table(jobs)
