"""Registering, naming, describing, comparing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import (
    ArtifactNotFound,
    InvalidInput,
    InvalidName,
    InvalidTransition,
    ModelNotFound,
    NoArtifact,
    StaleExpectation,
    UnsafePath,
    VersionExists,
    VersionNotFound,
)
from engine.model_registry import Lineage, ModelRegistry, RegistryService, Signature, Stage, VersionInfo
from tests.engine.model_registry.conftest import MODEL

Add = Callable[..., VersionInfo]


def test_versions_count_up_by_themselves(add: Add) -> None:
    assert [add().version, add().version, add(bump="patch").version, add(bump="major").version] == [
        "1.0.0",
        "1.1.0",
        "1.1.1",
        "2.0.0",
    ]


def test_the_next_version_follows_the_highest_and_not_the_newest(add: Add) -> None:
    add("1.10.0")
    add("1.9.0")
    assert add().version == "1.11.0"


def test_a_version_is_registered_once(add: Add) -> None:
    add("1.0.0")
    with pytest.raises(VersionExists, match=r"Register it as 1\.1\.0"):
        add("1.0.0")


def test_latest_has_an_artifact(add: Add, registry: RegistryService) -> None:
    add("1.0.0")
    add("2.0.0", artifact=False)
    assert registry.get_version(model=MODEL).version == "1.0.0"
    assert registry.get_version(model=MODEL, reference="2.0.0").artifact is None
    assert registry.get_model(model=MODEL).latest == "2.0.0"


def test_versions_list_newest_first_by_version(add: Add, registry: RegistryService) -> None:
    for version in ("1.2.0", "1.10.0", "1.10.0-rc.1"):
        add(version)
    assert [info.version for info in registry.list_versions(model=MODEL)] == ["1.10.0", "1.10.0-rc.1", "1.2.0"]


def test_everything_that_was_given_is_kept(add: Add, registry: RegistryService, actor: Actor) -> None:
    lineage = Lineage(
        snapshot=3,
        code_version="1+abc",
        config={"depth": 4, "rate": 0.1},
        seed=7,
        parent="0.9.0",
        job_id="job-1",
        environment={"python": "3.11"},
        dataset="rent",
    )
    signature = Signature(inputs={"type": "object"}, outputs={"type": "array"})
    given: dict[str, Any] = {
        "params": {"nested": {"a": [1, 2.5, None, True]}},
        "tags": {"team": "knitwear", "ß": "é"},
        "metrics": {"ndcg": 0.25, "zero": 0.0},
        "description": "<script>alert(1)</script> | **bold**",
        "signature": signature,
        "lineage": lineage,
        "evaluation": {"protocol": "temporal"},
        "card": {"purpose": "to test"},
        "run_id": "run-1",
    }
    info = add("1.0.0", **given)
    assert {name: getattr(info, name) for name in given} == given
    assert (info.stage, info.created_by, info.aliases) == (Stage.CANDIDATE, actor.name, ())
    assert registry.get_version(model=MODEL, reference="1.0.0") == info


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_metrics_are_finite(add: Add, value: float) -> None:
    with pytest.raises(InvalidInput, match="finite"):
        add(metrics={"ndcg": value})


@pytest.mark.parametrize("value", [float("nan"), {"deep": [float("inf")]}, object()])
def test_params_are_json(add: Add, value: Any, engine: Engine) -> None:
    before = engine.store.head
    with pytest.raises(InvalidInput, match="cannot be kept"):
        add(params={"x": value})
    assert engine.store.head == before


@pytest.mark.parametrize("name", ["", "Upper", "a/b", "../x", "a b", "a" * 65, ".hidden", "a..b", "é", "x\n", "con\0"])
def test_names_are_plain(add: Add, name: str) -> None:
    with pytest.raises(InvalidName):
        add(model=name)


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/x", "0" * 63, "F" * 64, ""]
)
def test_an_artifact_is_never_a_path(registry: RegistryService, actor: Actor, path: str) -> None:
    with pytest.raises(UnsafePath):
        registry.register_version(actor=actor, model="m", version=None, framework="x", metrics={}, artifact=path)


def test_an_artifact_must_exist(registry: RegistryService, actor: Actor) -> None:
    with pytest.raises(ArtifactNotFound):
        registry.register_version(actor=actor, model="m", version=None, framework="x", metrics={}, artifact="0" * 64)


def test_what_is_not_there_is_told_with_what_is(add: Add, registry: RegistryService) -> None:
    with pytest.raises(ModelNotFound, match="none yet"):
        registry.get_version(model="nothing")
    add("1.0.0")
    with pytest.raises(ModelNotFound, match=MODEL):
        registry.get_model(model="nothing")
    with pytest.raises(VersionNotFound, match=r"latest 1\.0\.0"):
        registry.get_version(model=MODEL, reference="9.9.9")
    with pytest.raises(ModelNotFound):
        registry.list_versions(model="nothing")


def test_describe_replaces_words_and_tags(add: Add, registry: RegistryService, actor: Actor) -> None:
    add("1.0.0", description="old", tags={"a": "1"})
    info = registry.describe(actor=actor, model=MODEL, reference="latest", description="new", tags={"b": "2"})
    assert (info.description, info.tags) == ("new", {"b": "2"})


def test_aliases_move_by_compare_and_set(add: Add, registry: RegistryService, actor: Actor) -> None:
    add("1.0.0"), add("1.1.0")

    def point(version: str | None, expected: str | None) -> str | None:
        return registry.set_alias(actor=actor, model=MODEL, alias="stable", version=version, expected=expected).version

    assert point("1.0.0", None) == "1.0.0"
    with pytest.raises(StaleExpectation, match=r"is 1\.0\.0, not unset"):
        point("1.1.0", None)
    assert point("latest", "1.0.0") == "1.1.0"
    assert registry.get_version(model=MODEL, reference="stable").aliases == ("stable",)
    assert point(None, "1.1.0") is None
    with pytest.raises(VersionNotFound):
        registry.get_version(model=MODEL, reference="stable")
    moves = registry.history(model=MODEL, alias="stable")
    assert [(move.previous, move.version, move.action) for move in reversed(moves)] == [
        (None, "1.0.0", "set"),
        ("1.0.0", "1.1.0", "set"),
        ("1.1.0", None, "removed"),
    ]


@pytest.mark.parametrize("alias", ["champion", "latest", "2.0.0", "1.0.0-rc.1", "Upper", "a/b", ""])
def test_aliases_that_mean_something_else_are_refused(
    add: Add, registry: RegistryService, actor: Actor, alias: str
) -> None:
    add("1.0.0")
    with pytest.raises(InvalidInput):
        registry.set_alias(actor=actor, model=MODEL, alias=alias, version="1.0.0", expected=None)


def test_stages(add: Add, registry: RegistryService, actor: Actor, crown: Callable[[str], None]) -> None:
    add("1.0.0"), add("1.1.0")
    for stage in (Stage.STAGING, Stage.ARCHIVED, Stage.CANDIDATE):
        assert registry.set_stage(actor=actor, model=MODEL, reference="1.0.0", stage=stage).stage == stage
    with pytest.raises(InvalidTransition):
        registry.set_stage(actor=actor, model=MODEL, reference="1.0.0", stage=Stage.PRODUCTION)
    crown("1.0.0")
    assert registry.get_version(model=MODEL, reference="champion").stage == Stage.PRODUCTION
    with pytest.raises(InvalidTransition):
        registry.set_stage(actor=actor, model=MODEL, reference="1.0.0", stage=Stage.ARCHIVED)
    crown("1.1.0")
    assert registry.get_version(model=MODEL, reference="1.0.0").stage == Stage.ARCHIVED


def test_compare_shows_all_metrics_and_what_differs(add: Add, registry: RegistryService) -> None:
    add("1.0.0", metrics={"a": 1.0, "b": 2.0}, params={"depth": 1, "same": True}, lineage=Lineage(snapshot=1, seed=7))
    add("1.1.0", metrics={"a": 1.5}, params={"depth": 2, "same": True}, lineage=Lineage(snapshot=2, seed=7))
    found = registry.compare(model=MODEL, versions=["1.0.0", "latest"])
    assert found.versions == ("1.0.0", "1.1.0")
    assert found.metrics == {"a": {"1.0.0": 1.0, "1.1.0": 1.5}, "b": {"1.0.0": 2.0, "1.1.0": None}}
    assert found.params == {"depth": {"1.0.0": 1, "1.1.0": 2}}
    assert found.lineage == {"snapshot": {"1.0.0": 1, "1.1.0": 2}}
    for versions in (["1.0.0"], ["1.0.0"] * 6):
        with pytest.raises(InvalidInput, match="two to five"):
            registry.compare(model=MODEL, versions=versions)


async def _registered(facade: ModelRegistry) -> VersionInfo:
    return await facade.register_model(
        name="price_optimizer_v2", version="2.1.0", framework="pytorch", metrics={"accuracy": 0.92, "f1": 0.89}
    )


def test_a_version_without_a_model_says_so(engine: Engine) -> None:
    import asyncio

    facade = ModelRegistry(engine)
    info = asyncio.run(_registered(facade))
    assert info.metrics == {"accuracy": 0.92, "f1": 0.89}
    assert info.lineage.code_version
    assert info.lineage.environment["python"].startswith("3.")
    with pytest.raises(NoArtifact, match="metrics but no model"):
        asyncio.run(facade.load_model("price_optimizer_v2"))
    with pytest.raises(NoArtifact):
        asyncio.run(facade.promote("price_optimizer_v2", "2.1.0", reason="r", overrule=True))
