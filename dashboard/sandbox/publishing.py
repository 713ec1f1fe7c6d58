"""Publish a draft, with its consequence in view, and take a published plan back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.runtime import act, ask, plain
from dashboard.sandbox.draft import Desk, rebase, start_from
from dashboard.sandbox.movement import Movement
from dashboard.sandbox.plan_changes import PlanChange, plan_changes
from engine.catalog.records import ItemCard
from engine.recommendation_engine.plan import Plan, Warned
from engine.recommendation_engine.plans import PlanService

_SIGNS = {"added": ":green[:material/add:]", "removed": ":red[:material/remove:]", "changed": ":blue[:material/edit:]"}
_OPEN = "sandbox_dialog"


def ask_for(dialog: str) -> None:
    """Open a dialog at the next draw: `publish` or `undo`."""
    st.session_state[_OPEN] = dialog


def asked_for() -> str:
    """The dialog that is to be open."""
    return str(st.session_state.get(_OPEN, ""))


def close() -> None:
    """Close the dialog."""
    st.session_state.pop(_OPEN, None)


@st.dialog("Publish to the shop", icon=":material/publish:", width="medium", on_dismiss=close)
def publish_dialog(
    desk: Desk,
    cards: Mapping[str, ItemCard],
    own: Mapping[str, float],
    warnings: Sequence[Warned],
    seen: Movement | None,
    trying: str,
) -> None:
    """Ask once, with what changes in view.

    Parameters
    ----------
    own : mapping of str to float
        The model's own weights.
    seen : Movement or None
        What the draft moves on the wall that is in view.
    trying : str
        A version that the wall is drawn with and that need not serve; empty for what serves.
    """
    changes = plan_changes(desk.live.plan, desk.draft.plan, cards, own)
    left, right = st.columns(2)
    left.metric("Live now", f"Plan {desk.live.number}" if desk.live.number else "No plan", border=True)
    right.metric("Will be live", f"Plan {desk.live.number + 1}", border=True)
    _change_list(changes)
    if seen is not None:
        st.caption(f"On the wall in view: {seen.text}")
    if trying:
        st.info(plain(f"The wall shows version {trying}; the plan is published over the model that serves."))
    if desk.draft.prices:
        st.info("Prices on trial are not published: the shop's prices stay as they are.")
    for warned in warnings:
        st.warning(plain(warned.text), icon=":material/warning:")
    if desk.outdated:
        _outdated(desk)
    reason = st.text_area(
        "Reason", key="publish_reason", placeholder="Why is this right for the shop now?", max_chars=2_000, height=80
    )
    knowing = not warnings or st.checkbox("Publish in spite of the warnings above", key="publish_knowing")
    ready = bool(reason.strip()) and bool(changes) and not desk.outdated and knowing
    if st.button("Publish", type="primary", disabled=not ready, key="publish_confirm"):
        published = act(
            PlanService.publish, done="The plan is live: the next request is answered by it.", shop=desk.shop,
            plan=desk.draft.plan, reason=reason.strip(), expected=desk.live.number,
        )  # fmt: skip
        if published is not None:
            start_from(published)
            close()
            st.rerun()
    st.caption("It holds for every shopper from the next request on. Undo takes it back; who, when and why are kept.")


def _change_list(changes: Sequence[PlanChange]) -> None:
    if not changes:
        st.caption("The plan is the one that is live: there is nothing to publish.")
        return
    st.markdown("  \n".join(f"{_SIGNS[change.sign]} {plain(change.text)}" for change in changes))


def _outdated(desk: Desk) -> None:
    who = desk.live.published_by or "Somebody"
    st.warning(
        plain(
            f"{who} published plan {desk.live.number} since this draft was begun ({desk.live.reason or 'no reason told'}). "
            "Publishing replaces it; the list above says what that changes."
        ),
        title="Another plan is live by now",
        icon=":material/sync_problem:",
    )
    if st.button("Replace it knowingly", key="publish_rebase"):
        rebase()
        st.rerun()


@st.dialog("Take the published plan back", icon=":material/undo:", on_dismiss=close)
def undo_dialog(desk: Desk, cards: Mapping[str, ItemCard], own: Mapping[str, float]) -> None:
    """Bring the plan before back, with a reason."""
    before = plan_before(desk)
    left, right = st.columns(2)
    left.metric("Live now", f"Plan {desk.live.number}", border=True)
    right.metric("Will be live", "As before it", border=True)
    _change_list(plan_changes(desk.live.plan, before, cards, own))
    reason = st.text_area(
        "Reason",
        key="undo_reason",
        placeholder="What went wrong with the plan that is live?",
        max_chars=2_000,
        height=80,
    )
    if st.button("Undo", type="primary", disabled=not reason.strip(), key="undo_confirm"):
        done = act(PlanService.undo, done="The plan before is live again.", shop=desk.shop, reason=reason.strip())
        if done is not None:
            start_from(done)
            close()
            st.rerun()
    st.caption("The plan that is taken back stays in the history and can be opened as a draft.")


def plan_before(desk: Desk) -> Plan:
    """What would be live after an undo: the last plan before the live one that was not taken back itself."""
    standing: list[Plan] = []
    for info in reversed(ask(PlanService.history, shop=desk.shop, limit=1_000)):
        if info.undoes is None:
            standing.append(info.plan)
        elif standing:
            standing.pop()
    return standing[-2] if len(standing) > 1 else Plan()
