"""Append-only lines by day: what happens between two imports, kept in `SKYY_HOME` without a database.

One file a day and shop, one JSON object a line. A line is written with one call, so that processes that
share the folder do not mix theirs; a torn last line (power cut) is passed over. Days beyond the horizon
are deleted.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

from engine.catalog.spools import ENDING, forget_lines, generation, spool_folder

__all__ = ["ByShop", "Spool"]

T = TypeVar("T")


class Spool:
    """Lines of one shop.

    Parameters
    ----------
    folder : Path
        Made on the first line, readable by this user only.
    days : int
        How long lines are kept.
    """

    def __init__(self, folder: Path, *, days: int) -> None:
        self._folder = folder
        self._days = days
        self._guard = threading.Lock()
        self._today: date | None = None

    @property
    def generation(self) -> int:
        """A number that changes whenever lines were taken out, by any process."""
        return generation(self._folder)

    def append(self, now: datetime, *lines: dict[str, Any]) -> None:
        """Write lines of this moment."""
        data = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines).encode()
        with self._guard:
            if self._today != now.date():
                self._begin(now.date())
            descriptor = os.open(self._path(now.date()), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, data)
            finally:
                os.close(descriptor)

    def lines(self, now: datetime) -> Iterator[dict[str, Any]]:
        """Every whole line within the horizon, oldest first."""
        first = f"{now.date() - timedelta(days=self._days):%Y-%m-%d}{ENDING}"
        for path in sorted(self._folder.glob(f"*{ENDING}")):
            if path.name >= first:
                yield from _whole_lines(path)

    def forget(self, shoppers: Collection[str]) -> None:
        """Take the lines of shoppers out."""
        with self._guard:
            forget_lines(self._folder, shoppers)

    def _begin(self, today: date) -> None:
        """Make the folder, and delete days beyond the horizon."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        first = self._path(today - timedelta(days=self._days)).name
        for path in self._folder.glob(f"*{ENDING}"):
            if path.name < first:
                path.unlink(missing_ok=True)
        self._end_torn_line(self._path(today))
        self._today = today

    def _end_torn_line(self, path: Path) -> None:
        """Close a line that a crash cut short, so that the next one starts by itself."""
        if path.exists() and path.stat().st_size:
            with path.open("r+b") as file:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")

    def _path(self, day: date) -> Path:
        return self._folder / f"{day:%Y-%m-%d}{ENDING}"


class ByShop(Generic[T]):
    """What is made of each shop's spool, once it is asked for.

    Parameters
    ----------
    home : Path
        `SKYY_HOME`.
    what : str
        What the lines are, as a folder's name.
    make : callable
        From a shop's spool to what is held.
    """

    def __init__(self, home: Path, what: str, *, days: int, make: Callable[[Spool], T]) -> None:
        self._home, self._what, self._days, self._make = home, what, days, make
        self._held: dict[str, T] = {}
        self._guard = threading.Lock()

    def spool(self, shop: str) -> Spool:
        """The lines themselves."""
        return Spool(spool_folder(self._home, self._what, shop), days=self._days)

    def of(self, shop: str) -> T:
        """What is held of a shop."""
        with self._guard:
            if shop not in self._held:
                self._held[shop] = self._make(self.spool(shop))
            return self._held[shop]

    def clear(self) -> None:
        """Hold nothing."""
        with self._guard:
            self._held.clear()


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            try:
                found = json.loads(line)
            except ValueError:
                continue  # cut short by a crash
            if isinstance(found, dict):
                yield found
