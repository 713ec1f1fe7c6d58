"""Published plans: who, when and why; each can be opened as a draft."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.cards import csv_button, moment
from dashboard.runtime import ask, plain
from dashboard.sandbox.draft import Desk, change
from dashboard.sandbox.plan_changes import plan_changes
from dashboard.sandbox.publishing import ask_for
from engine.catalog.records import ItemCard
from engine.recommendation_engine.plan import Draft, Plan, PlanInfo
from engine.recommendation_engine.plans import PlanService

_SHOWN = 20


def history(desk: Desk, cards: Mapping[str, ItemCard], own: Mapping[str, float]) -> None:
    """Draw the plans, newest first, each with what it changed."""
    found = ask(PlanService.history, shop=desk.shop, limit=_SHOWN + 1)
    if not found:
        st.caption("No plan was published yet: the model serves alone. What you publish is listed here.")
        return
    st.button(
        "Undo the last", key="undo_open", icon=":material/undo:", width="stretch", on_click=ask_for, args=("undo",),
        disabled=not _anything_to_undo(found), help="Brings the plan before the one that is live back.",
    )  # fmt: skip
    before = [*(info.plan for info in found[1:]), Plan()]
    for info, earlier in zip(found[:_SHOWN], before, strict=False):
        _entry(info, earlier, cards, own)
    rows = [
        {"plan": info.number, "time": moment(info.published_at), "who": info.published_by, "reason": info.reason,
         "takes back": info.undoes, "rules": len(info.plan.rules)}
        for info in found
    ]  # fmt: skip
    csv_button(rows, list(rows[0]), name=f"{desk.shop}-plans.csv", key="plans_csv")


def _anything_to_undo(newest_first: list[PlanInfo]) -> bool:
    open_plans = 0
    for info in reversed(newest_first):
        open_plans = open_plans + 1 if info.undoes is None else max(0, open_plans - 1)
    return open_plans > 0 or newest_first[-1].number > 1


def _entry(info: PlanInfo, earlier: Plan, cards: Mapping[str, ItemCard], own: Mapping[str, float]) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Plan {info.number}**")
            if info.current:
                st.badge("live", color="green")
            if info.undoes is not None:
                st.badge(f"takes back {info.undoes}", color="gray")
        st.caption(plain(f"{moment(info.published_at)}, {info.published_by or 'unknown'}"))
        if info.reason:
            st.text(info.reason)
        changes = plan_changes(earlier, info.plan, cards, own)
        with st.expander(f"{len(changes)} changes" if len(changes) != 1 else "1 change"):
            for each in changes:
                st.markdown(f"- {plain(f'{each.sign.capitalize()}: {each.text}')}")
        if not info.current:
            st.button(
                "Open as a draft", key=f"plan_{info.number}", type="tertiary", on_click=change,
                args=(Draft(plan=info.plan),),
            )  # fmt: skip
