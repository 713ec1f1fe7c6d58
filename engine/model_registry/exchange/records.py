"""What exchange tells, and what a foreign store is read into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from engine.model_registry.schema import VersionInfo


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class ExportedVersion(_Record):
    """A version as one file; `sha256` is the digest of the whole file."""

    path: Path
    model: str
    version: str
    files: int
    bytes: int
    sha256: str


class ImportedVersion(_Record):
    """What an import did; `notes` say what does not hold here as it did where the file was written."""

    status: Literal["added", "unchanged"]
    version: VersionInfo
    notes: tuple[str, ...]


class LeftBehind(_Record):
    """Something that was not taken over, why, how often, and up to three examples."""

    reason: str
    count: int
    examples: tuple[str, ...]


class MlflowImport(_Record):
    """What an import from an MLflow store did."""

    source: str
    experiments: int
    runs_added: int
    runs_updated: int
    runs_known: int
    points: int
    models_added: int
    versions_added: int
    versions_known: int
    files_kept: int
    bytes_kept: int
    left_behind: tuple[LeftBehind, ...]


class MlflowExport(_Record):
    """What was written for MLflow, and where; renamed keys hold characters that MLflow does not take."""

    path: Path
    experiments: int
    runs: int
    points: int
    files: int
    renamed: int


@dataclass(frozen=True)
class ForeignRun:
    """A run as another store keeps it; times in milliseconds since 1970, None where it has none."""

    run_id: str
    experiment: str
    name: str
    status: str
    user: str
    started: datetime | None
    ended: datetime | None
    artifacts: str
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: list[tuple[str, int, float, datetime | None]] = field(default_factory=list)
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class ForeignVersion:
    """A version as another store keeps it."""

    model: str
    version: str
    created: datetime | None
    description: str
    user: str
    stage: str
    run_id: str | None
    folder: str
    tags: dict[str, str]


@dataclass(frozen=True)
class ForeignModel:
    """A registered model with its versions and aliases (alias to version)."""

    name: str
    created: datetime | None
    description: str
    tags: dict[str, str]
    aliases: dict[str, str]
    versions: tuple[ForeignVersion, ...]


class ForeignStore(Protocol):
    """An open MLflow store, read chunk by chunk."""

    folder: Path

    def fingerprint(self) -> str:
        """A name of the store that survives its moving: made from its first experiment."""

    def experiments(self) -> Sequence[str]:
        """Names of the live experiments, the oldest first."""

    def runs(self, left: Ledger) -> Iterator[list[ForeignRun]]:
        """All live runs in chunks, with params, tags and points."""

    def models(self, left: Ledger) -> list[ForeignModel]:
        """All registered models."""


class Ledger:
    """Counts what is left behind, by reason."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def add(self, reason: str, example: str = "", count: int = 1) -> None:
        """One more thing, or `count` of them, left behind for this reason."""
        self._counts[reason] = self._counts.get(reason, 0) + count
        examples = self._examples.setdefault(reason, [])
        if example and len(examples) < 3 and example[:160] not in examples:
            examples.append(example[:160])

    def told(self) -> tuple[LeftBehind, ...]:
        """All of it, the most frequent first."""
        order = sorted(self._counts, key=lambda reason: (-self._counts[reason], reason))
        return tuple(
            LeftBehind(reason=reason, count=self._counts[reason], examples=tuple(self._examples[reason]))
            for reason in order
        )
