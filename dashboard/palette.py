"""Colours by meaning, the same in every chart; each is told apart by colour-blind readers."""

from __future__ import annotations

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#8A8580")
"""Okabe and Ito (2008), yellow darkened to be readable on white."""

CHALLENGER, CHAMPION, BASELINE = SERIES[0], SERIES[1], SERIES[6]

STATE_COLOURS = {
    "queued": "gray",
    "running": "blue",
    "succeeded": "green",
    "finished": "green",
    "failed": "red",
    "cancelled": "gray",
    "lost": "orange",
}
"""Streamlit badge colours of the states of jobs and runs."""

STAGE_COLOURS = {"candidate": "gray", "staging": "blue", "production": "green", "archived": "gray"}
"""Streamlit badge colours of a version's stages."""
