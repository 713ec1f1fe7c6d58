"""The estimate of what a draft would do: started, watched while it runs, and read."""

from __future__ import annotations

import hashlib

import streamlit as st

from dashboard.runtime import ask, plain, told
from dashboard.sandbox.asked import Asked
from dashboard.sandbox.draft import Desk
from dashboard.sandbox.impact_report import full_report, headline
from dashboard.sandbox.say import attempt
from dashboard.state import param, set_params
from engine.background import BackgroundState
from engine.errors import JobNotFound
from engine.recommendation_engine.impact import ImpactService

_PARAM = "impact"
_SESSIONS = 2_000
_FOR = "impact_for"


def impact(asked: Asked, desk: Desk) -> None:
    """Draw the way to an estimate, its progress, and the report."""
    job_id = param(_PARAM)
    if not desk.changed and not job_id:
        st.caption("The draft changes nothing yet. Move a slider or add a rule, then see here what it would do.")
        return
    st.caption("Replays sessions that the model has not seen, as they are live and with the draft.")
    st.button(
        "Estimate the impact" if not job_id else "Estimate again",
        key="impact_start", type="secondary" if job_id else "primary", icon=":material/query_stats:", width="stretch",
        disabled=not desk.changed, on_click=_start, args=(asked, desk),
    )  # fmt: skip
    if job_id:
        _watch(job_id, desk)


def _start(asked: Asked, desk: Desk) -> None:
    job = attempt(
        ImpactService.start, shop=asked.shop, draft=desk.draft, version=asked.version or None, sessions=_SESSIONS
    )
    if job is not None:
        set_params(**{_PARAM: job.id})
        st.session_state[_FOR] = {job.id: _sign(desk)}


def _watch(job_id: str, desk: Desk) -> None:
    """The report, or the progress, which draws itself again every second and nothing else with it."""
    try:
        job = ask(ImpactService.get, job_id=job_id)
    except JobNotFound:
        st.caption("The estimate of this link is no longer kept. Estimate again.")
        return
    if not job.state.final:
        st.fragment(_progress, run_every="1s")(job_id)
    elif job.state is BackgroundState.DONE and job.result is not None:
        if st.session_state.get(_FOR, {}).get(job_id, "") not in ("", _sign(desk)):
            st.caption("The draft has changed since: the figures are of the draft as it was.")
        headline(job.result)
        if st.button("Read the whole report", key="impact_open", icon=":material/open_in_full:", width="stretch"):
            full_report(job.result)
    elif job.state is BackgroundState.CANCELLED:
        st.caption("The estimate was stopped.")
    else:
        st.error(plain(job.error or "The estimate failed."), icon=":material/error:")


def _progress(job_id: str) -> None:
    with told():
        job = ask(ImpactService.get, job_id=job_id)
        if job.state.final:
            st.rerun()
        st.progress(min(1.0, job.share), f"{plain(job.stage)}, {job.share:.0%}")
        st.button(
            "Stop", key="impact_stop", type="tertiary", icon=":material/stop_circle:", on_click=_stop, args=(job_id,)
        )


def _stop(job_id: str) -> None:
    attempt(ImpactService.cancel, job_id=job_id)


def _sign(desk: Desk) -> str:
    """A short sign of a draft, to tell whether a report is about it."""
    return hashlib.sha256(desk.draft.model_dump_json().encode()).hexdigest()[:12]
