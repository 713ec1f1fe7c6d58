"""Filters of the request, from what the catalogue can answer; what a link asks beyond that is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.runtime import plain
from dashboard.state import param

_BANDS = ["budget", "mid", "luxury"]
_MAIN = {"category": 160, "price_range": 130}
_MORE = ("size", "brand", "colour", "season", "occasion")
_LABELS = {"price_range": "Price range"}
_STALE = "sandbox_stale"


def filters(choices: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Draw the filters that this catalogue can answer.

    Returns
    -------
    dict
        The context that they make.
    """
    offered = {**choices, "price_range": _BANDS} if "price_range" in choices else dict(choices)
    _note_stale(offered)
    context: dict[str, Any] = {}
    for name, width in _MAIN.items():
        _select(offered, name, context, width)
    more = [name for name in _MORE if name in offered]
    with st.popover("More filters", icon=":material/tune:", width=150):
        for name in more:
            _select(offered, name, context, 240)
        if "in_stock" in choices and st.toggle("Include sold out", key="sold_out", bind="query-params"):
            context["in_stock"] = False
    beside = [f"{_label(name).lower()} {context[name]}" for name in more if name in context]
    beside += ["sold out too"] if "in_stock" in context else []
    if beside:
        st.caption(plain(f"And {', '.join(beside)}."), width="content")
    return context


def name_stale() -> None:
    """Say which filters of a link this shop cannot answer, until the person has read it."""
    stale: dict[str, str] = st.session_state.get(_STALE, {})
    if not stale:
        return
    named = ", ".join(f"{_label(name).lower()} {value!r}" for name, value in stale.items())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            plain(f"The link asks for {named}, which this shop does not have now. The wall is shown without it."),
            icon=":material/filter_alt_off:",
            width="stretch",
        )
        st.button("Understood", key="stale_read", on_click=_read)


def clear() -> None:
    """Forget what was stale: another shop was chosen."""
    st.session_state.pop(_STALE, None)


def _note_stale(offered: Mapping[str, Sequence[Any]]) -> None:
    """Streamlit drops a value that is no option, so it is noted before the widgets are drawn."""
    stale = {
        name: value[:80]
        for name in (*_MAIN, *_MORE)
        if (value := param(name)) and value not in map(str, offered.get(name, ()))
    }
    if stale:
        st.session_state[_STALE] = stale


def _read() -> None:
    clear()


def _label(name: str) -> str:
    return _LABELS.get(name, name.capitalize())


def _select(offered: Mapping[str, Sequence[Any]], name: str, context: dict[str, Any], width: int) -> None:
    if name not in offered:
        return
    value = st.selectbox(
        _label(name), offered[name], index=None, placeholder="Any", key=name, bind="query-params", width=width
    )
    if value is not None:
        context[name] = value
