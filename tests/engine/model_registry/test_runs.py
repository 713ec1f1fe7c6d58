"""Runs: params, stepwise metrics, artifacts, notes."""

from __future__ import annotations

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import ArtifactNotFound, InvalidInput, InvalidName, InvalidTransition, RunNotFound, UnsafePath
from engine.model_registry import MetricPoint, RunService


def points(name: str, *values: float) -> list[MetricPoint]:
    return [MetricPoint(metric=name, step=step, value=value) for step, value in enumerate(values)]


def test_a_run_from_start_to_end(engine: Engine, runs: RunService, actor: Actor) -> None:
    digest = engine.artifacts.put({"config.json": b"{}"})
    run = runs.start_run(
        actor=actor, experiment="blend", name="try", params={"rate": 0.1}, tags={"a": "b"}, notes="first"
    )
    assert (run.status, run.params, run.created_by) == ("running", {"rate": 0.1}, actor.name)
    runs.log(actor=actor, run_id=run.run_id, metrics=points("loss", 3.0, 2.0, 1.0), artifacts={"model": digest})
    runs.log(
        actor=actor, run_id=run.run_id, metrics=[MetricPoint(metric="loss", step=10, value=0.5), *points("auc", 0.7)]
    )
    runs.note(actor=actor, run_id=run.run_id, notes="better", tags={})
    ended = runs.end_run(actor=actor, run_id=run.run_id)
    assert ended.status == "finished"
    assert ended.ended_at is not None
    assert (ended.metrics, ended.artifacts) == ({"auc": 0.7, "loss": 0.5}, {"model": digest})
    assert (ended.notes, ended.tags) == ("better", {})
    assert [(p.step, p.value) for p in runs.curve(run_id=run.run_id, metric="loss")] == [
        (0, 3.0),
        (1, 2.0),
        (2, 1.0),
        (10, 0.5),
    ]
    assert runs.get_run(run_id=run.run_id) == ended


def test_an_ended_run_takes_no_more(runs: RunService, actor: Actor) -> None:
    run = runs.start_run(actor=actor, experiment="blend")
    runs.end_run(actor=actor, run_id=run.run_id, status="cancelled")
    with pytest.raises(InvalidTransition):
        runs.log(actor=actor, run_id=run.run_id, metrics=points("loss", 1.0))
    with pytest.raises(InvalidTransition):
        runs.end_run(actor=actor, run_id=run.run_id)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_one_bad_point_keeps_all_out(runs: RunService, actor: Actor, value: float) -> None:
    run = runs.start_run(actor=actor, experiment="blend")
    with pytest.raises(InvalidInput, match="at step 1"):
        runs.log(actor=actor, run_id=run.run_id, metrics=points("loss", 1.0, value))
    assert runs.curve(run_id=run.run_id) == []


def test_unknown_runs_files_and_names_are_refused(runs: RunService, actor: Actor) -> None:
    with pytest.raises(RunNotFound):
        runs.get_run(run_id="run-none")
    with pytest.raises(RunNotFound):
        runs.log(actor=actor, run_id="run-none", metrics=[])
    with pytest.raises(InvalidName):
        runs.start_run(actor=actor, experiment="../x")
    run = runs.start_run(actor=actor, experiment="blend")
    with pytest.raises(ArtifactNotFound):
        runs.log(actor=actor, run_id=run.run_id, metrics=[], artifacts={"model": "0" * 64})
    with pytest.raises(UnsafePath):
        runs.log(actor=actor, run_id=run.run_id, metrics=[], artifacts={"model": "../../etc/passwd"})


def test_runs_list_newest_first_and_by_experiment(runs: RunService, actor: Actor) -> None:
    made = [runs.start_run(actor=actor, experiment=name).run_id for name in ("a", "b", "a")]
    assert {run.run_id for run in runs.list_runs()} == set(made)
    assert {run.run_id for run in runs.list_runs(experiment="a")} == {made[0], made[2]}
    assert len(runs.list_runs(limit=1)) == 1
