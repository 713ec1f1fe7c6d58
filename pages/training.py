import uuid

import streamlit as st

from dashboard.cards import count, moment, span, state_badge, table
from dashboard.datasets import lacking
from dashboard.live import draw_metrics, watch
from dashboard.metrics import metric_name, primary_first
from dashboard.promotion import champion_of, promote_dialog, verdict_against, verdict_box
from dashboard.runtime import act, ask, plain, show_error, told
from dashboard.state import choose, go, heading, link, param, set_params, shop_picker
from engine.catalog.service import CatalogService
from engine.errors import InternalError
from engine.estimators.kinds import KINDS
from engine.model_registry.service import RegistryService
from engine.training.service import TrainingService

heading("Training")
shops = [shop for shop in ask(CatalogService.list_shops) if shop.snapshot is not None]
if not shops:
    st.caption("A model is trained on a shop's data, and there is none yet.")
    if st.button("Import data", type="primary"):
        go("data")
    st.stop()

with st.container(border=True):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shop = shop_picker(shops)
        kind = choose("Kind of model", {name: name.replace("_", " ").capitalize() for name in KINDS}, key="kind")
    snapshot = ask(CatalogService.get_snapshot, number=shop.snapshot)
    rows = ", ".join(f"{count(s.rows)} {name.replace('_', ' ')}" for name, s in snapshot.summary.items() if s.rows)
    st.caption(f"Snapshot {snapshot.number} of {moment(snapshot.created_at)}: {rows}.")
    missing = lacking(kind, snapshot.number)
    for sentence in missing:
        st.warning(plain(sentence), icon=":material/rule:")
    model = f"{shop.shop}.{kind}"
    known = [m for m in ask(RegistryService.list_models, shop=shop.shop) if m.model == model]
    with st.container(horizontal=True, vertical_alignment="center"):
        key = st.session_state.setdefault("training_click", uuid.uuid4().hex)
        label = "Retrain" if known and known[0].versions else "Train"
        if st.button(label, type="primary", disabled=bool(missing), key="train", icon=":material/play_arrow:"):
            started = act(
                TrainingService.submit, kind=kind, shop=shop.shop, snapshot=snapshot.number, idempotency_key=key
            )
            if started is not None:
                st.session_state["training_click"] = uuid.uuid4().hex
                set_params(job=started.job_id)
                st.rerun()
        if known and known[0].aliases.get("champion"):
            st.caption(
                f"The champion is {known[0].aliases['champion']}. A new version is held against it on the same held-out rows."
            )
        else:
            st.caption("There is no champion yet. The first version is held against the baseline.")

job_id = param("job")
if job_id:
    with told():
        job = ask(TrainingService.get_job, job_id=job_id)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(f"{plain(job.model)} on snapshot {job.snapshot}", anchor=False, width="content")
            state_badge(job.state)
        st.caption(f"Job {job.job_id}, started by {plain(job.created_by)}, {moment(job.created_at)}.")
        if job.error is not None:
            show_error(InternalError(job.error.found, job.error.expected, job.error.hint))
        if job.version is None:
            watch(job)
        else:
            version = ask(RegistryService.get_version, model=job.model, reference=job.version)
            champion = champion_of(job.model)
            against = next(iter(ask(RegistryService.verdicts, model=job.model, version=job.version)), None)
            if champion == job.version:
                st.success(f"{plain(job.model)} {job.version} serves now.", icon=":material/check_circle:")
            else:
                verdict_box(verdict_against(job.model, job.version, champion), champion)
            if against is not None:
                names = primary_first(against.verdict.get("challenger_metrics", {}), job.kind)
                rival = against.verdict.get("rival", "the rival")
                st.caption(f"Same held-out rows: {job.version} and {plain(str(rival))}.")
                table(
                    [
                        {
                            "Metric": metric_name(name),
                            f"Version {job.version}": against.verdict["challenger_metrics"][name],
                            against.against or "Baseline": against.verdict.get("rival_metrics", {}).get(name),
                        }
                        for name in names
                    ],
                    alt="Metrics of the new version and of its rival",
                )
            with st.container(horizontal=True, vertical_alignment="center"):
                if champion != job.version and st.button("Promote", type="primary", key="promote"):
                    promote_dialog(version, champion)
                link("registry", "All figures of this version", model=job.model, version=job.version)
                link("sandbox", "Try it in the sandbox", shop=job.shop, version=job.version)
            progress = ask(TrainingService.progress, job_id=job_id)
            with st.expander("How the training went", on_change="rerun", key="training_log") as log:
                if log.open:
                    draw_metrics(progress.metrics, key=job.job_id)
                    st.code("\n".join(progress.log) or "The log is empty.", language=None, height=260, wrap_lines=True)

jobs = ask(TrainingService.list_jobs, shop=None, limit=50)
if jobs:
    st.subheader("Jobs", anchor=False)

    def open_job() -> None:
        """Turn the selected row into the address of its job."""
        for row in st.session_state["jobs_table"].selection.rows:
            set_params(job=jobs[row].job_id)

    table(
        [
            {
                "Model": j.model,
                "State": j.state.value,
                "Version": j.version or "–",
                "Snapshot": j.snapshot,
                "Asked": moment(j.created_at),
                "Took": span((j.ended_at - j.started_at).total_seconds()) if j.ended_at and j.started_at else "–",
                "By": j.created_by,
            }
            for j in jobs
        ],
        key="jobs_table",
        on_select=open_job,
        selection_mode="single-row",
        alt="Training jobs, newest first",
    )
