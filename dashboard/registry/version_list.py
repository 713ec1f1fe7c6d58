"""The list of versions: one page of a search, opened by a click, compared by ticks."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.cards import count, moment, to_csv
from dashboard.metrics import metric_name, primary_first, primary_metric
from dashboard.registry.controls import clear_filters
from dashboard.registry.list_state import ROWS_A_PAGE, ListState, keep
from dashboard.runtime import ask, plain
from dashboard.state import go, set_params
from engine.model_registry.search import SearchService, VersionPage, VersionRow

_METRICS_SHOWN = 5
_MOST_EXPORTED = 10_000
_PIECE = 1_000
_ROWS_IN_SIGHT = 15


def version_list(state: ListState, page: VersionPage, query: str) -> None:
    """Draw the page with its actions, the pages and the download.

    Parameters
    ----------
    query : str
        The search that gave the page: the state's own, or the last one that could be read.
    """
    if not page.rows:
        st.caption("No version fits the search and all filters.")
        if state.narrowed:
            st.button("Clear all filters", key="clear_filters_here", on_click=clear_filters)
        return
    names = _metrics(state, page.rows)
    first = (state.page - 1) * ROWS_A_PAGE + 1 if state.page > 1 else 1
    shown = f"{count(first)} to {count(first + len(page.rows) - 1)} of " if page.total > len(page.rows) else ""
    # On the left: the table's own tools appear above its right end and would cover a button there.
    with st.container(horizontal=True, vertical_alignment="center"):
        actions = st.container(horizontal=True, vertical_alignment="center", width="content")
        st.caption(
            f"{shown}{count(page.total)} {'version' if page.total == 1 else 'versions'}. "
            "Click a row to open it; tick two to five of one model to compare them.",
        )
    key = f"versions_table_{_mark(state, query)}"
    _table(page.rows, names, key)
    with actions:
        _selected(page.rows, st.session_state[key].selection.rows)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        _pages(state, page.total)
        _download(state, query, names, page.total)


def _metrics(state: ListState, rows: Sequence[VersionRow]) -> list[str]:
    """Names of the metric columns: the one that orders, the primary one, then what most rows have."""
    kind = Counter(row.kind for row in rows).most_common(1)[0][0]
    usual = [name for name, _ in Counter(name for row in rows for name in row.metrics).most_common()]
    ordering = [state.sort.removeprefix("metrics.")] if state.sort.startswith("metrics.") else []
    return list(dict.fromkeys([*ordering, *primary_first(usual, kind)]))[:_METRICS_SHOWN]


def _table(rows: Sequence[VersionRow], names: Sequence[str], key: str) -> None:
    trends = _trends(rows, names)
    tagged = any(row.tags for row in rows)
    column = st.column_config
    config: dict[str, Any] = {
        "Version": column.TextColumn(pinned=True),
        "Trend": column.LineChartColumn(
            "Trend",
            width="small",
            help="The primary metric over the model's last 30 versions, oldest first; drawn at its first row.",
        ),
        "Snapshot": column.NumberColumn(format="%d"),
    }
    config.update({metric_name(name): column.NumberColumn(format="%.4f") for name in names})

    def opened() -> None:
        for place, _ in st.session_state[key].selection.cells:
            open_version(rows[place].model, rows[place].version)

    st.dataframe(
        [_cells(row, names, trends, tagged=tagged) for row in rows],
        hide_index=True,
        column_config=config,
        placeholder="–",
        height="content" if len(rows) <= _ROWS_IN_SIGHT else 600,
        key=key,
        on_select=opened,
        selection_mode=["multi-row", "single-cell"],
        alt="Versions with their stage, aliases, metrics and data",
    )


def _cells(
    row: VersionRow, names: Sequence[str], trends: dict[str, list[float]], *, tagged: bool = True
) -> dict[str, Any]:
    return {
        "Version": row.version,
        "Model": row.model,
        "Stage": row.stage.value,
        "Aliases": ", ".join(row.aliases),
        **{metric_name(name): row.metrics.get(name) for name in names},
        "Trend": trends.pop(row.model, None),
        "Snapshot": row.snapshot,
        "Registered": moment(row.created_at),
        "By": row.created_by,
        **({"Tags": ", ".join(f"{name}={value}" for name, value in row.tags.items())} if tagged else {}),
    }


def _trends(rows: Sequence[VersionRow], names: Sequence[str]) -> dict[str, list[float]]:
    """By model, its primary metric (else the first column's) over its last versions."""
    wanted: dict[str, set[str]] = {}
    for row in rows:
        metric = primary_metric(row.kind) or ""
        if metric not in row.metrics:
            metric = names[0] if names else ""
        if metric:
            wanted.setdefault(metric, set()).add(row.model)
    found = [ask(SearchService.trend, metric=metric, models=sorted(models)) for metric, models in wanted.items()]
    return {trend.model: trend.values for trends in found for trend in trends if len(trend.values) > 1}


def open_version(model: str, version: str) -> None:
    """Make a version the address; the list is kept for the way back."""
    st.query_params.clear()
    set_params(model=model, version=version)


def _selected(rows: Sequence[VersionRow], places: Sequence[int]) -> None:
    """What can be done with the ticked versions."""
    chosen = [rows[place] for place in places if place < len(rows)]
    if not chosen:
        return
    if len(chosen) == 1:
        row = chosen[0]
        st.button(f"Open {plain(row.version)}", key="open_ticked", on_click=open_version, args=(row.model, row.version))
    elif len({row.model for row in chosen}) > 1:
        st.caption("Versions of one model are compared.")
    elif len(chosen) > 5:
        st.caption(f"{len(chosen)} are ticked; five can be compared.")
    elif st.button(f"Compare {len(chosen)} versions", type="primary", key="compare_ticked"):
        keep()
        go("compare", model=chosen[0].model, versions=",".join(row.version for row in chosen))


def _pages(state: ListState, total: int) -> None:
    last = max(1, -(-total // ROWS_A_PAGE))
    if last == 1:
        return
    key = f"list_page_{last}"
    st.session_state[key] = min(state.page, last)

    def turned() -> None:
        number = st.session_state[key]
        set_params(page=str(number) if number > 1 else "")
        keep()

    st.pagination(last, key=key, on_change=turned)


def _download(state: ListState, query: str, names: Sequence[str], total: int) -> None:
    def data() -> bytes:
        rows: list[dict[str, Any]] = []
        while len(rows) < min(total, _MOST_EXPORTED):
            piece = ask(
                SearchService.search, **state.arguments(query), limit=_PIECE, offset=len(rows), count_facets=False
            )
            if not piece.rows:
                break
            rows += [_cells(row, names, {}) for row in piece.rows]
        return to_csv(rows, [name for name in rows[0] if name != "Trend"])

    st.download_button(
        "Download CSV",
        data=data,
        file_name="versions.csv",
        mime="text/csv",
        key="versions_csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        help=f"All that match, up to {_MOST_EXPORTED:,}",
    )


def _mark(state: ListState, query: str) -> str:
    """Another view is another table: ticks on one page are not ticks on the next."""
    return f"{zlib.crc32(repr((state.arguments(query), state.page)).encode()):08x}"
