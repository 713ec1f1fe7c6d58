"""Where pages lie, and what of their state is in the URL.

A widget carries its own state with `bind="query-params"`. What is no widget (an opened version, a
basket, a job) goes through `param` and `set_params`, so that every view has a link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from engine.catalog.records import ShopInfo

PAGES = {
    "home": ("Home", "What runs, what serves, and what to do next."),
    "registry": ("Registry", "Every version of every model: figures, lineage, promotion, roll-back."),
    "compare": ("Compare", "Two to five versions or runs side by side."),
    "experiments": ("Experiments", "Runs by experiment: what was tried, with what, and what came of it."),
    "training": ("Training", "Train a model on a shop's data and see it against the champion."),
    "sandbox": ("Sandbox", "What a shopper would be shown, and why."),
    "evaluation": ("Evaluation", "How well each model foretells what shoppers chose next."),
    "data": ("Data", "Snapshots, quality, imports and quarantine."),
    "system": ("System", "What works on this machine, and how to mend what does not."),
}
"""Page to title and one sentence."""

ASIDE = {"compare"}
"""Pages that others lead to, left out of the menu."""

_PAGES_FOLDER = Path(__file__).resolve().parents[1] / "pages"


def page_path(name: str) -> str:
    """The file of a page, for `st.switch_page` and `st.page_link`."""
    return str(_PAGES_FOLDER / f"{name}.py")


def go(page: str, **params: str | Iterable[str]) -> None:
    """Switch to a page with these parameters in its URL."""
    st.switch_page(page_path(page), query_params=params)


def link(page: str, label: str, **params: str | Iterable[str]) -> None:
    """A quiet link to a page."""
    st.page_link(
        page_path(page), label=label, query_params=params, icon=":material/arrow_forward:", icon_position="right"
    )


def param(name: str) -> str:
    """A parameter of the URL, empty where it is absent."""
    return str(st.query_params.get(name, ""))


def page_number() -> int:
    """The page of a long table that the URL names; the first where it names none."""
    number = param("page")
    return max(1, int(number)) if number.isascii() and number.isdigit() else 1


def set_params(**params: str) -> None:
    """Put parameters into the URL; an empty one is taken out."""
    for name, value in params.items():
        if value:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]


def listed(name: str) -> list[str]:
    """A parameter that may come many times, without repetitions."""
    return list(dict.fromkeys(value for value in st.query_params.get_all(name) if value))


def set_listed(name: str, values: Sequence[str]) -> None:
    """Put a list into the URL, one parameter a value."""
    if values:
        st.query_params[name] = list(values)
    else:
        set_params(**{name: ""})


def arrive(page: str) -> None:
    """Note which page this run draws."""
    st.session_state["arrived"] = st.session_state.get("page_drawn") != page
    st.session_state["page_drawn"] = page


def arrived() -> bool:
    """Whether the person came to this page just now: true until it is asked."""
    return bool(st.session_state.pop("arrived", False))


def heading(title: str) -> None:
    """A page's title, and the button that shares what is seen."""
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.title(title, anchor=False)
        with st.container(width="content"):
            share()


@st.fragment
def share() -> None:
    """A button that opens the link to what is seen now, with a copy sign; written when it is opened."""
    box = st.popover(
        "Share", icon=":material/link:", help="A link to exactly this view", key="share", on_change="rerun"
    )
    if not box.open:
        return
    with box:
        pairs = [(name, value) for name in st.query_params for value in st.query_params.get_all(name)]
        address = (st.context.url or "").split("?")[0]
        st.code(f"{address}?{urlencode(pairs)}" if pairs else address, language=None, wrap_lines=True)
        st.caption("The link opens this view for anybody who can reach this server.")


def shop_picker(shops: Sequence[ShopInfo], *, key: str = "shop", width: int = 320) -> ShopInfo:
    """Choose a shop; the choice is in the URL and holds on all pages."""
    by_name = {shop.shop: shop for shop in shops}
    return by_name[choose("Shop", {shop.shop: shop.title for shop in shops}, key=key, width=width)]


def choose(
    label: str, titles: Mapping[str, str], *, key: str, width: int = 320, then: Callable[[], None] | None = None
) -> str:
    """Choose one of several by title; the URL holds its name, and the choice survives a change of page.

    Streamlit's own binding would put the title into the URL. `then` is called when another is chosen.
    """
    widget, kept = f"choose_{key}", f"kept_{key}"
    wanted = param(key) or st.session_state.get(kept)
    if wanted in titles:
        st.session_state[widget] = wanted
    elif st.session_state.get(widget) not in titles:
        st.session_state.pop(widget, None)

    def changed() -> None:
        set_params(**{key: st.session_state[widget]})
        if then is not None:
            then()

    chosen = st.selectbox(
        label, list(titles), format_func=titles.__getitem__, key=widget, width=width, on_change=changed
    )
    if param(key) != chosen and (param(key) or chosen != next(iter(titles))):
        set_params(**{key: chosen})
    st.session_state[kept] = chosen
    return chosen
