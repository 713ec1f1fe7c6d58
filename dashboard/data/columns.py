"""The columns of a table: gaps, values, shape and drift in a line each, and one of them in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import charts
from dashboard.cards import count, figure
from dashboard.palette import CHALLENGER
from dashboard.runtime import plain
from dashboard.state import choose, set_params
from engine.catalog.profile_records import ColumnProfile, TableProfile

if TYPE_CHECKING:
    import plotly.graph_objects as go

_NAMED = 2
_RARE, _OFTEN = 0.005, 0.02
_MOVED = ("shifted", "changed")


def joins(profile: TableProfile) -> None:
    """Keys that do not join, in a sentence each; one sentence when all do."""
    lost = [check for check in profile.joins if check.lost]
    for check in lost:
        such = f", such as {', '.join(check.examples[:3])}" if check.examples else ""
        share = check.lost / check.rows
        st.warning(
            plain(
                f"{count(check.lost)} of {count(check.rows)} rows ({share:.1%}) have a {check.column} "
                f"that is not in {check.target}{such}."
            ),
            icon=":material/link_off:",
        )
    if profile.joins and not lost:
        names = ", ".join(f"{check.column} to {check.target}" for check in profile.joins)
        st.caption(f"All keys join: {plain(names)}.")


def column_list(profile: TableProfile) -> None:
    """A line a column; a click opens it below."""
    filled = [column for column in profile.columns if column.rows > column.nulls]
    empty = [column.name for column in profile.columns if column.rows == column.nulls]
    st.caption(plain(moved_words(profile) + (f" Empty columns: {', '.join(empty)}." if empty else "")))

    def opened() -> None:
        for place, _ in st.session_state["profile_columns"].selection.cells:
            set_params(column=filled[place].name)

    column = st.column_config
    st.dataframe(
        [_line(profile, found) for found in filled],
        hide_index=True,
        height="content",
        key="profile_columns",
        on_select=opened,
        selection_mode="single-cell",
        placeholder="–",
        column_config={
            "Column": column.TextColumn(pinned=True),
            "Empty": column.NumberColumn(format="percent", help="Share of rows without a value"),
            "Distinct": column.NumberColumn(format="localized"),
            "Values": column.TextColumn(width="large"),
            "Shape": column.BarChartColumn(
                width="small", color=CHALLENGER, y_min=0, help="Rows from the lowest to the highest, or by top value"
            ),
            "PSI": column.NumberColumn(
                format="%.3f", help="Population stability index; under 0.1 is steady, over 0.25 another population"
            ),
            "KS": column.NumberColumn(
                format="%.3f", help="Kolmogorov-Smirnov: the largest distance of the two distributions"
            ),
        },
        alt=f"Columns of {profile.table}: kind, gaps, distinct values, range or top values, and drift",
    )


def moved_words(profile: TableProfile) -> str:
    """Which columns moved since the parent snapshot."""
    if profile.against is None:
        return "There is no earlier state of this table to compare with."
    compared = [column for column in profile.columns if column.drift is not None]
    moved = [column.name for column in compared if column.drift and column.drift.verdict in _MOVED]
    if not compared:
        return f"No column can be compared with snapshot {profile.against}."
    if not moved:
        return f"Values are spread about as in snapshot {profile.against}."
    return f"Moved since snapshot {profile.against}: {', '.join(moved)}."


def _line(profile: TableProfile, column: ColumnProfile) -> dict[str, Any]:
    line: dict[str, Any] = {
        "Column": column.name,
        "Kind": column.kind,
        "Empty": column.nulls / column.rows,
        "Distinct": column.distinct,
        "Values": values_words(column),
        "Shape": [found.rows for found in column.histogram] or [found.rows for found in column.top] or None,
    }
    if profile.against is not None:
        drift = column.drift
        line |= {"Drift": drift.verdict if drift else None, "PSI": drift and drift.psi, "KS": drift and drift.ks}
    return line


def values_words(column: ColumnProfile) -> str:
    """A range, or the most frequent values with their shares."""
    if column.minimum is not None:
        return f"{told(column.minimum)} to {told(column.maximum)}"
    if not column.top:
        return "not shown: names of shoppers"
    if column.distinct == column.rows - column.nulls and column.distinct > 1:
        return "every row its own"
    if column.top[0].share < _RARE:
        return f"none in more than {max(column.top[0].share, 0.001):.1%} of rows"
    named = [f"{top.value[:40]} {_percent(top.share)}" for top in column.top[:_NAMED]]
    return ", ".join(named)


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


def told(value: float | str | None) -> str:
    """A number or the day of a time, as a person reads it."""
    if isinstance(value, str):
        return value[:10]
    return "–" if value is None else f"{value:,.6g}"


def column_detail(profile: TableProfile) -> None:
    """One column in full: drift in a sentence, figures, and its histogram or top values."""
    filled = {column.name: column for column in profile.columns if column.rows > column.nulls}
    if not filled:
        return
    first = next((name for name, found in filled.items() if _says_much(found)), next(iter(filled)))
    names = [first, *(name for name in filled if name != first)]
    chosen = filled[choose("Column", {name: name for name in names}, key="column", width=260)]
    if chosen.drift is not None:
        ks = f", KS {figure(chosen.drift.ks, 3)}" if chosen.drift.ks is not None else ""
        st.markdown(f"{plain(chosen.drift.told)} PSI {figure(chosen.drift.psi, 3)}{ks}.")
    with st.grid(4, min_column_width=130):
        for label, value in _figures(chosen):
            st.metric(label, value)
    if chosen.histogram:
        alt = f"Rows of {chosen.name} from {told(chosen.minimum)} to {told(chosen.maximum)} in {len(chosen.histogram)} bins"
        charts.draw(_histogram(chosen), alt=alt, height=220, key="column_shape")
    elif _telling(chosen):
        bars = [(top.value[:40], top.share * 100) for top in chosen.top]
        alt = "Most frequent values: " + ", ".join(f"{name} {share:.1f}%" for name, share in bars[:5])
        charts.draw(_shares(bars), alt=alt, height=70 + 24 * len(bars), key="column_shape")


def _telling(column: ColumnProfile) -> bool:
    """Whether top values say anything: not where every row has its own."""
    return bool(column.top) and column.top[0].rows > 1


def _says_much(column: ColumnProfile) -> bool:
    """Whether to show a column first: measures and categories, neither ids nor times."""
    return column.kind not in ("id", "time") and (
        bool(column.histogram) or (_telling(column) and column.top[0].share > _OFTEN)
    )


def _figures(column: ColumnProfile) -> list[tuple[str, str]]:
    found = [("Rows with a value", count(column.rows - column.nulls)), ("Distinct", count(column.distinct))]
    if column.quantiles:
        found.append(("Middle value", told(column.quantiles["0.5"])))
        found.append(("90% lie within", f"{told(column.quantiles['0.05'])} to {told(column.quantiles['0.95'])}"))
    elif column.top and _telling(column):
        found.append(("Most frequent", column.top[0].value[:24]))
        found.append(("Its share", f"{column.top[0].share:.1%}"))
    return found


def _histogram(column: ColumnProfile) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_bar(
        x=[_middle(found.low, found.high) for found in column.histogram],
        y=[found.rows for found in column.histogram],
        customdata=[[told(found.low), told(found.high)] for found in column.histogram],
        marker={"color": CHALLENGER},
        hovertemplate="%{customdata[0]} to %{customdata[1]}: %{y:,} rows<extra></extra>",
    )
    figure.update_layout(bargap=0.06)
    figure.update_xaxes(title=column.name)
    figure.update_yaxes(title="Rows", tickformat=",")
    return figure


def _middle(low: float | str, high: float | str) -> Any:
    """The middle of a bin; for times its start, which is what an axis of dates can place."""
    return low if isinstance(low, str) or isinstance(high, str) else (low + high) / 2


def _shares(values: Sequence[tuple[str, float]]) -> go.Figure:
    figure = charts.bars(values, axis="Share of rows with a value, %")
    figure.update_traces(hovertemplate="%{y}: %{x:.1f}%<extra></extra>")
    figure.update_yaxes(type="category")
    return figure
