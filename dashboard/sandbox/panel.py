"""The draft beside the wall: what it changes, and the parts that change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.runtime import ask, plain, show_error
from dashboard.sandbox import blend, draft, exploring, prices, rules
from dashboard.sandbox.asked import Asked
from dashboard.sandbox.draft import Desk
from dashboard.sandbox.history import history
from dashboard.sandbox.impact import impact
from dashboard.sandbox.lookup import look_up
from dashboard.sandbox.plan_changes import plan_changes
from dashboard.sandbox.publishing import ask_for
from dashboard.sandbox.scenarios import scenarios
from engine.catalog.records import ItemCard
from engine.recommendation_engine import TrialService
from engine.recommendation_engine.plan import Warned
from engine.recommendation_engine.plans import PlanService
from engine.recommendation_engine.schema import SignalInfo

PARTS = ("Draft", "Look up", "Impact", "Saved", "History")


def signals_of(asked: Asked) -> list[SignalInfo]:
    """The signals of the model in view, the weightiest first."""
    return ask(TrialService.signals, shop=asked.shop, version=asked.version or None)


def checked(desk: Desk) -> list[Warned]:
    """What is to be known of the draft before it is published."""
    if desk.draft.plan.empty:
        return []
    off = {rule.rule_id for rule in desk.draft.plan.rules if not rule.on}
    found = ask(PlanService.check, shop=desk.shop, plan=desk.draft.plan)
    return [warned for warned in found if not warned.rules or not off.issuperset(warned.rules)]


def panel(
    asked: Asked, desk: Desk, cards: Mapping[str, ItemCard], signals: Sequence[SignalInfo], warnings: Sequence[Warned]
) -> None:
    """Draw the part that is open; the closed ones cost nothing."""
    own = blend.own_weights(signals)
    _head(desk, len(plan_changes(desk.live.plan, desk.draft.plan, cards, own)) + len(desk.draft.prices), len(warnings))
    tabs = dict(zip(PARTS, st.tabs(PARTS, key="panel", bind="query-params", on_change="rerun"), strict=True))
    if tabs["Draft"].open:
        with tabs["Draft"]:
            _draft(asked, desk, cards, signals, warnings)
    if tabs["Look up"].open:
        with tabs["Look up"]:
            look_up(asked, desk, cards)
    if tabs["Impact"].open:
        with tabs["Impact"]:
            impact(asked, desk)
    if tabs["Saved"].open:
        with tabs["Saved"]:
            scenarios(desk)
    if tabs["History"].open:
        with tabs["History"]:
            history(desk, cards, own)


def _head(desk: Desk, changes: int, warnings: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Draft", anchor=False)
        if desk.scenario:
            st.badge(plain(desk.scenario), icon=":material/bookmark:", color="blue")
        elif desk.changed:
            st.badge(f"{changes} {'change' if changes == 1 else 'changes'}", color="orange")
        else:
            st.badge(f"as plan {desk.live.number}" if desk.live.number else "as the model serves", color="gray")
        if warnings:
            st.badge(
                f"{warnings} {'warning' if warnings == 1 else 'warnings'}", icon=":material/warning:", color="yellow"
            )
    if desk.problem is not None:
        show_error(desk.problem)
    if not desk.fits_link:
        st.info("This draft is too long for a link. Save it under a name, and the link tells the name.")
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            "Publish", type="primary", key="publish_open", icon=":material/publish:", on_click=ask_for,
            args=("publish",), disabled=desk.draft.plan == desk.live.plan,
            help="Shows what would change and asks for a reason before anything is live.",
        )  # fmt: skip
        st.button(
            "Undo", key="draft_undo", icon=":material/undo:", disabled=not desk.past, on_click=draft.undo,
            help="Back to the draft before the last change",
        )  # fmt: skip
        st.button(
            "Discard", key="draft_discard", icon=":material/delete_sweep:", disabled=not desk.changed,
            on_click=draft.discard, help="Start again from what is live",
        )  # fmt: skip


def _draft(
    asked: Asked, desk: Desk, cards: Mapping[str, ItemCard], signals: Sequence[SignalInfo], warnings: Sequence[Warned]
) -> None:
    # A label that changes makes the browser build the part anew, which takes the focus from a slider in use.
    box = st.expander("Blend", True, key="open_blend", on_change="rerun", icon=":material/tune:")
    if box.open:
        with box:
            blend.sliders(signals)
    box = st.expander("Rules", True, key="open_rules", on_change="rerun", icon=":material/gavel:")
    if box.open:
        with box:
            rules.rule_list(cards, warnings)
    box = st.expander("Prices on trial", key="open_prices", on_change="rerun", icon=":material/sell:")
    if box.open:
        with box:
            prices.price_trials(asked.shop, cards)
    box = st.expander("New products on trial", key="open_exploring", on_change="rerun", icon=":material/explore:")
    if box.open:
        with box:
            exploring.exploration_fields()
