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
        "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, 'queued', ?, NULL, NULL, NULL, ?, ?, NULL, NULL)",
        [
            data["job_id"],
            data["kind"],
            data["shop"],
            data["model"],
            data["idempotency_key"],
            canonical_json(data["spec"]),
            event.naive_time,
            event.actor.name,
        ],
    )


def _job_started(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "UPDATE jobs SET state = 'running', worker = ?, started_at = ? WHERE job_id = ?",
        [canonical_json(data["worker"]), event.naive_time, data["job_id"]],
    )


def _job_ended(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "UPDATE jobs SET state = ?, result = ?, error = ?, ended_at = ? WHERE job_id = ?",
        [
            data["state"],
            canonical_json(data["result"]) if data["result"] is not None else None,
            canonical_json(data["error"]) if data["error"] is not None else None,
            event.naive_time,
            data["job_id"],
        ],
    )


PROJECTORS = {"job.submitted": _job_submitted, "job.started": _job_started, "job.ended": _job_ended}
