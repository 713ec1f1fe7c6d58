"""What the list of versions shows: its search, facets, order and page, all in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import streamlit as st

from dashboard.state import listed, page_number, param
from engine.model_registry.search import SearchService, VersionPage

FACETS = {
    "model": "Model",
    "stage": "Stage",
    "alias": "Alias",
    "kind": "Kind",
    "framework": "Framework",
    "tag": "Tag",
    "snapshot": "Snapshot",
    "author": "Author",
    "shop": "Shop",
}
"""Facet to its label."""
SORTS = {"created": "Registered", "model": "Model", "version": "Version", "stage": "Stage", "author": "Author"}
ROWS_A_PAGE = 100

_PARAMS = ("q", *FACETS, "since", "until", "sort", "asc", "page")
_KEPT = "kept_registry_list"


@dataclass(frozen=True)
class ListState:
    """One view of the list."""

    query: str = ""
    facets: Mapping[str, list[str]] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None
    sort: str = "created"
    ascending: bool = False
    page: int = 1

    @classmethod
    def from_url(cls) -> ListState:
        """The view that the URL names; what it cannot mean is left out."""
        sort = param("sort")
        return cls(
            query=param("q"),
            facets={name: values for name in FACETS if (values := listed(name))},
            since=_day(param("since")),
            until=_day(param("until")),
            sort=sort if sort in SORTS or sort.startswith("metrics.") else "created",
            ascending=param("asc") == "yes",
            page=page_number(),
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything besides the search text leaves versions out."""
        return bool(self.facets or self.since or self.until)

    def arguments(self, query: str | None = None) -> dict[str, Any]:
        """Arguments of `SearchService.search` without the page."""
        return {
            "query": self.query if query is None else query,
            "facets": dict(self.facets),
            "since": self.since,
            "until": self.until,
            "sort": self.sort,
            "descending": not self.ascending,
        }


def url_state() -> dict[str, list[str]]:
    """The list's parameters in the URL, as a saved view keeps them; the page is no part of a view."""
    return {name: values for name in _PARAMS if name != "page" and (values := listed(name))}


def open_state(state: Mapping[str, Any]) -> None:
    """Put a saved view into the URL, in place of the present one."""
    for name in _PARAMS:
        if name in st.query_params:
            del st.query_params[name]
    for name, values in state.items():
        if name in _PARAMS and isinstance(values, list):
            st.query_params[name] = [str(value) for value in values]
    keep()


def keep() -> None:
    """Remember the list for the way back from another page."""
    st.session_state[_KEPT] = {name: values for name in _PARAMS if (values := listed(name))}


def bring_back() -> None:
    """On arrival with a bare address, show the list as it was left."""
    if not st.query_params.to_dict():
        for name, values in st.session_state.get(_KEPT, {}).items():
            st.query_params[name] = values


def kept() -> dict[str, list[str]]:
    """The list as it was left."""
    return dict(st.session_state.get(_KEPT, {}))


def found(state: ListState, query: str | None = None) -> VersionPage:
    """The page of the list that the state names; past the end, the last one."""
    from dashboard.runtime import ask

    first = (state.page - 1) * ROWS_A_PAGE
    page = ask(SearchService.search, **state.arguments(query), limit=ROWS_A_PAGE, offset=first)
    if not page.rows and page.total:
        last = (page.total - 1) // ROWS_A_PAGE
        page = ask(SearchService.search, **state.arguments(query), limit=ROWS_A_PAGE, offset=last * ROWS_A_PAGE)
        st.query_params["page"] = str(last + 1)
    return page


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
