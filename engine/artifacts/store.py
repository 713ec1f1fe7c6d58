"""Where artifacts lie: `<root>/<first two hex digits>/<sha256>`, one file a content.

An artifact is a manifest (itself such a file) that names its files and their digests. Callers never
give a path to read: the path is made from the digest.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.artifacts.formats import check_format, parse_json
from engine.errors import ArtifactNotFound, CorruptArtifact, DigestMismatch, UnsafePath
from engine.failpoints import failpoint
from engine.files import canonical_json, write_atomic

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_WRITERS = 8
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of an artifact: `size` in bytes."""

    name: str
    sha256: str
    size: int


class ArtifactStore:
    """Content-addressed storage under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, files: Mapping[str, bytes]) -> str:
        """Store a set of files and return the digest of their manifest.

        Parameters
        ----------
        files : mapping of str to bytes
            Relative names with `/` between segments; allowed formats only.

        Raises
        ------
        UnsafePath, UnsafeFormat, CorruptArtifact
            A name or content that is not allowed; nothing is stored then.
        """
        for name, data in files.items():
            check_member(name)
            check_format(name, data)
        blobs = {name: (hashlib.sha256(data).hexdigest(), data) for name, data in sorted(files.items())}
        entries = {name: {"sha256": digest, "size": len(data)} for name, (digest, data) in blobs.items()}
        manifest = canonical_json({"files": entries}).encode()
        digest = hashlib.sha256(manifest).hexdigest()
        failpoint("artifacts.before_manifest")
        self._put_all({**dict(blobs.values()), digest: manifest})
        return digest

    def _put_all(self, blobs: Mapping[str, bytes]) -> None:
        """Store contents by their digests; all are on the disk when this returns.

        They are written side by side: a disk that is asked to keep several files at once keeps them
        in about the time of one.
        """
        missing = {digest: data for digest, data in blobs.items() if not self._present(digest, data)}
        with ThreadPoolExecutor(min(len(missing), _WRITERS) or 1) as pool:
            list(pool.map(self._write, missing, missing.values()))

    def _present(self, digest: str, data: bytes) -> bool:
        """Whether a content is there, marked as wanted again if so."""
        path = self._path(digest)
        return path.is_file() and path.stat().st_size == len(data) and _touched(path)

    def _write(self, digest: str, data: bytes) -> None:
        path = self._path(digest)
        write_atomic(path, data)
        path.chmod(0o440)

    def put_folder(self, folder: Path) -> str:
        """Store every file below `folder`; links are refused.

        Raises
        ------
        UnsafePath
            A member is a link, a device, or has a name that is not allowed.
        """
        return self.put(dict(_walk(folder)))

    def put_blob(self, data: bytes) -> str:
        """Store bytes under their digest; what exists already is only marked as wanted again."""
        digest = hashlib.sha256(data).hexdigest()
        if not self._present(digest, data):
            self._write(digest, data)
        return digest

    def hold(self, digest: str) -> None:
        """Mark a content, and where it is an artifact its files, as wanted: a collector of orphans lets them be.

        Raises
        ------
        ArtifactNotFound, DigestMismatch
        """
        try:
            wanted = [digest, *(entry.sha256 for entry in self.open(digest).entries.values())]
        except CorruptArtifact:  # no manifest: one bare file
            wanted = [digest]
        for part in wanted:
            if not _touched(self._path(part)):
                self.path(part)

    def has(self, digest: str) -> bool:
        """Whether a content is present (by name; `read_blob` checks its bytes)."""
        return self._path(digest).is_file()

    def read_blob(self, digest: str) -> bytes:
        """The bytes of a digest, hashed as read.

        Raises
        ------
        ArtifactNotFound, DigestMismatch, UnsafePath
        """
        path = self._path(digest)
        try:
            descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW)
        except FileNotFoundError as error:
            raise ArtifactNotFound(
                f"No artifact has the digest {digest}.", hint="Restore a backup that holds it."
            ) from error
        except OSError as error:
            raise UnsafePath(
                f"The artifact {digest} cannot be opened: {error.strerror}.", "It is a plain file."
            ) from error
        with open(descriptor, "rb") as file:
            data = file.read()
        found = hashlib.sha256(data).hexdigest()
        if found != digest:
            raise DigestMismatch(
                f"The artifact {digest[:12]} holds bytes with the digest {found[:12]}.",
                "Its name is the SHA-256 of its bytes.",
                "Restore it from a backup; the last good version keeps serving.",
                digest=digest,
                actual=found,
            )
        return data

    def open(self, digest: str) -> Artifact:
        """The artifact of a manifest digest.

        Raises
        ------
        ArtifactNotFound, DigestMismatch, CorruptArtifact, UnsafePath
        """
        manifest = parse_json(self.read_blob(digest), "manifest")
        try:
            entries = {
                name: FileEntry(name, _check_digest(entry["sha256"]), int(entry["size"]))
                for name, entry in manifest["files"].items()
            }
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise CorruptArtifact(f"The manifest {digest[:12]} is not one: {error}.") from error
        for name in entries:
            check_member(name)
        return Artifact(self, digest, entries)

    def path(self, digest: str) -> Path:
        """Where a content lies, for readers such as DuckDB that open files themselves."""
        path = self._path(digest)
        if not path.is_file():
            raise ArtifactNotFound(f"No artifact has the digest {digest}.", hint="Restore a backup that holds it.")
        return path

    def _path(self, digest: str) -> Path:
        _check_digest(digest)
        return self.root / digest[:2] / digest


@dataclass(frozen=True)
class Artifact(Mapping[str, bytes]):
    """Files of one manifest; reading one checks its digest and format."""

    store: ArtifactStore
    digest: str
    entries: dict[str, FileEntry]

    def __getitem__(self, name: str) -> bytes:
        data = self.store.read_blob(self.entries[name].sha256)
        check_format(name, data)
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(entry.size for entry in self.entries.values())


def check_member(name: str) -> str:
    """Return a relative member name that cannot leave its folder.

    Raises
    ------
    UnsafePath
        It is absolute, has `..`, a backslash, a control character or an empty segment.
    """
    segments = name.split("/")
    if not name or len(name) > 300 or any(not _SEGMENT.fullmatch(part) or ".." in part for part in segments):
        raise UnsafePath(
            f"The file name {name[:100]!r} is not allowed.",
            "Names are relative, of letters, digits, '_', '-', '.', and have no '..'.",
            "Rename the file.",
        )
    return name


def _touched(path: Path) -> bool:
    """Whether the file is there; its time of change is now, by which a collector knows that it is wanted."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _check_digest(digest: Any) -> str:
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise UnsafePath(f"{str(digest)[:80]!r} is not a digest.", "A digest is 64 lower-case hex digits.")
    return digest


def _walk(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise UnsafePath(
                f"{name!r} is a link or a device.", "A model folder holds plain files.", "Copy the file itself."
            )
        if path.is_file():
            check_member(name)
            yield name, path.read_bytes()
