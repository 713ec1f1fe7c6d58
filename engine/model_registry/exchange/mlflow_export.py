"""Runs as MLflow's file store: a folder for each experiment and run, one small file a value."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.artifacts import ArtifactStore
from engine.errors import InvalidFile, StoreError
from engine.files import canonical_json
from engine.model_registry._rows import utc
from engine.model_registry.exchange.mlflow_values import STATUS_NUMBERS, STATUSES, milliseconds
from engine.model_registry.exchange.records import MlflowExport
from engine.model_registry.exchange.version_file import blobs_of
from engine.store import Reader

_NUMBERS = {ours: number for number, theirs in STATUS_NUMBERS.items() for ours in [STATUSES[theirs]] if number != 2}
_CHUNK = 500
_KEY = re.compile(r"[^\w.\- /]")
_RUN_ID = re.compile(r"[0-9a-f]{32}")


def export(reader: Reader, artifacts: ArtifactStore, path: Path, experiment: str | None) -> MlflowExport:
    """Write all runs, or those of one experiment, under another name first.

    Raises
    ------
    InvalidFile
        There is something at `path` already, or there are no runs.
    """
    if path.exists():
        raise InvalidFile(f"{path} exists already.", "An export never overwrites anything.", "Choose another name.")
    rows = reader.rows(
        "SELECT * FROM runs WHERE ($experiment IS NULL OR experiment = $experiment) ORDER BY started_at, run_id",
        {"experiment": experiment},
    )
    if not rows:
        raise InvalidFile(
            f"There are no runs{f' in {experiment!r}' if experiment else ''}.",
            "An export holds at least one.",
            "Train a model first.",
        )
    building = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        writer = _Writer(reader, artifacts, building, path)
        writer.write(rows)
        building.rename(path)
    except OSError as error:
        raise StoreError(
            f"{path} could not be written: {error.strerror}.", hint="Free disk space, or choose another folder."
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return writer.told(path)


class _Writer:
    def __init__(self, reader: Reader, artifacts: ArtifactStore, folder: Path, final: Path) -> None:
        self._reader, self._artifacts = reader, artifacts
        self._folder, self._final = folder, final
        self._experiments: dict[str, str] = {}
        self.runs = self.points = self.files = self.renamed = 0

    def told(self, path: Path) -> MlflowExport:
        return MlflowExport(
            path=path,
            experiments=len(self._experiments),
            runs=self.runs,
            points=self.points,
            files=self.files,
            renamed=self.renamed,
        )

    def write(self, rows: list[dict[str, Any]]) -> None:
        (self._folder / ".trash").mkdir(parents=True)
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            ids = [row["run_id"] for row in part]
            points = _grouped(self._reader, "run_metrics", ids, 'metric, step, "time"')
            files = _grouped(self._reader, "run_artifacts", ids, "name")
            for row in part:
                self._run(row, points[row["run_id"]], files[row["run_id"]])

    def _experiment(self, name: str, created: int) -> str:
        """The id of an experiment, its folder made when it is new."""
        if name not in self._experiments:
            number = str(10**17 + int(hashlib.sha256(name.encode()).hexdigest()[:14], 16))
            self._experiments[name] = number
            meta = {
                "artifact_location": (self._final / number).as_uri(),
                "creation_time": created,
                "experiment_id": number,
                "last_update_time": created,
                "lifecycle_stage": "active",
                "name": name,
            }
            (self._folder / number).mkdir()
            _write_yaml(self._folder / number / "meta.yaml", meta)
        return self._experiments[name]

    def _run(self, row: dict[str, Any], points: list[dict[str, Any]], files: list[dict[str, Any]]) -> None:
        tags = json.loads(row["tags"])
        started = milliseconds(utc(row["started_at"]))
        experiment = self._experiment(row["experiment"], started)
        run_id = _run_id(row["run_id"], tags)
        folder = self._folder / experiment / run_id
        for part in ("artifacts", "metrics", "params", "tags"):
            (folder / part).mkdir(parents=True)
        meta = {
            "artifact_uri": (self._final / experiment / run_id / "artifacts").as_uri(),
            "end_time": milliseconds(utc(row["ended_at"])) if row["ended_at"] else None,
            "entry_point_name": "",
            "experiment_id": experiment,
            "lifecycle_stage": "active",
            "run_id": run_id,
            "run_name": row["name"],
            "source_name": "",
            "source_type": 4,
            "source_version": "",
            "start_time": started,
            "status": _NUMBERS.get(row["status"], 4),
            "tags": [],
            "user_id": row["created_by"],
        }
        _write_yaml(folder / "meta.yaml", meta)
        self._values(folder / "params", {key: _text(value) for key, value in json.loads(row["params"]).items()})
        notes = {"mlflow.note.content": row["notes"]} if row["notes"] else {}
        ours = {"mlflow.runName": row["name"], "mlflow.user": row["created_by"], "skyy.run_id": row["run_id"]}
        self._values(folder / "tags", {**ours, **notes, **tags})
        self._metrics(folder / "metrics", points)
        for file in files:
            self._artifact(folder / "artifacts", file["name"], file["artifact"])
        self.runs += 1

    def _values(self, folder: Path, values: Mapping[str, str]) -> None:
        keys = self._keys(values)
        for key, value in values.items():
            _write(folder / keys[key], value)

    def _metrics(self, folder: Path, points: list[dict[str, Any]]) -> None:
        lines: dict[str, list[str]] = defaultdict(list)
        for point in points:
            time = milliseconds(utc(point["time"]))
            lines[point["metric"]].append(f"{time} {point['value']!r} {point['step']}\n")
        keys = self._keys(lines)
        for metric, written in lines.items():
            _write(folder / keys[metric], "".join(written))
        self.points += len(points)

    def _artifact(self, folder: Path, name: str, digest: str) -> None:
        blobs = blobs_of(self._artifacts, digest, "")
        for blob, file in blobs.items():
            if blob == digest and len(blobs) > 1:
                continue  # the list of files itself means nothing to MLflow
            target = folder / _safe_key(name) / file if file else folder / _safe_key(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self._artifacts.read_blob(blob))
            self.files += 1

    def _keys(self, originals: Iterable[str]) -> dict[str, str]:
        """File names for keys: allowed characters, no way out of the folder, no file where a folder must be."""
        found: dict[str, str] = {}
        taken: set[str] = set()
        for original in sorted(originals):
            key = _safe_key(original)
            parents = {key[:at] for at, letter in enumerate(key) if letter == "/"}
            if parents & taken or key in taken or any(other.startswith(f"{key}/") for other in taken):
                key = f"{key.replace('/', '_')[:200]}-{hashlib.sha256(original.encode()).hexdigest()[:7]}"
            taken.add(key)
            found[original] = key
            self.renamed += key != original
        return found


def _grouped(reader: Reader, table: str, ids: list[str], order: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    sql = f"SELECT * FROM {table} WHERE run_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY run_id, {order}"  # noqa: S608
    for row in reader.rows(sql, [ids]):
        found[row["run_id"]].append(row)
    return found


def _safe_key(key: str) -> str:
    parts = [part for part in _KEY.sub("_", key)[:250].split("/") if part]
    cleaned = "/".join(re.sub(r"^\.+", "_", part).replace("..", "_") for part in parts)
    return cleaned if len(cleaned.encode()) <= 240 else hashlib.sha256(key.encode()).hexdigest()


def _run_id(ours: str, tags: Mapping[str, str]) -> str:
    """MLflow's own id for a run that came from there, else one made from ours."""
    theirs = tags.get("mlflow.runId", "")
    return theirs if _RUN_ID.fullmatch(theirs) else hashlib.sha256(ours.encode()).hexdigest()[:32]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def _write_yaml(path: Path, value: dict[str, Any]) -> None:
    import yaml

    with open(path, "x", encoding="utf-8") as file:
        yaml.dump(value, file, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), allow_unicode=True)
