"""Mending a store from its journal; the damaged files are set aside, never deleted."""

from __future__ import annotations

from pathlib import Path

from engine.clock import Clock
from engine.errors import StoreDamaged
from engine.store.store import Store


def repair(path: Path, *, clock: Clock) -> str:
    """Bring back acknowledged events that the database lost, and say what was done.

    The database is opened and the missing events are replayed; when it cannot be opened at all, it
    and its write-ahead log are renamed and a new one is built from the journal.

    Raises
    ------
    StoreDamaged
        The journal is damaged as well.
    StoreOwned
        A process holds the store.
    """
    try:
        store = Store(path, clock=clock, repair=True)
        done = "Database and journal agree"
    except StoreDamaged:
        aside = _set_aside(path)
        store = Store(path, clock=clock, repair=True)
        done = f"The damaged database is kept as {aside.name}; a new one was built from the journal"
    try:
        count = store.verify()
    finally:
        store.close()
    return f"{done}: {count:,} events."


def _set_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    log = path.with_name(path.name + ".wal")
    if log.exists():
        log.rename(aside.with_name(aside.name + ".wal"))
    path.rename(aside)
    return aside
