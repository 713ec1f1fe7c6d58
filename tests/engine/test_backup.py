"""Backups: taken while the app writes, whole or refused, and nothing that is there is lost by one."""

from __future__ import annotations

import hashlib
import io
import json
import signal
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import backup, failpoints
from engine.actor import Actor
from engine.artifacts import ArtifactStore
from engine.backup import BackupService, restore
from engine.core import Engine
from engine.errors import EngineError, InvalidFile, StoreDamaged, StoreError, StoreOwned
from engine.model_registry import RegistryService
from engine.settings import Settings
from tests.faults import processes


@pytest.fixture
def filled(engine: Engine, actor: Actor) -> Engine:
    registry = engine.service(RegistryService)
    for number in range(5):
        artifact = engine.artifacts.put({"config.json": json.dumps({"n": number}).encode()})
        registry.register_version(
            actor=actor, model="m", version=None, framework="x", metrics={"a": 1.0}, artifact=artifact
        )
    registry.promote(actor=actor, model="m", version="1.2.0", expected=None, reason="best", overrule=True)
    return engine


@pytest.fixture
def saved(filled: Engine, actor: Actor, tmp_path: Path) -> Path:
    path = tmp_path / "good.tar"
    filled.service(BackupService).create(actor=actor, path=path)
    return path


def files(home: Path) -> dict[str, bytes]:
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.name.startswith("owner.")
    }


def test_what_was_saved_comes_back(filled: Engine, saved: Path, tmp_path: Path) -> None:
    assert saved.stat().st_mode & 0o077 == 0
    state = filled.store.state()
    info = restore(Settings.at(tmp_path / "new"), saved)
    assert info.head == filled.store.head[0]
    with Engine.open(Settings.at(tmp_path / "new")) as restored:
        assert restored.store.state() == state
        assert restored.store.verify() == info.head
        for version in restored.service(RegistryService).list_versions(model="m"):
            assert version.artifact is not None
            assert dict(restored.artifacts.open(version.artifact))
    assert not list((tmp_path / "new").glob(".restoring-*"))
    assert not (tmp_path / "new" / "restore.unfinished").exists()


def test_it_is_consistent_while_writes_go_on(filled: Engine, actor: Actor, tmp_path: Path) -> None:
    done, failures = threading.Event(), []
    registry = filled.service(RegistryService)

    def write(name: str) -> None:
        number = 0
        while not done.is_set():
            try:
                files = {"config.json": json.dumps([name, number]).encode()}
                artifact = filled.artifacts.put(files)
                registry.register_version(
                    actor=actor, model=name, version=None, framework="x", metrics={"a": 1.0}, artifact=artifact
                )
                number += 1
            except BaseException as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=write, args=(f"writer-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    heads = []
    for number in range(4):
        before = filled.store.head[0]
        info = filled.service(BackupService).create(actor=actor, path=tmp_path / f"{number}.tar")
        assert before <= info.head <= filled.store.head[0]
        heads.append(info.head)
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert heads == sorted(heads)
    events = filled.store.events()
    for number, head in enumerate(heads):
        home = tmp_path / f"restored-{number}"
        restore(Settings.at(home), tmp_path / f"{number}.tar")
        with Engine.open(Settings.at(home)) as restored:
            assert restored.store.verify() == head
            assert [event.hash for event in restored.store.events()] == [event.hash for event in events[:head]]
            for version in restored.service(RegistryService).list_versions():
                assert version.artifact is not None
                assert dict(restored.artifacts.open(version.artifact)), "a version without its files"


def test_a_backup_never_overwrites(filled: Engine, saved: Path, actor: Actor) -> None:
    with pytest.raises(InvalidFile, match="exists already"):
        filled.service(BackupService).create(actor=actor, path=saved)


def test_a_full_disk_leaves_no_half_backup(
    filled: Engine, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_writer: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(filled.service(BackupService), "_fill", full)
    with pytest.raises(StoreError, match="No space left"):
        filled.service(BackupService).create(actor=actor, path=tmp_path / "out" / "b.tar")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_store_is_replaced_only_when_asked_and_set_aside(filled: Engine, saved: Path, actor: Actor) -> None:
    home = filled.settings.home
    filled.service(RegistryService).create_model(actor=actor, model="later", kind="custom")
    with pytest.raises(StoreOwned):
        restore(filled.settings, saved, replace=True)
    filled.close()
    before = files(home)
    with pytest.raises(StoreError, match="--replace"):
        restore(filled.settings, saved)
    assert files(home) == before
    restore(filled.settings, saved, replace=True)
    assert files(home / "replaced-1") == before
    with Engine.open(filled.settings) as restored:
        assert [model.model for model in restored.service(RegistryService).list_models()] == ["m"]
    restore(filled.settings, saved, replace=True)
    assert (home / "replaced-2").is_dir()


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]  # plain files


def sealed(content: dict[str, bytes], path: Path) -> Path:
    """A backup with these members and a manifest that fits them."""
    content = {name: data for name, data in content.items() if name != "backup.json"}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    manifest = json.dumps({"format": 1, "head": [0, "0" * 64], "files": digests}).encode()
    with tarfile.open(path, "w") as tar:
        for name, data in {**content, "backup.json": manifest}.items():
            _add(tar, name, data)
    return path


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def _link(path: Path, out: Path, kind: bytes, target: str) -> Path:
    with tarfile.open(out, "w") as tar:
        member = tarfile.TarInfo("artifacts/aa/link")
        member.type, member.linkname = kind, target
        tar.addfile(member)
        for name, data in members(path).items():
            _add(tar, name, data)
    return out


def _edit(name: str, change: Callable[[bytes], bytes | None]) -> Callable[[Path, Path], Path]:
    def make(path: Path, out: Path) -> Path:
        content = members(path)
        changed = change(content.pop(name))
        return sealed({**content, **({name: changed} if changed is not None else {})}, out)

    return make


def _with(name: str) -> Callable[[Path, Path], Path]:
    return lambda path, out: sealed({name: b"{}", **members(path)}, out)


def _raw(change: Callable[[bytes], bytes]) -> Callable[[Path, Path], Path]:
    def make(path: Path, out: Path) -> Path:
        out.write_bytes(change(path.read_bytes()))
        return out

    return make


def _manifest(text: bytes) -> Callable[[Path, Path], Path]:
    def make(path: Path, out: Path) -> Path:
        with tarfile.open(out, "w") as tar:
            for name, data in {**members(path), "backup.json": text}.items():
                _add(tar, name, data)
        return out

    return make


def _sparse(path: Path, out: Path) -> Path:
    with tarfile.open(out, "w", format=tarfile.GNU_FORMAT) as tar:
        member = tarfile.TarInfo("artifacts/aa/huge")
        member.type = tarfile.GNUTYPE_SPARSE
        tar.addfile(member)
    return out


HOSTILE: dict[str, Callable[[Path, Path], Path]] = {
    "cut in the middle": _raw(lambda data: data[: len(data) // 2]),
    "without its end": _raw(lambda data: data[: -len(data) // 4]),
    "no tar": _raw(lambda data: b"not a tar at all" * 100),
    "empty": _raw(lambda data: b""),
    "a byte flipped": _raw(lambda data: data[:5000] + bytes([data[5000] ^ 255]) + data[5001:]),
    "a member with ..": _with("../outside.json"),
    "an absolute member": _with("/tmp/outside.json"),
    "the owner's lock": _with("owner.lock"),
    "the endpoint": _with("owner.endpoint"),
    "a release": _with("releases/shop/current.json"),
    "a job": _with("jobs/job-1/result.json"),
    "a member with ..  inside": _with("artifacts/../../outside.json"),
    "a symbolic link": lambda path, out: _link(path, out, tarfile.SYMTYPE, "/etc/passwd"),
    "a hard link": lambda path, out: _link(path, out, tarfile.LNKTYPE, "keys/pseudonym.key"),
    "a device": lambda path, out: _link(path, out, tarfile.CHRTYPE, ""),
    "a sparse file": _sparse,
    "a manifest that is a list": _manifest(b"[]"),
    "a manifest without files": _manifest(b'{"format": 1}'),
    "a manifest of another format": _manifest(b'{"format": 99, "files": {}}'),
    "a deep manifest": _manifest(b"[" * 100_000),
    "no database": _edit("skyy.duckdb", lambda data: None),
    "a broken database": _edit("skyy.duckdb", lambda data: data[:4096] + b"\xff" * 4096 + data[8192:]),
    "a database that is none": _edit("skyy.duckdb", lambda data: b"SQLite format 3\0" + data),
    "a broken journal": _edit("events.journal", lambda data: data[:-200] + b"x" + data[-199:]),
    "a journal of another story": _edit("events.journal", lambda data: data[: data.index(b"\n") + 1] * 9),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_damaged_and_hostile_files_change_nothing(
    filled: Engine, saved: Path, tmp_path: Path, make: Callable[[Path, Path], Path]
) -> None:
    bad = make(saved, tmp_path / "bad.tar")
    filled.close()
    before = files(filled.settings.home)
    with pytest.raises((InvalidFile, StoreDamaged)):
        restore(filled.settings, bad, replace=True)
    assert files(filled.settings.home) == before
    assert not list(filled.settings.home.glob("replaced-*"))
    assert not (tmp_path / "outside.json").exists()


CUT = """
import sys
from pathlib import Path
from engine.backup import restore
from engine.settings import Settings

restore(Settings.at(Path(sys.argv[1])), Path(sys.argv[2]), replace=True)
"""


def test_a_restore_killed_half_way_is_noticed_and_can_be_repeated(filled: Engine, saved: Path) -> None:
    home = filled.settings.home
    state = filled.store.state()
    filled.close()
    assert processes.run(CUT, home, saved, SKYY_FAILPOINT="restore.swap:1").returncode == -signal.SIGKILL
    with pytest.raises(StoreDamaged, match=r"restore into .* was interrupted"):
        Engine.open(filled.settings)
    restore(filled.settings, saved, replace=True)
    with Engine.open(filled.settings) as restored:
        assert restored.store.state() == state
    assert ArtifactStore(home / "replaced-1" / "artifacts").root.is_dir()


def test_a_full_disk_while_restoring_changes_nothing(
    filled: Engine, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.close()
    before = files(filled.settings.home)
    monkeypatch.setattr(failpoints, "_passes", {})

    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "unpack", full)
    with pytest.raises((EngineError, OSError), match="No space"):
        restore(filled.settings, saved, replace=True)
    assert files(filled.settings.home) == before
