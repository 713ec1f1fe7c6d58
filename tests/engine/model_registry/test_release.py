"""Releases: switched whole, checked, with an older whole one to fall back to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.actor import Actor
from engine.artifacts import ArtifactStore
from engine.catalog.schema import Table
from engine.core import Engine
from engine.errors import NotFound, ReleaseNotFound, StoreError
from engine.model_registry import RegistryService, Release, ReleaseService, VersionInfo
from engine.model_registry.release import current_number
from engine.settings import Settings
from engine.training import start_background
from tests.faults.homes import MODEL, SHOP, take_in


@pytest.fixture
def trained(trained_home: Path) -> Iterator[Engine]:
    with Engine.open(Settings.at(trained_home)) as engine:
        yield engine


@pytest.fixture
def folder(trained_home: Path) -> Path:
    return trained_home / "releases" / SHOP


@pytest.fixture
def promote_copy(trained: Engine, actor: Actor) -> Callable[[], VersionInfo]:
    """Register the champion's files once more, and promote that version."""

    def act() -> VersionInfo:
        registry = trained.service(RegistryService)
        champion = registry.get_version(model=MODEL, reference="champion")
        info = registry.register_version(
            actor=actor,
            model=MODEL,
            version=None,
            framework="numpy",
            metrics={},
            artifact=champion.artifact,
            lineage=champion.lineage,
        )
        registry.promote(
            actor=actor, model=MODEL, version=info.version, expected=champion.version, reason="again", overrule=True
        )
        return info

    return act


def own_blobs(folder: Path) -> None:
    """Break the hard links, so that damage to the release stays in the release."""
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)


def test_a_promotion_publishes_all_that_serving_needs(trained: Engine, folder: Path) -> None:
    release = Release.open(folder)
    assert (release.shop, release.number) == (SHOP, 1)
    model = release.manifest["models"]["recommender"]
    assert (model["model"], model["version"]) == (MODEL, "1.0.0")
    assert set(release.artifact("recommender")) >= {"config.json", "model.json"}
    assert release.dataset().rows(Table.ITEMS) == 60
    with pytest.raises(ReleaseNotFound, match="no fit_advisor"):
        release.artifact("fit_advisor")
    info = trained.service(ReleaseService).latest(shop=SHOP)
    assert info is not None
    assert info.manifest == release.manifest


def test_a_release_needs_neither_store_nor_artifacts(trained: Engine, folder: Path, tmp_path: Path) -> None:
    trained.close()
    shutil.copytree(folder, tmp_path / "elsewhere")
    shutil.rmtree(trained.settings.artifacts)
    trained.settings.database.unlink()
    release = Release.open(tmp_path / "elsewhere")
    assert release.artifact("recommender")["config.json"]
    assert release.dataset().rows(Table.ITEMS) == 60


def test_the_switch_shows_whole_releases_only(folder: Path, promote_copy: Callable[[], VersionInfo]) -> None:
    for number in range(2, 9):
        version = promote_copy().version
        release = Release.open(folder)
        assert (release.number, release.manifest["models"]["recommender"]["version"]) == (number, version)
    assert sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit()) == [4, 5, 6, 7, 8]
    assert not list(folder.glob(".building-*"))


def test_damage_falls_back_to_the_newest_whole_release(folder: Path, promote_copy: Callable[[], VersionInfo]) -> None:
    promote_copy()
    promote_copy()
    own_blobs(folder)
    blob = next(path for path in (folder / "3" / "blobs").rglob("*") if path.is_file())
    blob.write_bytes(b"x" + blob.read_bytes()[1:])
    assert Release.open(folder).number == 2
    (folder / "2" / "manifest.json").write_text("{")
    assert Release.open(folder).number == 1
    next(path for path in (folder / "1" / "blobs").rglob("*") if path.is_file()).unlink()
    with pytest.raises(ReleaseNotFound, match="No whole release"):
        Release.open(folder)


def test_nothing_published(engine: Engine, tmp_path: Path, actor: Actor) -> None:
    with pytest.raises(ReleaseNotFound, match="Train and promote"):
        Release.open(tmp_path / "nothing")
    with pytest.raises(NotFound):
        engine.service(ReleaseService).publish(actor=actor, shop="nothing")
    assert engine.service(ReleaseService).latest(shop="nothing") is None


@pytest.mark.parametrize("loss", ["folder", "current", "half current", "stale current"])
def test_an_owner_that_starts_writes_what_is_missing(trained: Engine, folder: Path, loss: str) -> None:
    current = folder / "current.json"
    if loss == "folder":
        shutil.rmtree(folder)
    elif loss == "current":
        current.unlink()
    else:
        current.write_text('{"num' if loss == "half current" else '{"number": 0}')
    start_background(trained)
    assert Release.open(folder).number == current_number(folder) == 1


def test_a_release_that_cannot_be_written_is_told_and_made_up_for(
    trained: Engine, folder: Path, promote_copy: Callable[[], VersionInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine import failpoints

    monkeypatch.setattr(failpoints, "_passes", {})
    monkeypatch.setenv("SKYY_FAILPOINT", "release.before_switch:1:full")
    with pytest.raises(StoreError, match=r"recorded but its folder could not be written: No space left"):
        promote_copy()
    monkeypatch.delenv("SKYY_FAILPOINT")
    assert Release.open(folder).number == 1, "the old release serves on"
    start_background(trained)
    release = Release.open(folder)
    champion = trained.service(RegistryService).get_version(model=MODEL, reference="champion")
    assert release.manifest["models"]["recommender"]["version"] == champion.version == "1.1.0"


def test_a_new_snapshot_is_published_with_the_champion(trained: Engine, folder: Path) -> None:
    start_background(trained)
    snapshot = take_in(trained, seed=2)
    release = Release.open(folder)
    assert (release.number, release.manifest["snapshot"]) == (2, snapshot)
    assert release.manifest["models"]["recommender"]["version"] == "1.0.0"


def test_a_roll_back_is_published(
    trained: Engine, folder: Path, promote_copy: Callable[[], VersionInfo], actor: Actor
) -> None:
    version = promote_copy().version
    trained.service(RegistryService).rollback(actor=actor, model=MODEL, expected=version, reason="worse")
    release = Release.open(folder)
    assert (release.number, release.manifest["models"]["recommender"]["version"]) == (3, "1.0.0")


def test_a_manifest_that_names_a_path_is_not_followed(folder: Path, trained: Engine) -> None:
    own_blobs(folder)
    path = folder / "1" / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["models"]["recommender"]["artifact"] = "../../../keys/pseudonym.key"
    path.write_text(json.dumps(manifest))
    with pytest.raises(ReleaseNotFound):
        Release.open(folder)
    assert ArtifactStore(folder / "1" / "blobs").root.is_dir()
