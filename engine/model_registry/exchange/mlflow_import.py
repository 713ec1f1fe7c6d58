"""Runs and versions of an MLflow store, taken in as our own: nothing of it is executed or unpickled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidFile
from engine.model_registry import semver
from engine.model_registry.exchange.mlflow_files import FileStore
from engine.model_registry.exchange.mlflow_models import Collector, NativeModel
from engine.model_registry.exchange.mlflow_sqlite import open_store
from engine.model_registry.exchange.mlflow_values import STAGES, STATUSES, names, valid_name, version_number
from engine.model_registry.exchange.records import (
    ForeignModel,
    ForeignRun,
    ForeignStore,
    ForeignVersion,
    Ledger,
    MlflowImport,
)
from engine.model_registry.schema import CHAMPION, LATEST, Lineage, Stage
from engine.naming import check_name
from engine.store import Reader

_POINTS_AN_EVENT = 20_000
_TEXT_AN_EVENT = 4_000_000
_VERSIONS_AN_EVENT = 500

STILL_RUNNING = "A run that has not ended: it is here as running, and is brought up to date by the next import."
NO_START = "A run without a start time; it has the time of its import."
NOT_LOADABLE = "A native model that this product cannot serve: its file is kept on its run."
NO_RUN = "A version whose run is not here: it has no metrics, params or files."
BAD_NUMBER = "A version whose number cannot be read."
TAKEN = "A version that a model of the same name has already, from elsewhere."
PRODUCTION = "The stage Production: here only a champion is in production, so the version is in staging."
RESERVED = "An alias of ours: it is kept with 'mlflow-' before it, since a champion is made by promotion."
ALIAS_OF_NOTHING = "An alias of a version that is not here."


@contextmanager
def opened(path: Path) -> Iterator[ForeignStore]:
    """The store at a path: an `mlflow.db` file, an `mlruns` folder, or a folder that holds one of them.

    Raises
    ------
    InvalidFile
        There is none.
    """
    candidates = (path,) if path.is_file() else (path / "mlflow.db", path / "mlruns", path)
    found = next((candidate for candidate in candidates if candidate.is_file() or _is_mlruns(candidate)), None)
    if found is None:
        raise InvalidFile(
            f"{path} is no MLflow store.",
            "It is a SQLite file such as mlflow.db, or a folder mlruns.",
            "Name what MLFLOW_TRACKING_URI names.",
        )
    if found.is_file():
        with open_store(found) as store:
            yield store
    else:
        yield FileStore(found)


def _is_mlruns(folder: Path) -> bool:
    return folder.is_dir() and any(folder.glob("*/meta.yaml"))


@dataclass
class _Taken:
    """What is known of a run that was imported, for the versions made from it."""

    run_id: str
    params: dict[str, str]
    metrics: dict[str, float]
    natives: list[NativeModel]
    user: str
    commit: str | None


@dataclass
class Importer:
    """One import; `run` does it."""

    engine: Engine
    actor: Actor
    store: ForeignStore
    source: str
    roots: tuple[Path, ...]
    left: Ledger = field(default_factory=Ledger)
    added: int = 0
    updated: int = 0
    known: int = 0
    points: int = 0
    models_added: int = 0
    versions_added: int = 0
    versions_known: int = 0

    def run(self) -> MlflowImport:
        """Take everything in that is not here yet; each chunk is one act."""
        self._collector = Collector(
            self.engine.artifacts, self.roots, self.engine.settings.max_upload_mb << 20, self.left
        )
        self._experiments = names(self.store.experiments())
        with self.engine.store.read() as reader:
            statuses = _known_runs(reader, self.source)
            versions = _known_versions(reader, self.source)
        models = self.store.models(self.left)
        needed = {v.run_id for m in models for v in m.versions if (m.name, v.version) not in versions}
        runs: dict[str, _Taken] = {}
        for chunk in self.store.runs(self.left):
            self._take_runs(chunk, statuses, needed, runs)
        self._take_models(models, versions, runs)
        return self._report()

    def _report(self) -> MlflowImport:
        return MlflowImport(
            source=self.source,
            experiments=len(self._experiments),
            runs_added=self.added,
            runs_updated=self.updated,
            runs_known=self.known,
            points=self.points,
            models_added=self.models_added,
            versions_added=self.versions_added,
            versions_known=self.versions_known,
            files_kept=self._collector.files,
            bytes_kept=self._collector.bytes,
            left_behind=self.left.told(),
        )

    def _take_runs(
        self, chunk: list[ForeignRun], statuses: dict[str, str], needed: set[str | None], runs: dict[str, _Taken]
    ) -> None:
        fresh: list[dict[str, Any]] = []
        for run in chunk:
            status = STATUSES.get(run.status, "running")
            here = statuses.get(run.run_id)
            new = here is None or (here == "running" and status != "running")
            natives = self._collector.collect((run.artifacts, *run.folders)) if new or run.run_id in needed else []
            if run.run_id in needed:
                runs[run.run_id] = _taken(run, self._run_id(run.run_id), natives)
            if not new:
                self.known += 1
                continue
            self.added += here is None
            self.updated += here is not None
            self.points += len(run.points)
            if status == "running":
                self.left.add(STILL_RUNNING, run.run_id)
            fresh.append(self._payload(run, status, natives, again=here is not None))
        self._emit_runs(fresh)

    def _run_id(self, foreign: str) -> str:
        return "run-" + hashlib.sha256(f"{self.source}\0{foreign}".encode()).hexdigest()[:16]

    def _payload(self, run: ForeignRun, status: str, natives: list[NativeModel], *, again: bool) -> dict[str, Any]:
        start = run.started or run.ended
        if start is None:
            self.left.add(NO_START, run.run_id)
            start = self.engine.clock.now()
        experiment = self._experiments[run.experiment]
        tags = {**run.tags, "mlflow.runId": run.run_id}
        if experiment != run.experiment:
            tags["mlflow.experimentName"] = run.experiment
        return {
            "run_id": self._run_id(run.run_id),
            "source_run": run.run_id,
            "again": again,
            "experiment": experiment,
            "name": run.name or run.tags.get("mlflow.runName", "") or run.run_id,
            "status": status,
            "params": run.params,
            "tags": tags,
            "notes": run.tags.get("mlflow.note.content", ""),
            "started_at": start.isoformat(),
            "ended_at": run.ended.isoformat() if run.ended and status != "running" else None,
            "user": run.user or run.tags.get("mlflow.user", "") or "unknown",
            "metrics": [[metric, step, value, _iso(time or start)] for metric, step, value, time in run.points],
            "artifacts": {_file_name(native, number): native.artifact for number, native in enumerate(natives)},
        }

    def _emit_runs(self, payloads: list[dict[str, Any]]) -> None:
        """One act for each bounded part of a chunk; a run with very many points goes on in `run.logged`."""
        for part in _parts(payloads):
            rest = [(run["run_id"], run["metrics"][_POINTS_AN_EVENT:]) for run in part]
            for run in part:
                run["metrics"] = run["metrics"][:_POINTS_AN_EVENT]
            with self.engine.store.write(self.actor) as transaction:
                payload = {"source": self.source, "runs": part}
                transaction.emit("runs.imported", f"mlflow:{self.source}", payload)
                for run_id, points in rest:
                    for start in range(0, len(points), _POINTS_AN_EVENT):
                        more = {"run_id": run_id, "metrics": points[start : start + _POINTS_AN_EVENT], "artifacts": {}}
                        transaction.emit("run.logged", run_id, more)

    def _take_models(
        self, models: list[ForeignModel], known: dict[tuple[str, str], tuple[str, str]], runs: dict[str, _Taken]
    ) -> None:
        with self.engine.store.read() as reader:
            here = {row["model"] for row in reader.rows("SELECT model FROM models")}
            there = {(row["model"], row["version"]) for row in reader.rows("SELECT model, version FROM versions")}
            there |= {(r["model"], r["version"]) for r in reader.rows("SELECT model, version FROM removed_versions")}
        ours = {name: model for (name, _), (model, _) in known.items()}
        for model in models:
            name = ours.get(model.name) or valid_name(model.name, here | set(ours.values()))
            ours[model.name] = name
            new = [version for version in model.versions if (model.name, version.version) not in known]
            self.versions_known += len(model.versions) - len(new)
            payloads = [payload for version in new if (payload := self._version(name, version, there, runs))]
            self._emit_model(model, name, payloads, is_new=name not in here)
            here.add(name)
            numbers = {there: here for (owner, there), (_, here) in known.items() if owner == model.name}
            self._set_aliases(model, name, numbers | {p["origin"][1]: p["version"] for p in payloads})

    def _emit_model(self, model: ForeignModel, name: str, versions: list[dict[str, Any]], *, is_new: bool) -> None:
        created = model.created or self.engine.clock.now()
        head = {
            "origin": model.name,
            "model": name,
            "kind": "custom",
            "shop": None,
            "description": model.description,
            "tags": {**model.tags, **({"mlflow.name": model.name} if name != model.name else {})},
            "created_at": created.isoformat(),
        }
        heads = [head] if is_new else []
        self.models_added += is_new
        self.versions_added += len(versions)
        for start in range(0, max(len(versions), len(heads)), _VERSIONS_AN_EVENT):
            part = versions[start : start + _VERSIONS_AN_EVENT]
            with self.engine.store.write(self.actor) as transaction:
                payload = {"source": self.source, "models": heads, "versions": part}
                transaction.emit("versions.imported", name, payload)
            heads = []

    def _version(
        self, model: str, version: ForeignVersion, there: set[tuple[str, str]], runs: dict[str, _Taken]
    ) -> dict[str, Any] | None:
        number = version_number(version.version)
        if number is None or (model, number) in there:
            self.left.add(BAD_NUMBER if number is None else TAKEN, f"{version.model} {version.version}")
            return None
        run = runs.get(version.run_id or "")
        if run is None:
            self.left.add(NO_RUN, f"{version.model} {version.version}")
        native = _native_of(version, run)
        if native is not None:
            self.left.add(NOT_LOADABLE, f"{version.model} {version.version} ({native.flavor})")
        if version.stage == "Production":
            self.left.add(PRODUCTION, f"{version.model} {version.version}")
        tags = {**version.tags, "mlflow.version": version.version}
        if version.stage not in ("", "None"):
            tags["mlflow.stage"] = version.stage
        return {
            "origin": [version.model, version.version],
            "model": model,
            "version": number,
            "sort_key": semver.sort_key(number),
            "framework": native.flavor if native else "mlflow",
            "stage": STAGES.get(version.stage, Stage.CANDIDATE),
            "description": version.description,
            "tags": tags,
            "params": run.params if run else {},
            "metrics": run.metrics if run else {},
            "signature": native.signature if native else None,
            "artifact": None,
            "lineage": Lineage(code_version=run.commit if run else None).model_dump(),
            "evaluation": None,
            "card": None,
            "run_id": run.run_id if run else None,
            "created_at": (version.created or self.engine.clock.now()).isoformat(),
            "created_by": version.user or (run.user if run else "") or "unknown",
        }

    def _set_aliases(self, model: ForeignModel, name: str, numbers: dict[str, str]) -> None:
        with self.engine.store.write(self.actor) as transaction:
            have = {row["alias"] for row in transaction.rows("SELECT alias FROM aliases WHERE model = ?", [name])}
            for foreign, version in sorted(model.aliases.items()):
                alias = valid_name(foreign)
                if alias in (CHAMPION, LATEST) or semver.is_version(alias):
                    self.left.add(RESERVED, f"{model.name}: {foreign}")
                    alias = f"mlflow-{alias}"
                if version not in numbers:
                    self.left.add(ALIAS_OF_NOTHING, f"{model.name}: {foreign}")
                elif alias not in have:
                    have.add(check_name(alias, "alias"))
                    moved: dict[str, Any] = {
                        "model": name,
                        "alias": alias,
                        "previous": None,
                        "version": numbers[version],
                    }
                    words: dict[str, Any] = {
                        "action": "set",
                        "reason": "Imported from MLflow.",
                        "stages": {},
                        "verdict": None,
                    }
                    transaction.emit("alias.moved", f"{name}@{alias}", {**moved, **words})


def _known_runs(reader: Reader, source: str) -> dict[str, str]:
    rows = reader.rows(
        "SELECT i.source_run, coalesce(r.status, 'removed') AS status FROM imported_runs i"
        " LEFT JOIN runs r ON r.run_id = i.run_id WHERE i.source = ?",
        [source],
    )
    return {row["source_run"]: row["status"] for row in rows}


def _known_versions(reader: Reader, source: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Model and version here by those there; a model itself stands under the version ''."""
    rows = reader.rows("SELECT * FROM imported_versions WHERE source = ?", [source])
    return {(row["source_model"], row["source_version"]): (row["model"], row["version"]) for row in rows}


def _taken(run: ForeignRun, run_id: str, natives: list[NativeModel]) -> _Taken:
    last: dict[str, tuple[int, float, float]] = {}
    for metric, step, value, time in run.points:
        mark = (step, time.timestamp() if time else 0.0, value)
        last[metric] = max(last.get(metric, mark), mark)
    metrics = {metric: value for metric, (_, _, value) in sorted(last.items())}
    commit = run.tags.get("mlflow.source.git.commit")
    return _Taken(run_id, run.params, metrics, natives, run.user or run.tags.get("mlflow.user", ""), commit)


def _native_of(version: ForeignVersion, run: _Taken | None) -> NativeModel | None:
    """The native model among those of the version's run: the one in its folder, or the only one."""
    if run is None or not run.natives:
        return None
    tail = version.folder.rstrip("/").removesuffix("/artifacts").rsplit("/", 1)[-1]
    return next((native for native in run.natives if tail and tail in native.folder), run.natives[0])


def _file_name(native: NativeModel, number: int) -> str:
    return f"{native.flavor}-model" + (f"-{number + 1}" if number else "")


def _iso(time: datetime) -> str:
    return time.isoformat()


def _parts(payloads: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Runs in parts whose points and texts stay below the bounds of one event."""
    part: list[dict[str, Any]] = []
    points = size = 0
    for run in payloads:
        more = len(run["metrics"])
        text = sum(len(key) + len(value) for table in (run["params"], run["tags"]) for key, value in table.items())
        if part and (points + more > _POINTS_AN_EVENT or size + text > _TEXT_AN_EVENT):
            yield part
            part, points, size = [], 0, 0
        part.append(run)
        points, size = points + more, size + text
    if part:
        yield part
