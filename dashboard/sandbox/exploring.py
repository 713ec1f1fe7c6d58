"""Exploration: what part of a list new products get, so that something is learned of them."""

from __future__ import annotations

import streamlit as st

from dashboard.sandbox.draft import desk, set_exploration
from dashboard.sandbox.fields import give
from engine.recommendation_engine.plan import Exploration

_METHODS = {"epsilon": "Evenly", "thompson": "By promise"}
_KEYS = ("explore_share", "explore_method", "explore_days")


def exploration_fields() -> None:
    """Draw the fields of the draft's exploration."""
    now = desk().draft.plan.exploration
    st.caption("Takes effect in the shop once it is published; the wall here draws nothing by chance.")
    share, method, days = _KEYS
    for key, value in ((share, round(now.share * 100)), (method, now.method), (days, now.newer_than_days)):
        give(key, value)
    st.slider(
        "Places for new products, in percent", 0, 50, step=5, key=share, on_change=_changed,
        help="Of a list's places; each such showing is recorded with its probability, so that estimates stay fair.",
    )  # fmt: skip
    st.segmented_control(
        "Drawn", list(_METHODS), format_func=_METHODS.__getitem__, required=True, key=method, on_change=_changed,
        disabled=now.share == 0,
        help="Evenly: every new product alike. By promise: those that look likelier more often.",
    )  # fmt: skip
    st.number_input(
        "New for, in days", 1, 365, key=days, on_change=_changed, disabled=now.share == 0,
        help="A product without any event is new too.",
    )  # fmt: skip


def _changed() -> None:
    share, method, days = (st.session_state[key] for key in _KEYS)
    set_exploration(Exploration(share=share / 100, method=method, newer_than_days=int(days)))
