"""MLflow's file store (`mlruns`): folders, one small file a value. Links are not followed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.errors import InvalidFile
from engine.model_registry.exchange.mlflow_sqlite import DELETED_EXPERIMENT, DELETED_RUN
from engine.model_registry.exchange.mlflow_values import STATUS_NUMBERS, moment, point, text
from engine.model_registry.exchange.records import ForeignModel, ForeignRun, ForeignVersion, Ledger

_CHUNK = 400
_META_BYTES = 1 << 20
_METRIC_BYTES = 256 << 20
_NOT_EXPERIMENTS = ("models", ".trash")
UNREADABLE_RUN = "A run whose meta.yaml cannot be read."


class FileStore:
    """An `mlruns` folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._experiments = [
            (path, meta)
            for path in _folders(folder)
            if path.name not in _NOT_EXPERIMENTS
            and (meta := read_yaml(path / "meta.yaml")).get("experiment_id") is not None
        ]
        self._experiments.sort(key=lambda entry: (int(entry[1].get("creation_time") or 0), entry[0].name))
        if not self._experiments:
            raise InvalidFile(
                f"{folder} holds no experiment.",
                "It is the folder that MLflow calls mlruns: a folder for each experiment, with meta.yaml.",
                "Name the folder itself, or the mlflow.db file.",
            )

    def fingerprint(self) -> str:
        """A name made from the store's first experiment."""
        meta = self._experiments[0][1]
        marks = [text(meta.get(key)) for key in ("experiment_id", "name", "creation_time", "artifact_location")]
        return hashlib.sha256("\0".join(marks).encode()).hexdigest()[:16]

    def experiments(self) -> Sequence[str]:
        """Names of the live experiments, the oldest first."""
        return [
            text(meta.get("name"), 256) for _, meta in self._experiments if meta.get("lifecycle_stage") != "deleted"
        ]

    def runs(self, left: Ledger) -> Iterator[list[ForeignRun]]:
        """All live runs in chunks."""
        for path in _folders(self.folder / ".trash"):
            left.add(DELETED_EXPERIMENT, path.name)
        chunk: list[ForeignRun] = []
        for path, meta in self._experiments:
            if meta.get("lifecycle_stage") == "deleted":
                left.add(DELETED_EXPERIMENT, text(meta.get("name")))
                continue
            for folder in _folders(path):
                if folder.name in ("models", "traces", "tags", "datasets"):
                    continue
                run = _run(folder, path, text(meta.get("name"), 256), left)
                chunk += [run] if run else []
                if len(chunk) >= _CHUNK:
                    yield chunk
                    chunk = []
        yield chunk

    def models(self, left: Ledger) -> list[ForeignModel]:
        """All registered models, by name."""
        found = []
        for path in _folders(self.folder / "models"):
            meta = read_yaml(path / "meta.yaml")
            if not meta.get("name"):
                continue
            versions = [_version(folder) for folder in _folders(path) if folder.name.startswith("version-")]
            found.append(
                ForeignModel(
                    name=text(meta["name"], 256),
                    created=moment(meta.get("creation_timestamp")),
                    description=text(meta.get("description")),
                    tags=_values(path / "tags"),
                    aliases=_values(path / "aliases"),
                    versions=tuple(sorted(versions, key=lambda version: (len(version.version), version.version))),
                )
            )
        return found


def read_yaml(path: Path) -> dict[str, Any]:
    """A small YAML mapping, read by PyYAML's safe loader; empty when it is none."""
    import yaml

    data = _read(path, _META_BYTES)
    try:
        value = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # both are safe loaders
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _run(folder: Path, experiment: Path, name: str, left: Ledger) -> ForeignRun | None:
    meta = read_yaml(folder / "meta.yaml")
    if not meta.get("run_id"):
        left.add(UNREADABLE_RUN, f"{experiment.name}/{folder.name}")
        return None
    if meta.get("lifecycle_stage") == "deleted":
        left.add(DELETED_RUN, text(meta["run_id"]))
        return None
    run_id = text(meta["run_id"], 64)
    number = meta.get("status")
    points: dict[tuple[str, int, float, Any], None] = {}
    for metric, path in _files(folder / "metrics"):
        for line in _read(path, _METRIC_BYTES).decode("utf-8", "replace").splitlines():
            time, value, step = [*line.split(" "), "0", "0"][:3] if " " in line else ("", "", "")
            found = point(metric, step, value, time, left, run_id)
            if found is not None:
                points[found] = None
    return ForeignRun(
        run_id=run_id,
        experiment=name,
        name=text(meta.get("run_name"), 250),
        status=STATUS_NUMBERS.get(number, "RUNNING") if isinstance(number, int) else text(number),
        user=text(meta.get("user_id"), 256),
        started=moment(meta.get("start_time")),
        ended=moment(meta.get("end_time")),
        artifacts=text(meta.get("artifact_uri")),
        params=_values(folder / "params"),
        tags=_values(folder / "tags"),
        points=list(points),
        folders=tuple(_outputs(folder, experiment)),
    )


def _outputs(folder: Path, experiment: Path) -> Iterator[str]:
    """Folders of the models that a run logged (MLflow 3)."""
    for output in _folders(folder / "outputs"):
        meta = read_yaml(experiment / "models" / output.name / "meta.yaml")
        if meta.get("artifact_location"):
            yield text(meta["artifact_location"])


def _version(folder: Path) -> ForeignVersion:
    meta = read_yaml(folder / "meta.yaml")
    return ForeignVersion(
        model=text(meta.get("name"), 256),
        version=text(meta.get("version"), 20),
        created=moment(meta.get("creation_timestamp")),
        description=text(meta.get("description")),
        user=text(meta.get("user_id"), 256),
        stage=text(meta.get("current_stage"), 20),
        run_id=text(meta.get("run_id"), 64) or None,
        folder=text(meta.get("storage_location")) or text(meta.get("source")),
        tags=_values(folder / "tags"),
    )


def _values(folder: Path) -> dict[str, str]:
    return {text(name, 250): text(_read(path, 1 << 16).decode("utf-8", "replace")) for name, path in _files(folder)}


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _files(folder: Path, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Path]]:
    """Plain files below a folder by their relative name: a key may hold `/`."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_file(follow_symlinks=False):
            yield prefix + entry.name, Path(entry.path)
        elif entry.is_dir(follow_symlinks=False) and depth < 8:
            yield from _files(Path(entry.path), f"{prefix}{entry.name}/", depth + 1)


def _read(path: Path, limit: int) -> bytes:
    """A plain file of at most `limit` bytes; empty when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return b""
    with open(descriptor, "rb") as file:
        return file.read(limit)
