"""Controls of the list of versions: search, filters, saved views, order. The URL is what they show and change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from dashboard.cards import count
from dashboard.metrics import metric_name
from dashboard.registry.list_state import FACETS, SORTS, ListState, keep, open_state, url_state
from dashboard.runtime import act, ask, plain
from dashboard.state import listed, param, set_listed, set_params
from engine.model_registry.query import GROUPS, NUMBER_FIELDS, TEXT_FIELDS, TIME_FIELDS
from engine.model_registry.remarks import RemarkService

_EXAMPLES = (
    "linen dress",
    "metrics.ndcg_at_10 > 0.03 and tags.season = 'SS26'",
    "stage in (production, staging) and not author = 'setup'",
    "version >= 1.2.0 and created >= 2026-11-01",
    "params.depth >= 5 or description ~ 'newcomers'",
)


def search_field(width: int = 460) -> None:
    """The one search field, with how to use it."""
    url_text("Search", "q", width=width, placeholder="Words, or metrics.ndcg_at_10 > 0.03 and stage = 'production'")
    with st.popover("How to search", icon=":material/help:", type="tertiary"):
        st.markdown("Words are looked for in names, descriptions and tags. Conditions name a field:")
        st.code("\n".join(_EXAMPLES), language=None)
        fields = [*TEXT_FIELDS, *NUMBER_FIELDS, *TIME_FIELDS, "alias", *(f"{group}.NAME" for group in GROUPS)]
        st.markdown("Fields: " + ", ".join(f"`{name}`" for name in fields))
        st.markdown(
            "Operators: `=` `!=` `<` `<=` `>` `>=` `in (…)` and `~` (contains). "
            "Join with `and`, `or`, `not` and parentheses."
        )


def filters(state: ListState, counts: Mapping[str, Mapping[str, int]]) -> None:
    """Facets with how many versions each value would leave."""
    active = len(state.facets) + bool(state.since) + bool(state.until)
    label = f"Filters ({active})" if active else "Filters"
    with st.popover(label, icon=":material/filter_list:", width="content"):
        with st.container(width=520), st.grid(2, min_column_width=190):
            for name, title in FACETS.items():
                url_many(title, name, counts.get(name, {}))
            url_day("Registered from", "since", state.since)
            url_day("Registered until", "until", state.until)
        if state.narrowed:
            st.button("Clear all filters", key="clear_filters", on_click=clear_filters, type="tertiary")


def told_filters(state: ListState) -> None:
    """The filters that are on, in words, each one click from off."""
    if not state.narrowed:
        return
    days = {"since": ("From", state.since), "until": ("Until", state.until)}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for name, values in state.facets.items():
            words = f"{FACETS[name]}: {' or '.join(values)}"
            _off(name, words)
        for name, (title, day) in days.items():
            if day:
                _off(name, f"{title} {day.isoformat()}")


def _off(name: str, words: str) -> None:
    st.button(
        plain(words),
        key=f"off_{name}",
        icon=":material/close:",
        help="Take this filter away",
        on_click=_changed,
        kwargs={name: ""},
    )


def clear_filters() -> None:
    """Take every filter away; search and order stay."""
    _changed(**dict.fromkeys((*FACETS, "since", "until"), ""))


def order(state: ListState, metrics: Sequence[str]) -> None:
    """By what the list is ordered, and which way."""
    titles = {**SORTS, **{f"metrics.{name}": metric_name(name) for name in metrics}}
    st.session_state["list_sort"] = state.sort if state.sort in titles else "created"
    st.selectbox(
        "Order by",
        list(titles),
        format_func=titles.__getitem__,
        key="list_sort",
        width=190,
        on_change=lambda: _changed(sort=_unless(st.session_state["list_sort"], "created")),
    )
    st.session_state["list_asc"] = state.ascending
    st.toggle(
        "Ascending",
        key="list_asc",
        on_change=lambda: _changed(asc="yes" if st.session_state["list_asc"] else ""),
    )


def views() -> None:
    """Saved views: open, save, remove."""
    saved = ask(RemarkService.views)
    with st.popover("Views", icon=":material/bookmark:", width="content"):
        if not saved:
            st.caption("A view keeps search, filters and order under a name.")
        for view in saved:
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.button(
                    plain(view.name),
                    key=f"view_{view.name}",
                    on_click=open_state,
                    args=(view.state,),
                    type="tertiary",
                    help=f"Saved by {plain(view.actor)}",
                )
                if st.button(
                    "Remove",
                    key=f"unview_{view.name}",
                    icon=":material/delete:",
                    type="tertiary",
                    help="Remove this view; versions stay",
                ):
                    act(RemarkService.remove_view, name=view.name, done=f"The view {view.name} is removed.")
                    st.rerun()
        with st.form("save_view", border=False, clear_on_submit=True):
            name = st.text_input("Name of a new view", placeholder="spring-candidates", max_chars=64)
            if st.form_submit_button("Save what is shown") and name:
                kept = act(RemarkService.save_view, name=name.strip(), state=url_state(), done="The view is saved.")
                if kept is not None:
                    st.rerun()


def url_text(label: str, name: str, *, width: int, placeholder: str = "") -> None:
    """A text field whose value is a parameter of the URL."""
    key = f"list_{name}"
    st.session_state[key] = param(name)
    st.text_input(
        label,
        key=key,
        type="search",
        placeholder=placeholder,
        width=width,
        on_change=lambda: _changed(**{name: st.session_state[key].strip()}),
    )


def url_many(label: str, name: str, counts: Mapping[str, int]) -> None:
    """Several values of a facet; the chosen ones are in the URL."""
    key = f"list_{name}"
    chosen = listed(name)
    options = list(dict.fromkeys([*counts, *chosen]))

    def changed() -> None:
        set_listed(name, st.session_state[key])
        _changed()

    st.session_state[key] = chosen
    st.multiselect(
        label,
        options,
        format_func=lambda value: f"{value} ({count(counts.get(value, 0))})",
        key=key,
        placeholder="Any",
        on_change=changed,
    )


def url_day(label: str, name: str, day: date | None) -> None:
    """A day that may be open."""
    key = f"list_{name}"
    st.session_state[key] = day

    def changed() -> None:
        chosen = st.session_state[key]
        _changed(**{name: chosen.isoformat() if chosen else ""})

    st.date_input(label, value=None, key=key, format="YYYY-MM-DD", on_change=changed)


def _changed(**params: str) -> None:
    """Another view starts on its first page."""
    set_params(**params, page="")
    keep()


def _unless(value: str, default: str) -> str:
    return "" if value == default else value
