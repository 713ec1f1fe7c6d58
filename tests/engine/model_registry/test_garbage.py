"""Orphans go, after a grace period; nothing that anything names ever does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.actor import Actor
from engine.catalog.demo import load_demo
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.errors import ArtifactNotFound, InvalidInput, StaleExpectation
from engine.model_registry import RegistryService, RunService, VersionInfo
from engine.model_registry import garbage as module
from engine.model_registry.garbage import GarbageService
from engine.model_registry.retention import RetentionRule, RetentionService
from tests.engine.model_registry.conftest import MODEL


@pytest.fixture
def garbage(engine: Engine) -> GarbageService:
    return engine.service(GarbageService)


def grow_old(engine: Engine, hours: float = 48) -> None:
    """Let every file of the artifact store look as if it had lain there for long."""
    then = time.time() - hours * 3600
    for path in engine.settings.artifacts.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def blobs(engine: Engine) -> set[str]:
    return {path.name for path in engine.settings.artifacts.rglob("*") if path.is_file()}


def test_an_orphan_goes_once_it_is_old(engine: Engine, garbage: GarbageService, actor: Actor) -> None:
    digest = engine.artifacts.put({"config.json": b"{}"})
    assert (garbage.plan().files, garbage.plan().young) == (0, 2)
    grow_old(engine)
    plan = garbage.plan()
    assert (plan.files, plan.young, len(plan.sample)) == (2, 0, 2)
    assert engine.artifacts.has(digest)
    done = garbage.collect(actor=actor, expected=plan.digest)
    assert (done.files, done.bytes, blobs(engine)) == (2, plan.bytes, set())
    assert engine.store.events()[-1].payload["files"] == 2


def test_what_versions_runs_and_snapshots_name_stays(
    engine: Engine, garbage: GarbageService, add: Callable[..., VersionInfo], runs: RunService, actor: Actor
) -> None:
    load_demo(engine.service(CatalogService), actor=actor, scale=0.01)
    add("1.0.0")
    run = runs.start_run(actor=actor, experiment="fit")
    files = {"log": engine.artifacts.put({"log.txt": b"well"}), "bare.json": engine.artifacts.put_blob(b"[1]")}
    runs.log(actor=actor, run_id=run.run_id, metrics=[], artifacts=files)
    used = blobs(engine)
    orphan = engine.artifacts.put_blob(b'{"nobody": 1}')
    grow_old(engine)
    assert garbage.plan().used == len(used)
    assert garbage.collect(actor=actor).files == 1
    assert blobs(engine) == used
    assert not engine.artifacts.has(orphan)
    for item in engine.service(CatalogService).items(shop="demo", limit=5):
        assert item.image is None or engine.artifacts.read_blob(item.image)


def test_files_of_removed_versions_go(
    engine: Engine, garbage: GarbageService, registry: RegistryService, add: Callable[..., VersionInfo], actor: Actor
) -> None:
    old = engine.artifacts.put({"config.json": b'{"old": 1}'})
    registry.register_version(actor=actor, model=MODEL, version="1.0.0", framework="x", metrics={}, artifact=old)
    add("2.0.0")
    retention = engine.service(RetentionService)
    retention.set_rule(actor=actor, model=MODEL, rule=RetentionRule(keep_last=1))
    retention.apply(actor=actor, expected=retention.plan().digest)
    grow_old(engine)
    assert garbage.collect(actor=actor).files == 2
    assert not engine.artifacts.has(old)


def test_what_a_kept_release_names_stays(
    engine: Engine, garbage: GarbageService, add: Callable[..., VersionInfo], crown: Callable[..., object], actor: Actor
) -> None:
    add("1.0.0", shop="boutique")
    crown("1.0.0")
    with engine.store.write(actor) as transaction:
        details = {"model": MODEL, "version": "1.0.0", "artifact": None, "reason": "a test"}
        transaction.emit("version.removed", MODEL, details)
    grow_old(engine)
    assert garbage.plan().files == 0


def test_storing_it_again_makes_an_orphan_young(engine: Engine, garbage: GarbageService, actor: Actor) -> None:
    digest = engine.artifacts.put({"config.json": b"{}"})
    grow_old(engine)
    assert engine.artifacts.put({"config.json": b"{}"}) == digest
    assert garbage.collect(actor=actor).files == 0
    grow_old(engine)
    engine.artifacts.hold(digest)
    assert garbage.collect(actor=actor).files == 0


def test_what_is_wanted_while_it_is_moved_comes_back(
    engine: Engine, garbage: GarbageService, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = engine.artifacts.put({"config.json": b"{}"})
    grow_old(engine)

    def want(name: str) -> None:
        if name == "garbage.before_move":
            engine.artifacts.put({"config.json": b"{}"})

    monkeypatch.setattr(module, "failpoint", want)
    done = garbage.collect(actor=actor)
    assert (done.files, done.spared) == (0, 2)
    assert engine.artifacts.open(digest)["config.json"] == b"{}"


def test_what_is_stored_again_after_the_move_is_whole(
    engine: Engine, garbage: GarbageService, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = engine.artifacts.put({"config.json": b"{}"})
    grow_old(engine)
    monkeypatch.setattr(
        module,
        "failpoint",
        lambda name: engine.artifacts.put({"config.json": b"{}"}) if name == "garbage.moved" else None,
    )
    garbage.collect(actor=actor)
    assert engine.artifacts.open(digest)["config.json"] == b"{}"


def test_what_a_collector_that_died_had_moved_comes_back(engine: Engine, garbage: GarbageService, actor: Actor) -> None:
    digest = engine.artifacts.put_blob(b"{}")
    path = engine.artifacts.path(digest)
    aside = engine.settings.artifacts / ".collected"
    aside.mkdir()
    path.rename(aside / digest)
    with pytest.raises(ArtifactNotFound):
        engine.artifacts.read_blob(digest)
    garbage.collect(actor=actor)
    assert engine.artifacts.read_blob(digest) == b"{}"


def test_another_room_may_name_what_it_needs(engine: Engine, garbage: GarbageService) -> None:
    digest = engine.artifacts.put({"config.json": b"{}"})
    grow_old(engine)
    garbage.keep(lambda reader: [digest])
    assert (garbage.plan().files, garbage.plan().used) == (0, 2)


def test_a_plan_that_is_out_of_date_is_refused(engine: Engine, garbage: GarbageService, actor: Actor) -> None:
    engine.artifacts.put({"config.json": b"{}"})
    grow_old(engine)
    with pytest.raises(StaleExpectation):
        garbage.collect(actor=actor, expected="0" * 64)
    assert len(blobs(engine)) == 2


@pytest.mark.parametrize("hours", [0.0, 0.5, -1.0, float("nan")])
def test_the_grace_period_is_never_shorter_than_an_hour(garbage: GarbageService, hours: float) -> None:
    with pytest.raises(InvalidInput, match="grace"):
        garbage.plan(grace_hours=hours)


def test_other_files_in_the_folder_are_left_alone(engine: Engine, garbage: GarbageService, actor: Actor) -> None:
    engine.artifacts.put({"config.json": b"{}"})
    strange: Path = engine.settings.artifacts / "README"
    strange.write_text("mine")
    (engine.settings.artifacts / "zz").mkdir()
    (engine.settings.artifacts / "zz" / "x.tmp").write_text("mine")
    grow_old(engine)
    garbage.collect(actor=actor)
    assert strange.read_text() == "mine"
    assert (engine.settings.artifacts / "zz" / "x.tmp").exists()
