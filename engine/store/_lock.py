"""Who owns the store: one process, named in the refusal that others get."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from engine.errors import StoreOwned

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[str]) -> bool:
        file.seek(1 << 20)  # past the text, so that others can read who holds it
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


class OwnerLock:
    """An exclusive lock on a store folder; the system frees it when the process ends, however it ends.

    Raises
    ------
    StoreOwned
        Another process holds it; `fields["holder"]` tells which.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = open(path, "a+", encoding="utf-8")  # noqa: SIM115  # held open as long as the lock
        if not _try_lock(self._file):
            self._file.close()
            raise _owned(path)
        self._file.seek(0)
        self._file.truncate()
        json.dump(_me(), self._file)
        self._file.flush()

    def release(self) -> None:
        """Give the lock back; closing the file frees it."""
        self._file.close()


def _me() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "command": " ".join(sys.argv)[:200],
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _owned(path: Path) -> StoreOwned:
    holder: dict[str, Any] = {}
    with contextlib.suppress(ValueError, OSError):  # the holder may be writing its name right now
        holder = json.loads(path.read_text(encoding="utf-8"))
    who = f"process {holder['pid']} ({holder['command']}) since {holder['since']}" if holder else "another process"
    return StoreOwned(
        f"The store in {path.parent} is held by {who}.",
        "One process owns a store at a time; others reach it through that process.",
        "Use the dashboard or command that runs; if it is just closing, try again in a moment.",
        holder=holder,
    )
