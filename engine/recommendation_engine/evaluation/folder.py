"""The folder of one evaluation: how the store's owner and the child process speak, through files written whole."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.artifacts import ArtifactStore
from engine.background import BackgroundState
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.errors import CorruptArtifact
from engine.files import link_or_copy, write_atomic, write_json
from engine.recommendation_engine.evaluation.schema import EvaluationPlan, EvaluationReport


class Source(BaseModel):
    """What of a shop is measured: its newest snapshot's parts, and its champion's settings.

    Parameters
    ----------
    tables : dict
        Table to the digests of its Parquet parts.
    """

    model_config = ConfigDict(frozen=True)

    snapshot: int
    config: dict[str, Any]
    model_version: str | None
    tables: dict[str, list[str]]

    def dataset(self, artifacts: ArtifactStore) -> Dataset:
        """The rows, read where the artifacts lie."""
        files = {Table(table): [artifacts.path(digest) for digest in parts] for table, parts in self.tables.items()}
        return Dataset(files, snapshot=self.snapshot)


class EvaluationSpec(BaseModel):
    """All that the child process needs besides the files in its folder."""

    model_config = ConfigDict(frozen=True)

    id: str
    shop: str
    plan: EvaluationPlan
    source: Source
    started: datetime
    started_by: str


class EvaluationInfo(BaseModel):
    """An evaluation as callers see it; `share` is the part that is done, 0 to 1."""

    model_config = ConfigDict(frozen=True)

    id: str
    shop: str
    snapshot: int
    plan: EvaluationPlan
    model_version: str | None
    state: BackgroundState
    stage: str
    share: float
    started: datetime
    started_by: str
    error: str | None = None


@dataclass(frozen=True)
class EvaluationFolder:
    """Paths and records of one evaluation."""

    path: Path

    @property
    def data_path(self) -> Path:
        return self.path / "data"

    def prepare(self, spec: EvaluationSpec, artifacts: ArtifactStore, lent: Sequence[tuple[str, Path]] = ()) -> None:
        """Lay data and spec out; the spec comes last, so that a folder with one is whole.

        Parameters
        ----------
        lent : sequence of (name, Path)
            Further files that lie beside the data.
        """
        self.data_path.mkdir(parents=True, mode=0o700)
        for digest in {digest for parts in spec.source.tables.values() for digest in parts}:
            link_or_copy(artifacts.path(digest), self.data_path / f"{digest}.parquet")
        for name, path in lent:
            link_or_copy(path, self.data_path / name)
        write_json(self.path / "spec.json", spec.model_dump(mode="json"))

    def spec(self) -> EvaluationSpec:
        """What was asked.

        Raises
        ------
        CorruptArtifact
        """
        try:
            return EvaluationSpec.model_validate_json((self.path / "spec.json").read_bytes())
        except (OSError, ValidationError) as error:
            raise CorruptArtifact(f"The evaluation {self.path.name} cannot be read.", hint="Start it again.") from error

    def dataset(self, spec: EvaluationSpec) -> Dataset:
        """The rows, read from the folder's own copies."""
        source = spec.source
        files = {
            Table(table): [self.data_path / f"{digest}.parquet" for digest in parts]
            for table, parts in source.tables.items()
        }
        return Dataset(files, snapshot=source.snapshot)

    @property
    def log_path(self) -> Path:
        return self.path / "log.txt"

    def write_progress(self, stage: str, share: float) -> None:
        write_json(self.path / "progress.json", {"stage": stage, "share": share}, durable=False)

    def progress(self) -> tuple[str, float]:
        found = self._json("progress.json") or {}
        return str(found.get("stage", "Starting")), float(found.get("share", 0.0))

    def write_report(self, report: EvaluationReport) -> None:
        write_atomic(self.path / "report.json", report.model_dump_json().encode())

    def report(self) -> EvaluationReport | None:
        """What was measured, None while there is nothing.

        Raises
        ------
        CorruptArtifact
        """
        try:
            return EvaluationReport.model_validate_json((self.path / "report.json").read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise CorruptArtifact(f"The report of {self.path.name} cannot be read.", hint="Start it again.") from error

    def write_end(self, state: BackgroundState, error: str | None = None) -> None:
        """How it ended, for good; the first end counts."""
        if not (self.path / "end.json").exists():
            write_json(self.path / "end.json", {"state": state, "error": error})

    def end(self) -> dict[str, Any] | None:
        return self._json("end.json")

    def write_worker(self, worker: dict[str, Any]) -> None:
        write_json(self.path / "worker.json", worker, durable=False)

    def worker(self) -> dict[str, Any] | None:
        return self._json("worker.json")

    def drop_data(self) -> None:
        """Free what the child no longer needs."""
        shutil.rmtree(self.data_path, ignore_errors=True)

    def _json(self, name: str) -> dict[str, Any] | None:
        with contextlib.suppress(FileNotFoundError):
            found: dict[str, Any] = json.loads((self.path / name).read_bytes())
            return found
        return None
