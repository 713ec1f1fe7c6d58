"""Shops and their snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.files import canonical_json

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.store.events import Event


def _shop_opened(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "INSERT INTO shops VALUES (?, ?, ?, ?)",
        [data["shop"], data["title"], data["synthetic"], event.naive_time],
    )


def _snapshot_taken(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            data["number"],
            data["shop"],
            data["parent"],
            data["import_id"],
            data["importer"],
            data["mode"],
            canonical_json(data["sources"]),
            canonical_json(data["manifest"]),
            canonical_json(data["summary"]),
            event.naive_time,
            event.actor.name,
        ],
    )


PROJECTORS = {"shop.opened": _shop_opened, "snapshot.taken": _snapshot_taken}
