"""The mirror of the event log: an append-only file, forced to disk before an act is acknowledged.

DuckDB drops a torn tail of its write-ahead log in silence. The journal makes that visible (its
last event is missing from the database) and mendable (its lines are the events themselves).
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import StoreDamaged
from engine.failpoints import failpoint
from engine.store.events import Event


class Journal:
    """One event a line: its hash, a space, its body."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._drop_torn_line()
        self._file = self._open()
        self._end: tuple[int, str] | None = None

    def _open(self) -> io.FileIO:
        """Unbuffered: bytes that a full disk refused must not come back when the file is closed."""
        return self.path.open("ab", buffering=0)

    def _drop_torn_line(self) -> None:
        """Cut a last line without its end: a write that was never acknowledged."""
        if not self.path.exists():
            self.path.touch(mode=0o600)
            return
        tail = self._last_bytes(until=1)
        if tail and not tail.endswith(b"\n"):
            torn = len(tail) - (tail.rfind(b"\n") + 1)
            os.truncate(self.path, self.path.stat().st_size - torn)

    def _last_bytes(self, *, until: int) -> bytes:
        """The end of the file: at least `until` line ends, or all of it."""
        total, size = self.path.stat().st_size, 1 << 16
        with self.path.open("rb") as file:
            while True:
                file.seek(-min(size, total), os.SEEK_END)
                data = file.read()
                if data.count(b"\n") >= until or size >= total:
                    return data
                size *= 8

    def append(self, events: Sequence[Event]) -> None:
        """Append and force to disk."""
        start = os.fstat(self._file.fileno()).st_size
        left = memoryview("".join(f"{event.hash} {event.body}\n" for event in events).encode())
        try:
            failpoint("journal.write")
            while left:
                left = left[self._file.write(left) :]
            failpoint("journal.sync")
            os.fsync(self._file.fileno())
        except OSError:
            os.truncate(self.path, start)
            raise
        self._end = (events[-1].seq, events[-1].hash)

    def last(self) -> tuple[int, str] | None:
        """Sequence number and hash of the last event, or None when empty; what was appended last is remembered."""
        if self._end is not None:
            return self._end
        tail = self._last_bytes(until=2)
        if not tail:
            return None
        event = _parse(tail.splitlines()[-1], self.path)
        return event.seq, event.hash

    def read(self) -> Iterator[Event]:
        """All events in order.

        Raises
        ------
        StoreDamaged
            A line does not match its hash or does not follow the one before.
        """
        previous: Event | None = None
        with self.path.open("rb") as file:
            for line in file:
                event = _parse(line, self.path)
                if previous is not None and (event.seq, event.previous) != (previous.seq + 1, previous.hash):
                    raise _broken(self.path, f"event {event.seq} does not follow event {previous.seq}")
                previous = event
                yield event

    def reach(self) -> int:
        """The highest sequence number it can have held: its last readable one, and a line each after that."""
        reach = 0
        with self.path.open("rb") as file:
            for line in file:
                try:
                    reach = _parse(line, self.path).seq
                except StoreDamaged:
                    reach += 1
        return reach

    def set_aside(self) -> Path:
        """Rename the file and begin an empty one; returns where the old one lies."""
        aside = aside_name(self.path)
        self._end = None
        self._file.close()
        self.path.rename(aside)
        self.path.touch(mode=0o600)
        self._file = self._open()
        return aside

    def close(self) -> None:
        self._file.close()


def aside_name(path: Path) -> Path:
    """A free name beside `path` for a damaged file that is kept."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return aside


def _parse(line: bytes, path: Path) -> Event:
    try:
        digest, body = line.decode().rstrip("\n").split(" ", 1)
        event = Event.from_body(body)
    except (ValueError, KeyError, json.JSONDecodeError) as error:
        raise _broken(path, "a line cannot be read") from error
    if event.hash != digest:
        raise _broken(path, f"event {event.seq} does not match its hash")
    return event


def _broken(path: Path, what: str) -> StoreDamaged:
    return StoreDamaged(
        f"The event journal {path} is damaged: {what}.",
        "Every line holds an event, its hash, and the hash of the event before.",
        "Run 'skyy doctor --repair' to write it again from the database, if that is whole.",
    )
