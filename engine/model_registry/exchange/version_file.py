"""The `.skyy-model` file: one version with everything that is known of it, as one sealed tar.

Members are `record.json`, which tells of the version and names artifacts by digest as the registry
does, and `blobs/<sha256>`. The manifest seals both. The same version always gives the same bytes.
"""

from __future__ import annotations

import json
import re
from typing import Any

from engine.artifacts import ArtifactStore
from engine.errors import ArtifactError
from engine.files import canonical_json
from engine.model_registry import _rows
from engine.model_registry.schema import MetricPoint, VersionInfo
from engine.sealed_tar import Kind
from engine.store import Reader

ENDING = ".skyy-model"
KIND = Kind("A model file", manifest="skyy-model.json", format=1)
RECORD = "record.json"
_BLOBS = "blobs/"
_BLOB = re.compile(r"blobs/[0-9a-f]{64}")
_LOCAL = ("aliases", "stage")


def member(digest: str) -> str:
    """The member's name of a content."""
    return _BLOBS + digest


def belongs(name: str) -> bool:
    """Whether a model file may hold a member of this name."""
    return name == RECORD or _BLOB.fullmatch(name) is not None


def record(reader: Reader, model: str, reference: str) -> dict[str, Any]:
    """All that is known of a version, without what only holds in this store (aliases, stage)."""
    info = _rows.version(reader, model, reference)
    head = _rows.model(reader, model)
    verdicts = _rows.verdicts(reader, model, info.version)
    return {
        "model": head.model_dump(mode="json", include={"model", "kind", "shop", "description", "tags", "created_at"}),
        "version": _without_local(info),
        "verdicts": [verdict.model_dump(mode="json", exclude={"seq"}) for verdict in verdicts],
        "run": _run(reader, info.run_id) if info.run_id else None,
        "snapshot": _snapshot(reader, info.lineage.snapshot),
    }


def _without_local(info: VersionInfo) -> dict[str, Any]:
    return info.model_dump(mode="json", exclude=set(_LOCAL))


def _run(reader: Reader, run_id: str) -> dict[str, Any] | None:
    row = reader.row("SELECT * FROM runs WHERE run_id = ?", [run_id])
    if row is None:
        return None
    points = reader.rows(
        'SELECT metric, step, value, "time" FROM run_metrics WHERE run_id = ? ORDER BY metric, step, "time", value',
        [run_id],
    )
    files = reader.rows("SELECT name, artifact FROM run_artifacts WHERE run_id = ? ORDER BY name", [run_id])
    curve = [MetricPoint(**{**point, "time": _rows.utc(point["time"])}) for point in points]
    return {
        **{key: row[key] for key in ("run_id", "experiment", "name", "status", "notes", "created_by")},
        "params": json.loads(row["params"]),
        "tags": json.loads(row["tags"]),
        "started_at": _rows.utc(row["started_at"]).isoformat(),
        "ended_at": _rows.utc(row["ended_at"]).isoformat() if row["ended_at"] else None,
        "curve": [point.model_dump(mode="json") for point in curve],
        "artifacts": {file["name"]: file["artifact"] for file in files},
    }


def _snapshot(reader: Reader, number: int | None) -> dict[str, Any] | None:
    """What the version was trained on, so that another store can tell whether it holds the same rows."""
    row = reader.row("SELECT shop, number, manifest FROM snapshots WHERE number = ?", [number]) if number else None
    return {**row, "manifest": json.loads(row["manifest"])} if row else None


def blobs_of(store: ArtifactStore, digest: str, name: str) -> dict[str, str]:
    """Contents that an artifact needs: digest to the file name that its format is checked under.

    An artifact is a manifest with its files, or one bare file kept under `name`.
    """
    try:
        artifact = store.open(digest)
    except ArtifactError:  # no manifest: one bare file
        return {digest: name}
    return {digest: "manifest.json", **{entry.sha256: entry.name for entry in artifact.entries.values()}}


def essence(version: dict[str, Any]) -> str:
    """What must be equal for two records to be the same version: what was made, not what was said of it."""
    keys = ("framework", "params", "metrics", "signature", "artifact", "evaluation")
    return canonical_json({key: version[key] for key in keys})
