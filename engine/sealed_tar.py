"""Tar files that carry a manifest of digests: written whole or not at all, read only as they were written.

Equal contents give equal bytes: members have no times, owners or other marks of the machine. A
reader takes plain files under the expected names only, and believes none before the manifest,
which comes last, has named every one of them with its digest.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from engine.artifacts.store import check_member
from engine.errors import InvalidFile, UnsafePath
from engine.files import canonical_json, sync_folder

_CHUNK = 1 << 20
_MANIFEST_BYTES = 256 << 20


@dataclass(frozen=True)
class Kind:
    """One use of such files: how messages call it, its manifest's name, the number of its format."""

    what: str
    manifest: str
    format: int


@dataclass(frozen=True)
class Unpacked:
    """What a file held: digests by member, and the manifest's other entries."""

    digests: dict[str, str]
    about: dict[str, Any]


class Writer:
    """Adds members and remembers their digests."""

    def __init__(self, tar: tarfile.TarFile, kind: Kind) -> None:
        self._tar, self._kind = tar, kind
        self.digests: dict[str, str] = {}
        self.about: dict[str, Any] = {}

    def add(self, name: str, source: Path) -> str:
        """Add a file and return its digest; the bytes are read once, up to the size it has now."""
        with source.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            hashing = _Hashing(file, size)
            self._tar.addfile(_member(name, size), hashing)
        self.digests[name] = hashing.digest.hexdigest()
        return self.digests[name]

    def add_bytes(self, name: str, data: bytes) -> str:
        """Add bytes and return their digest."""
        self._tar.addfile(_member(name, len(data)), io.BytesIO(data))
        self.digests[name] = hashlib.sha256(data).hexdigest()
        return self.digests[name]

    def seal(self) -> None:
        """Write the manifest: nothing can be added after it."""
        manifest = {"format": self._kind.format, **self.about, "files": self.digests}
        data = canonical_json(manifest).encode()
        self._tar.addfile(_member(self._kind.manifest, len(data)), io.BytesIO(data))


@contextmanager
def writing(path: Path, kind: Kind) -> Iterator[Writer]:
    """Write a file under another name, seal it, force it to disk, then give it its name.

    Raises
    ------
    InvalidFile
        There is a file at `path` already.
    """
    if path.exists():
        raise InvalidFile(f"{path} exists already.", f"{kind.what} never overwrites a file.", "Choose another name.")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file, tarfile.open(fileobj=file, mode="w") as tar:
            os.chmod(temporary, 0o600)
            writer = Writer(tar, kind)
            yield writer
            writer.seal()
            tar.close()
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def unpack(path: Path, target: Path, kind: Kind, *, allowed: Callable[[str], bool]) -> Unpacked:
    """Extract into an empty folder, every member checked against the manifest.

    Parameters
    ----------
    allowed : callable
        Whether a file of this kind may hold a member of this name.

    Raises
    ------
    InvalidFile
        It is not a whole file of this kind; what was extracted is not to be used then.
    """
    digests: dict[str, str] = {}
    manifest: Any = None
    try:
        with tarfile.open(path, mode="r:") as tar:
            for member in tar:
                if manifest is not None:
                    raise InvalidFile(f"{path} goes on after its manifest.", f"{kind.what} ends with it.")
                content = _content(tar, member, path, kind, allowed)
                if member.name == kind.manifest:
                    manifest = json.loads(content.read(_MANIFEST_BYTES))
                else:
                    digests[member.name] = _copy(content, target / check_member(member.name))
    except InvalidFile:
        raise
    except (tarfile.TarError, OSError, ValueError, RecursionError, UnsafePath) as error:
        raise InvalidFile(
            f"{path} cannot be read as {kind.what.lower()}: {error}."[:400], "It is a file that this program wrote."
        ) from error
    if not isinstance(manifest, dict) or manifest.get("format") != kind.format or manifest.get("files") != digests:
        raise InvalidFile(
            f"{path} is not {kind.what.lower()}, or not a whole one.",
            f"Its manifest (format {kind.format}) names every file and digest in it.",
            "Write it again where it came from.",
        )
    return Unpacked(digests, {name: value for name, value in manifest.items() if name not in ("format", "files")})


def _content(
    tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, kind: Kind, allowed: Callable[[str], bool]
) -> IO[bytes]:
    plain = member.isreg() and not member.issparse()
    content = tar.extractfile(member) if plain else None
    if content is None:
        raise InvalidFile(
            f"{path} holds {member.name[:80]!r}, which is no plain file.", f"{kind.what} holds plain files only."
        )
    if member.name != kind.manifest and not allowed(member.name):
        raise InvalidFile(f"{path} holds {member.name[:80]!r}.", f"{kind.what} has no such member.")
    return content


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


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
