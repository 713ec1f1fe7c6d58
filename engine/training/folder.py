"""The job folder: how owner and worker speak, through files written whole.

`spec.json` and `data/` come from the owner; `worker.json`, `progress.json`, `log.txt`, `tuning.journal`, `model/`,
`scores/` and `result.json` or `failure.json` (written last) come from the worker. Nothing else is shared, so
the folder can be carried to another machine.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.errors import CorruptArtifact
from engine.files import link_or_copy, write_atomic, write_json
from engine.training.schema import Failure, JobResult, JobSpec, Progress

SCORES_FILE = "scores.safetensors"
LABELS_FILE = "labels.json"
_TAIL_BYTES = 16_384
_TAIL_LINES = 60


@dataclass(frozen=True)
class JobFolder:
    """Paths and records of one job."""

    path: Path

    def prepare(
        self,
        spec: JobSpec,
        data: Iterable[tuple[str, Path]],
        rival: Mapping[str, bytes] | None,
        trials: bytes = b"",
        labels: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Lay data and spec out; the spec comes last, so that a folder with one is whole.

        Trials of a search that are in the folder already stay, else it begins with `trials`.
        """
        trials = self.trials() or trials
        shutil.rmtree(self.path, ignore_errors=True)
        self.data_path.mkdir(parents=True, mode=0o700)
        for name, source in data:
            target = self.data_path / name
            if not target.exists():
                link_or_copy(source, target)
        if labels:
            write_json(self.data_path / LABELS_FILE, labels, durable=False)
        for name, content in (rival or {}).items():
            write_atomic(self.path / "rival" / name, content, durable=False)
        if trials:
            write_atomic(self.journal_path, trials, durable=False)
        self.write_progress(Progress(stage="Starting"))
        write_json(self.path / "spec.json", spec.model_dump(mode="json"))

    def spec(self) -> JobSpec:
        return JobSpec.model_validate_json((self.path / "spec.json").read_bytes())

    def dataset(self, spec: JobSpec) -> Dataset:
        files = {Table(table): [self.data_path / name for name in names] for table, names in spec.tables.items()}
        return Dataset(files, snapshot=spec.snapshot, labels=_read_json(self.data_path / LABELS_FILE))

    def rival_files(self) -> dict[str, bytes]:
        return _files(self.path / "rival")

    def model_files(self) -> dict[str, bytes]:
        return _files(self.path / "model")

    def score_files(self) -> dict[str, bytes]:
        return _files(self.path / "scores")

    @property
    def data_path(self) -> Path:
        """Where the owner lays what is learned from."""
        return self.path / "data"

    @property
    def log_path(self) -> Path:
        return self.path / "log.txt"

    @property
    def journal_path(self) -> Path:
        """Where a search keeps its trials."""
        return self.path / "tuning.journal"

    def trials(self) -> bytes:
        """The journal of a search; empty where there was none."""
        return self.journal_path.read_bytes() if self.journal_path.is_file() else b""

    def write_progress(self, progress: Progress) -> None:
        write_json(self.path / "progress.json", progress.model_dump(mode="json"), durable=False)

    def progress(self) -> Progress:
        """The last progress with the log's tail; before the worker wrote any, an empty one."""
        data = _read_json(self.path / "progress.json") or {}
        return Progress(**{**data, "log": self._log_tail()})

    def write_result(self, result: JobResult, model: Mapping[str, bytes], scores: bytes) -> None:
        """Files first, the result last: what it names is there."""
        for name, content in model.items():
            write_atomic(self.path / "model" / name, content)
        write_atomic(self.path / "scores" / SCORES_FILE, scores)
        write_json(self.path / "result.json", result.model_dump(mode="json"))

    def result(self) -> JobResult | None:
        """What the worker made, None while it works.

        Raises
        ------
        CorruptArtifact
            The file is not a result.
        """
        data = _read_json(self.path / "result.json")
        try:
            return None if data is None else JobResult.model_validate(data)
        except ValidationError as error:
            raise CorruptArtifact(f"The result of {self.path.name} cannot be read.", hint="Train again.") from error

    def write_failure(self, failure: Failure) -> None:
        write_json(self.path / "failure.json", failure.model_dump())

    def failure(self) -> Failure | None:
        data = _read_json(self.path / "failure.json")
        return None if data is None else Failure(**data)

    def write_worker(self, worker: dict[str, Any]) -> None:
        write_json(self.path / "worker.json", worker, durable=False)

    def worker(self) -> dict[str, Any] | None:
        return _read_json(self.path / "worker.json")

    def drop_data(self) -> None:
        """Free what the worker no longer needs; log and progress stay for the page."""
        for name in ("data", "rival", "model", "scores"):
            shutil.rmtree(self.path / name, ignore_errors=True)

    def _log_tail(self) -> list[str]:
        try:
            with self.log_path.open("rb") as file:
                file.seek(max(0, self.log_path.stat().st_size - _TAIL_BYTES))
                return file.read().decode("utf-8", "replace").splitlines()[-_TAIL_LINES:]
        except FileNotFoundError:
            return []


def _files(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def _read_json(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(FileNotFoundError):
        data: dict[str, Any] = json.loads(path.read_bytes())
        return data
    return None
