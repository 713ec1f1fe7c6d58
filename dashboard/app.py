"""Navigation: what every page has around it."""

from pathlib import Path

import streamlit as st

from dashboard.runtime import told
from dashboard.state import ASIDE, PAGES, arrive, page_path

_ASSETS = Path(__file__).with_name("assets")

st.set_page_config(page_title="DevSkyy ML", page_icon=str(_ASSETS / "favicon.png"), layout="wide")
st.logo(str(_ASSETS / "wordmark.png"), size="medium")

page = st.navigation(
    [
        st.Page(
            page_path(name),
            title=title,
            url_path=None if name == "home" else name,
            default=name == "home",
            visibility="hidden" if name in ASIDE else "visible",
            help=about,
        )
        for name, (title, about) in PAGES.items()
    ],
    position="top",
)
arrive(page.url_path)
with told():
    page.run()
