"""What a feed reads: a settled file or folder, or an address fetched into the staging folder."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from engine import outbound
from engine.core import Engine
from engine.errors import InvalidFile

_SETTLED = timedelta(seconds=5)
_FETCH_SECONDS = 600.0
_CHUNK = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")


class Unsettled(Exception):  # noqa: N818  # a signal, not an error
    """A file was written a moment ago: it may not be whole."""


@dataclass(frozen=True)
class Fetched:
    """Where the bytes lie, and their digest."""

    path: Path
    digest: str


def is_address(source: str) -> bool:
    """Whether a source is an address rather than a path."""
    return "://" in source


@contextmanager
def fetched(source: str, feed: str, engine: Engine, resolver: outbound.Resolver) -> Iterator[Fetched]:
    """The bytes of a source for as long as the block runs.

    Raises
    ------
    Unsettled, InvalidFile
    InvalidInput, Forbidden, RemoteFailed
        As `outbound.fetch`.
    """
    if not is_address(source):
        yield _local(Path(source), engine)
        return
    engine.settings.staging.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix=f"{feed}-", dir=engine.settings.staging))
    try:
        path = folder / _file_name(source)
        with path.open("xb") as file:
            outbound.fetch(source, settings=engine.settings, timeout_s=_FETCH_SECONDS, into=file, resolver=resolver)
        yield Fetched(path, _digest([("", path)]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def settled(source: str, now: datetime) -> bool:
    """Whether nothing in a watched path was written in the last seconds."""
    ages = [now - datetime.fromtimestamp(path.stat().st_mtime, UTC) for _, path in _files(Path(source))]
    return not any(timedelta(0) <= age < _SETTLED for age in ages)


def _local(path: Path, engine: Engine) -> Fetched:
    if not settled(str(path), engine.clock.now()):
        raise Unsettled
    files = _files(path)
    if not files:
        raise InvalidFile(f"There is nothing to read at {str(path)!r}.", "A file, or a folder with files.")
    return Fetched(path, _digest(files))


def _files(path: Path) -> list[tuple[str, Path]]:
    """Files by relative name, without hidden ones; links are left to the import, which refuses them."""
    if path.is_file():
        return [("", path)]
    found = [(file.relative_to(path).as_posix(), file) for file in sorted(path.rglob("*")) if file.is_file()]
    return [(name, file) for name, file in found if not any(part.startswith(".") for part in PurePosixPath(name).parts)]


def _digest(files: list[tuple[str, Path]]) -> str:
    whole = hashlib.sha256()
    for name, path in files:
        part = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                part.update(chunk)
        whole.update(name.encode() + b"\0" + part.digest())
    return whole.hexdigest()


def _file_name(url: str) -> str:
    """The last segment of an address where it is a plain name: importers guess by it."""
    name = PurePosixPath(urlsplit(url).path).name
    return name if _NAME.fullmatch(name) and not name.startswith(".") else "feed.csv"
