"""The trials of a search for better settings: how each did, and the best so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import charts
from dashboard.cards import csv_button, figure, span, table
from dashboard.palette import BASELINE, SERIES
from dashboard.training.config_schema import titled
from engine.training.schema import Trial

if TYPE_CHECKING:
    import plotly.graph_objects as go

_LOOKS = {
    "complete": ("Complete", SERIES[0], "circle"),
    "pruned": ("Stopped early", SERIES[4], "x-thin-open"),
    "running": ("Running", SERIES[2], "circle-open"),
    "failed": ("Failed", SERIES[1], "triangle-down"),
}
"""State of a trial to its name, colour and marker: nothing is told by colour alone."""


def trials(found: Sequence[Trial], *, measure: str, higher_is_better: bool, key: str) -> None:
    """Draw the trials of a job: a plot over their number, and a table with the best in front."""
    done = [trial for trial in found if trial.state == "complete" and trial.value is not None]
    best = best_of(found, higher_is_better=higher_is_better)
    counted = {state: sum(trial.state == state for trial in found) for state in _LOOKS}
    told = ", ".join(f"{number} {_LOOKS[state][0].lower()}" for state, number in counted.items() if number)
    lead = f" The best is trial {best.number} with {measure} {figure(best.value)}." if best else ""
    st.caption(f"{len(found)} {'trial' if len(found) == 1 else 'trials'}: {told}.{lead}")
    if any(trial.value is not None for trial in found):
        charts.draw(
            figure_of(found, measure=measure, higher_is_better=higher_is_better),
            alt=f"{measure} of {len(done)} trials and the best so far",
            height=250,
            key=f"trials_{key}",
        )
    ranked = sorted(found, key=lambda trial: _rank(trial, higher_is_better=higher_is_better))
    rows = [row_of(trial, measure=measure) for trial in ranked]
    if rows:
        table(rows, alt="Trials, the best first", height="content" if len(rows) <= 6 else 250)
        columns = list(dict.fromkeys(name for row in rows for name in row))
        csv_button(rows, columns, name=f"{key}-trials.csv", key=f"trials_csv_{key}")


def best_of(found: Sequence[Trial], *, higher_is_better: bool) -> Trial | None:
    """The complete trial with the best value."""
    done = [trial for trial in found if trial.state == "complete" and trial.value is not None]
    return min(done, key=lambda trial: _rank(trial, higher_is_better=higher_is_better), default=None)


def _rank(trial: Trial, *, higher_is_better: bool) -> tuple[bool, float, int]:
    value = trial.value if trial.state == "complete" and trial.value is not None else None
    sign = -1.0 if higher_is_better else 1.0
    return (value is None, 0.0 if value is None else sign * value, trial.number)


def row_of(trial: Trial, *, measure: str) -> dict[str, Any]:
    """A trial as a row of the table."""
    return {
        "Trial": trial.number,
        "State": _LOOKS[trial.state][0],
        measure: trial.value,
        "Took": span(trial.seconds),
        **{titled(name): _short(value) for name, value in trial.params.items()},
    }


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def figure_of(found: Sequence[Trial], *, measure: str, higher_is_better: bool) -> go.Figure:
    """Value by trial, a marker a state, with the line of the best so far; trials without a value stand at the foot."""
    import plotly.graph_objects as go

    drawn = go.Figure()
    numbers, values = best_so_far(found, higher_is_better=higher_is_better)
    drawn.add_scatter(
        x=numbers,
        y=values,
        name="Best so far",
        mode="lines",
        line={"color": BASELINE, "width": 1.6, "shape": "hv"},
        hoverinfo="skip",
    )
    foot = _foot([trial.value for trial in found if trial.value is not None])
    for state, (name, colour, symbol) in _LOOKS.items():
        mine = [trial for trial in found if trial.state == state]
        if mine:
            drawn.add_scatter(
                x=[trial.number for trial in mine],
                y=[foot if trial.value is None else trial.value for trial in mine],
                name=name,
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 9, "line": {"color": colour, "width": 2}},
                customdata=["no value" if trial.value is None else figure(trial.value) for trial in mine],
                hovertemplate=f"Trial %{{x}}: %{{customdata}}<extra>{name}</extra>",
            )
    drawn.update_xaxes(title="Trial", tickformat="d", dtick=max(1, len(found) // 10))
    drawn.update_yaxes(title=measure)
    drawn.update_layout(showlegend=True)
    return drawn


def best_so_far(found: Sequence[Trial], *, higher_is_better: bool) -> tuple[list[int], list[float]]:
    """Numbers of the complete trials with the best value up to each, drawn on to the last trial."""
    better: Callable[[float, float], float] = max if higher_is_better else min
    done = [(trial.number, trial.value) for trial in found if trial.state == "complete" and trial.value is not None]
    numbers = [number for number, _ in done]
    values = list(accumulate((value for _, value in done), better))
    if done and found[-1].number > numbers[-1]:
        return [*numbers, found[-1].number], [*values, values[-1]]
    return numbers, values


def _foot(values: Sequence[float]) -> float:
    """Just below the lowest value; 0 where there is none."""
    if not values:
        return 0.0
    return min(values) - 0.08 * ((max(values) - min(values)) or abs(min(values)) or 1.0)
