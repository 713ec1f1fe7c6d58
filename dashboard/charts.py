"""Figures in one style: quiet axes, no background, colours of the palette, readable in both themes.

Streamlit's theme fills in text and grid colours, so that a figure follows the switch from light to dark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.palette import BASELINE, CHALLENGER, CHAMPION, SERIES

if TYPE_CHECKING:
    import plotly.graph_objects as go

_CONFIG = {"displaylogo": False, "modeBarButtons": [["toImage"]], "toImageButtonOptions": {"format": "svg"}}
_LAYOUT: dict[str, Any] = {
    "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "title": None},
    "hovermode": "closest",
    "bargap": 0.35,
}


def draw(figure: go.Figure, *, alt: str, height: int = 260, key: str | None = None, **options: Any) -> Any:
    """Show a figure in the house style.

    Parameters
    ----------
    figure : plotly figure
    alt : str
        What a reader who cannot see it should know.
    height : int
        Pixels.
    **options
        Of `st.plotly_chart`, such as `on_select`.

    Returns
    -------
    object
        What `st.plotly_chart` returns for these options, such as the selection.
    """
    figure.update_layout(**_LAYOUT, height=height)
    figure.update_xaxes(zeroline=False, automargin=True)
    figure.update_yaxes(zeroline=False, automargin=True)
    return st.plotly_chart(figure, config=_CONFIG, alt=alt, key=key, **options)


def curves(points: Mapping[str, Sequence[tuple[int, float]]]) -> go.Figure:
    """Metric curves over steps, one line each."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, (name, series) in enumerate(sorted(points.items())):
        steps, values = zip(*series, strict=True) if series else ((), ())
        figure.add_scatter(
            x=steps,
            y=values,
            name=name,
            mode="lines+markers",
            marker={"size": 5},
            line={"color": SERIES[number % len(SERIES)], "width": 1.6},
        )
    figure.update_xaxes(title="Step")
    figure.update_layout(showlegend=True)
    return figure


def intervals(rows: Sequence[tuple[str, float, float | None, float | None, str]], *, axis: str) -> go.Figure:
    """Values with their 95% intervals, one row each.

    Parameters
    ----------
    rows : sequence of (label, value, low, high, role)
        Rows of one `role` share a colour and a line of the legend.
    axis : str
        Title of the axis, with its unit.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, role in enumerate(dict.fromkeys(row[4] for row in rows)):
        mine = [row for row in rows if row[4] == role]
        colour = (CHAMPION, CHALLENGER, BASELINE)[number % 3]
        figure.add_scatter(
            x=[row[1] for row in mine],
            y=[row[0] for row in mine],
            name=role,
            mode="markers",
            marker={"color": colour, "size": 9},
            error_x=_bars(mine, colour),
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    figure.update_xaxes(title=axis)
    # Sizes such as 36 are names, too.
    figure.update_yaxes(
        type="category", autorange="reversed", categoryorder="array", categoryarray=[row[0] for row in rows]
    )
    return figure


def _bars(rows: Sequence[tuple[str, float, float | None, float | None, str]], colour: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [(high - value) if high is not None else 0 for _, value, _, high, _ in rows],
        "arrayminus": [(value - low) if low is not None else 0 for _, value, low, _, _ in rows],
        "color": colour,
        "thickness": 1.4,
        "width": 4,
    }


def bars(values: Sequence[tuple[str, float]], *, axis: str) -> go.Figure:
    """One horizontal bar a value."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_bar(
        x=[value for _, value in values],
        y=[name for name, _ in values],
        orientation="h",
        marker={"color": CHALLENGER},
        hovertemplate="%{y}: %{x:.4f}<extra></extra>",
    )
    figure.update_xaxes(title=axis)
    figure.update_yaxes(autorange="reversed")
    return figure


def contributions(parts: Sequence[tuple[str, float, str]]) -> go.Figure:
    """Bars of what each signal adds to a score; `parts` are (signal, value, because)."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_bar(
        x=[value for _, value, _ in parts],
        y=[signal for signal, _, _ in parts],
        orientation="h",
        marker={"color": [CHALLENGER if value >= 0 else CHAMPION for _, value, _ in parts]},
        customdata=[because for _, _, because in parts],
        hovertemplate="%{y}: %{x:.4f}<br>%{customdata}<extra></extra>",
    )
    figure.update_xaxes(title="Part of the score")
    figure.update_yaxes(autorange="reversed")
    return figure
