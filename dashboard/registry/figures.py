"""Figures of the registry: lineage, reigns, differences, runs against their params."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dashboard.palette import BASELINE, CHALLENGER, CHAMPION, SERIES
from dashboard.registry.tables import words

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.model_registry.insight import LineageGraph, Node, Reign

LAYERS = ("import", "snapshot", "job", "run", "version", "release")
"""Kinds of lineage nodes, from data to production."""

_TITLES = {
    "import": "Files",
    "snapshot": "Snapshot",
    "job": "Job",
    "run": "Run",
    "version": "Version",
    "release": "Release",
}
_MOST_OF_A_KIND = 5
_WIDEST_LABEL = 9


def lineage(graph: LineageGraph, me: str) -> tuple[go.Figure, list[Node], int]:
    """A lineage from left to right, with its nodes in the order of the figure's points, and its height.

    Of a kind with many nodes, the newest few are drawn.
    """
    import plotly.graph_objects as go

    columns = {kind: [node for node in graph.nodes if node.kind == kind][-_MOST_OF_A_KIND:] for kind in LAYERS}
    present = [kind for kind in LAYERS if columns[kind]]
    places: dict[str, tuple[float, float]] = {}
    for x, kind in enumerate(present):
        nodes = columns[kind]
        for row, node in enumerate(nodes):
            places[node.id] = (float(x), (len(nodes) - 1) / 2 - row)
    nodes = [node for kind in present for node in columns[kind]]
    figure = go.Figure()
    for edge in graph.edges:
        if edge.source in places and edge.target in places:
            _arrow(figure, places[edge.source], places[edge.target])
    figure.add_scatter(
        x=[places[node.id][0] for node in nodes],
        y=[places[node.id][1] for node in nodes],
        mode="markers+text",
        text=[_short(node) for node in nodes],
        textposition="bottom center",
        marker={
            "size": 18,
            "color": [CHAMPION if node.id == me else CHALLENGER for node in nodes],
            "line": {"width": 0},
        },
        customdata=[[node.title, node.detail] for node in nodes],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
        showlegend=False,
    )
    tallest = max(len(columns[kind]) for kind in present)
    figure.update_xaxes(
        tickvals=list(range(len(present))),
        ticktext=[_TITLES[kind] for kind in present],
        side="top",
        showgrid=False,
        range=[-0.55, len(present) - 0.45],
        fixedrange=True,
    )
    figure.update_yaxes(visible=False, range=[-(tallest + 0.6) / 2, (tallest + 0.2) / 2], fixedrange=True)
    return figure, nodes, 90 + 72 * tallest


def _arrow(figure: go.Figure, start: tuple[float, float], end: tuple[float, float]) -> None:
    same = start[0] == end[0]
    figure.add_annotation(
        x=end[0],
        y=end[1],
        ax=start[0],
        ay=start[1],
        xref="x",
        yref="y",
        axref="x",
        ayref="y",
        showarrow=True,
        arrowhead=2,
        arrowwidth=1.2,
        arrowcolor=BASELINE,
        standoff=34 if same else 14,
        startstandoff=12 if same else 14,
        text="",
    )


def _short(node: Node) -> str:
    """What tells a node from others of its kind, short enough for a narrow screen."""
    name = node.id.partition(":")[2]
    if node.kind in ("version", "release"):
        return name.rpartition("/")[2]
    if node.kind in ("job", "run"):
        return f"…{name[-4:]}"
    if node.kind == "snapshot":
        return name
    return node.title if len(node.title) <= _WIDEST_LABEL else f"{node.title[: _WIDEST_LABEL - 1]}…"


def reigns(rows: Sequence[Reign], now: datetime) -> tuple[go.Figure, int]:
    """Which version of each model was champion when, and the figure's height."""
    import plotly.graph_objects as go

    models = sorted({row.model for row in rows})
    seen: dict[str, dict[str, int]] = {model: {} for model in models}
    figure = go.Figure()
    for row in sorted(rows, key=lambda row: row.since):
        colours = seen[row.model]
        place = colours.setdefault(row.version, len(colours))
        until = row.until or now
        figure.add_bar(
            y=[row.model],
            x=[(until - row.since).total_seconds() * 1000],
            base=[row.since.isoformat()],
            orientation="h",
            marker={"color": SERIES[place % len(SERIES)], "line": {"width": 0}, "pattern": _pattern(row)},
            text=[row.version],
            textposition="inside",
            insidetextanchor="start",
            constraintext="none",
            textfont={"color": "#FFFFFF"},
            hovertemplate=f"{row.model} {row.version}<br>{row.since:%Y-%m-%d %H:%M} to "
            f"{'now' if row.until is None else f'{row.until:%Y-%m-%d %H:%M} UTC'}<br>"
            f"{row.action.replace('_', ' ')} by {row.actor}<extra></extra>",
            showlegend=False,
        )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(type="date", title="UTC")
    figure.update_yaxes(categoryorder="array", categoryarray=models[::-1])
    return figure, 110 + 46 * len(models)


def _pattern(row: Reign) -> dict[str, Any]:
    """Reigns that a roll-back began are hatched, so that colour does not tell it alone."""
    shape = "/" if row.action == "rolled_back" else ""
    return {"shape": shape, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.35)", "size": 9, "solidity": 0.25}


def differences(rows: Sequence[tuple[str, float, float | None, float | None]], *, axis: str) -> go.Figure:
    """Differences with their 95% intervals against a line at nothing."""
    from dashboard.charts import intervals

    figure = intervals([(*row, "Difference") for row in rows], axis=axis)
    figure.add_vline(x=0, line={"color": BASELINE, "width": 1, "dash": "dot"})
    figure.update_layout(showlegend=False)
    return figure


def grouped(values: Mapping[str, Mapping[str, float]], *, axis: str) -> tuple[go.Figure, int]:
    """One group of bars a name, one bar a version; `values` is version to name to value."""
    import plotly.graph_objects as go

    names = sorted(
        {name for table in values.values() for name in table},
        key=lambda name: -max(abs(table.get(name, 0.0)) for table in values.values()),
    )
    figure = go.Figure()
    for number, (label, table) in enumerate(values.items()):
        figure.add_bar(
            y=names,
            x=[table.get(name, 0.0) for name in names],
            name=label,
            orientation="h",
            marker={"color": SERIES[number % len(SERIES)]},
            hovertemplate="%{y}: %{x:.4f}<extra>" + label + "</extra>",
        )
    figure.update_layout(barmode="group", showlegend=True)
    figure.update_xaxes(title=axis)
    figure.update_yaxes(autorange="reversed")
    return figure, 80 + len(names) * (10 + 12 * len(values))


def scatter(points: Sequence[Mapping[str, Any]], *, x: str, y: str, marked: Sequence[str]) -> go.Figure:
    """Runs or versions as points; those in `marked` stand out and carry their label.

    Parameters
    ----------
    points : sequence of mappings with `label`, `x` and `y`
    x, y : str
        Titles of the axes.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for role, colour, chosen in (("All", BASELINE, False), ("Chosen", CHALLENGER, True)):
        mine = [point for point in points if (point["label"] in marked) is chosen]
        if mine:
            figure.add_scatter(
                x=[point["x"] for point in mine],
                y=[point["y"] for point in mine],
                text=[point["label"] for point in mine],
                name=role,
                mode="markers+text" if chosen else "markers",
                textposition="top center",
                marker={"size": 10 if chosen else 8, "color": colour, "opacity": 1.0 if chosen else 0.75},
                hovertemplate="%{text}<br>%{x}<br>%{y:.4f}<extra></extra>",
            )
    figure.update_xaxes(title=x)
    figure.update_yaxes(title=y)
    figure.update_layout(showlegend=bool(marked) and len(figure.data) > 1)
    return figure


def parallel(
    rows: Sequence[tuple[str, Mapping[str, Any]]], names: Sequence[tuple[str, str]], *, marked: Sequence[str]
) -> go.Figure:
    """Each run as a line through its params and metrics, every axis from its lowest to its highest value.

    Parameters
    ----------
    rows : sequence of (label, values by key)
    names : sequence of (key, title)
        The axes, from left to right.
    marked : sequence of str
        Labels that stand out; all do when it is empty.
    """
    import plotly.graph_objects as go

    scales = {key: _scale([values.get(key) for _, values in rows]) for key, _ in names}
    figure = go.Figure()
    titles = [title for _, title in names]
    for number, (label, values) in enumerate(rows):
        loud = label in marked or (not marked and len(rows) <= len(SERIES))
        figure.add_scatter(
            x=titles,
            y=[scales[key][1].get(str(values.get(key))) for key, _ in names],
            name=label,
            mode="lines+markers",
            connectgaps=False,
            line={"color": SERIES[number % len(SERIES)] if loud else BASELINE, "width": 2 if loud else 1},
            opacity=1.0 if loud else 0.45,
            customdata=[_words(values.get(key)) for key, _ in names],
            hovertemplate="%{x}: %{customdata}<extra>" + label + "</extra>",
            showlegend=loud,
        )
    for (key, _), title in zip(names, titles, strict=True):
        low, high = scales[key][0]
        for place, text, shift in ((1.0, high, 10), (0.0, low, -10)):
            figure.add_annotation(x=title, y=place, text=text, showarrow=False, yshift=shift, font={"size": 11})
    figure.update_yaxes(visible=False, range=[-0.14, 1.14], fixedrange=True)
    figure.update_xaxes(type="category", showgrid=True, fixedrange=True)
    return figure


def _scale(values: Sequence[Any]) -> tuple[tuple[str, str], dict[str, float]]:
    """The axis's lowest and highest value in words, and each value's place between 0 and 1."""
    known = [value for value in values if value is not None]
    if not known:
        return ("", ""), {}
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        low, high = min(known), max(known)
        spread = (high - low) or 1
        places = {str(value): (value - low) / spread if high > low else 0.5 for value in known}
        return ("", _words(low)) if high == low else (_words(low), _words(high)), places
    ordered = sorted({str(value) for value in known})
    step = max(1, len(ordered) - 1)
    places = {value: number / step if len(ordered) > 1 else 0.5 for number, value in enumerate(ordered)}
    return ("no" if ordered[0] == "False" else ordered[0], "yes" if ordered[-1] == "True" else ordered[-1]), places


def _words(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else words(value)
