"""Versions and runs side by side, as scripts."""

from __future__ import annotations

import pytest

from dashboard.registry.comparing import signals
from dashboard.registry.figures import grouped, parallel, scatter
from engine.core import Engine
from engine.model_registry import RunService
from engine.model_registry.run_search import RunSearchService
from engine.model_registry.service import RegistryService
from tests.pages.stock import MODEL, TESTER
from tests.pages.test_pages import opened, texts


@pytest.mark.parametrize("part", ["Metrics", "Recipe", "Data and schema", "Signals", "Plots"])
def test_every_part_of_a_comparison_draws(stocked: Engine, part: str) -> None:
    app = opened("compare", model=MODEL, versions="1.0.0,1.1.0", part=part)
    assert not app.error
    assert app.multiselect(key="compared").value == ["1.0.0", "1.1.0"]


def test_versions_that_share_their_rows_are_paired(stocked: Engine) -> None:
    app = opened("compare", model=MODEL, versions="1.0.0,1.1.0")
    rows = app.dataframe[0].value.set_index("Metric")
    assert list(rows.columns) == ["1.0.0", "1.1.0", "1.1.0 − 1.0.0"]
    assert " to " in rows.loc["NDCG@10", "1.1.0 − 1.0.0"]
    assert "shared units" in texts(app)


def test_without_versions_the_champion_and_the_newest_are_compared(stocked: Engine) -> None:
    assert opened("compare").multiselect(key="compared").value == ["1.0.0", "1.1.0"]


def test_versions_of_other_data_stand_alone(stocked: Engine) -> None:
    for number, mae in (("1.0.0", 2.0), ("1.1.0", 1.5)):
        stocked.call(
            RegistryService.register_version,
            actor=TESTER,
            model="other.pricer",
            version=number,
            framework="numpy",
            metrics={"mae": mae},
        )
    app = opened("compare", model="other.pricer", versions="1.0.0,1.1.0")
    assert "each figure stands alone" in texts(app)
    assert app.dataframe[0].value["1.1.0 − 1.0.0"][0] == "-0.5000"
    for part in ("Recipe", "Data and schema", "Signals", "Plots"):
        assert not opened("compare", model="other.pricer", versions="1.0.0,1.1.0", part=part).error


@pytest.mark.parametrize("versions", ["1.0.0", "9.9.9,1.0.0", "1.0.0,1.0.0", ",,"])
def test_an_address_that_names_too_little_asks_for_versions(stocked: Engine, versions: str) -> None:
    app = opened("compare", model=MODEL, versions=versions)
    assert not app.error
    assert not app.exception


@pytest.mark.parametrize("part", ["Metrics", "Params", "Curves", "Plots"])
def test_runs_are_compared(stocked: Engine, part: str) -> None:
    runs = stocked.call(RunSearchService.search, experiment=MODEL).rows
    app = opened("compare", runs=",".join(run.run_id for run in runs), part=part)
    assert not app.error


def test_an_unknown_run_is_one_clear_sentence(stocked: Engine) -> None:
    assert len(opened("compare", runs="run-nothing").error) == 1


def test_runs_of_one_name_are_told_apart(stocked: Engine) -> None:
    ids = [
        stocked.call(RunService.start_run, actor=TESTER, experiment="x", name="try", params={"rate": rate}).run_id
        for rate in (0.1, 0.2)
    ]
    app = opened("compare", runs=",".join(ids), part="Params")
    assert list(app.dataframe[0].value.columns) == ["Name", *(f"try {run_id[-4:]}" for run_id in ids)]


def test_signals_come_from_the_card(stocked: Engine) -> None:
    weights = signals(stocked.call(RegistryService.get_version, model=MODEL, reference="1.0.0"))
    assert weights
    figure, _ = grouped({"a": weights, "b": {**weights, "extra": 9.0}}, axis="Weight")
    assert figure.data[0].y[0] == "extra"
    assert len(figure.data) == 2


def test_a_line_goes_through_every_axis_between_its_lowest_and_highest() -> None:
    rows = [("a", {"x": 1, "y": "lo"}), ("b", {"x": 3, "y": "hi"}), ("c", {"x": 2})]
    figure = parallel(rows, [("x", "X"), ("y", "Y")], marked=["a"])
    assert [list(line.y) for line in figure.data] == [[0.0, 1.0], [1.0, 0.0], [0.5, None]]
    assert [line.showlegend for line in figure.data] == [True, False, False]


def test_marked_points_carry_their_label() -> None:
    points = [{"label": "a", "x": 1, "y": 0.1}, {"label": "b", "x": "deep", "y": 0.2}]
    figure = scatter(points, x="X", y="Y", marked=["b"])
    assert [trace.mode for trace in figure.data] == ["markers", "markers+text"]
