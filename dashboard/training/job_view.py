"""One job: what was asked, how far it is, or what came of it."""

from __future__ import annotations

import streamlit as st

from dashboard.cards import moment, size, span, state_badge
from dashboard.live import how_it_went, watch
from dashboard.runtime import ask, plain, show_error, told
from dashboard.state import set_params
from dashboard.training.again import recipe
from dashboard.training.queue import recipe_words
from dashboard.training.result import result
from engine.errors import InternalError
from engine.training.schema import JobInfo
from engine.training.service import TrainingService


def job_view(job_id: str) -> None:
    """Draw the job that the URL names."""
    with told():
        job = ask(TrainingService.get_job, job_id=job_id)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(f"{plain(job.model)} on snapshot {job.snapshot}", anchor=False, width="content")
            state_badge(job.state)
            st.button("Close", key="close_job", type="tertiary", icon=":material/close:", on_click=_close)
        st.caption(plain(_about(job)))
        if job.error is not None:
            show_error(InternalError(job.error.found, job.error.expected, job.error.hint))
        if not job.state.final:
            watch(job)
        elif job.version is not None:
            result(job)
        else:
            recipe(job)
            how_it_went(job, ask(TrainingService.progress, job_id=job.job_id))


def _close() -> None:
    set_params(job="", part="")


def _about(job: JobInfo) -> str:
    words = [f"{job.job_id}, asked by {job.created_by}, {moment(job.created_at)}"]
    known = recipe_words(job)
    words += [f"recipe: {known}"] if known != "–" else []
    if job.ended_at and job.started_at:
        words.append(f"took {span((job.ended_at - job.started_at).total_seconds())}")
    words += [f"{size(job.memory_mb * 1e6)} of memory at most"] if job.memory_mb else []
    return ", ".join(words) + "."
