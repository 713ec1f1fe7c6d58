"""The files of an import: one file, a folder or a zip archive, read once and within limits."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from engine.catalog.importers import columnar, delimited
from engine.catalog.importers.limits import Limits
from engine.catalog.importers.sheet import Sheet
from engine.catalog.records import Source
from engine.errors import InvalidFile

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

_TABLES = (".csv", ".tsv", ".parquet", ".pq")
_PICTURES = (".jpg", ".jpeg", ".png", ".webp")
# What only known data sets bring; nobody else reads these.
_SPECIAL = (".txt", ".json", ".data", ".item", ".user")
_COMPANIONS = {".txt": "{stem}_item2attributes.json"}
_SUSPICIOUS_RATIO = 200
_SUSPICIOUS_SIZE = 16 * 2**20
_MOST_MEMBERS = 200_000


@dataclass
class Bundle:
    """Files in memory: their digests are of the very bytes that are parsed.

    Parameters
    ----------
    name : str
        Of the file, folder or archive.
    tables, pictures : dict of str to bytes
        By relative name.
    limits : Limits
    ignored : list of str
        Files of other kinds, which nobody reads.
    special : dict of str to bytes
        Files that only importers of known data sets read; those that are read count as sources.
    """

    name: str
    tables: dict[str, bytes]
    pictures: dict[str, bytes]
    limits: Limits
    ignored: list[str] = field(default_factory=list)
    special: dict[str, bytes] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)
    _sheets: dict[str, Sheet] = field(default_factory=dict)

    def sheet(self, name: str) -> Sheet:
        """The rows of a table file, parsed on first use.

        Raises
        ------
        InvalidFile
            It is neither a readable delimited text nor Parquet.
        """
        if name not in self._sheets:
            data = self.tables[name]
            parse = columnar.parse if data.startswith(b"PAR1") else delimited.parse
            self._sheets[name] = parse(name, data, self.limits)
        return self._sheets[name]

    def columns(self, name: str) -> tuple[str, ...]:
        """The column names of a table file, without its rows where they are cheap to tell."""
        data = self.tables[name]
        return columnar.columns(name, data) if data.startswith(b"PAR1") else self.sheet(name).columns

    def named(self, suffix: str) -> list[str]:
        """Files of any kind whose name ends so."""
        return sorted(name for name in (*self.tables, *self.special) if name.lower().endswith(suffix))

    def peek(self, name: str) -> bytes:
        """The bytes of a file, only to see whether somebody knows its kind."""
        return self.tables[name] if name in self.tables else self.special[name]

    def raw(self, name: str) -> bytes:
        """The bytes of a file; from now on it is a source of the import."""
        self._read.add(name)
        return self.peek(name)

    def unread(self) -> list[str]:
        """Files that went nowhere."""
        return sorted([*self.ignored, *(name for name in self.special if name not in self._read)])

    def sources(self) -> tuple[Source, ...]:
        """Every table file, the special ones that were read, and all pictures as one entry."""
        read = {name: data for name, data in self.special.items() if name in self._read}
        files = [
            Source(name=name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
            for name, data in sorted({**self.tables, **read}.items())
        ]
        return (*files, *self._picture_source())

    def _picture_source(self) -> Iterator[Source]:
        if self.pictures:
            whole = hashlib.sha256()
            for name, data in sorted(self.pictures.items()):
                whole.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
            size = sum(len(data) for data in self.pictures.values())
            yield Source(name=f"{len(self.pictures):,} pictures", sha256=whole.hexdigest(), bytes=size)


def open_bundle(path: Path, limits: Limits) -> Bundle:
    """Read a file, a folder or a zip archive.

    Raises
    ------
    InvalidFile
        There is nothing there, it is too large, or an archive has members that it should not.
    """
    path = Path(path).expanduser().resolve()
    if path.is_dir():
        files = dict(_folder(path, limits))
    elif path.is_file():
        data = _read(path, path.name, limits.bytes)
        files = dict(_archive(path.name, data, limits)) if data.startswith(b"PK\x03\x04") else {path.name: data}
        if files and next(iter(files.values())) is data:
            return Bundle(path.name, files, {}, limits, special=_companion(path, limits))
    else:
        raise InvalidFile(
            f"There is no file or folder {str(path)!r}.",
            "An import reads a file, a folder or a .zip.",
            "Check the path.",
        )
    return _sorted_bundle(path.name, files, limits)


def _companion(path: Path, limits: Limits) -> dict[str, bytes]:
    """The attributes that known data sets keep beside a file, so that naming the one file is enough."""
    pattern = _COMPANIONS.get(path.suffix.lower())
    beside = path.with_name(pattern.format(stem=path.stem)) if pattern else path
    return {beside.name: _read(beside, beside.name, limits.bytes)} if beside != path and beside.is_file() else {}


def _sorted_bundle(name: str, files: dict[str, bytes], limits: Limits) -> Bundle:
    kinds = {
        kind: {file: data for file, data in files.items() if file.lower().endswith(kind)}
        for kind in (_TABLES, _PICTURES, _SPECIAL)
    }
    if not kinds[_TABLES] and "[Content_Types].xml" in files:
        raise InvalidFile(
            f"{name} is an Excel or Word file.", "Tables come as CSV, TSV or Parquet.", "Save the sheet as 'CSV UTF-8'."
        )
    if not kinds[_TABLES] and not kinds[_SPECIAL]:
        raise without_table(name)
    ignored = sorted(set(files).difference(*kinds.values()))
    return Bundle(name, kinds[_TABLES], kinds[_PICTURES], limits, ignored, kinds[_SPECIAL])


def without_table(name: str) -> InvalidFile:
    """Nothing here is a table."""
    return InvalidFile(
        f"{name} holds no table.",
        f"A folder or archive has at least one file ending in {', '.join(_TABLES)}.",
        "Add it.",
    )


def _too_large(name: str, limits: Limits) -> InvalidFile:
    return InvalidFile(
        f"{name} unpacks to more than {limits.bytes // 2**20:,} MB.",
        "An import fits this limit, unpacked.",
        "Import it in parts with mode append, or raise SKYY_MAX_UPLOAD_MB.",
    )


def _read(path: Path, name: str, most: int) -> bytes:
    """A plain file, opened without following a link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise InvalidFile(
            f"{name} cannot be opened: {error.strerror}.", "It is a plain file that you may read."
        ) from error
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidFile(f"{name} is not a plain file.", "An import reads plain files.")
        data = file.read(most + 1)
    if len(data) > most:
        raise _too_large(name, Limits(bytes=most))
    return data


def _folder(folder: Path, limits: Limits) -> Iterator[tuple[str, bytes]]:
    left = limits.bytes
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in PurePosixPath(name).parts):
            continue
        if path.is_symlink():
            raise InvalidFile(f"{name!r} is a link.", "An imported folder holds plain files.", "Copy the file itself.")
        if path.is_file():
            data = _read(path, name, left) if name.lower().endswith(_TABLES + _PICTURES + _SPECIAL) else b""
            left -= len(data)
            yield name, data


def _archive(name: str, data: bytes, limits: Limits) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check_members(name, members, limits)
            for member in members:
                if not _is_litter(member.filename):
                    yield member.filename, _unpack(archive, member)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        if isinstance(error, InvalidFile):
            raise
        raise InvalidFile(
            f"{name} is not a whole zip archive: {str(error)[:120]}.",
            "An archive is complete and not encrypted.",
            "Make it again.",
        ) from error


def _is_litter(name: str) -> bool:
    """Files that operating systems add."""
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _check_members(name: str, members: list[ZipInfo], limits: Limits) -> None:
    """By what the archive says of itself; `_unpack` holds it to that."""
    for member in members:
        parts = member.filename.replace("\\", "/").split("/")
        if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in parts[0] or "\0" in member.filename:
            raise InvalidFile(
                f"{name} has the member {member.filename[:80]!r}, which leaves its folder.",
                "Names are relative.",
                "Make it again.",
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InvalidFile(
                f"{name} has the link {member.filename[:80]!r}.",
                "An archive holds plain files.",
                "Pack the file itself.",
            )
        if member.file_size > _SUSPICIOUS_SIZE and member.file_size > _SUSPICIOUS_RATIO * max(member.compress_size, 1):
            raise InvalidFile(
                f"{name} has the member {member.filename[:80]!r}, which unpacks to {member.file_size // max(member.compress_size, 1):,} times its size.",
                f"Tables shrink less than {_SUSPICIOUS_RATIO} times.",
                "Import the unpacked file.",
            )
    if len(members) > _MOST_MEMBERS:
        raise InvalidFile(
            f"{name} has {len(members):,} members.", f"An archive has up to {_MOST_MEMBERS:,}.", "Import it in parts."
        )
    if sum(member.file_size for member in members) > limits.bytes:
        raise _too_large(name, limits)


def _unpack(archive: ZipFile, member: ZipInfo) -> bytes:
    """Exactly as many bytes as the archive announced."""
    with archive.open(member) as file:
        data = file.read(member.file_size + 1)
    if len(data) != member.file_size:
        raise zipfile.BadZipFile(f"{member.filename[:80]!r} has another size than announced")
    return data
