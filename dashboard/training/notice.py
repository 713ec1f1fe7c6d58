"""Telling that a job ended while its page is open: a word in the corner, and the tab's title."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.runtime import ask, plain
from engine.training.schema import JobInfo, JobState
from engine.training.service import TrainingService

_SEEN = "training_seen_running"
_WORDS = {
    JobState.SUCCEEDED: ("is ready", ":material/check_circle:"),
    JobState.FAILED: ("failed", ":material/error:"),
    JobState.CANCELLED: ("was cancelled", ":material/block:"),
    JobState.LOST: ("was lost", ":material/error:"),
}


def tell_ended(jobs: Sequence[JobInfo]) -> None:
    """Tell of every job that ran at the last look and has ended since; the first look tells nothing."""
    seen: set[str] = st.session_state.setdefault(_SEEN, set())
    ended = [job for job in jobs if job.job_id in seen and job.state.final]
    for job in ended:
        words, icon = _WORDS[job.state]
        st.toast(plain(f"{named(job)} {words}."), icon=icon, duration="long")
    st.session_state[_SEEN] = {job.job_id for job in jobs if not job.state.final}
    running = len(st.session_state[_SEEN])
    if ended:
        st.set_page_config(page_title=f"{named(ended[0])} {_WORDS[ended[0].state][0]}")
    elif running:
        st.set_page_config(page_title=f"Training {running} {'model' if running == 1 else 'models'}")


def named(job: JobInfo) -> str:
    """A job's model, with the version that it made."""
    return f"{job.model} {job.version}" if job.version else job.model


def look_out(jobs: Sequence[JobInfo], *, shown: str | None) -> None:
    """Draw the page again when a job that nobody watches begins or ends; `shown` is watched already."""
    others = {job.job_id: job.state for job in jobs if not job.state.final and job.job_id != shown}
    if others:
        st.fragment(_look, run_every="2s")(others)


def _look(before: dict[str, JobState]) -> None:
    if any(ask(TrainingService.get_job, job_id=job_id).state is not state for job_id, state in before.items()):
        st.rerun()
