"""One version as one file: the same bytes, the same version, and no hostile file taken in."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import EngineError, GateRefused, InvalidFile, UnsafeFormat, VersionExists
from engine.files import canonical_json
from engine.model_registry import Lineage, MetricPoint, RegistryService, RunService, Signature, VersionInfo
from engine.model_registry.exchange import ExchangeService, ImportedVersion
from engine.settings import Settings
from tests.engine.model_registry.conftest import MODEL

Add = Callable[..., VersionInfo]


@pytest.fixture
def whole(engine: Engine, runs: RunService, registry: RegistryService, add: Add, actor: Actor) -> VersionInfo:
    """A version with all there is to a version."""
    files = engine.artifacts.put({"notes.txt": b"how it went"})
    bare = engine.artifacts.put_blob(b'{"shap": 1}')
    run = runs.start_run(actor=actor, experiment="fit", params={"depth": 3}, tags={"a": "b"}, notes="good")
    curve = [MetricPoint(metric="loss", step=step, value=1 / (step + 1)) for step in range(3)]
    runs.log(actor=actor, run_id=run.run_id, metrics=curve, artifacts={"log": files, "shap.json": bare})
    runs.end_run(actor=actor, run_id=run.run_id)
    info = add(
        "1.2.0",
        run_id=run.run_id,
        params={"depth": 3},
        tags={"season": "SS26"},
        description="the good one",
        evaluation={"protocol": "held out"},
        card={"purpose": "sell"},
        signature=Signature(inputs={"type": "object"}, outputs={}),
        lineage=Lineage(seed=7, parent="1.1.0", environment={"python": "3.11"}),
    )
    registry.record_verdict(
        actor=actor, model=MODEL, version="1.2.0", against=None, verdict={"passed": True, "reasons": []}
    )
    return info


@pytest.fixture
def other(tmp_path: Path) -> Any:
    with Engine.open(Settings.at(tmp_path / "other")) as opened:
        yield opened


def write(engine: Engine, path: Path) -> Path:
    engine.call(ExchangeService.export_version, model=MODEL, reference="1.2.0", path=path)
    return path


def take_in(engine: Engine, path: Path, **more: str) -> ImportedVersion:
    return engine.call(ExchangeService.import_version, actor=Actor("importer"), path=path, **more)


def test_a_version_arrives_whole(engine: Engine, other: Engine, whole: VersionInfo, tmp_path: Path) -> None:
    done = take_in(other, write(engine, tmp_path / "v.skyy-model"))
    assert done.status == "added"
    here = other.call(RegistryService.get_version, model=MODEL, reference="1.2.0")
    assert here == whole
    assert other.artifacts.open(here.artifact)["config.json"] == b"{}"  # type: ignore[arg-type]
    there = engine.call(RunService.get_run, run_id=str(whole.run_id))
    run = other.call(RunService.get_run, run_id=str(whole.run_id))
    assert run == there
    assert other.call(RunService.curve, run_id=run.run_id) == engine.call(RunService.curve, run_id=run.run_id)
    assert other.artifacts.read_blob(run.artifacts["shap.json"]) == b'{"shap": 1}'
    before = other.store.state()
    other.store.rebuild(Actor("tester"))
    assert other.store.state() == before


def test_the_same_version_gives_the_same_bytes(
    engine: Engine, other: Engine, whole: VersionInfo, tmp_path: Path
) -> None:
    first, second = write(engine, tmp_path / "a"), write(engine, tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()


def test_it_says_its_digest_and_overwrites_nothing(engine: Engine, whole: VersionInfo, tmp_path: Path) -> None:
    path = tmp_path / "v.skyy-model"
    done = engine.call(ExchangeService.export_version, model=MODEL, reference="1.2.0", path=path)
    assert (done.sha256, done.bytes) == (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
    with pytest.raises(InvalidFile, match="exists already"):
        write(engine, path)


def test_a_second_import_changes_nothing(engine: Engine, other: Engine, whole: VersionInfo, tmp_path: Path) -> None:
    path = write(engine, tmp_path / "v")
    take_in(other, path)
    head = other.store.head
    assert take_in(other, path).status == "unchanged"
    assert other.store.head == head
    assert take_in(engine, path).status == "unchanged"


def test_another_version_of_that_number_is_a_conflict(
    engine: Engine, other: Engine, whole: VersionInfo, tmp_path: Path, actor: Actor
) -> None:
    path = write(engine, tmp_path / "v")
    other.call(
        RegistryService.register_version,
        actor=actor,
        model=MODEL,
        version="1.2.0",
        framework="numpy",
        metrics={"ndcg": 0.2},
    )
    with pytest.raises(VersionExists, match=r"--as-version 1\.3\.0"):
        take_in(other, path)
    assert take_in(other, path, as_version="1.3.0").version.version == "1.3.0"
    assert take_in(other, path, as_model="shop.copy").version.model == "shop.copy"


def test_a_verdict_from_elsewhere_does_not_open_the_gate(
    engine: Engine, other: Engine, whole: VersionInfo, tmp_path: Path, actor: Actor
) -> None:
    take_in(other, write(engine, tmp_path / "v"))
    (verdict,) = other.call(RegistryService.verdicts, model=MODEL, version="1.2.0")
    assert (verdict.passed, verdict.against) == (True, "elsewhere:baseline")
    with pytest.raises(GateRefused):
        other.call(RegistryService.promote, actor=actor, model=MODEL, version="1.2.0", expected=None, reason="")


def test_a_snapshot_of_another_store_is_not_taken_for_one_here(
    engine: Engine, other: Engine, add: Add, tmp_path: Path
) -> None:
    add("1.2.0", lineage=Lineage(snapshot=3, job_id="job-1"))
    done = take_in(other, write(engine, tmp_path / "v"))
    assert (done.version.lineage.snapshot, done.version.lineage.job_id) == (None, None)
    assert done.version.lineage.dataset == "snapshot 3 of another store"
    assert "Snapshot 3" in done.notes[0]


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]


def pack(path: Path, files: dict[str, bytes], *, change: Callable[[tarfile.TarInfo], None] | None = None) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            if change is not None:
                change(member)
            tar.addfile(member, io.BytesIO(data))
    return path


def sealed(path: Path, files: dict[str, bytes], record: Any) -> Path:
    """A file whose manifest fits whatever is in it."""
    files = {"record.json": canonical_json(record).encode(), **files}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    manifest = canonical_json({"format": 1, "files": digests}).encode()
    return pack(path, {**files, "skyy-model.json": manifest})


@pytest.fixture
def parts(engine: Engine, whole: VersionInfo, tmp_path: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Blobs and record of a good file."""
    files = members(write(engine, tmp_path / "good"))
    del files["skyy-model.json"]
    return files, json.loads(files.pop("record.json"))


Parts = tuple[dict[str, bytes], dict[str, Any]]


def refused(other: Engine, path: Path, error: type[EngineError] = InvalidFile) -> str:
    head, stored = other.store.head, sorted(other.settings.artifacts.rglob("*"))
    with pytest.raises(error) as told:
        take_in(other, path)
    assert other.store.head == head
    assert sorted(other.settings.artifacts.rglob("*")) == stored
    assert not list(other.settings.staging.glob("*"))
    return str(told.value)


def test_any_flipped_byte_of_the_content_is_refused(other: Engine, parts: Parts, tmp_path: Path) -> None:
    path = sealed(tmp_path / "v", *parts)
    whole = path.read_bytes()
    for place in range(0, len(whole), 997):
        if whole[place] == 0:
            continue  # padding between members
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            status = take_in(other, path).status
        except EngineError:
            continue
        pytest.fail(f"byte {place} was changed and the file was {status}")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5])
def test_a_file_cut_short_is_refused(other: Engine, parts: Parts, tmp_path: Path, share: float) -> None:
    path = sealed(tmp_path / "v", *parts)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    refused(other, path)


@pytest.mark.parametrize(
    "name", ["../../evil", "/etc/passwd", "blobs/../x", "blobs/short", "other/" + "a" * 64, "blobs\\" + "a" * 64]
)
def test_a_member_of_another_name_is_refused(other: Engine, parts: Parts, tmp_path: Path, name: str) -> None:
    files, record = parts
    refused(other, sealed(tmp_path / "v", {name: b"x", **files}, record))
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_links_and_devices_are_refused(other: Engine, parts: Parts, tmp_path: Path, kind: bytes) -> None:
    def change(member: tarfile.TarInfo) -> None:
        member.type, member.linkname, member.size = kind, "/etc/passwd", 0

    refused(other, pack(tmp_path / "v", parts[0], change=change))


def test_what_follows_the_manifest_or_comes_twice_is_refused(other: Engine, parts: Parts, tmp_path: Path) -> None:
    files, record = parts
    path = sealed(tmp_path / "v", files, record)
    with tarfile.open(path, "a") as tar:
        tar.addfile(tarfile.TarInfo("blobs/" + "a" * 64))
    refused(other, path)


@pytest.mark.parametrize("data", [b"\x80\x04cos\nsystem\n.", b"PK\x03\x04", b"#!/bin/sh"])
def test_code_under_a_good_digest_is_refused(other: Engine, parts: Parts, tmp_path: Path, data: bytes) -> None:
    _, record = parts
    digest = hashlib.sha256(data).hexdigest()
    manifest = canonical_json({"files": {"config.json": {"sha256": digest, "size": len(data)}}}).encode()
    artifact = hashlib.sha256(manifest).hexdigest()
    record = {**record, "run": None, "version": {**record["version"], "artifact": artifact}}
    path = sealed(tmp_path / "v", {f"blobs/{digest}": data, f"blobs/{artifact}": manifest}, record)
    refused(other, path, UnsafeFormat)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "../evil"},
        {"version": "latest"},
        {"metrics": {"a": "many"}},
        {"framework": "a/b"},
        {"artifact": "../../../etc/passwd"},
        {"artifact": "a" * 64},
        {"created_at": "yesterday"},
    ],
)
def test_a_record_that_cannot_be_is_refused(
    other: Engine, parts: Parts, tmp_path: Path, change: dict[str, Any]
) -> None:
    files, record = parts
    refused(other, sealed(tmp_path / "v", files, {**record, "version": {**record["version"], **change}}), EngineError)


@pytest.mark.parametrize("record", [None, {}, [], {"version": 1}, "text"])
def test_a_manifest_without_a_record_is_refused(other: Engine, parts: Parts, tmp_path: Path, record: Any) -> None:
    refused(other, sealed(tmp_path / "v", parts[0], record))


def test_files_that_nobody_names_are_refused(other: Engine, parts: Parts, tmp_path: Path) -> None:
    files, record = parts
    extra = b"{}extra"
    refused(other, sealed(tmp_path / "v", {**files, f"blobs/{hashlib.sha256(extra).hexdigest()}": extra}, record))


def test_a_file_larger_than_an_import_is_refused(engine: Engine, whole: VersionInfo, tmp_path: Path) -> None:
    path = write(engine, tmp_path / "v")
    with path.open("r+b") as file:
        file.truncate(2 << 20)
    small = Settings.at(tmp_path / "small", max_upload_mb=1)
    with Engine.open(small) as opened, pytest.raises(InvalidFile, match="1 MB"):
        take_in(opened, path)
