"""Figures of a challenger beside its rival: gain by slice, and whether probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dashboard.palette import BASELINE, CHALLENGER, CHAMPION

if TYPE_CHECKING:
    import plotly.graph_objects as go

_LOOKS = {
    "better": ("Better", CHALLENGER, "circle"),
    "worse": ("Worse", CHAMPION, "diamond"),
    "same": ("Not told apart", BASELINE, "circle-open"),
}


def gains(slices: Sequence[Mapping[str, Any]], *, axis: str) -> go.Figure:
    """Gain with its interval by slice; right of the line the challenger is better."""
    import plotly.graph_objects as go

    drawn = go.Figure()
    for verdict, (name, colour, symbol) in _LOOKS.items():
        mine = [each for each in slices if each["verdict"] == verdict]
        if not mine:
            continue
        drawn.add_scatter(
            x=[each["gain"] for each in mine],
            y=[slice_label(each) for each in mine],
            name=name,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9, "line": {"color": colour, "width": 1.6}},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [each["high"] - each["gain"] for each in mine],
                "arrayminus": [each["gain"] - each["low"] for each in mine],
                "color": colour,
                "thickness": 1.4,
                "width": 4,
            },
            customdata=[[each["low"], each["high"], each["units"]] for each in mine],
            hovertemplate="%{y}: %{x:+.4f} (%{customdata[0]:+.4f} to %{customdata[1]:+.4f})<extra></extra>",
        )
    drawn.add_vline(x=0, line={"color": BASELINE, "width": 1, "dash": "dot"})
    drawn.update_xaxes(title=axis)
    drawn.update_yaxes(
        type="category",
        autorange="reversed",
        categoryorder="array",
        categoryarray=[slice_label(each) for each in slices],
    )
    drawn.update_layout(showlegend=True)
    return drawn


def slice_label(each: Mapping[str, Any]) -> str:
    """A slice and how many units it rests on."""
    return f"{each['name']} ({each['units']:,})"


def reliability(sides: Mapping[str, Mapping[str, Any]]) -> go.Figure:
    """How often what was foretold came true, a line a side, beside the diagonal of a model that is always right.

    Parameters
    ----------
    sides : mapping of str to mapping
        Name of a side to its `foretold`, `observed` and `counts` by bin.
    """
    import plotly.graph_objects as go

    drawn = go.Figure()
    drawn.add_scatter(
        x=[0, 1],
        y=[0, 1],
        name="Exactly right",
        mode="lines",
        line={"color": BASELINE, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    for (name, found), colour, symbol in zip(
        sides.items(), (CHALLENGER, CHAMPION), ("circle", "diamond"), strict=False
    ):
        drawn.add_scatter(
            x=found["foretold"],
            y=found["observed"],
            name=name,
            mode="lines+markers",
            marker={"color": colour, "symbol": symbol, "size": 8},
            line={"color": colour, "width": 1.6},
            customdata=found["counts"],
            hovertemplate="Foretold %{x:.0%}, came true %{y:.0%} of %{customdata:,}<extra></extra>",
        )
    drawn.update_xaxes(title="Probability foretold", tickformat=".0%")
    drawn.update_yaxes(title="Came true", tickformat=".0%")
    drawn.update_layout(showlegend=True)
    return drawn
