"""Any metric against any param, and all of them at once, over runs or versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.metrics import metric_name, primary_first
from dashboard.registry import figures
from dashboard.registry.tables import flat, varying
from dashboard.state import choose
from engine.model_registry.schema import RunInfo, VersionInfo

_MOST_LINES = 300
_MOST_AXES = 7


@dataclass(frozen=True)
class Trial:
    """A run or a version, as plots see it."""

    label: str
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """Params and metrics under names that cannot clash."""
        return {
            **{f"params.{name}": value for name, value in self.params.items()},
            **{f"metrics.{name}": value for name, value in self.metrics.items()},
        }


def of_run(run: RunInfo, label: str | None = None) -> Trial:
    """A run as a trial."""
    return Trial(label or run.name, flat(run.params), run.metrics)


def of_version(version: VersionInfo) -> Trial:
    """A version as a trial: its settings and params."""
    return Trial(version.version, {**flat(version.lineage.config), **flat(version.params)}, version.metrics)


def plots(trials: Sequence[Trial], *, kind: str | None, marked: Sequence[str] = ()) -> None:
    """Scatter and parallel coordinates; what they show is in the URL."""
    usual = Counter(name for trial in trials for name in sorted(trial.metrics))
    metrics = primary_first((name for name, _ in usual.most_common()), kind)
    params = varying([trial.params for trial in trials])
    if len(trials) < 2 or not metrics:
        st.caption("A plot takes two runs with a metric.")
        return
    titles = {f"params.{name}": name for name in params}
    titles.update({f"metrics.{name}": metric_name(name) for name in metrics})
    across = {**titles} if params else {key: titles[key] for key in list(titles)[1:] + list(titles)[:1]}
    with st.container(horizontal=True):
        x = choose("Across", across, key="x", width=240)
        y = choose("Upwards", {key: titles[key] for key in titles if key.startswith("metrics.")}, key="y", width=240)
    points = [
        {"label": trial.label, "x": _place(trial.values.get(x)), "y": trial.values[y]}
        for trial in trials
        if y in trial.values and trial.values.get(x) is not None
    ]
    charts.draw(
        figures.scatter(points, x=titles[x], y=titles[y], marked=marked),
        alt=f"{titles[y]} against {titles[x]} of {len(points)} runs",
        height=340,
        key="scatter",
    )
    axes = [f"params.{name}" for name in params[: _MOST_AXES - 2]] + [f"metrics.{name}" for name in metrics[:2]]
    st.subheader("Params and metrics together", anchor=False)
    charts.draw(
        figures.parallel(
            [(trial.label, trial.values) for trial in trials[:_MOST_LINES]],
            [(key, titles[key]) for key in axes],
            marked=marked,
        ),
        alt=f"Each run as a line through {', '.join(titles[key] for key in axes)}",
        height=340,
        key="parallel",
    )
    if len(params) > _MOST_AXES - 2:
        st.caption(f"The first {_MOST_AXES - 2} of {len(params)} params that differ are drawn.")


def _place(value: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
