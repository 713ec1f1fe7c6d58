"""Asking for an evaluation, watching it, and finding one that is done."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from pydantic import ValidationError

from dashboard.cards import moment, table
from dashboard.runtime import act, ask, plain, told
from dashboard.state import choose, listed, param, set_listed, set_params
from engine.background import BackgroundState
from engine.catalog.records import ShopInfo
from engine.recommendation_engine.evaluation import (
    EvaluationInfo,
    EvaluationPlan,
    EvaluationReport,
    EvaluationService,
    Protocol,
)
from engine.recommendation_engine.evaluation.evaluate import BLEND, BLEND_TITLE
from engine.recommendation_engine.evaluation.rivals import RIVALS
from engine.recommendation_engine.evaluation.shop import RECOMMENDER, SLOW

TITLES = {RECOMMENDER: "The shop's recommender", BLEND: BLEND_TITLE} | {
    name: rival.title for name, rival in RIVALS.items()
}
_PROTOCOLS = {
    Protocol.TEMPORAL.value: "Temporal: windows of time",
    Protocol.LEAVE_LAST_OUT.value: "Leave-last-out: to compare with papers",
}
_MOST_UPLOAD = 20_000_000


def ask_for_one(shop: ShopInfo, *, busy: bool) -> None:
    """Protocol, windows and models of a new evaluation, and the button that starts it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        protocol = Protocol(choose("Protocol", _PROTOCOLS, key="protocol", width=300))
        temporal = protocol is Protocol.TEMPORAL
        windows = st.selectbox(
            "Windows", [1, 2, 3, 4, 6], index=2, key="windows", bind="query-params", width=110, disabled=not temporal
        )
        names = _models(temporal=temporal)
        if st.button("Evaluate", type="primary", icon=":material/play_arrow:", disabled=busy, key="evaluate"):
            plan = EvaluationPlan(protocol=protocol, windows=windows, models=names)
            info = act(EvaluationService.start, shop=shop.shop, plan=plan)
            if info is not None:
                set_params(evaluation=info.id)
                st.rerun()
    st.caption(
        "It runs in a process of its own; this page and the shop stay free. Every item is ranked and none is sampled."
        + (" The order of items (SASRec) takes minutes a window." if set(names) & set(SLOW) else "")
    )


def _models(*, temporal: bool) -> tuple[str, ...]:
    """The models that are asked for; none means the usual ones."""
    offered = [name for name in TITLES if temporal or name != RECOMMENDER]
    st.session_state["asked_models"] = [name for name in listed("models") if name in offered]
    chosen = st.multiselect(
        "Models",
        offered,
        format_func=TITLES.__getitem__,
        key="asked_models",
        placeholder="All that fit, without the slow ones",
        width=460,
        on_change=lambda: set_listed("models", st.session_state["asked_models"]),
    )
    return tuple(chosen)


def watch(info: EvaluationInfo) -> None:
    """Stage and share of an evaluation that runs, and a way to end it; redrawn every second."""
    st.fragment(_watch_once, run_every="1s")(info.id)


def _watch_once(evaluation: str) -> None:
    with told():
        info = ask(EvaluationService.get, evaluation=evaluation)
        if info.state.final:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(min(1.0, info.share), f"{plain(info.shop)}: {plain(info.stage)}, {info.share:.0%}")
            if st.button("Cancel", key="cancel_evaluation", icon=":material/stop_circle:"):
                act(EvaluationService.cancel, done="The evaluation was ended.", evaluation=evaluation)
                st.rerun()


def uploaded() -> EvaluationReport | None:
    """A report that `skyy evaluate --json` wrote, from a file of the person at the page."""
    with st.popover("Open a report", icon=":material/upload_file:"):
        st.caption("What 'skyy evaluate --json' printed, as a file.")
        file = st.file_uploader("Report as JSON", type="json", key="report_file", max_upload_size=20)
    if file is None:
        return None
    if file.size > _MOST_UPLOAD:
        st.error("The file is larger than 20 MB.", title="This is not a report")
        return None
    try:
        return EvaluationReport.model_validate_json(file.getvalue())
    except ValidationError:
        st.error("A report is what 'skyy evaluate --json' prints. Choose another file.", title="This is not a report")
        return None


def opened(found: Sequence[EvaluationInfo]) -> EvaluationInfo | None:
    """The evaluation that the URL names, else the newest that is done."""
    named = next((info for info in found if info.id == param("evaluation")), None)
    return named or next((info for info in found if info.state is BackgroundState.DONE), None)


def earlier(found: Sequence[EvaluationInfo]) -> None:
    """All evaluations that are kept; a click opens one."""
    st.subheader("Evaluations", anchor=False)

    def open_one() -> None:
        for row in st.session_state["evaluations"].selection.rows:
            set_params(evaluation=found[row].id)

    table(
        [
            {
                "Started": moment(info.started),
                "Protocol": info.plan.protocol.value,
                "Windows": info.plan.windows if info.plan.protocol is Protocol.TEMPORAL else None,
                "Snapshot": info.snapshot,
                "Champion then": info.model_version or "–",
                "State": info.state.value,
                "By": info.started_by,
            }
            for info in found
        ],
        key="evaluations",
        on_select=open_one,
        selection_mode="single-row",
        alt="Evaluations of this shop, newest first",
    )
