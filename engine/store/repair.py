"""Mending a store: each of database and journal from the other; damaged files are set aside, never deleted."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.clock import Clock
from engine.errors import StoreDamaged
from engine.store._journal import Journal, aside_name
from engine.store.store import Store, refuse_unfinished


def repair(path: Path, *, clock: Clock) -> str:
    """Bring back acknowledged events that database or journal lost, and say what was done.

    Events missing from the database are replayed from the journal; a database that cannot be opened
    at all is renamed with its write-ahead log and built anew; a journal that cannot be read is
    renamed and written again from a database that has all its events.

    Raises
    ------
    StoreDamaged
        Both are damaged.
    StoreOwned
        A process holds the store.
    """
    refuse_unfinished(path)
    kept = None
    try:
        return _mended(Store(path, clock=clock), "Database and journal agree")
    except StoreDamaged:
        kept = _keep_log(path)
    try:
        replayed = "Lost events were replayed from the journal" + (
            f"; the damaged log is kept as {kept.name}" if kept else ""
        )
        return _mended(Store(path, clock=clock, repair=True), replayed)
    except StoreDamaged:
        if not _whole_journal(path):
            raise
    aside = _set_aside(path, kept)
    built = f"The damaged database is kept as {aside.name}; a new one was built from the journal"
    return _mended(Store(path, clock=clock, repair=True), built)


def _mended(store: Store, done: str) -> str:
    """Check every row and hash, close, and say it."""
    try:
        store.state()
        aside = store.rewrite_journal()
        count = store.verify()
    finally:
        store.close()
    if aside is not None:
        done = f"The damaged journal is kept as {aside.name}; a new one was written from the database"
    return f"{done}: {count:,} events."


def _whole_journal(path: Path) -> bool:
    """Whether the journal can stand alone; its damage is told by the error under way."""
    journal = Journal(path.with_name("events.journal"))
    try:
        return sum(1 for _ in journal.read()) > 0
    except StoreDamaged:
        return False
    finally:
        journal.close()


def _keep_log(path: Path) -> Path | None:
    """Copy the write-ahead log, which opening the database would fold in or cut."""
    log = path.with_name(path.name + ".wal")
    if not log.exists():
        return None
    kept = aside_name(log)
    shutil.copyfile(log, kept)
    return kept


def _set_aside(path: Path, kept: Path | None) -> Path:
    """Rename the database; its log takes the place of the copy that was `kept`."""
    aside = aside_name(path)
    log = path.with_name(path.name + ".wal")
    if log.exists() and kept is not None:
        log.replace(kept)
    path.rename(aside)
    return aside
