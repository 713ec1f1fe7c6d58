"""Stores as MLflow 3.17 writes them: its own schema, and its own layout of folders."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.model_registry.exchange import ExchangeService, MlflowImport

DATA = Path(__file__).with_name("data")
T0 = 1_760_000_000_000
"""A moment of 2025 in milliseconds."""


class SqlStore:
    """A SQLite tracking store; nothing is committed before `close`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.path = folder, folder / "mlflow.db"
        self.connection = sqlite3.connect(self.path)
        self.connection.executescript((DATA / "mlflow_schema.sql").read_text())
        self.experiment(0, "Default")

    def add(self, table: str, **values: Any) -> None:
        names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
        self.connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))

    def experiment(self, number: int, name: str, stage: str = "active") -> None:
        place = f"{self.folder}/mlruns/{number}"
        made = {"creation_time": T0 + number, "last_update_time": T0 + number}
        self.add("experiments", experiment_id=number, name=name, artifact_location=place, lifecycle_stage=stage, **made)

    def run(self, run_id: str, experiment: int = 1, **more: Any) -> str:
        """A finished run of ten seconds, with its folder."""
        place = self.folder / "mlruns" / str(experiment) / run_id / "artifacts"
        values = {
            "run_uuid": run_id,
            "name": f"run {run_id}",
            "user_id": "ada",
            "status": "FINISHED",
            "start_time": T0,
            "end_time": T0 + 10_000,
            "lifecycle_stage": "active",
            "artifact_uri": str(place),
            "experiment_id": experiment,
        }
        self.add("runs", **{**values, **more})
        return run_id

    def metric(self, run_id: str, key: str, value: float, step: int = 0, *, is_nan: bool = False, at: int = T0) -> None:
        self.add("metrics", key=key, value=value, timestamp=at, run_uuid=run_id, step=step, is_nan=is_nan)

    def version(self, model: str, number: int, run_id: str | None, **more: Any) -> None:
        stage = {"current_stage": "None", "status": "READY", "creation_time": T0 + number, "user_id": "ada"}
        self.add("model_versions", **{"name": model, "version": number, "run_id": run_id, **stage, **more})

    def native(self, run_id: str, flavor: str, file: str, experiment: int = 1) -> Path:
        """A logged model of a run, with its MLmodel file and a real model file."""
        folder = self.folder / "mlruns" / str(experiment) / run_id / "artifacts" / "model"
        folder.mkdir(parents=True)
        (folder / "MLmodel").write_text(f"flavors:\n  {flavor}:\n    data: {file}\nsignature: null\n")
        (folder / file).write_bytes((DATA / file).read_bytes())
        return folder

    def close(self) -> Path:
        self.connection.commit()
        self.connection.close()
        return self.path


@pytest.fixture
def sql(tmp_path: Path) -> Iterator[SqlStore]:
    store = SqlStore(tmp_path / "mlflow")
    store.experiment(1, "Demand Forecast")
    yield store
    store.connection.close()


@pytest.fixture
def take_in(engine: Engine, actor: Actor) -> Callable[..., MlflowImport]:
    """Import a store."""

    def act(path: Path, **more: Any) -> MlflowImport:
        return engine.call(ExchangeService.import_mlflow, actor=actor, path=path, **more)

    return act


def reasons(done: MlflowImport) -> dict[str, int]:
    return {left.reason: left.count for left in done.left_behind}
