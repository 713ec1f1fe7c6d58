"""MLflow's two kinds of store, taken in: every value, once, with what stays behind told."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidFile
from engine.model_registry import RegistryService, RunService, Stage
from engine.model_registry.exchange import MlflowImport
from engine.model_registry.exchange import mlflow_import as told
from engine.model_registry.exchange.mlflow_models import LINKED, OUTSIDE, PICKLED, REMOTE
from engine.model_registry.exchange.mlflow_sqlite import DELETED_EXPERIMENT, DELETED_RUN
from engine.model_registry.exchange.mlflow_values import NOT_FINITE
from tests.engine.model_registry.exchange.conftest import DATA, T0, SqlStore, reasons

TakeIn = Callable[..., MlflowImport]


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def full(sql: SqlStore) -> Path:
    """Two runs, three versions, aliases, tags, a native model."""
    for run_id in ("a" * 32, "b" * 32):
        sql.run(run_id)
        sql.add("params", key="depth", value="6", run_uuid=run_id)
        sql.add("tags", key="season", value="SS26", run_uuid=run_id)
        for step in range(3):
            sql.metric(run_id, "val/loss", 1 / (step + 1), step, at=T0 + step)
    sql.metric("a" * 32, "bad", 0.0, is_nan=True)
    sql.native("b" * 32, "lightgbm", "model.lgb")
    sql.add("registered_models", name="Price Model", creation_time=T0, description="prices")
    sql.add("registered_model_tags", key="team", value="pricing", name="Price Model")
    sql.version("Price Model", 1, "a" * 32, description="first")
    sql.version("Price Model", 2, "b" * 32, current_stage="Production")
    sql.version("Price Model", 3, None, current_stage="Archived")
    sql.add("model_version_tags", key="k", value="v", name="Price Model", version=1)
    sql.add("registered_model_aliases", alias="champion", version=2, name="Price Model")
    sql.add("registered_model_aliases", alias="Best-One", version=1, name="Price Model")
    return sql.close()


def test_runs_keep_their_values_and_times(engine: Engine, sql: SqlStore, take_in: TakeIn) -> None:
    done = take_in(full(sql))
    assert (done.runs_added, done.points, done.models_added, done.versions_added) == (2, 6, 1, 3)
    run = next(r for r in engine.call(RunService.list_runs) if r.tags["mlflow.runId"] == "a" * 32)
    assert (run.experiment, run.name, run.status, run.created_by) == (
        "demand-forecast",
        f"run {'a' * 32}",
        "finished",
        "ada",
    )
    assert (run.params, run.metrics, run.tags["season"]) == ({"depth": "6"}, {"val/loss": 1 / 3}, "SS26")
    assert run.tags["mlflow.experimentName"] == "Demand Forecast"
    assert (run.started_at, run.ended_at) == (moment(T0), moment(T0 + 10_000))
    curve = engine.call(RunService.curve, run_id=run.run_id)
    assert [(p.step, p.value, p.time) for p in curve] == [(s, 1 / (s + 1), moment(T0 + s)) for s in range(3)]
    assert reasons(done)[NOT_FINITE] == 1


def test_versions_keep_descriptions_tags_stages_and_aliases(engine: Engine, sql: SqlStore, take_in: TakeIn) -> None:
    done = take_in(full(sql))
    model = engine.call(RegistryService.get_model, model="price-model")
    assert (model.description, model.created_at) == ("prices", moment(T0))
    assert model.tags == {"team": "pricing", "mlflow.name": "Price Model"}
    assert model.aliases == {"best-one": "1.0.0", "mlflow-champion": "2.0.0"}
    first, second, third = (
        engine.call(RegistryService.get_version, model="price-model", reference=f"{n}.0.0") for n in (1, 2, 3)
    )
    assert (first.description, first.tags["k"], first.metrics, first.created_at) == (
        "first",
        "v",
        {"val/loss": 1 / 3},
        moment(T0 + 1),
    )
    assert (second.stage, second.framework, second.artifact) == (Stage.STAGING, "lightgbm", None)
    assert (third.stage, third.run_id) == (Stage.ARCHIVED, None)
    left = reasons(done)
    assert left[told.PRODUCTION] == left[told.RESERVED] == left[told.NO_RUN] == left[told.NOT_LOADABLE] == 1


def test_a_native_model_is_kept_on_its_run(engine: Engine, sql: SqlStore, take_in: TakeIn) -> None:
    done = take_in(full(sql))
    run = next(r for r in engine.call(RunService.list_runs) if r.artifacts)
    files = engine.artifacts.open(run.artifacts["lightgbm-model"])
    assert files["model.lgb"] == (DATA / "model.lgb").read_bytes()
    assert (done.files_kept, done.bytes_kept) == (1, len(files["model.lgb"]))


def test_a_second_import_adds_only_what_is_new(engine: Engine, sql: SqlStore, take_in: TakeIn, actor: Actor) -> None:
    path = full(sql)
    take_in(path)
    before = engine.store.state()
    again = take_in(path)
    assert (again.runs_added, again.runs_known, again.versions_added, again.versions_known) == (0, 2, 0, 3)
    assert engine.store.state() == before
    import sqlite3

    with sqlite3.connect(path) as sql.connection:
        sql.run("c" * 32)
        sql.version("Price Model", 4, "c" * 32)
    sql.connection.close()
    third = take_in(path)
    assert (third.runs_added, third.versions_added) == (1, 1)
    before = engine.store.state()
    engine.store.rebuild(actor)
    assert engine.store.state() == before
    engine.store.verify()


def test_a_run_that_had_not_ended_is_brought_up_to_date(engine: Engine, sql: SqlStore, take_in: TakeIn) -> None:
    sql.run("a" * 32, status="RUNNING", end_time=None)
    sql.metric("a" * 32, "loss", 1.0)
    sql.connection.commit()
    first = take_in(sql.path)
    assert reasons(first)[told.STILL_RUNNING] == 1
    assert engine.call(RunService.list_runs)[0].status == "running"
    sql.metric("a" * 32, "loss", 0.5, 1)
    sql.connection.execute("UPDATE runs SET status = 'KILLED', end_time = ?", [T0 + 5])
    sql.close()
    second = take_in(sql.path)
    assert (second.runs_added, second.runs_updated) == (0, 1)
    (run,) = engine.call(RunService.list_runs)
    assert (run.status, run.metrics, run.ended_at) == ("cancelled", {"loss": 0.5}, moment(T0 + 5))


def test_what_was_deleted_stays_behind(sql: SqlStore, take_in: TakeIn) -> None:
    sql.experiment(2, "old", "deleted")
    sql.run("a" * 32, lifecycle_stage="deleted")
    sql.run("b" * 32, experiment=2)
    left = reasons(take_in(sql.close()))
    assert left == {DELETED_EXPERIMENT: 1, DELETED_RUN: 2}


def test_pickles_are_counted_and_never_opened(sql: SqlStore, take_in: TakeIn, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (os.mkdir, (str(canary),))

    sql.run("a" * 32)
    folder = sql.native("a" * 32, "xgboost", "model.ubj")
    (folder / "model.ubj").write_bytes(pickle.dumps(Evil()))
    (folder / "model.pkl").write_bytes(pickle.dumps(Evil()))
    (folder / "MLmodel").write_text(
        "flavors:\n  xgboost:\n    data: model.ubj\nx: !!python/object/apply:os.mkdir ['" + str(canary) + "']\n"
    )
    done = take_in(sql.close())
    assert reasons(done)[PICKLED] == 1
    assert done.files_kept == 0
    assert not canary.exists()


def test_only_files_below_the_store_are_read(sql: SqlStore, take_in: TakeIn, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere"
    secret.mkdir()
    (secret / "MLmodel").write_text("flavors:\n  lightgbm:\n    data: model.lgb\n")
    (secret / "model.lgb").write_bytes((DATA / "model.lgb").read_bytes())
    sql.run("a" * 32, artifact_uri=str(secret))
    sql.run("b" * 32, artifact_uri="s3://bucket/runs")
    sql.run("c" * 32, artifact_uri=f"file://{secret}/../elsewhere")
    sql.run("d" * 32)
    folder = sql.native("d" * 32, "lightgbm", "model.lgb")
    (folder / "model.lgb").unlink()
    (folder / "model.lgb").symlink_to(secret / "model.lgb")
    path = sql.close()
    done = take_in(path)
    left = reasons(done)
    assert (left[OUTSIDE], left[REMOTE], left[LINKED], done.files_kept) == (2, 1, 1, 0)
    allowed = take_in(path, source="again", artifacts=secret)
    assert allowed.files_kept == 2


def test_names_that_fall_together_stay_apart(engine: Engine, sql: SqlStore, take_in: TakeIn) -> None:
    for number, name in enumerate(("Fit!", "fit", "../../etc/passwd", "…"), start=2):
        sql.experiment(number, name)
        sql.run(str(number) * 32, experiment=number)
    take_in(sql.close())
    found = {run.experiment for run in engine.call(RunService.list_runs)}
    assert len(found) == 4
    assert {"fit", "etc-passwd", "unnamed"} < found


def test_a_model_of_the_same_name_from_elsewhere_is_left_alone(
    engine: Engine, sql: SqlStore, take_in: TakeIn, actor: Actor
) -> None:
    engine.call(
        RegistryService.register_version, actor=actor, model="price-model", version="1.0.0", framework="x", metrics={}
    )
    path = full(sql)
    take_in(path)
    take_in(path)
    models = [model.model for model in engine.call(RegistryService.list_models)]
    assert len(models) == 2
    assert [v.version for v in engine.call(RegistryService.list_versions, model="price-model")] == ["1.0.0"]


@pytest.mark.parametrize(
    "values",
    [
        {"start_time": None, "end_time": None},
        {"start_time": -5, "end_time": 10**18},
        {"name": None, "user_id": None, "status": "FINISHED"},
        {"name": "x" * 5000},
    ],
)
def test_values_that_cannot_be_right_do_not_stop_an_import(
    engine: Engine, sql: SqlStore, take_in: TakeIn, values: dict[str, object]
) -> None:
    sql.run("a" * 32, **values)
    sql.add("metrics", key="odd", value="text", timestamp=T0, run_uuid="a" * 32, step=2**63 - 1, is_nan=0)
    sql.metric("a" * 32, "huge", 1.797693134862315e308)
    sql.add("tags", key="t", value=b"\xff\x00", run_uuid="a" * 32)
    assert take_in(sql.close()).runs_added == 1
    assert engine.call(RunService.list_runs)[0].metrics == {}


def test_five_thousand_runs_go_in_bounded_events(engine: Engine, sql: SqlStore, take_in: TakeIn) -> None:
    rows = [(f"{number:032x}", f"run {number}", "FINISHED", T0, T0 + 1, "active", "", 1) for number in range(5000)]
    sql.connection.executemany(
        "INSERT INTO runs (run_uuid, name, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    points = [(f"m{place}", number + place, T0, f"{number:032x}", 0, 0) for number in range(5000) for place in range(4)]
    sql.connection.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", points)
    done = take_in(sql.close())
    assert (done.runs_added, done.points) == (5000, 20_000)
    sizes = [len(event.body) for event in engine.store.events()]
    assert max(sizes) < 5_000_000
    assert len(sizes) < 40


def test_a_run_with_very_many_points_is_split(
    engine: Engine, sql: SqlStore, take_in: TakeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "_POINTS_AN_EVENT", 10)
    sql.run("a" * 32)
    for step in range(35):
        sql.metric("a" * 32, "loss", float(step), step)
    take_in(sql.close())
    (run,) = engine.call(RunService.list_runs)
    assert [p.value for p in engine.call(RunService.curve, run_id=run.run_id)] == [float(step) for step in range(35)]


@pytest.mark.parametrize("what", ["nothing", "text", "other database", "journal"])
def test_what_is_no_whole_store_is_refused(take_in: TakeIn, tmp_path: Path, sql: SqlStore, what: str) -> None:
    path = tmp_path / "store"
    if what == "nothing":
        path.mkdir()
    elif what == "text":
        path.write_text("not a database")
    elif what == "other database":
        import sqlite3

        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE runs (a)")
        connection.close()
    else:
        path = sql.close()
        path.with_name("mlflow.db-wal").write_bytes(b"changes")
    with pytest.raises(InvalidFile):
        take_in(path)


def file_store(folder: Path) -> Path:
    """A small `mlruns` folder as MLflow 3.17 lays it out."""
    run = folder / "495207" / ("a" * 32)
    for part in ("params", "metrics/val", "tags", "artifacts"):
        (run / part).mkdir(parents=True)
    (folder / "495207" / "meta.yaml").write_text(
        f"artifact_location: file://{folder}/495207\ncreation_time: {T0}\nexperiment_id: '495207'\n"
        "lifecycle_stage: active\nname: Demand Forecast\n"
    )
    (run / "meta.yaml").write_text(
        f"artifact_uri: file://{run}/artifacts\nend_time: {T0 + 9}\nexperiment_id: '495207'\nlifecycle_stage: active\n"
        f"run_id: {'a' * 32}\nrun_name: first\nstart_time: {T0}\nstatus: 3\ntags: []\nuser_id: ada\n"
    )
    (run / "params" / "depth").write_text("6")
    (run / "tags" / "mlflow.note.content").write_text("a note")
    (run / "metrics" / "val" / "loss").write_text(f"{T0} 2.0 0\n{T0} 2.0 0\n{T0 + 1} 1.5 1\n{T0 + 1} nan 2\n")
    model = folder / "models" / "Price Model"
    for part in ("version-1/tags", "aliases"):
        (model / part).mkdir(parents=True)
    (model / "meta.yaml").write_text(f"name: Price Model\ncreation_timestamp: {T0}\ndescription: prices\n")
    (model / "aliases" / "stable").write_text("1")
    (model / "version-1" / "meta.yaml").write_text(
        f"name: Price Model\nversion: 1\ncreation_timestamp: {T0}\nrun_id: {'a' * 32}\ncurrent_stage: None\nsource: ''\n"
    )
    return folder


def test_a_file_store_is_read_the_same(engine: Engine, take_in: TakeIn, tmp_path: Path) -> None:
    folder = file_store(tmp_path / "mlruns")
    done = take_in(folder)
    assert (done.runs_added, done.points, done.versions_added) == (1, 2, 1)
    (run,) = engine.call(RunService.list_runs)
    assert (run.params, run.metrics, run.notes) == ({"depth": "6"}, {"val/loss": 1.5}, "a note")
    assert (run.started_at, run.ended_at, run.created_by) == (moment(T0), moment(T0 + 9), "ada")
    version = engine.call(RegistryService.get_version, model="price-model", reference="stable")
    assert (version.metrics, version.run_id) == ({"val/loss": 1.5}, run.run_id)
    assert take_in(tmp_path).runs_known == 1


@pytest.mark.parametrize(
    "meta", ["", "[1, 2]", "a: [", "!!python/object/apply:os.getcwd []", "&a [*a]", "x: " + "[" * 5000]
)
def test_a_broken_meta_file_is_told_and_the_rest_read(take_in: TakeIn, tmp_path: Path, meta: str) -> None:
    folder = file_store(tmp_path / "mlruns")
    broken = folder / "495207" / ("b" * 32)
    broken.mkdir()
    (broken / "meta.yaml").write_text(meta)
    done = take_in(folder)
    assert done.runs_added == 1
    assert sum(reasons(done).values()) >= 1
