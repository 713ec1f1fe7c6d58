"""Comments, saved views and favourite runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.files import canonical_json

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.store.events import Event


def _version_commented(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "INSERT INTO comments VALUES (?, ?, ?, ?, ?, ?)",
        [event.seq, data["model"], data["version"], data["text"], event.naive_time, event.actor.name],
    )


def _view_saved(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute("DELETE FROM saved_views WHERE name = ?", [data["name"]])
    cursor.execute(
        "INSERT INTO saved_views VALUES (?, ?, ?, ?)",
        [data["name"], canonical_json(data["state"]), event.naive_time, event.actor.name],
    )


def _view_removed(cursor: DuckDBPyConnection, event: Event) -> None:
    cursor.execute("DELETE FROM saved_views WHERE name = ?", [event.payload["name"]])


def _run_marked(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute("DELETE FROM favourites WHERE run_id = ?", [data["run_id"]])
    if data["favourite"]:
        cursor.execute("INSERT INTO favourites VALUES (?, ?, ?)", [data["run_id"], event.naive_time, event.actor.name])


PROJECTORS = {
    "version.commented": _version_commented,
    "view.saved": _view_saved,
    "view.removed": _view_removed,
    "run.marked": _run_marked,
}
