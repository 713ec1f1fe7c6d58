"""A job's recipe: to run again exactly, to keep as a file, to run from a terminal."""

from __future__ import annotations

import streamlit as st

from dashboard.cards import facts
from dashboard.registry.tables import flat, words
from dashboard.runtime import act, ask
from dashboard.state import set_params
from engine.training.schema import JobInfo
from engine.training.service import TrainingService


def recipe(job: JobInfo) -> None:
    """The settings, the file, the command."""
    found = ask(TrainingService.recipe, job_id=job.job_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        again = st.button(
            "Run again exactly",
            key="rerun",
            icon=":material/replay:",
            help=f"The same settings and seed on snapshot {job.snapshot}: the figures come out the same.",
        )
        st.download_button(
            "Download recipe",
            data=found.model_dump_json(indent=2),
            file_name=f"{job.model}-{job.version or job.job_id}.json",
            mime="application/json",
            key="recipe_json",
            icon=":material/download:",
            on_click="ignore",
        )
    if again:
        started = act(TrainingService.rerun, done="The job runs again.", job_id=job.job_id)
        if started is not None:
            set_params(job=started.job_id)
            st.rerun()
    st.caption("The same from a terminal:")
    st.code(found.command, language="bash", wrap_lines=True)
    facts({name: words(value) for name, value in flat(found.config).items()}, alt="Settings of this job", height=320)
