"""The form that makes a feed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.data.importers import MODES, choices
from dashboard.runtime import act
from engine.catalog.feeds import FeedInfo, FeedService
from engine.catalog.records import Mode, ShopInfo

EVERY = {15: "Every 15 minutes", 60: "Every hour", 360: "Every 6 hours", 1440: "Every day", 10080: "Every week"}
_FOLDER, _ADDRESS = "Watched folder", "HTTPS address"
_HINTS = {_FOLDER: "/data/exports", _ADDRESS: "an https address of a CSV or Parquet file"}


def add_feed(shops: Sequence[ShopInfo], shop: str | None, *, unfold: bool) -> None:
    """A folded form; open where there is no feed yet."""
    with st.expander("Add a feed", expanded=unfold, icon=":material/add:"):
        kind = st.segmented_control(
            "What to watch", [_FOLDER, _ADDRESS], default=_FOLDER, required=True, key="feed_kind"
        )
        with st.form("feed_form", border=False):
            made = _fields(shops, shop, kind)
        if made is not None:
            st.rerun()


def _fields(shops: Sequence[ShopInfo], shop: str | None, kind: str) -> FeedInfo | None:
    """The feed that was made, None without one."""
    help_ = "From the root, on the machine that runs this server" if kind == _FOLDER else "Private hosts are refused"
    source = st.text_input(
        "Folder or file on the server" if kind == _FOLDER else "Address",
        key=f"feed_source_{kind}",
        placeholder=_HINTS[kind],
        help=help_,
    )
    names = [known.shop for known in shops]
    importers = choices("Recognise by the files")
    with st.grid(2, min_column_width=240):
        into = st.selectbox(
            "Into shop",
            names,
            index=names.index(shop) if shop in names else None,
            accept_new_options=True,
            placeholder="Choose one, or type a new name",
            key="feed_shop",
        )
        importer = st.selectbox("Read as", list(importers), format_func=importers.__getitem__, key="feed_importer")
        mode = st.selectbox(
            "What happens to rows that are there",
            list(MODES),
            index=list(MODES).index(Mode.UPSERT),
            format_func=MODES.__getitem__,
            key="feed_mode",
        )
        every = st.selectbox("How often", list(EVERY), index=1, format_func=EVERY.__getitem__, key="feed_every")
    name = st.text_input("Name", key="feed_name", placeholder="Made up when left empty", max_chars=64)
    if not st.form_submit_button("Add", type="primary", key="feed_add"):
        return None
    return act(
        FeedService.create,
        done="The feed is made; it runs for the first time now.",
        shop=(into or "").strip(),
        source=source,
        importer=importer or None,
        mode=mode,
        every=every,
        feed=name.strip() or None,
    )
