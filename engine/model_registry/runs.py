"""Runs: tries with params, stepwise metrics, artifacts and notes."""

from __future__ import annotations

import json
import math
import secrets
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import TypeAdapter

from engine.actor import Actor
from engine.core import Service
from engine.errors import InvalidInput, InvalidTransition, RunNotFound
from engine.model_registry._rows import utc
from engine.model_registry.schema import MetricPoint, RunInfo
from engine.naming import check_name
from engine.store import Reader, Transaction, operation

HELD_OUT_SCORES = "held_out_scores"
"""Name of the run artifact with the figures of every held-out unit."""

RunEnd = Literal["finished", "failed", "cancelled"]

_LAST = (
    "SELECT run_id, metric, arg_max(value, step) AS value FROM run_metrics"
    " WHERE run_id IN (SELECT unnest(?::VARCHAR[])) GROUP BY ALL ORDER BY metric"
)
_RUNS = TypeAdapter(list[RunInfo])
_FILES = "SELECT run_id, name, artifact FROM run_artifacts WHERE run_id IN (SELECT unnest(?::VARCHAR[]))"


class RunService(Service):
    """Records runs; one act may log many points."""

    @operation("runs.start")
    def start_run(
        self,
        *,
        actor: Actor,
        experiment: str,
        name: str = "",
        params: dict[str, Any] | None = None,
        tags: dict[str, str] | None = None,
        notes: str = "",
        job_id: str | None = None,
    ) -> RunInfo:
        """Open a run in an experiment."""
        with self.store.write(actor) as transaction:
            run_id = start(
                transaction,
                experiment=experiment,
                name=name,
                params=params or {},
                tags=tags or {},
                notes=notes,
                job_id=job_id,
            )
            return _run(transaction, run_id)

    @operation("runs.log")
    def log(
        self, *, actor: Actor, run_id: str, metrics: list[MetricPoint], artifacts: dict[str, str] | None = None
    ) -> None:
        """Add points and files (name to digest) to a running run.

        Raises
        ------
        RunNotFound, InvalidTransition, InvalidInput
        """
        for digest in (artifacts or {}).values():
            self.engine.artifacts.hold(digest)
        with self.store.write(actor) as transaction:
            _running(transaction, run_id)
            log(transaction, run_id, metrics, artifacts or {})

    @operation("runs.note")
    def note(self, *, actor: Actor, run_id: str, notes: str, tags: dict[str, str]) -> RunInfo:
        """Replace notes and tags."""
        with self.store.write(actor) as transaction:
            _run(transaction, run_id)
            transaction.emit("run.noted", run_id, {"run_id": run_id, "notes": notes, "tags": tags})
            return _run(transaction, run_id)

    @operation("runs.end")
    def end_run(self, *, actor: Actor, run_id: str, status: RunEnd = "finished") -> RunInfo:
        """Close a running run."""
        with self.store.write(actor) as transaction:
            _running(transaction, run_id)
            end(transaction, run_id, status)
            return _run(transaction, run_id)

    @operation("runs.get")
    def get_run(self, *, run_id: str) -> RunInfo:
        """One run with the last value of each metric.

        Raises
        ------
        RunNotFound
        """
        with self.store.read() as reader:
            return _run(reader, run_id)

    @operation("runs.list")
    def list_runs(self, *, experiment: str | None = None, limit: int = 500) -> list[RunInfo]:
        """Runs, newest first."""
        with self.store.read() as reader:
            rows = reader.rows(
                "SELECT run_id FROM runs WHERE ($experiment IS NULL OR experiment = $experiment)"
                " ORDER BY started_at DESC, run_id LIMIT $limit",
                {"experiment": experiment, "limit": limit},
            )
            ids = [row["run_id"] for row in rows]
            by_id = {run.run_id: run for run in read_runs(reader, ids)}
        return [by_id[run_id] for run_id in ids]

    @operation("runs.curve")
    def curve(self, *, run_id: str, metric: str | None = None) -> list[MetricPoint]:
        """Points of a run, by metric and step."""
        with self.store.read() as reader:
            rows = reader.rows(
                "SELECT * FROM run_metrics WHERE run_id = $run AND ($metric IS NULL OR metric = $metric) ORDER BY metric, step",
                {"run": run_id, "metric": metric},
            )
        return [MetricPoint(metric=r["metric"], step=r["step"], value=r["value"], time=utc(r["time"])) for r in rows]


def start(
    transaction: Transaction,
    *,
    experiment: str,
    name: str,
    params: dict[str, Any],
    tags: dict[str, str],
    notes: str = "",
    job_id: str | None = None,
) -> str:
    """Open a run inside an act and return its id."""
    check_name(experiment, "experiment")
    run_id = f"run-{secrets.token_hex(8)}"
    transaction.emit(
        "run.started",
        run_id,
        {
            "run_id": run_id,
            "experiment": experiment,
            "name": name or run_id,
            "params": params,
            "tags": tags,
            "notes": notes,
            "job_id": job_id,
        },
    )
    return run_id


def log(transaction: Transaction, run_id: str, metrics: Sequence[MetricPoint], artifacts: dict[str, str]) -> None:
    """Add points and files inside an act."""
    for point in metrics:
        if not math.isfinite(point.value):
            raise InvalidInput(
                f"The metric {point.metric!r} is {point.value} at step {point.step}.",
                "Metrics are finite numbers.",
                "Leave out what could not be measured.",
            )
    points = [[p.metric, p.step, p.value, p.time.isoformat() if p.time else None] for p in metrics]
    transaction.emit("run.logged", run_id, {"run_id": run_id, "metrics": points, "artifacts": artifacts})


def end(transaction: Transaction, run_id: str, status: RunEnd) -> None:
    """Close a run inside an act."""
    transaction.emit("run.ended", run_id, {"run_id": run_id, "status": status})


def _running(reader: Reader, run_id: str) -> None:
    if _run(reader, run_id).status != "running":
        raise InvalidTransition(
            f"The run {run_id!r} has ended.", "Only a running run takes more.", "Start another one."
        )


def _run(reader: Reader, run_id: str) -> RunInfo:
    found = read_runs(reader, [run_id])
    if not found:
        raise RunNotFound(f"There is no run {run_id[:80]!r}.", hint="List them with 'list_runs'.")
    return found[0]


def read_runs(reader: Reader, ids: list[str]) -> list[RunInfo]:
    """Runs with the last value of each metric and their files, in no order."""
    metrics: dict[str, dict[str, float]] = defaultdict(dict)
    for run_id, metric, value in reader.tuples(_LAST, [ids]):
        metrics[run_id][metric] = value
    files: dict[str, dict[str, str]] = defaultdict(dict)
    for run_id, name, artifact in reader.tuples(_FILES, [ids]):
        files[run_id][name] = artifact
    rows = reader.rows("SELECT * FROM runs WHERE run_id IN (SELECT unnest(?::VARCHAR[]))", [ids])
    params, tags = (_parsed([row[column] for row in rows]) for column in ("params", "tags"))
    for row, own_params, own_tags in zip(rows, params, tags, strict=True):
        row["params"], row["tags"] = own_params, own_tags
        row["started_at"] = utc(row["started_at"])
        row["ended_at"] = utc(row["ended_at"]) if row["ended_at"] else None
        row["metrics"], row["artifacts"] = metrics[row["run_id"]], files[row["run_id"]]
    return _RUNS.validate_python(rows)


def _parsed(texts: list[str]) -> list[dict[str, Any]]:
    """Many JSON objects in one go, which takes half the time of one after the other."""
    values: list[dict[str, Any]] = json.loads(f"[{','.join(texts)}]")
    return values
