"""Retention, removed versions, what was imported, webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.files import canonical_json
from engine.store.projections._bulk import insert_rows, naive_utc
from engine.store.projections.models import insert_versions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.store.events import Event

_TEXT = "VARCHAR"
_RUN = (_TEXT,) * 8 + ("TIMESTAMP", "TIMESTAMP", _TEXT)
_POINT = (_TEXT, _TEXT, "BIGINT", "DOUBLE", "TIMESTAMP")
_RUN_TABLES = ("runs", "run_metrics", "run_artifacts")


def _retention_set(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute("DELETE FROM retention_rules WHERE model = ?", [data["model"]])
    if data["rule"] is not None:
        row = [data["model"], canonical_json(data["rule"]), event.naive_time, event.actor.name]
        cursor.execute("INSERT INTO retention_rules VALUES (?, ?, ?, ?)", row)


def _version_removed(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    key = [data["model"], data["version"]]
    for table in ("versions", "version_metrics", "verdicts"):
        cursor.execute(f"DELETE FROM {table} WHERE model = ? AND version = ?", key)  # noqa: S608  # a constant
    row = [*key, data["artifact"], data["reason"], event.naive_time, event.actor.name]
    cursor.execute("INSERT INTO removed_versions VALUES (?, ?, ?, ?, ?, ?)", row)


def _runs_imported(cursor: DuckDBPyConnection, event: Event) -> None:
    """Runs with their own times; a run that was imported while it still ran is replaced."""
    source, runs = event.payload["source"], event.payload["runs"]
    again = [[run["run_id"]] for run in runs if run["again"]]
    for table in _RUN_TABLES if again else ():
        ids = [run_id for (run_id,) in again]
        cursor.execute(f"DELETE FROM {table} WHERE run_id IN (SELECT unnest(?::VARCHAR[]))", [ids])  # noqa: S608
    insert_rows(cursor, "runs", _RUN, [_run(run) for run in runs])
    points = [
        [run["run_id"], metric, step, value, naive_utc(time)]
        for run in runs
        for metric, step, value, time in run["metrics"]
    ]
    insert_rows(cursor, "run_metrics", _POINT, points)
    files = [[run["run_id"], name, digest] for run in runs for name, digest in run["artifacts"].items()]
    insert_rows(cursor, "run_artifacts", (_TEXT,) * 3, files)
    if source is not None:
        known = [[source, run["source_run"], run["run_id"]] for run in runs if not run["again"]]
        insert_rows(cursor, "imported_runs", (_TEXT,) * 3, known)


def _run(run: dict[str, Any]) -> list[Any]:
    return [
        run["run_id"],
        run["experiment"],
        run["name"],
        run["status"],
        canonical_json(run["params"]),
        canonical_json(run["tags"]),
        run["notes"],
        None,
        naive_utc(run["started_at"]),
        naive_utc(run["ended_at"]),
        run["user"],
    ]


def _versions_imported(cursor: DuckDBPyConnection, event: Event) -> None:
    """Models that are new here and versions, with the times they were made elsewhere."""
    data = event.payload
    for model in data["models"]:
        texts = [model["model"], model["kind"], model["shop"], model["description"], canonical_json(model["tags"])]
        cursor.execute("INSERT INTO models VALUES (?, ?, ?, ?, ?, ?)", [*texts, naive_utc(model["created_at"])])
    versions = data["versions"]
    insert_versions(cursor, versions, seq=event.seq)
    if data["source"] is not None:
        known = [[data["source"], model["origin"], "", model["model"], ""] for model in data["models"]]
        known += [[data["source"], *v["origin"], v["model"], v["version"]] for v in versions]
        insert_rows(cursor, "imported_versions", (_TEXT,) * 5, known)
    cursor.execute(
        "DELETE FROM removed_versions WHERE (model, version) IN (SELECT (unnest(?::VARCHAR[]), unnest(?::VARCHAR[])))",
        [[version["model"] for version in versions], [version["version"] for version in versions]],
    )


def _webhook_added(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    row = [data["hook_id"], data["url"], canonical_json(data["kinds"]), data["model"]]
    cursor.execute(
        "INSERT INTO webhooks VALUES (?, ?, ?, ?, ?, ?, ?)", [*row, event.naive_time, event.actor.name, event.seq]
    )


def _webhook_removed(cursor: DuckDBPyConnection, event: Event) -> None:
    cursor.execute("DELETE FROM webhooks WHERE hook_id = ?", [event.payload["hook_id"]])


def _nothing(cursor: DuckDBPyConnection, event: Event) -> None:
    """An act on files alone: the log keeps it, no table follows."""


PROJECTORS = {
    "retention.set": _retention_set,
    "version.removed": _version_removed,
    "runs.imported": _runs_imported,
    "versions.imported": _versions_imported,
    "artifacts.collected": _nothing,
    "webhook.added": _webhook_added,
    "webhook.removed": _webhook_removed,
}
