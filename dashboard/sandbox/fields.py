"""Widgets that show what the draft says, also when something else changed it."""

from __future__ import annotations

from typing import Any

import streamlit as st


def give(key: str, value: Any) -> None:
    """Give the widget of this key a value before it is drawn, unless it has it.

    A value that is set again would go to the browser and take back what the person has moved since.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
