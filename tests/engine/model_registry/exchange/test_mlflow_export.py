"""Runs as an MLflow file store, read back by our own reader of such stores; `make bench` opens them with MLflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidFile
from engine.model_registry import MetricPoint, RunService
from engine.model_registry.exchange import ExchangeService
from engine.settings import Settings

ODD = {"../../evil": 1, "a/b": "x", "a": "file and folder", "ümlaut": True, "x" * 300: None, "a:b": [1, 2]}


@pytest.fixture
def run_id(engine: Engine, runs: RunService, actor: Actor) -> str:
    files = engine.artifacts.put({"notes/how.txt": b"well"})
    run = runs.start_run(actor=actor, experiment="fit", name="first", params=ODD, tags={"season": "SS26"}, notes="good")
    points = [MetricPoint(metric="val/loss", step=step, value=1 / (step + 1)) for step in range(3)]
    runs.log(actor=actor, run_id=run.run_id, metrics=points, artifacts={"log": files})
    runs.end_run(actor=actor, run_id=run.run_id, status="cancelled")
    return run.run_id


def test_what_is_written_reads_back_equal(
    engine: Engine, runs: RunService, run_id: str, tmp_path: Path, actor: Actor
) -> None:
    done = engine.call(ExchangeService.export_mlflow, path=tmp_path / "mlruns")
    assert (done.runs, done.points, done.files, done.experiments) == (1, 3, 1, 1)
    assert [path.read_bytes() for path in (tmp_path / "mlruns").rglob("how.txt")] == [b"well"]
    with Engine.open(Settings.at(tmp_path / "other")) as other:
        other.call(ExchangeService.import_mlflow, actor=actor, path=tmp_path / "mlruns")
        (back,) = other.call(RunService.list_runs)
        curve = other.call(RunService.curve, run_id=back.run_id)
    there = runs.get_run(run_id=run_id)
    assert (back.experiment, back.name, back.status, back.notes) == ("fit", "first", "cancelled", "good")
    assert (back.metrics, back.tags["season"], back.tags["skyy.run_id"]) == (there.metrics, "SS26", run_id)
    assert abs((back.started_at - there.started_at).total_seconds()) < 0.001
    assert [(p.step, p.value) for p in curve] == [(p.step, p.value) for p in runs.curve(run_id=run_id)]
    assert len(back.params) == len(ODD)
    assert back.params["a"] == "file and folder"


def test_nothing_is_written_outside(engine: Engine, run_id: str, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    engine.call(ExchangeService.export_mlflow, path=tmp_path / "out" / "mlruns")
    assert all(path.is_relative_to(tmp_path / "out") for path in set(tmp_path.rglob("*")) - before)


def test_nothing_is_overwritten(engine: Engine, run_id: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="exists already"):
        engine.call(ExchangeService.export_mlflow, path=tmp_path)
    with pytest.raises(InvalidFile, match="no runs in 'other'"):
        engine.call(ExchangeService.export_mlflow, path=tmp_path / "x", experiment="other")
