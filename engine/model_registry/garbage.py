"""Files that nothing names any more: found, shown, and only then removed.

A file counts as used when any table of the store mentions its digest, in whatever column, or when a
used artifact or catalogue part mentions it. Files are spared while they are younger than a grace
period; storing a content that is there already makes it young again. What is taken away is moved
aside first and looked at once more, so that a file that was wanted in that moment comes back.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from engine.actor import Actor
from engine.artifacts import ArtifactStore
from engine.catalog.references import catalog_references
from engine.catalog.service import CatalogService
from engine.core import Engine, Service
from engine.errors import ArtifactError, ArtifactNotFound, InvalidInput, StaleExpectation
from engine.failpoints import failpoint
from engine.files import canonical_json
from engine.store import Reader, operation

GRACE_HOURS = 24.0
_SHORTEST_GRACE_HOURS = 1.0
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MANIFEST_START = b'{"files":'
_ASIDE = ".collected"
_SAMPLE = 20

# Tables that remember contents without needing them: the log itself, and what is gone.
_MEMORIES = ("events", "removed_versions", "releases", "schema_version")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Orphan(_Record):
    """A file that nothing names; `age_hours` since it was stored or wanted last."""

    digest: str
    bytes: int
    age_hours: float


class GarbagePlan(_Record):
    """What would be removed now; `digest` is what `collect` may be given, `sample` the largest of them."""

    digest: str
    files: int
    bytes: int
    used: int
    young: int
    sample: tuple[Orphan, ...]


class Collected(_Record):
    """What was removed; `spared` files were wanted again in the meantime."""

    files: int
    bytes: int
    spared: int


@dataclass(frozen=True)
class _Blob:
    path: Path
    size: int
    changed: float


class GarbageService(Service):
    """Finds and removes orphans of the artifact store."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._roots: list[Callable[[Reader], Iterable[str]]] = []

    def keep(self, root: Callable[[Reader], Iterable[str]]) -> None:
        """Let another room name digests that it needs and that no table mentions."""
        self._roots.append(root)

    @operation("garbage.plan")
    def plan(self, *, grace_hours: float = GRACE_HOURS) -> GarbagePlan:
        """What would be removed now; nothing is changed."""
        _check_grace(grace_hours)
        with self.engine.service(CatalogService).alone(), self.store.read() as reader:
            used = self._used(reader)
            return _planned(self._blobs(), used, grace_hours, time.time())

    @operation("garbage.collect")
    def collect(self, *, actor: Actor, expected: str | None = None, grace_hours: float = GRACE_HOURS) -> Collected:
        """Remove files that nothing names and that are older than the grace period.

        Parameters
        ----------
        expected : str, optional
            The digest of a plan; refused when the plan would be another one now.

        Raises
        ------
        StaleExpectation, InvalidInput
        """
        _check_grace(grace_hours)
        with self.engine.service(CatalogService).alone(), self.store.write(actor) as transaction:
            now = time.time()
            blobs, used = self._blobs(), self._used(transaction)
            plan = _planned(blobs, used, grace_hours, now)
            if expected not in (None, plan.digest):
                raise StaleExpectation(
                    "The files that would go are not the ones that were shown.",
                    "Nothing changed since the plan was made.",
                    "Look at the plan again.",
                    current=plan.digest,
                    presumed=expected,
                )
            limit = now - grace_hours * 3600
            done = _remove(self.engine.artifacts, _orphans(blobs, used, limit), limit)
            transaction.emit("artifacts.collected", "artifacts", done.model_dump())
        return done

    def _blobs(self) -> dict[str, _Blob]:
        return dict(_walk(self.engine.artifacts.root))

    def _used(self, reader: Reader) -> set[str]:
        """Every digest that is needed, the files of used artifacts included."""
        artifacts = self.engine.artifacts
        named = set(_mentioned(reader)) | catalog_references(reader, artifacts)
        named |= set(_released(reader, self.engine.settings.releases))
        for root in self._roots:
            named |= set(root(reader))
        for digest in list(named):
            named |= set(_files_of(artifacts, digest))
        return named


def _check_grace(hours: float) -> None:
    if not hours >= _SHORTEST_GRACE_HOURS:
        raise InvalidInput(
            f"The grace period is {hours} hours.",
            f"It is at least {_SHORTEST_GRACE_HOURS:g}: a file may be stored long before it is named.",
        )


def _mentioned(reader: Reader) -> Iterator[str]:
    """Digests in any text column of any table that does not only remember."""
    columns = reader.rows(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND data_type = 'VARCHAR'"
        " AND table_name NOT IN (SELECT unnest($memories::VARCHAR[])) ORDER BY table_name, column_name",
        {"memories": list(_MEMORIES)},
    )
    for column in columns:
        name, table = column["column_name"], column["table_name"]
        sql = f"""
            SELECT DISTINCT unnest(regexp_extract_all("{name}", '[0-9a-f]{{64}}')) AS digest
            FROM "{table}" WHERE length("{name}") >= 64
        """  # noqa: S608  # names from the database's own list
        yield from (row["digest"] for row in reader.rows(sql))


def _released(reader: Reader, releases: Path) -> Iterator[str]:
    """Digests in the newest release of each shop, and in those whose folder is kept."""
    rows = reader.rows("SELECT shop, number, manifest, max(number) OVER (PARTITION BY shop) AS newest FROM releases")
    for row in rows:
        if row["number"] == row["newest"] or (releases / row["shop"] / str(row["number"])).is_dir():
            yield from _DIGEST.findall(row["manifest"])


def _files_of(artifacts: ArtifactStore, digest: str) -> Iterator[str]:
    """Digests in an artifact's list of files; nothing for other contents."""
    with suppress(ArtifactNotFound):
        with artifacts.path(digest).open("rb") as file:
            if file.read(len(_MANIFEST_START)) != _MANIFEST_START:
                return
        with suppress(ArtifactError):  # a damaged list names nothing; 'skyy doctor' tells of it
            yield from (entry.sha256 for entry in artifacts.open(digest).entries.values())


def _walk(root: Path) -> Iterator[tuple[str, _Blob]]:
    if not root.is_dir():
        return
    with os.scandir(root) as folders:
        for folder in folders:
            if len(folder.name) != 2 or not folder.is_dir(follow_symlinks=False):
                continue
            with os.scandir(folder.path) as files:
                for file in files:
                    if _DIGEST.fullmatch(file.name) and file.is_file(follow_symlinks=False):
                        status = file.stat(follow_symlinks=False)
                        yield file.name, _Blob(Path(file.path), status.st_size, status.st_mtime)


def _orphans(blobs: dict[str, _Blob], used: set[str], limit: float) -> dict[str, _Blob]:
    return {digest: blob for digest, blob in sorted(blobs.items()) if digest not in used and blob.changed < limit}


def _planned(blobs: dict[str, _Blob], used: set[str], grace_hours: float, now: float) -> GarbagePlan:
    going = _orphans(blobs, used, now - grace_hours * 3600)
    largest = sorted(going.items(), key=lambda entry: (-entry[1].size, entry[0]))[:_SAMPLE]
    present = len(used & set(blobs))
    return GarbagePlan(
        digest=hashlib.sha256(canonical_json(list(going)).encode()).hexdigest(),
        files=len(going),
        bytes=sum(blob.size for blob in going.values()),
        used=present,
        young=len(blobs) - present - len(going),
        sample=tuple(
            Orphan(digest=digest, bytes=blob.size, age_hours=round((now - blob.changed) / 3600, 1))
            for digest, blob in largest
        ),
    )


def _remove(artifacts: ArtifactStore, orphans: dict[str, _Blob], limit: float) -> Collected:
    aside = artifacts.root / _ASIDE
    aside.mkdir(parents=True, exist_ok=True, mode=0o700)
    _bring_back(artifacts.root, aside)
    files = size = spared = 0
    for digest, blob in orphans.items():
        moved = aside / digest
        failpoint("garbage.before_move")
        try:
            blob.path.rename(moved)
        except FileNotFoundError:
            continue
        failpoint("garbage.moved")
        if moved.stat().st_mtime >= limit:
            _return(moved, blob.path)
            spared += 1
            continue
        moved.unlink()
        files, size = files + 1, size + blob.size
    return Collected(files=files, bytes=size, spared=spared)


def _bring_back(root: Path, aside: Path) -> None:
    """Put back what a collector that died had moved: it will be judged again."""
    for path in aside.iterdir():
        if _DIGEST.fullmatch(path.name):
            _return(path, root / path.name[:2] / path.name)


def _return(moved: Path, path: Path) -> None:
    if path.exists():  # stored again meanwhile: the same bytes
        moved.unlink()
    else:
        moved.rename(path)


def told(plan: GarbagePlan) -> str:
    """The plan in one sentence."""
    return (
        f"{plan.files:,} files ({plan.bytes / 1e6:,.1f} MB) are named by nothing;"
        f" {plan.used:,} are in use, {plan.young:,} are too young to judge."
    )


__all__ = ["GRACE_HOURS", "Collected", "GarbagePlan", "GarbageService", "Orphan", "told"]
