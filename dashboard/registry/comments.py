"""What people say about a version."""

from __future__ import annotations

import streamlit as st

from dashboard.cards import moment
from dashboard.runtime import act, ask, plain
from engine.model_registry.remarks import RemarkService
from engine.model_registry.schema import VersionInfo


def comments(version: VersionInfo) -> None:
    """Comments as plain text, oldest first, and a field for another."""
    said = ask(RemarkService.comments, model=version.model, version=version.version)
    if not said:
        st.caption("Nobody has commented on this version.")
    for comment in said:
        with st.container(border=True, gap="small"):
            st.caption(f"{plain(comment.actor)}, {moment(comment.time)}")
            st.text(comment.text)
    with st.form("comment", border=False, clear_on_submit=True):
        text = st.text_area("Add a comment", max_chars=4000, height=90, placeholder="What should others know of it?")
        if st.form_submit_button("Comment") and text.strip():
            kept = act(RemarkService.comment, model=version.model, reference=version.version, text=text)
            if kept is not None:
                st.rerun()
