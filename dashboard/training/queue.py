"""All jobs: what waits, what runs, what came of the rest; tick two or more to compare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.cards import csv_button, moment, span, table
from dashboard.runtime import act, ask, plain
from dashboard.state import link, set_params
from dashboard.training.config_schema import titled
from dashboard.training.kinds import PRESETS
from dashboard.training.priority import PRIORITIES, number_of, priority_named
from engine.model_registry.service import RegistryService
from engine.training.schema import JobInfo, JobState
from engine.training.service import TrainingService

_MOST_COMPARED = 5


def waiting(jobs: Sequence[JobInfo]) -> None:
    """Jobs that wait, the next first, each with its place in the queue."""
    queued = sorted(
        (job for job in jobs if job.state is JobState.QUEUED), key=lambda job: (-job.priority, job.created_at)
    )
    if not queued:
        return
    st.subheader("Waiting", anchor=False)
    for number, job in enumerate(queued, 1):
        with st.container(horizontal=True, vertical_alignment="center", key=f"queued_{job.job_id}"):
            st.markdown(plain(f"{number}. {job.model}, asked by {job.created_by}, {moment(job.created_at)}"), width=420)
            _move(job)


def _move(job: JobInfo) -> None:
    widget = f"priority_{job.job_id}"
    st.session_state[widget] = priority_named(job.priority)

    def moved() -> None:
        act(TrainingService.prioritise, job_id=job.job_id, priority=number_of(st.session_state[widget]))

    st.segmented_control(
        plain(f"Place of {job.model} in the queue"),
        list(PRIORITIES.values()),
        required=True,
        key=widget,
        on_change=moved,
        label_visibility="collapsed",
    )


def jobs_table(jobs: Sequence[JobInfo]) -> None:
    """Every job, newest first; a click opens one, ticks compare."""
    st.subheader("Jobs", anchor=False)
    actions = st.container(horizontal=True, vertical_alignment="center")

    def opened() -> None:
        for place, _ in st.session_state["jobs_table"].selection.cells:
            set_params(job=jobs[place].job_id)

    rows = [row_of(job) for job in jobs]
    selection = table(
        rows,
        key="jobs_table",
        on_select=opened,
        selection_mode=["multi-row", "single-cell"],
        alt="Training jobs, newest first",
        height="content" if len(rows) <= 10 else 420,
    ).selection
    ticked = [jobs[place] for place in selection.rows if place < len(jobs)]
    with actions:
        _compare(ticked)
        csv_button(rows, list(rows[0]), name="training-jobs.csv", key="jobs_csv")


def row_of(job: JobInfo) -> dict[str, Any]:
    """A job as a row of the table."""
    took = (job.ended_at - job.started_at).total_seconds() if job.ended_at and job.started_at else None
    return {
        "Model": job.model,
        "State": job.state.value,
        "Version": job.version or "–",
        "Recipe": recipe_words(job),
        "Snapshot": job.snapshot,
        "Asked": moment(job.created_at),
        "Took": span(took),
        "By": job.created_by,
        "Job": job.job_id,
    }


def recipe_words(job: JobInfo) -> str:
    """What is known of the recipe, in a few words: its preset, its search, whether it repeats a job."""
    words = [PRESETS.get(job.preset, titled(job.preset))] if job.preset else []
    words += [f"search {job.tuning.minutes:g} min"] if job.tuning else []
    words += ["again"] if job.rerun_of else []
    return ", ".join(words) or "–"


def _compare(ticked: Sequence[JobInfo]) -> None:
    """Lead to the comparison of what the ticked jobs made: versions of one model, or runs."""
    made = [job for job in ticked if job.version][:_MOST_COMPARED]
    if len(made) < 2:
        st.caption(
            "Click a job to open it. Tick two or more that made a version to compare them."
            if len(ticked) < 2
            else "Only jobs that made a version can be compared."
        )
    elif len({job.model for job in made}) == 1:
        link("compare", f"Compare {len(made)} versions", model=made[0].model,
             versions=",".join(str(job.version) for job in reversed(made)))  # fmt: skip
    else:
        link("compare", f"Compare {len(made)} runs", runs=",".join(_runs(made)))


def _runs(made: Sequence[JobInfo]) -> list[str]:
    versions = [ask(RegistryService.get_version, model=job.model, reference=str(job.version)) for job in made]
    return [version.run_id for version in versions if version.run_id is not None]
