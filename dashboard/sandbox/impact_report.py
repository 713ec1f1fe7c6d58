"""An impact report: the figures with their intervals, who gains and loses places, what it is not."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.cards import csv_button, table
from dashboard.runtime import plain
from engine.estimators.base import Interval
from engine.recommendation_engine.impact.schema import ImpactReport, Measure, OffPolicy

_HEADLINE = ("hit_rate_at_10", "revenue", "margin", "coverage_at_10", "sold_out", "zero_results")
_METHODS = {"ips": "Inverse propensity", "snips": "Self-normalised", "doubly_robust": "Doubly robust"}


def headline(report: ImpactReport) -> None:
    """The figures that decide, one a line, each with before, after and the interval of the difference."""
    for text in report.warnings:
        st.warning(plain(text), icon=":material/warning:")
    for measure in report.measures:
        if measure.name in _HEADLINE:
            st.metric(
                measure.title,
                shown(measure.after.value, measure.unit),
                delta=_delta(measure),
                delta_color=_colour(measure),
                delta_arrow="off" if _colour(measure) == "off" else "auto",
                help=plain(measure.note) or None,
            )
    st.caption(f"{report.sessions:,} of {report.of:,} held-out sessions. {plain(' '.join(report.about[:1]))}")


@st.dialog("Impact estimate", width="large")
def full_report(report: ImpactReport) -> None:
    """Every figure, the tables of exposure, and what the estimate is not."""
    span = f", {report.since:%d %b %Y} to {report.until:%d %b %Y}" if report.since and report.until else ""
    st.caption(
        f"{report.sessions:,} of {report.of:,} held-out sessions{span}; {plain(report.model)} {report.version}, "
        f"snapshot {report.snapshot}, first {report.k} places. Intervals are 95%."
    )
    for text in report.warnings:
        st.warning(plain(text), icon=":material/warning:")
    rows = [_row(measure) for measure in report.measures]
    st.dataframe(rows, hide_index=True, alt="Figures before and after")
    csv_button(rows, list(rows[0]) if rows else [], name=f"{report.shop}-impact.csv", key="impact_csv")
    _exposure(report)
    if report.off_policy:
        _off_policy(report.off_policy)
    st.subheader("What this is, and is not", anchor=False)
    for text in report.about:
        st.markdown(f"- {plain(text)}")


def _exposure(report: ImpactReport) -> None:
    for facet, found in report.exposure.items():
        if not found:
            continue
        st.subheader(f"Places by {facet.replace('_', ' ')}", anchor=False)
        charts.draw(
            charts.intervals(
                [
                    (each.value, 100 * each.difference.value, _scaled(each.difference.low), _scaled(each.difference.high), "Difference")
                    for each in found[:12]
                ],
                axis="Points of the share of places, after minus before",
            ),
            alt=f"How the share of places changes by {facet}",
            height=90 + 26 * min(12, len(found)),
            key=f"exposure_{facet}",
        )  # fmt: skip
        rows = [
            {facet.replace("_", " ").capitalize(): each.value, "Before, %": 100 * each.before, "After, %": 100 * each.after,
             "Bought, %": 100 * each.bought}
            for each in found
        ]  # fmt: skip
        table(rows, alt=f"Share of places by {facet}", digits=1, height=240)
        csv_button(rows, list(rows[0]), name=f"{report.shop}-exposure-{facet}.csv", key=f"exposure_csv_{facet}")


def _off_policy(found: dict[str, OffPolicy]) -> None:
    st.subheader("Click rate, from the log of what was shown", anchor=False)
    rows: list[dict[str, Any]] = []
    for side, estimate in found.items():
        for warning in estimate.warnings:
            st.warning(plain(f"{side.capitalize()}: {warning}"), icon=":material/warning:")
        rows += [
            {"Side": side.capitalize(), "Method": _METHODS.get(str(method), str(method)),
             "Click rate": with_bounds(interval, "share"), "Worth, in rows": round(estimate.effective_sample)}
            for method, interval in estimate.estimates.items()
        ]  # fmt: skip
    st.dataframe(rows, hide_index=True, alt="Off-policy estimates of the click rate")


def _row(measure: Measure) -> dict[str, str]:
    return {
        "Figure": measure.title,
        "Before": with_bounds(measure.before, measure.unit),
        "After": with_bounds(measure.after, measure.unit),
        "Difference": with_bounds(measure.difference, measure.unit, signed=True),
        "Note": measure.note,
    }


def _delta(measure: Measure) -> str:
    return with_bounds(measure.difference, measure.unit, signed=True)


def _colour(measure: Measure) -> Any:
    """Green and red only where the interval leaves no doubt of the direction."""
    low, high = measure.difference.low, measure.difference.high
    if low is None or high is None or low <= 0 <= high:
        return "off"
    return "normal" if measure.higher_is_better else "inverse"


def shown(value: float, unit: str, *, signed: bool = False) -> str:
    """A value in its unit."""
    sign = "+" if signed else ""
    if unit == "share":
        return f"{100 * value:+.2f} points" if signed else f"{100 * value:.2f}%"
    return f"{value:{sign},.2f}" if unit == "currency" else f"{value:{sign}.4f}"


def with_bounds(interval: Interval, unit: str, *, signed: bool = False) -> str:
    """A value with its interval, such as `+0.12% (−0.03% to +0.27%)`."""
    value = shown(interval.value, unit, signed=signed)
    if interval.low is None or interval.high is None:
        return value
    low, high = (shown(bound, unit, signed=signed).removesuffix(" points") for bound in (interval.low, interval.high))
    return f"{value} ({low} to {high})"


def _scaled(bound: float | None) -> float | None:
    return None if bound is None else 100 * bound
