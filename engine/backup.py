"""Backup and restore: one tar file with a manifest of digests, taken while the app runs."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, ConfigDict

from engine.actor import Actor
from engine.artifacts.store import check_member
from engine.clock import Clock, SystemClock
from engine.core import Service
from engine.errors import InvalidFile, StoreError, UnsafePath
from engine.files import canonical_json, sync_folder
from engine.settings import Settings
from engine.store import OwnerLock, Store, operation

_MANIFEST = "backup.json"
_FORMAT = 1
_STORE_FILES = ("skyy.duckdb", "skyy.duckdb.wal", "events.journal")
_FOLDERS = ("artifacts", "keys")
_CHUNK = 1 << 20


class BackupInfo(BaseModel):
    """What a backup holds; `head` is the number of its last event."""

    model_config = ConfigDict(frozen=True)

    path: Path
    files: int
    bytes: int
    head: int


class BackupService(Service):
    """Copies the store, its artifacts and its keys at one moment."""

    @operation("backup.create")
    def create(self, *, actor: Actor, path: Path) -> BackupInfo:
        """Write a backup file; writes wait while the store's own files are copied, reads do not.

        Raises
        ------
        InvalidFile
            There is a file at `path` already.
        StoreError
            The disk is full or cannot be written.
        """
        path = path.expanduser().absolute()
        if path.exists():
            raise InvalidFile(f"{path} exists already.", "A backup never overwrites a file.", "Choose another name.")
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            info = self._write(temporary, path)
            temporary.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            raise StoreError(f"The backup could not be written: {error.strerror}.", hint="Free disk space, or choose another folder.") from error
        finally:
            temporary.unlink(missing_ok=True)
        return info

    def _write(self, temporary: Path, path: Path) -> BackupInfo:
        home = self.engine.settings.home
        digests: dict[str, str] = {}
        with temporary.open("xb") as file, tarfile.open(fileobj=file, mode="w") as tar:
            os.chmod(temporary, 0o600)
            with self.store.frozen():
                head = self.store.head
                for name in _STORE_FILES:
                    if (home / name).is_file():
                        digests[name] = _add(tar, name, home / name)
            for name, source in _members(home):
                digests[name] = _add(tar, name, source)
            _add_bytes(tar, _MANIFEST, canonical_json({"format": _FORMAT, "head": head, "files": digests}).encode())
            tar.close()
            file.flush()
            os.fsync(file.fileno())
        return BackupInfo(path=path, files=len(digests), bytes=temporary.stat().st_size, head=head[0])


def restore(settings: Settings, path: Path, *, replace: bool = False, clock: Clock | None = None) -> BackupInfo:
    """Put a backup in place of the store of `settings.home`; what was there is set aside, never deleted.

    Parameters
    ----------
    replace : bool
        Allow that a store is there; it goes to `replaced-<number>` in the same folder.

    Raises
    ------
    InvalidFile
        The file is no whole backup; nothing is changed then.
    StoreDamaged
        The store in it is damaged; nothing is changed then.
    StoreOwned
        A process holds the store.
    StoreError
        There is a store and `replace` was not given.
    """
    home = settings.home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = OwnerLock(home / "owner.lock")
    staged = home / f".restoring-{secrets.token_hex(4)}"
    try:
        if settings.database.exists() and not replace:
            raise StoreError(
                f"{home} holds a store already.", "A restore goes into an empty folder.", "Add --replace to set the present store aside."
            )
        info = _unpack(path, staged, clock or SystemClock())
        _swap(home, staged)
    finally:
        lock.release()
        shutil.rmtree(staged, ignore_errors=True)
    return info


def _unpack(path: Path, target: Path, clock: Clock) -> BackupInfo:
    """Extract into an empty folder, every member checked against the manifest, and open the store there."""
    digests: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(path, mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() and not member.issparse() else None
                if content is None:
                    raise InvalidFile(f"{path} holds {member.name[:80]!r}, which is no plain file.", "A backup holds plain files only.")
                if member.name not in (_MANIFEST, *_STORE_FILES) and member.name.split("/")[0] not in _FOLDERS:
                    raise InvalidFile(f"{path} holds {member.name[:80]!r}.", "A backup holds store, artifacts and keys.")
                if member.name == _MANIFEST:
                    manifest = json.loads(content.read())
                else:
                    digests[member.name] = _copy(content, target / check_member(member.name))
    except InvalidFile:
        raise
    except (tarfile.TarError, OSError, ValueError, UnsafePath) as error:
        raise InvalidFile(f"{path} cannot be read as a backup: {error}.", "It is a file that 'skyy backup' wrote.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT or manifest.get("files") != digests:
        raise InvalidFile(f"{path} is not a whole backup.", "Its manifest names every file and digest in it.", "Use another backup.")
    return BackupInfo(path=path, files=len(digests), bytes=path.stat().st_size, head=_head(target, clock))


def _head(staged: Path, clock: Clock) -> int:
    """Number of events of the unpacked store, its chain checked.

    Raises
    ------
    StoreDamaged
    """
    store = Store(staged / _STORE_FILES[0], clock=clock)
    try:
        return store.verify()
    finally:
        store.close()
        (staged / "owner.lock").unlink()


def _swap(home: Path, staged: Path) -> None:
    """Move the present files aside and the staged ones in."""
    number = 1 + sum(1 for _ in home.glob("replaced-*"))
    aside = home / f"replaced-{number}"
    for name in (*_STORE_FILES, *_FOLDERS, "releases", "jobs"):
        if (home / name).exists():
            aside.mkdir(exist_ok=True, mode=0o700)
            (home / name).rename(aside / name)
    for entry in staged.iterdir():
        entry.rename(home / entry.name)
    sync_folder(home)


def _members(home: Path) -> Iterator[tuple[str, Path]]:
    for folder in _FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.name.endswith(".tmp"):
                yield path.relative_to(home).as_posix(), path


def _add(tar: tarfile.TarFile, name: str, source: Path) -> str:
    """Add one file and return its digest; the bytes are read once."""
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        hashing = _Hashing(file, size)
        tar.addfile(member, hashing)
    return hashing.digest.hexdigest()


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    tar.addfile(member, io.BytesIO(data))


class _Hashing:
    """A reader that hashes what passes, and stops at the size the file had when it was opened."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        self.digest.update(data)
        return data


def _copy(content: IO[bytes], target: Path) -> str:
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with target.open("xb") as file:
        while data := content.read(_CHUNK):
            digest.update(data)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
