"""Gain by slice and reliability, as figures."""

from __future__ import annotations

from typing import Any

from dashboard.training import figures


def change(name: str, gain: float, half: float, verdict: str) -> dict[str, Any]:
    return {"name": name, "units": 1_200, "gain": gain, "low": gain - half, "high": gain + half, "verdict": verdict}


SLICES = [change("age: 60+", -0.2, 0.1, "worse"), change("new", 0.0, 0.1, "same"), change("known", 0.3, 0.1, "better")]


def test_slices_keep_their_order_and_tell_verdicts_by_marker_too() -> None:
    drawn = figures.gains(SLICES, axis="Gain in NDCG@10")
    assert list(drawn.layout.yaxis.categoryarray) == ["age: 60+ (1,200)", "new (1,200)", "known (1,200)"]
    assert {trace.name: trace.marker.symbol for trace in drawn.data} == {
        "Better": "circle", "Worse": "diamond", "Not told apart": "circle-open",
    }  # fmt: skip


def test_intervals_are_around_the_gain() -> None:
    worse = next(trace for trace in figures.gains(SLICES, axis="").data if trace.name == "Worse")
    assert round(worse.error_x.array[0], 9) == round(worse.error_x.arrayminus[0], 9) == 0.1


def test_both_sides_stand_beside_the_diagonal() -> None:
    side = {"foretold": [0.1, 0.9], "observed": [0.2, 0.8], "counts": [5, 5], "ece": 0.1}
    drawn = figures.reliability({"Version 2.0.0": side, "Champion 1.0.0": side})
    assert [trace.name for trace in drawn.data] == ["Exactly right", "Version 2.0.0", "Champion 1.0.0"]
    assert list(drawn.data[0].x) == list(drawn.data[0].y) == [0, 1]
    assert len({trace.line.color for trace in drawn.data}) == 3
