"""Backup and restore: one tar file with a manifest of digests, taken while the app runs."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.clock import Clock, SystemClock
from engine.core import Engine, Service
from engine.errors import InvalidFile, StoreError
from engine.failpoints import failpoint
from engine.files import sync_folder, write_json
from engine.model_registry.release import ReleaseService
from engine.sealed_tar import Kind, Writer, unpack, writing
from engine.settings import Settings
from engine.store import OwnerLock, Store, operation
from engine.store.store import UNFINISHED

_KIND = Kind("A backup", manifest="backup.json", format=1)
_STORE_FILES = ("skyy.duckdb", "skyy.duckdb.wal", "events.journal")
_FOLDERS = ("artifacts", "keys")


class BackupInfo(BaseModel):
    """What a backup holds; `head` is the number of its last event, `aside` where a restore put the store before it."""

    model_config = ConfigDict(frozen=True)

    path: Path
    files: int
    bytes: int
    head: int
    aside: Path | None = None


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
        try:
            with self.engine.service(CatalogService).alone(), writing(path, _KIND) as writer:
                self._fill(writer)
        except OSError as error:
            raise StoreError(
                f"The backup could not be written: {error.strerror}.", hint="Free disk space, or choose another folder."
            ) from error
        size = path.stat().st_size
        return BackupInfo(path=path, files=len(writer.digests), bytes=size, head=writer.about["head"][0])

    def _fill(self, writer: Writer) -> None:
        home = self.engine.settings.home
        with self.store.frozen():
            writer.about["head"] = self.store.head
            for name in _STORE_FILES:
                if (home / name).is_file():
                    writer.add(name, home / name)
        for name, source in _members(home):
            writer.add(name, source)


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
                f"{home} holds a store already.",
                "A restore goes into an empty folder.",
                "Add --replace to set the present store aside.",
            )
        info = _unpack(path, staged, clock or SystemClock())
        write_json(home / UNFINISHED, {"backup": str(path)})
        aside = _swap(home, staged)
        (home / UNFINISHED).unlink()
    finally:
        lock.release()
        shutil.rmtree(staged, ignore_errors=True)
    with Engine.open(settings, clock=clock) as engine:
        engine.service(ReleaseService).reconcile()
    return info.model_copy(update={"aside": aside})


def _unpack(path: Path, target: Path, clock: Clock) -> BackupInfo:
    """Extract into an empty folder, every member checked against the manifest, and open the store there."""
    unpacked = unpack(path, target, _KIND, allowed=_belongs)
    if _STORE_FILES[0] not in unpacked.digests:
        raise InvalidFile(f"{path} holds no database.", "A backup holds the store.", "Use another backup.")
    size = path.stat().st_size
    return BackupInfo(path=path, files=len(unpacked.digests), bytes=size, head=_head(target, clock))


def _belongs(name: str) -> bool:
    return name in _STORE_FILES or name.split("/")[0] in _FOLDERS


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


def _swap(home: Path, staged: Path) -> Path | None:
    """Move the present files aside and the staged ones in; returns where the present ones went."""
    number = 1 + sum(1 for _ in home.glob("replaced-*"))
    aside = home / f"replaced-{number}"
    for name in (*_STORE_FILES, *_FOLDERS, "releases", "jobs"):
        if (home / name).exists():
            aside.mkdir(exist_ok=True, mode=0o700)
            (home / name).rename(aside / name)
    failpoint("restore.swap")
    for entry in staged.iterdir():
        entry.rename(home / entry.name)
    sync_folder(home)
    return aside if aside.exists() else None


def _members(home: Path) -> Iterator[tuple[str, Path]]:
    for folder in _FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.name.endswith(".tmp"):
                yield path.relative_to(home).as_posix(), path
