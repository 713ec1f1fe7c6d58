"""A real, small recommender from the registry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.core import Engine
from engine.errors import CorruptArtifact, DigestMismatch, InvalidInput, VersionNotFound
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.hub import Hub
from engine.model_registry import LoadedModel, ModelRegistry
from engine.model_registry.loaded import MODEL_FILE, with_kind
from engine.settings import Settings
from tests.faults.homes import MODEL


@pytest.fixture
def trained(trained_home: Path) -> Iterator[Engine]:
    with Engine.open(Settings.at(trained_home)) as engine:
        yield engine


@pytest.fixture
def model(trained: Engine) -> LoadedModel:
    return asyncio.run(ModelRegistry(trained).load_model(MODEL, version="champion"))


def shoppers(count: int) -> list[dict[str, str]]:
    return [{"shopper": f"p_{number:020x}"} for number in range(count)]


def test_one_input_gives_one_answer_and_a_list_a_list(model: LoadedModel) -> None:
    rows = shoppers(3)
    answers = model.predict(rows)
    assert len(answers) == 3
    assert model.predict(rows[0]) == answers[0]
    assert (model.name, model.version) == (MODEL, "1.0.0")
    assert MODEL in repr(model)


@pytest.mark.parametrize("size", [1, 7, 32, 1000])
def test_a_batch_answers_as_single_calls_do(model: LoadedModel, size: int) -> None:
    rows = shoppers(40)
    assert asyncio.run(model.predict_batch(rows, batch_size=size)) == [model.predict(row) for row in rows]


def test_inputs_that_are_no_mappings_are_refused(model: LoadedModel) -> None:
    for wrong in ("p_1", [1, 2], [["a"]]):
        with pytest.raises(InvalidInput, match="mapping"):
            model.predict(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="batch size"):
        asyncio.run(model.predict_batch(shoppers(1), batch_size=0))
    assert asyncio.run(model.predict_batch([])) == []


def test_it_is_loaded_once(trained: Engine, model: LoadedModel) -> None:
    model.predict(shoppers(2))
    status = trained.part(Hub).status()
    assert status.loads == 1
    assert [(entry.key, entry.users) for entry in status.models] == [(model.info.artifact, 0)]
    assert status.used_mb > 0


def test_registered_again_it_answers_the_same(trained: Engine, model: LoadedModel) -> None:
    from engine.model_registry.loaded import load_estimator

    facade = ModelRegistry(trained)
    assert model.info.artifact is not None
    estimator = load_estimator(trained, model.info.artifact)
    assert isinstance(estimator, RecommenderEstimator)
    info = asyncio.run(facade.register_model("copy", model=estimator))
    assert (info.version, info.signature is not None, info.card is not None) == ("1.0.0", True, True)
    again = asyncio.run(facade.load_model("copy"))
    assert again.predict(shoppers(5)) == model.predict(shoppers(5))


def test_lineage_tells_where_it_came_from(model: LoadedModel) -> None:
    lineage = model.info.lineage
    assert lineage.snapshot == 1
    assert lineage.config is not None
    assert lineage.seed == lineage.config["seed"]
    assert lineage.job_id is not None
    assert lineage.job_id.startswith("job-")
    assert lineage.code_version is not None
    assert {"python", "numpy", "platform"} <= set(lineage.environment)
    assert model.info.evaluation is not None
    assert model.info.signature is not None


def test_damaged_files_refuse_to_load(trained: Engine, model: LoadedModel) -> None:
    assert model.info.artifact is not None
    entry = trained.artifacts.open(model.info.artifact).entries["config.json"]
    path = trained.artifacts.path(entry.sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    trained.part(Hub).close()
    with pytest.raises(DigestMismatch):
        model.predict(shoppers(1))
    with pytest.raises(DigestMismatch):
        asyncio.run(ModelRegistry(trained).load_model(MODEL))


def test_an_artifact_of_no_kind_is_refused(trained: Engine) -> None:
    facade = ModelRegistry(trained)
    digest = trained.artifacts.put({"config.json": b"{}"})
    from engine.model_registry.loaded import load_estimator

    with pytest.raises(CorruptArtifact, match=r"model\.json"):
        load_estimator(trained, digest)
    digest = trained.artifacts.put({"model.json": b'{"kind": "os:system"}'})
    with pytest.raises(InvalidInput, match="no model kind"):
        load_estimator(trained, digest)
    with pytest.raises(InvalidInput, match="cannot be registered"):
        asyncio.run(facade.register_model("x", model=object()))
    with pytest.raises(VersionNotFound):
        asyncio.run(facade.load_model(MODEL, version="staging"))


def test_a_model_cannot_overwrite_what_names_its_kind() -> None:
    assert set(with_kind({"config.json": b"{}"}, "tabular")) == {"config.json", MODEL_FILE}
    with pytest.raises(CorruptArtifact, match="of its own"):
        with_kind({MODEL_FILE: b"{}"}, "tabular")
