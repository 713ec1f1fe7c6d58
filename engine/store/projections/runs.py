"""Runs: params, stepwise metrics, artifacts, notes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from engine.files import canonical_json
from engine.store.projections._bulk import insert_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.store.events import Event


def _run_started(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "INSERT INTO runs VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, NULL, ?)",
        [
            data["run_id"],
            data["experiment"],
            data["name"],
            canonical_json(data["params"]),
            canonical_json(data["tags"]),
            data["notes"],
            data["job_id"],
            event.naive_time,
            event.actor.name,
        ],
    )


def _run_logged(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    rows = [
        [data["run_id"], metric, step, value, datetime.fromisoformat(time) if time else event.naive_time]
        for metric, step, value, time in data["metrics"]
    ]
    insert_rows(cursor, "run_metrics", ("VARCHAR", "VARCHAR", "BIGINT", "DOUBLE", "TIMESTAMP"), rows)
    files = [[data["run_id"], name, digest] for name, digest in data["artifacts"].items()]
    insert_rows(cursor, "run_artifacts", ("VARCHAR", "VARCHAR", "VARCHAR"), files)


def _run_noted(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "UPDATE runs SET notes = ?, tags = ? WHERE run_id = ?",
        [data["notes"], canonical_json(data["tags"]), data["run_id"]],
    )


def _run_ended(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "UPDATE runs SET status = ?, ended_at = ? WHERE run_id = ?",
        [data["status"], event.naive_time, data["run_id"]],
    )


PROJECTORS = {
    "run.started": _run_started,
    "run.logged": _run_logged,
    "run.noted": _run_noted,
    "run.ended": _run_ended,
}
