"""Runs in pages, experiments counted, curves together."""

from __future__ import annotations

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidInput, RunNotFound
from engine.model_registry import MetricPoint, RunService
from engine.model_registry.remarks import RemarkService
from engine.model_registry.run_search import RunSearchService


@pytest.fixture
def tried(runs: RunService, actor: Actor) -> list[str]:
    """Three ended runs of `blend`, one running run of `other`."""
    ids = []
    for number, loss in enumerate((3.0, 1.0, 2.0)):
        run = runs.start_run(actor=actor, experiment="blend", name=f"try {number}", params={"rate": number / 10})
        points = [MetricPoint(metric="loss", step=step, value=loss + 9 - step) for step in range(10)]
        runs.log(actor=actor, run_id=run.run_id, metrics=points)
        runs.end_run(actor=actor, run_id=run.run_id, status="failed" if number == 2 else "finished")
        ids.append(run.run_id)
    runs.start_run(actor=actor, experiment="other")
    return ids


def test_experiments_count_their_runs(engine: Engine, tried: list[str], actor: Actor) -> None:
    engine.call(RemarkService.mark_run, actor=actor, run_id=tried[0], favourite=True)
    other, blend = engine.call(RunSearchService.experiments)
    assert (blend.experiment, blend.runs, blend.finished, blend.failed, blend.favourites) == ("blend", 3, 2, 1, 1)
    assert (other.experiment, other.running) == ("other", 1)


def test_a_page_holds_only_its_rows(engine: Engine, tried: list[str]) -> None:
    page = engine.call(
        RunSearchService.search, experiment="blend", sort="metrics.loss", descending=False, limit=2, offset=1
    )
    assert page.total == 3
    assert [run.run_id for run in page.rows] == [tried[2], tried[0]]
    assert [run.metrics["loss"] for run in page.rows] == [2.0, 3.0]


@pytest.mark.parametrize(("text", "found"), [("TRY 1", [1]), ("0.2", [2]), ("nothing", [])])
def test_text_finds_names_and_params(engine: Engine, tried: list[str], text: str, found: list[int]) -> None:
    page = engine.call(RunSearchService.search, experiment="blend", text=text)
    assert [run.run_id for run in page.rows] == [tried[number] for number in found]


def test_favourites_alone(engine: Engine, tried: list[str], actor: Actor) -> None:
    engine.call(RemarkService.mark_run, actor=actor, run_id=tried[1], favourite=True)
    page = engine.call(RunSearchService.search, favourites=True)
    assert [run.run_id for run in page.rows] == page.favourites == [tried[1]]


def test_a_run_knows_the_version_it_made(engine: Engine, tried: list[str], add: object, actor: Actor) -> None:
    made = add(run_id=tried[0])  # type: ignore[operator]
    page = engine.call(RunSearchService.search, experiment="blend")
    assert page.versions == {tried[0]: f"{made.model}/{made.version}"}


def test_curves_are_thinned_and_keep_their_last_point(engine: Engine, tried: list[str]) -> None:
    curves = engine.call(RunSearchService.curves, run_ids=tried[:2], metric="loss", most=4)
    assert set(curves) == set(tried[:2])
    assert [point.step for point in curves[tried[0]]] == [0, 3, 6, 9]
    assert len(engine.call(RunSearchService.curves, run_ids=tried[:1])[tried[0]]) == 10


def test_what_cannot_be_read_is_said(engine: Engine, tried: list[str]) -> None:
    with pytest.raises(InvalidInput, match="cannot be ordered"):
        engine.call(RunSearchService.search, sort="colour")
    with pytest.raises(RunNotFound):
        engine.call(RunSearchService.named, run_ids=[tried[0], "run-none"])
    with pytest.raises(InvalidInput, match="21 runs"):
        engine.call(RunSearchService.curves, run_ids=["run"] * 21)
