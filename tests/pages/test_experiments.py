"""Experiments and their runs, as scripts."""

from __future__ import annotations

import pytest

from engine.core import Engine
from engine.model_registry import MetricPoint, RunService
from engine.model_registry.remarks import RemarkService
from engine.model_registry.run_search import RunSearchService
from tests.pages.stock import MODEL, TESTER
from tests.pages.test_pages import opened, texts


@pytest.fixture
def sweep(stocked: Engine) -> list[str]:
    """Three runs of one experiment with curves; the last failed."""
    ids = []
    for number in range(3):
        run = stocked.call(
            RunService.start_run, actor=TESTER, experiment="sweep", name=f"rate {number}", params={"rate": number / 10}
        )
        points = [MetricPoint(metric="loss", step=step, value=number + 1 / (step + 1)) for step in range(6)]
        stocked.call(RunService.log, actor=TESTER, run_id=run.run_id, metrics=points)
        status = "failed" if number == 2 else "finished"
        stocked.call(RunService.end_run, actor=TESTER, run_id=run.run_id, status=status)
        ids.append(run.run_id)
    return ids


def test_without_a_run_the_page_says_what_records_one(engine: Engine) -> None:
    assert [button.label for button in opened("experiments").button] == ["Train a model"]


def test_runs_are_listed_with_what_differs(sweep: list[str]) -> None:
    app = opened("experiments", experiment="sweep", sort="metrics.loss", asc="true")
    rows = app.dataframe[0].value
    assert list(rows["Run"]) == ["rate 0", "rate 1", "rate 2"]
    assert list(rows["rate"]) == ["0", "0.1", "0.2"]
    assert "3 runs: 2 finished, 1 failed" in texts(app).replace("\\", "")


def test_search_and_favourites_narrow_the_runs(stocked: Engine, sweep: list[str]) -> None:
    assert list(opened("experiments", experiment="sweep", find="rate 1").dataframe[0].value["Run"]) == ["rate 1"]
    assert "No run fits" in texts(opened("experiments", experiment="sweep", favourites="true"))
    stocked.call(RemarkService.mark_run, actor=TESTER, run_id=sweep[2], favourite=True)
    rows = opened("experiments", experiment="sweep", favourites="true").dataframe[0].value
    assert list(rows["★"]) == ["★"]


@pytest.mark.parametrize("part", ["Plots", "Curves"])
def test_every_part_draws(sweep: list[str], part: str) -> None:
    for name in ("sweep", MODEL):
        assert not opened("experiments", experiment=name, part=part).error


def test_a_run_opens_by_its_address_and_takes_notes(stocked: Engine, sweep: list[str]) -> None:
    app = opened("experiments", run=sweep[1])
    assert app.query_params["experiment"] in ("sweep", ["sweep"])
    app.text_area[0].set_value("too fast")
    next(button for button in app.button if button.label == "Save notes").click().run()
    assert stocked.call(RunService.get_run, run_id=sweep[1]).notes == "too fast"
    app.button(key="close_run").click().run()
    assert "run" not in app.query_params


def test_the_run_of_a_job_links_to_its_version(stocked: Engine) -> None:
    run = stocked.call(RunSearchService.search, experiment=MODEL).rows[0]
    app = opened("experiments", run=run.run_id)
    assert not app.error
    assert stocked.call(RunSearchService.search, text=run.run_id).versions[run.run_id] == f"{MODEL}/1.1.0"


def test_an_unknown_run_is_one_clear_sentence(sweep: list[str]) -> None:
    assert len(opened("experiments", run="run-nothing").error) == 1
