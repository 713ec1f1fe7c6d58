"""Answers about a version: where it comes from and goes to, what it is made of, how it compares."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from engine.artifacts import parse_safetensors
from engine.core import Service
from engine.errors import InvalidInput
from engine.model_registry import _rows
from engine.model_registry.release import manifest_after
from engine.model_registry.runs import HELD_OUT_SCORES
from engine.model_registry.schema import CHAMPION, VersionInfo
from engine.store import Reader, operation


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class Node(_Record):
    """A thing in a lineage: `kind` is import, snapshot, job, run, version or release; `link` names it for a page."""

    id: str
    kind: str
    title: str
    detail: str = ""


class Edge(_Record):
    """`source` went into `target`."""

    source: str
    target: str


class LineageGraph(_Record):
    """What a version was made from, and what it went into."""

    nodes: list[Node]
    edges: list[Edge]


class StoredFile(_Record):
    """A file of a version's artifact, in bytes."""

    name: str
    sha256: str
    size: int


class Reign(_Record):
    """A time in which a version was champion; `until` is None while it is."""

    model: str
    version: str
    since: datetime
    until: datetime | None
    action: str
    reason: str
    actor: str
    passed: bool | None
    snapshot: int | None


class ReleaseChange(_Record):
    """What a promotion would change in what a shop serves; None where it serves nothing of the kind."""

    shop: str | None
    number: int | None
    kind: str
    before: str | None
    after: str
    snapshot_before: int | None
    snapshot_after: int | None


class PairedFigure(_Record):
    """A metric of two versions over the same held-out units: the difference with its 95% interval."""

    metric: str
    first: float
    second: float
    difference: float
    low: float
    high: float
    units: int


class InsightService(Service):
    """Reads the registry across its tables."""

    @operation("versions.lineage")
    def lineage(self, *, model: str, reference: str) -> LineageGraph:
        """From the imported files through snapshot, job and run to the version, and on to releases and children."""
        with self.store.read() as reader:
            info = _rows.version(reader, model, reference)
            return _graph(reader, info)

    @operation("versions.files")
    def files(self, *, model: str, reference: str) -> list[StoredFile]:
        """Files of the version's artifact; none when it holds metrics only."""
        with self.store.read() as reader:
            info = _rows.version(reader, model, reference)
        if info.artifact is None:
            return []
        entries = self.engine.artifacts.open(info.artifact).entries.values()
        return [StoredFile(name=entry.name, sha256=entry.sha256, size=entry.size) for entry in entries]

    @operation("models.reigns")
    def reigns(self, *, model: str | None = None) -> list[Reign]:
        """What was in production when, and why, newest first."""
        with self.store.read() as reader:
            return _reigns(reader, model)

    @operation("releases.preview")
    def preview(self, *, model: str, reference: str) -> ReleaseChange:
        """What promoting the version would change."""
        with self.store.read() as reader:
            info = _rows.version(reader, model, reference)
            owner = _rows.model(reader, model)
            before = owner.aliases.get(CHAMPION)
            now = _rows.release(reader, owner.shop) if owner.shop else None
            after = manifest_after(reader, owner.shop, owner.kind, info) if owner.shop else None
        return ReleaseChange(
            shop=owner.shop,
            number=after["number"] if after else None,
            kind=owner.kind,
            before=before,
            after=info.version,
            snapshot_before=now.manifest["snapshot"] if now else None,
            snapshot_after=after["snapshot"] if after else None,
        )

    @operation("versions.paired")
    def paired(self, *, model: str, first: str, second: str) -> list[PairedFigure]:
        """Second minus first on each held-out unit, where both were measured on the same ones.

        Returns
        -------
        list of PairedFigure
            Empty when the two were trained on different snapshots, or keep no figures by unit.
        """
        with self.store.read() as reader:
            infos = [_rows.version(reader, model, reference) for reference in (first, second)]
            digests = [_scores_of(reader, info) for info in infos]
        if infos[0].version == infos[1].version:
            raise InvalidInput(f"{model} {infos[0].version} was named twice.", "A comparison takes two versions.")
        if infos[0].lineage.snapshot != infos[1].lineage.snapshot or None in digests:
            return []
        ours, theirs = (
            parse_safetensors(self.engine.artifacts.open(str(digest))["scores.safetensors"]) for digest in digests
        )
        return [_paired(name, ours[name], theirs[name]) for name in sorted(ours) if _same_units(ours, theirs, name)]


def _graph(reader: Reader, info: VersionInfo) -> LineageGraph:
    me = f"version:{info.model}/{info.version}"
    nodes = [Node(id=me, kind="version", title=f"{info.model} {info.version}", detail=str(info.stage))]
    edges: list[Edge] = []
    _from_data(reader, info, me, nodes, edges)
    _from_training(reader, info, me, nodes, edges)
    if info.lineage.parent:
        parent = f"version:{info.model}/{info.lineage.parent}"
        nodes.append(
            Node(id=parent, kind="version", title=f"{info.model} {info.lineage.parent}", detail="champion then")
        )
        edges.append(Edge(source=parent, target=me))
    _into_releases(reader, info, me, nodes, edges)
    return LineageGraph(nodes=nodes, edges=edges)


def _from_data(reader: Reader, info: VersionInfo, me: str, nodes: list[Node], edges: list[Edge]) -> None:
    number = info.lineage.snapshot
    row = reader.row("SELECT * FROM snapshots WHERE number = ?", [number]) if number is not None else None
    if row is None:
        return
    snapshot = f"snapshot:{number}"
    nodes.append(Node(id=snapshot, kind="snapshot", title=f"Snapshot {number}", detail=f"{row['shop']}, {row['mode']}"))
    edges.append(Edge(source=snapshot, target=f"job:{info.lineage.job_id}" if info.lineage.job_id else me))
    for source in json.loads(row["sources"]):
        node = f"import:{source['sha256'][:16]}"
        nodes.append(
            Node(
                id=node,
                kind="import",
                title=source["name"],
                detail=f"{row['importer']}, sha256 {source['sha256'][:12]}",
            )
        )
        edges.append(Edge(source=node, target=snapshot))


def _from_training(reader: Reader, info: VersionInfo, me: str, nodes: list[Node], edges: list[Edge]) -> None:
    job_id = info.lineage.job_id
    job = reader.row("SELECT * FROM jobs WHERE job_id = ?", [job_id]) if job_id else None
    if job is not None:
        nodes.append(Node(id=f"job:{job_id}", kind="job", title=str(job_id), detail=f"started by {job['created_by']}"))
    if info.run_id is not None:
        nodes.append(Node(id=f"run:{info.run_id}", kind="run", title=info.run_id))
        edges.append(Edge(source=f"run:{info.run_id}", target=me))
        if job is not None:
            edges.append(Edge(source=f"job:{job_id}", target=f"run:{info.run_id}"))
    elif job is not None:
        edges.append(Edge(source=f"job:{job_id}", target=me))


def _into_releases(reader: Reader, info: VersionInfo, me: str, nodes: list[Node], edges: list[Edge]) -> None:
    shop = _rows.model(reader, info.model).shop
    for row in reader.rows("SELECT * FROM releases WHERE shop = ? ORDER BY number", [shop]):
        served = json.loads(row["manifest"])["models"].values()
        if any((entry["model"], entry["version"]) == (info.model, info.version) for entry in served):
            node = f"release:{shop}/{row['number']}"
            when = f"{row['created_at']:%Y-%m-%d %H:%M} UTC"
            nodes.append(Node(id=node, kind="release", title=f"Release {row['number']} of {shop}", detail=when))
            edges.append(Edge(source=me, target=node))


def _reigns(reader: Reader, model: str | None) -> list[Reign]:
    moves = _rows.history(reader, model, CHAMPION, 1_000_000)
    snapshots = _snapshots_of(reader, model)
    ends: dict[str, datetime] = {}
    reigns = []
    for move in moves:
        if move.version is not None:
            reigns.append(
                Reign(
                    model=move.model,
                    version=move.version,
                    since=move.time,
                    until=ends.get(move.model),
                    action=move.action,
                    reason=move.reason,
                    actor=move.actor,
                    passed=None if move.verdict is None else not move.verdict.get("overruled", False),
                    snapshot=snapshots.get((move.model, move.version)),
                )
            )
        ends[move.model] = move.time
    return reigns


def _snapshots_of(reader: Reader, model: str | None) -> dict[tuple[str, str], int | None]:
    rows = reader.rows(
        "SELECT model, version, lineage FROM versions v WHERE ($model IS NULL OR model = $model) AND EXISTS"
        " (SELECT 1 FROM alias_history h WHERE h.model = v.model AND h.version = v.version)",
        {"model": model},
    )
    return {(row["model"], row["version"]): json.loads(row["lineage"]).get("snapshot") for row in rows}


def _scores_of(reader: Reader, info: VersionInfo) -> str | None:
    row = reader.row("SELECT artifact FROM run_artifacts WHERE run_id = ? AND name = ?", [info.run_id, HELD_OUT_SCORES])
    return str(row["artifact"]) if row else None


def _same_units(ours: dict[str, Any], theirs: dict[str, Any], name: str) -> bool:
    return name in theirs and ours[name].shape == theirs[name].shape and ours[name].ndim == 1 and len(ours[name]) > 0


def _paired(metric: str, ours: Any, theirs: Any) -> PairedFigure:
    import numpy as np

    from engine.recommenders.bootstrap import interval

    difference = theirs.astype(np.float64) - ours.astype(np.float64)
    low, high = interval(difference)
    return PairedFigure(
        metric=metric,
        first=float(ours.mean()),
        second=float(theirs.mean()),
        difference=float(difference.mean()),
        low=low,
        high=high,
        units=len(difference),
    )
