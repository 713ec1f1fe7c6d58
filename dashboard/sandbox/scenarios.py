"""Scenarios: drafts that were saved under a name, with the view that they were looked at in."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.cards import ago
from dashboard.runtime import ask, engine, plain
from dashboard.sandbox.draft import Desk, change, named
from dashboard.sandbox.draft import desk as on_desk
from dashboard.sandbox.say import attempt_as_me, say
from dashboard.state import set_listed
from engine.recommendation_engine.plan import ScenarioInfo
from engine.recommendation_engine.plans import PlanService

_NOT_VIEW = {"draft", "scenario", "impact", "item", "shop", "panel"}
"""Parameters of the URL that are no part of a view."""


def scenarios(desk: Desk) -> None:
    """Draw the way to save the draft, and what was saved."""
    found = ask(PlanService.scenarios, shop=desk.shop)
    with st.form("scenario_form", border=False, clear_on_submit=False):
        st.text_input(
            "Save the draft as",
            desk.scenario,
            max_chars=100,
            key="scenario_name",
            placeholder="Such as Summer sale, bold",
        )
        st.form_submit_button("Save", key="scenario_save", on_click=_save, args=(desk.shop,), width="stretch")
    if not found:
        st.caption("A scenario keeps the draft and the view under a name, for you and for others.")
    for info in found:
        _entry(info, desk)


def _entry(info: ScenarioInfo, desk: Desk) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(info.name)}**")
            if info.name == desk.scenario:
                st.badge("open", color="blue")
        rules = len(info.draft.plan.rules)
        st.caption(
            plain(
                f"{rules} {'rule' if rules == 1 else 'rules'}, {len(info.draft.plan.weights)} weights; "
                f"{ago(info.saved_at, engine().clock.now())}, {info.saved_by}"
            )
        )
        with st.container(horizontal=True):
            st.button("Open", key=f"open_{info.name}", on_click=_open, args=(info,), type="tertiary")
            st.button("Remove", key=f"drop_{info.name}", on_click=_remove, args=(info, desk), type="tertiary")


def _save(shop: str) -> None:
    name = str(st.session_state["scenario_name"]).strip()
    if not name:
        say("Give the scenario a name first.")
        return
    saved = attempt_as_me(
        PlanService.save_scenario, done=f"Saved as {name}.", shop=shop, name=name, draft=on_desk().draft, view=_view()
    )
    if saved is not None:
        named(saved.name)


def _open(info: ScenarioInfo) -> None:
    """Lay a scenario on the desk, in the view that it was saved in."""
    change(info.draft, scenario=info.name)
    for name, values in info.view.items():
        if name in _NOT_VIEW or not isinstance(values, list):
            continue
        texts = [str(value) for value in values]
        if name in st.session_state:
            _restore(name, texts)
        else:
            set_listed(name, texts)
    st.rerun()


def _restore(name: str, texts: list[str]) -> None:
    """Set a widget that the URL is bound to."""
    now = st.session_state[name]
    if isinstance(now, bool):
        st.session_state[name] = texts[:1] == ["true"]
    elif isinstance(now, int) and texts and texts[0].isdigit():
        st.session_state[name] = int(texts[0])
    elif texts:
        st.session_state[name] = texts[0]


def _remove(info: ScenarioInfo, desk: Desk) -> None:
    if desk.scenario == info.name:
        named("")
    attempt_as_me(PlanService.remove_scenario, done=f"{info.name} is removed.", shop=info.shop, name=info.name)


def _view() -> dict[str, Any]:
    return {name: st.query_params.get_all(name) for name in st.query_params if name not in _NOT_VIEW}
