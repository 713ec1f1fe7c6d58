"""A `.skyy-model` file taken in: everything in it is checked before anything is stored."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.artifacts.formats import check_format, parse_json
from engine.artifacts.store import check_member
from engine.errors import CorruptArtifact, EngineError, InvalidFile, VersionExists
from engine.files import canonical_json
from engine.model_registry import _rows, semver
from engine.model_registry.exchange.version_file import RECORD, essence, member
from engine.model_registry.schema import Lineage, MetricPoint, RunInfo, Stage, VerdictRecord, VersionInfo
from engine.naming import check_name
from engine.store import Reader, Transaction

_MANIFEST = "manifest.json"
_ELSEWHERE = "elsewhere:"
_ENDS = ("finished", "failed", "cancelled")


class _Head(BaseModel):
    """The model that a version belongs to."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    model: str
    kind: str
    shop: str | None
    description: str
    tags: dict[str, str]
    created_at: datetime


class _Content(BaseModel):
    """What a file says, as far as its shape can be checked."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    model: _Head
    version: VersionInfo
    verdicts: tuple[VerdictRecord, ...]
    run: RunInfo | None
    curve: tuple[MetricPoint, ...]
    snapshot: dict[str, Any] | None


def parse(folder: Path, path: Path) -> _Content:
    """The record of a file that was unpacked to a folder.

    Raises
    ------
    InvalidFile
        It does not have the shape of one, or a name in it is not allowed.
    """
    try:
        record = parse_json((folder / RECORD).read_bytes(), RECORD)
        run = dict(record["run"]) if record["run"] else None
        curve = run.pop("curve") if run else []
        version = {**record["version"], "stage": Stage.CANDIDATE, "aliases": ()}
        content = _Content(
            model=record["model"],
            version=VersionInfo.model_validate(version),
            verdicts=tuple(VerdictRecord.model_validate({**verdict, "seq": 0}) for verdict in record["verdicts"]),
            run=RunInfo.model_validate({**run, "job_id": None}) if run else None,
            curve=tuple(MetricPoint.model_validate(point) for point in curve),
            snapshot=record["snapshot"],
        )
        check_name(content.version.model, "model")
        check_name(content.version.framework, "framework")
        check_name(content.model.kind, "kind")
        check_name(content.model.shop or "none", "shop")
        check_name(content.run.experiment if content.run else "none", "experiment")
        semver.check(content.version.version)
    except FileNotFoundError as error:
        raise _bad_record(path, "it is missing") from error
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise _bad_record(path, str(error).splitlines()[0]) from error
    except EngineError as error:
        raise _bad_record(path, error.found) from error
    return content


def check_blobs(content: _Content, folder: Path, path: Path) -> dict[str, bytes]:
    """Every content by digest: complete, under its own digest, in allowed formats, and nothing else beside it.

    Raises
    ------
    InvalidFile, UnsafeFormat, UnsafePath, CorruptArtifact
    """
    blobs: dict[str, bytes] = {}
    if content.version.artifact is not None:
        _check_artifact(content.version.artifact, _MANIFEST, folder, path, blobs)
    for name, digest in (content.run.artifacts if content.run else {}).items():
        _check_artifact(digest, name, folder, path, blobs)
    present = {file.name for file in (folder / "blobs").iterdir()} if (folder / "blobs").is_dir() else set()
    if present - set(blobs):
        raise InvalidFile(f"{path} holds files that its record does not name.", "Every file belongs to the version.")
    return blobs


def _check_artifact(digest: str, name: str, folder: Path, path: Path, blobs: dict[str, bytes]) -> None:
    data = _blob(digest, folder, path)
    entries = _entries(data)
    if entries is None:
        if name == _MANIFEST:
            raise CorruptArtifact(f"The artifact {digest[:12]} in {path} is no list of files.")
        check_format(check_member(name), data)
    else:
        for file, part in entries.items():
            content = _blob(part, folder, path)
            check_format(check_member(file), content)
            blobs[part] = content
    blobs[digest] = data


def _entries(data: bytes) -> dict[str, str] | None:
    """File name to digest where the bytes are an artifact's manifest; None where they are a bare file."""
    try:
        manifest = parse_json(data)
        return {str(name): str(entry["sha256"]) for name, entry in manifest["files"].items()}
    except (CorruptArtifact, KeyError, TypeError, AttributeError):
        return None


def _blob(digest: str, folder: Path, path: Path) -> bytes:
    file = folder / check_member(member(str(digest)))
    if not file.is_file():
        raise InvalidFile(f"{path} lacks the file {str(digest)[:12]}.", "It holds every file that its record names.")
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise InvalidFile(f"A file in {path} does not have the digest of its name.", "Files are named by SHA-256.")
    return data


def present(reader: Reader, content: _Content, model: str, number: str) -> VersionInfo | None:
    """The version that has the name already: None when it is free, the version when it is the same.

    Raises
    ------
    VersionExists
        Another version has it.
    """
    if not reader.row("SELECT 1 FROM versions WHERE model = ? AND version = ?", [model, number]):
        _refuse_reuse(reader, content, model, number)
        return None
    here = _rows.version(reader, model, number)
    if essence(here.model_dump(mode="json")) == essence(content.version.model_dump(mode="json")):
        return here
    raise VersionExists(
        f"{model} {number} exists already, and is another one than the file holds.",
        "A version never changes once it is registered.",
        f"Import it under another number, such as --as-version {_next(reader, model)}.",
    )


def _refuse_reuse(reader: Reader, content: _Content, model: str, number: str) -> None:
    gone = reader.row("SELECT artifact FROM removed_versions WHERE model = ? AND version = ?", [model, number])
    if gone is not None and gone["artifact"] != content.version.artifact:
        raise VersionExists(
            f"{model} {number} was another version once, which retention removed.",
            "A number is never given twice.",
            f"Import it under another number, such as --as-version {_next(reader, model)}.",
        )


def _next(reader: Reader, model: str) -> str:
    row = reader.row("SELECT arg_max(version, sort_key) AS latest FROM versions WHERE model = ?", [model])
    return semver.following(row["latest"] if row else None, "minor")


def take_in(transaction: Transaction, content: _Content, model: str, number: str) -> list[str]:
    """Record run, version and verdicts in one act; returns what does not hold here as it did there."""
    notes: list[str] = []
    lineage = _lineage(transaction, content, notes)
    run_id = _take_run(transaction, content, notes)
    made = content.version
    head = {**content.model.model_dump(mode="json"), "model": model}
    known = transaction.row("SELECT 1 FROM models WHERE model = ?", [model])
    payload = {
        **made.model_dump(mode="json", exclude={"aliases"}),
        "origin": [made.model, made.version],
        "model": model,
        "version": number,
        "sort_key": semver.sort_key(number),
        "stage": Stage.CANDIDATE,
        "lineage": lineage.model_dump(),
        "run_id": run_id,
    }
    heads = [] if known else [head]
    transaction.emit("versions.imported", f"{model}/{number}", {"source": None, "models": heads, "versions": [payload]})
    for verdict in reversed(content.verdicts):
        told = {"against": _elsewhere(verdict.against), "verdict": {**verdict.verdict, "passed": verdict.passed}}
        transaction.emit("verdict.given", f"{model}/{number}", {"model": model, "version": number, **told})
    if content.verdicts:
        notes.append("Its verdicts were given elsewhere; the gate here asks for one of its own.")
    return notes


def _elsewhere(against: str | None) -> str:
    """Whom a verdict was given against, said so that it never passes for the champion or baseline here."""
    return against if against and against.startswith(_ELSEWHERE) else f"{_ELSEWHERE}{against or 'baseline'}"


def _lineage(reader: Reader, content: _Content, notes: list[str]) -> Lineage:
    """The lineage with ids that mean something here: a snapshot's number is another store's own."""
    lineage = content.version.lineage
    snapshot = _same_snapshot(reader, content.snapshot)
    if lineage.snapshot is not None and snapshot is None:
        notes.append(f"Snapshot {lineage.snapshot}, which it was trained on, is not in this store.")
    origin = f"snapshot {lineage.snapshot} of another store" if lineage.snapshot and snapshot is None else None
    here = lineage.job_id and reader.row("SELECT 1 FROM jobs WHERE job_id = ?", [lineage.job_id])
    changes = {"snapshot": snapshot, "job_id": lineage.job_id if here else None, "dataset": lineage.dataset or origin}
    return lineage.model_copy(update=changes)


def _same_snapshot(reader: Reader, snapshot: dict[str, Any] | None) -> int | None:
    if snapshot is None:
        return None
    try:
        manifest = canonical_json(snapshot["manifest"])
    except (KeyError, ValueError):
        return None
    row = reader.row("SELECT max(number) AS number FROM snapshots WHERE manifest = ?", [manifest])
    return row["number"] if row else None


def _take_run(transaction: Transaction, content: _Content, notes: list[str]) -> str | None:
    run = content.run
    if run is None:
        return None
    if transaction.row("SELECT 1 FROM runs WHERE run_id = ?", [run.run_id]):
        notes.append(f"Its run {run.run_id} is here already and stays as it is.")
        return run.run_id
    start = run.started_at
    if run.status not in _ENDS:
        notes.append("Its run had not ended when the file was written; it is kept as cancelled.")
    payload = {
        **run.model_dump(mode="json", exclude={"metrics", "created_by", "job_id"}),
        "status": run.status if run.status in _ENDS else "cancelled",
        "user": run.created_by,
        "source_run": run.run_id,
        "again": False,
        "metrics": [[p.metric, p.step, p.value, (p.time or start).isoformat()] for p in content.curve],
    }
    transaction.emit("runs.imported", run.run_id, {"source": None, "runs": [payload]})
    return run.run_id


def _bad_record(path: Path, why: str) -> InvalidFile:
    return InvalidFile(
        f"The record in {path} cannot be used: {why}."[:400],
        "It tells of one version: its model, metrics, params, run and verdicts.",
        "Export the version again.",
    )
