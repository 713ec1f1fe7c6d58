"""Live parts: a job that runs, redrawn every second until it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard import charts
from dashboard.cards import span
from dashboard.runtime import act, ask, plain, told
from engine.training.schema import JobInfo
from engine.training.service import TrainingService


def running_jobs(jobs: list[JobInfo]) -> None:
    """One line with a bar per running job; nothing is polled when none runs."""
    ids = [job.job_id for job in jobs if not job.state.final]
    if ids:
        st.fragment(_lines, run_every="1s")(ids)


def _lines(ids: list[str]) -> None:
    with told():
        jobs = [ask(TrainingService.get_job, job_id=job_id) for job_id in ids]
        if any(job.state.final for job in jobs):
            st.rerun()
        for job in jobs:
            progress = ask(TrainingService.progress, job_id=job.job_id)
            left = f", {span(progress.eta_s)} left" if progress.eta_s is not None else ""
            st.progress(
                min(1.0, progress.share), f"{plain(job.model)}: {plain(progress.stage)}, {progress.share:.0%}{left}"
            )


def watch(job: JobInfo) -> None:
    """A job's stage, percent, time left, memory, curves and log; live while it runs."""
    if job.state.final:
        _progress(job.job_id)
    else:
        st.fragment(_watch_once, run_every="1s")(job.job_id)


def _watch_once(job_id: str) -> None:
    with told():
        job = ask(TrainingService.get_job, job_id=job_id)
        if job.state.final:
            st.rerun()
        _progress(job_id)
        if st.button("Cancel", key=f"cancel_{job_id}", icon=":material/stop_circle:"):
            act(TrainingService.cancel, done="The job stops.", job_id=job_id)
            st.rerun()


def _progress(job_id: str) -> None:
    with told():
        progress = ask(TrainingService.progress, job_id=job_id)
        st.progress(min(1.0, progress.share), f"{plain(progress.stage)}, {progress.share:.0%}")
        with st.grid(3):
            st.metric("Time left", span(progress.eta_s))
            st.metric("Running for", span(progress.elapsed_s))
            st.metric("Memory of the worker", f"{progress.memory_mb:,.0f} MB")
        draw_metrics(progress.metrics, key=job_id)
        if progress.log:
            st.code("\n".join(progress.log[-12:]), language=None, height=220, wrap_lines=True)


def draw_metrics(metrics: Mapping[str, Sequence[tuple[int, float]]], *, key: str) -> None:
    """Curves of what was measured more than once, bars of what was measured once."""
    several = {name: points for name, points in metrics.items() if len(points) > 1}
    once = [(name.replace("_", " "), points[0][1]) for name, points in metrics.items() if len(points) == 1]
    if several:
        charts.draw(charts.curves(several), alt="Training metrics over steps", key=f"curves_{key}")
    if once:
        height = 60 + 26 * len(once)
        charts.draw(charts.bars(once, axis="Learned value"), alt="Values learned", height=height, key=f"learned_{key}")
