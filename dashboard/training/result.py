"""What came of a training: the challenger beside its rival, and what to do with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.cards import csv_button, figure, stage_badge, table
from dashboard.live import how_it_went
from dashboard.metrics import metric_name, primary_first
from dashboard.promotion import champion_of, gain_words, promote_dialog, verdict_against, verdict_box
from dashboard.runtime import act, ask, plain
from dashboard.state import link
from dashboard.training import figures
from dashboard.training.again import recipe
from engine.model_registry.schema import Stage, VersionInfo
from engine.model_registry.service import RegistryService
from engine.training.gate import metric_title
from engine.training.schema import JobInfo
from engine.training.service import TrainingService

_RECOMMENDER = "recommender"


@dataclass(frozen=True)
class Result:
    """A version that a job made, and what it was held against.

    Parameters
    ----------
    verdict : mapping
        Of the gate, empty where none was kept.
    rival : str
        In a word: the champion's number, or the baseline.
    """

    job: JobInfo
    version: VersionInfo
    verdict: Mapping[str, Any]
    rival: str

    @property
    def sides(self) -> dict[str, Mapping[str, Any]]:
        """Name of a side to its evaluation; a rival of which nothing was kept is left out."""
        rival = self.verdict.get("rival_evaluation") or {}
        ours = {f"Version {self.version.version}": self.version.evaluation or {}}
        return {**ours, **({self.rival: rival} if rival else {})}


def result(job: JobInfo) -> None:
    """The verdict in words, what can be done, and the figures of both sides."""
    version = ask(RegistryService.get_version, model=job.model, reference=job.version or "")
    champion = champion_of(job.model)
    given = ask(RegistryService.verdicts, model=job.model, version=version.version)
    record = next(iter(given), None)
    rival = f"Champion {record.against}" if record and record.against else "Baseline"
    found = Result(job, version, record.verdict if record else {}, rival)
    if champion == version.version:
        st.success(plain(gain_words(found.verdict)) if record else " ", icon=":material/check_circle:",
                   title=plain(f"{job.model} {version.version} serves now"))  # fmt: skip
    else:
        verdict_box(verdict_against(job.model, version.version, champion), champion)
    _acts(job, version, champion)
    tabs = st.tabs(list(_PARTS), key="part", bind="query-params", on_change="rerun")
    for tab, draw in zip(tabs, _PARTS.values(), strict=True):
        if tab.open:
            with tab:
                draw(found)


def _acts(job: JobInfo, version: VersionInfo, champion: str | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if champion != version.version and st.button("Promote", type="primary", key="promote"):
            promote_dialog(version, champion)
        if version.stage is Stage.ARCHIVED:
            stage_badge(version.stage)
        elif version.stage is not Stage.PRODUCTION:
            _archive(version)
        link("registry", "Open in the registry", model=job.model, version=version.version)
        if job.kind == _RECOMMENDER:
            link("sandbox", "Try it in the sandbox", shop=job.shop, version=version.version)
        if champion is not None and champion != version.version:
            link("compare", f"Compare with {champion}", model=job.model, versions=f"{champion},{version.version}")


def _archive(version: VersionInfo) -> None:
    """Put a version aside; it stays in the registry."""
    with st.popover("Archive", icon=":material/archive:", key="archive"):
        st.markdown("It stays in the registry, marked as archived, and can be brought back there.")
        if st.button("Archive this version", key="archive_confirm"):
            moved = act(
                RegistryService.set_stage,
                done=f"{version.model} {version.version} is archived.",
                model=version.model,
                reference=version.version,
                stage=Stage.ARCHIVED,
            )
            if moved is not None:
                st.rerun()


def _by_slice(found: Result) -> None:
    """Where it is better and where worse."""
    slices = found.verdict.get("slices") or []
    if not slices:
        st.caption("No group of the held-out rows was large enough to be judged by itself.")
        return
    metric = metric_title(str(found.verdict["metric"]))
    counted = {word: sum(each["verdict"] == word for each in slices) for word in ("better", "worse", "same")}
    st.caption(
        f"Better in {counted['better']}, worse in {counted['worse']}, not told apart in {counted['same']} of "
        f"{len(slices)} slices. Intervals are widened for their number."
    )
    charts.draw(
        figures.gains(slices, axis=f"Gain in {metric} over {found.rival[:1].lower()}{found.rival[1:]}"),
        alt="Gain by slice: " + "; ".join(f"{each['name']} {each['gain']:+.4f} ({each['verdict']})" for each in slices),
        height=100 + 28 * len(slices),
        key="gain_by_slice",
    )
    columns = ["name", "units", "challenger", "rival", "gain", "low", "high", "verdict"]
    csv_button(slices, columns, name=f"{found.version.model}-{found.version.version}-slices.csv", key="slices_csv")


def _metrics(found: Result) -> None:
    """Every metric of both sides, and the guardrails."""
    ours = found.verdict.get("challenger_metrics") or found.version.metrics
    theirs = found.verdict.get("rival_metrics") or {}
    rows = [
        {
            "Metric": metric_name(name),
            f"Version {found.version.version}": ours[name],
            found.rival: theirs.get(name),
            "Difference": ours[name] - theirs[name] if name in theirs else None,
        }
        for name in primary_first(ours, found.job.kind)
    ]
    told = (found.version.evaluation or {}).get("protocol", "")
    st.caption(plain(f"The same held-out rows for both. {told}"))
    table(rows, alt="Metrics of the new version and of its rival")
    csv_button(
        rows, list(rows[0]), name=f"{found.version.model}-{found.version.version}-metrics.csv", key="metrics_csv"
    )
    rails = found.verdict.get("guardrails") or []
    if rails:
        st.subheader("Guardrails", anchor=False)
        table(
            [
                {
                    "Guardrail": _within(each["metric"]),
                    "Kept": "yes" if each["passed"] else "no",
                    f"Version {found.version.version}": float(each["challenger"]),
                    found.rival: float(each["rival"]),
                    "What it guards": each["about"],
                }
                for each in rails
            ],
            alt="Guardrails of the gate",
        )


def _within(metric: str) -> str:
    """A metric, with the slice that it is of: `cold/ndcg_at_10` is `NDCG@10 (cold)`."""
    group, _, name = metric.rpartition("/")
    return f"{metric_name(name)} ({group})" if group else metric_name(name)


def _calibration(found: Result) -> None:
    """Whether probabilities mean what they say."""
    sides = {name: each["calibration"] for name, each in found.sides.items() if each.get("calibration")}
    if not sides:
        st.caption("This kind foretells no probabilities, so there is nothing to hold them against.")
        return
    errors = ", ".join(f"{name} {figure(each['ece'])}" for name, each in sides.items())
    st.caption(plain(f"Expected calibration error, 0 is exact: {errors}. Bins hold equally many held-out rows."))
    charts.draw(
        figures.reliability(sides), alt=f"Foretold against observed; {errors}", height=380, key="reliability", width=560
    )


def _cost(found: Result) -> None:
    """Speed and size of both sides."""
    costs = {name: each["cost"] for name, each in found.sides.items() if each.get("cost")}
    if not costs:
        st.caption("Speed and size were not measured.")
        return
    titles = {
        "size_mb": "Files (MB)",
        "one_ms": "One input alone (ms)",
        "each_ms": "Each input of a batch (ms)",
    }
    rows = [
        {"What it takes": title, **{name: cost.get(key) for name, cost in costs.items()}}
        for key, title in titles.items()
        if any(cost.get(key) is not None for cost in costs.values())
    ]
    st.caption("Measured one after the other in the same process, so that the two can be compared.")
    table(rows, alt="Speed and size of the new version and of its rival", digits=2)


def _course(found: Result) -> None:
    """Curves, trials and log."""
    how_it_went(found.job, ask(TrainingService.progress, job_id=found.job.job_id))


def _recipe(found: Result) -> None:
    recipe(found.job)


_PARTS: dict[str, Callable[[Result], None]] = {
    "By slice": _by_slice,
    "Metrics": _metrics,
    "Calibration": _calibration,
    "Speed and size": _cost,
    "How it went": _course,
    "Recipe": _recipe,
}
