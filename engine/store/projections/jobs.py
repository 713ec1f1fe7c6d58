"""Jobs and their states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.files import canonical_json

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.store.events import Event


def _job_submitted(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "INSERT INTO jobs (job_id, kind, shop, model, idempotency_key, state, spec, created_at, created_by, priority)"
        " VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?)",
        [
            data["job_id"],
            data["kind"],
            data["shop"],
            data["model"],
            data["idempotency_key"],
            canonical_json(data["spec"]),
            event.naive_time,
            event.actor.name,
            data.get("priority", 0),
        ],
    )


def _job_prioritised(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute("UPDATE jobs SET priority = ? WHERE job_id = ?", [data["priority"], data["job_id"]])


def _job_started(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "UPDATE jobs SET state = 'running', worker = ?, started_at = ? WHERE job_id = ?",
        [canonical_json(data["worker"]), event.naive_time, data["job_id"]],
    )


def _job_ended(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "UPDATE jobs SET state = ?, result = ?, error = ?, ended_at = ?, memory_mb = ? WHERE job_id = ?",
        [
            data["state"],
            canonical_json(data["result"]) if data["result"] is not None else None,
            canonical_json(data["error"]) if data["error"] is not None else None,
            event.naive_time,
            data.get("memory_mb"),
            data["job_id"],
        ],
    )


PROJECTORS = {
    "job.submitted": _job_submitted,
    "job.prioritised": _job_prioritised,
    "job.started": _job_started,
    "job.ended": _job_ended,
}
