"""Live parts: a job that runs, redrawn every second until it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st

from dashboard import charts
from dashboard.cards import figure, size, span, table
from dashboard.metrics import metric_name
from dashboard.runtime import act, ask, plain, told
from dashboard.training.trials import trials
from engine.training.schema import JobInfo, JobState, Progress
from engine.training.service import TrainingService

_LINES, _WEIGHT = 10, "weight_"
_OF_TRIALS = "tuning_"
"""Curves of a search: the plot of its trials tells them."""


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
            st.progress(min(1.0, progress.share), plain(f"{job.model}: {stage_words(job, progress)}"))


def watch(job: JobInfo) -> None:
    """A job's stage, percent, time left, load, curves, trials and log, and a way to end it, while it runs."""
    st.fragment(_watch_once, run_every="1s")(job.job_id, job.state)


def _watch_once(job_id: str, drawn: JobState) -> None:
    with told():
        job = ask(TrainingService.get_job, job_id=job_id)
        if job.state is not drawn:
            st.rerun()
        progress = ask(TrainingService.progress, job_id=job_id)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(min(1.0, progress.share), plain(stage_words(job, progress)))
            _cancel(job)
        if job.state is JobState.RUNNING:
            _load(job, progress)
            how_it_went(job, progress)


def stage_words(job: JobInfo, progress: Progress) -> str:
    """Where a job is, in one line."""
    if job.state is JobState.QUEUED:
        return "Waits for its turn"
    left = f", about {span(progress.eta_s)} left" if progress.eta_s is not None else ""
    return f"{progress.stage}, {progress.share:.0%}{left}"


def _cancel(job: JobInfo) -> None:
    """Ask once, with the consequence in view."""
    with st.popover("Cancel", icon=":material/stop_circle:", key=f"ask_cancel_{job.job_id}"):
        running = job.state is JobState.RUNNING
        st.markdown("What it learned so far is lost. " * running + "The champion goes on serving.")
        # A callback acts even where the job moves on in the same second and the page is drawn again.
        st.button(
            "Cancel this job", type="primary", key=f"cancel_{job.job_id}", on_click=_end, kwargs={"job_id": job.job_id}
        )


def _end(job_id: str) -> None:
    act(TrainingService.cancel, done="The job was cancelled.", job_id=job_id)


def _load(job: JobInfo, progress: Progress) -> None:
    """What the worker takes of the machine."""
    with st.grid(4, min_column_width=120):
        st.metric("Running for", span(progress.elapsed_s))
        st.metric("Processor", f"{progress.cpu_percent:.0f}%", help="100% is one core")
        st.metric("Memory", size(progress.memory_mb * 1e6), help="Of the worker")
        if progress.gpu_percent is not None:
            used = progress.gpu_memory_mb
            st.metric(
                "Graphics processor",
                f"{progress.gpu_percent:.0f}%",
                help=None if used is None else f"{size(used * 1e6)} of its memory",
            )


def how_it_went(job: JobInfo, progress: Progress) -> None:
    """Curves, trials and the log's tail."""
    drawn = {name: points for name, points in progress.metrics.items() if not name.startswith(_OF_TRIALS)}
    if progress.trials:
        measure, higher_is_better = objective(job.kind)
        trials(progress.trials, measure=measure, higher_is_better=higher_is_better, key=job.job_id)
    draw_metrics(drawn, key=job.job_id)
    lines = progress.log if job.state.final else progress.log[-_LINES:]
    height: int | Literal["content"] = 360 if len(lines) > _LINES else "content"
    st.code("\n".join(lines) or "The log is empty.", language=None, height=height, wrap_lines=True)


def objective(kind: str) -> tuple[str, bool]:
    """What a search makes better, in words, and whether more of it is better."""
    from engine.estimators.kinds import kind_of

    found = kind_of(kind)
    return metric_name(found.primary_metric), found.higher_is_better


def draw_metrics(metrics: Mapping[str, Sequence[tuple[int, float]]], *, key: str) -> None:
    """Curves of what was measured more than once, one chart a scale; weights as bars, other single values as a table."""
    several = {name: points for name, points in metrics.items() if len(points) > 1}
    once = {name: points[0][1] for name, points in metrics.items() if len(points) == 1}
    scales = {
        "Losses": {name: points for name, points in several.items() if "loss" in name},
        "Measures": {name: points for name, points in several.items() if "loss" not in name},
    }
    drawn = {title: points for title, points in scales.items() if points}
    if drawn:
        with st.grid(len(drawn), min_column_width=300):
            for title, points in drawn.items():
                charts.draw(
                    charts.curves({metric_name(name): series for name, series in points.items()}),
                    alt=f"{title} over steps: {', '.join(_last(name, series) for name, series in points.items())}",
                    key=f"curves_{title}_{key}",
                )
    if once:
        _single(once, key)


def _single(once: Mapping[str, float], key: str) -> None:
    weights = {name: value for name, value in once.items() if name.startswith(_WEIGHT)}
    others = [
        {"Measured": metric_name(name), "Value": float(value)} for name, value in once.items() if name not in weights
    ]
    with st.grid(2 if weights and others else 1, min_column_width=300):
        if weights:
            bars = [(metric_name(name.removeprefix(_WEIGHT)), value) for name, value in weights.items()]
            height = 60 + 22 * len(bars)
            charts.draw(charts.bars(bars, axis="Learned weight"), alt="Weights", height=height, key=f"weights_{key}")
        if others:
            table(others, alt="What was measured once", height="content" if len(others) <= 12 else 440)


def _last(name: str, series: Sequence[tuple[int, float]]) -> str:
    return f"{metric_name(name)} {figure(series[-1][1])}"
