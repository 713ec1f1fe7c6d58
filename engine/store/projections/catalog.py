"""Shops, their snapshots, what was mended and forgotten in them, and the feeds that fill them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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


def _quarantine_mended(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.executemany(
        "INSERT INTO mended_rows VALUES (?, ?, ?)",
        [[data["number"], index, data["snapshot"]] for index in data["rows"]],
    )


def _shopper_forgotten(cursor: DuckDBPyConnection, event: Event) -> None:
    """Let the manifests name the parts without the shopper."""
    for number, swapped in event.payload["snapshots"].items():
        row = cursor.execute("SELECT manifest, summary FROM snapshots WHERE number = ?", [int(number)]).fetchone()
        manifest, summary = json.loads(row[0]), json.loads(row[1])  # type: ignore[index]  # snapshots are never removed
        manifest["quarantine"] = [_swapped(part, swapped) for part in manifest["quarantine"]]
        for name, parts in manifest["tables"].items():
            manifest["tables"][name] = [_swapped(part, swapped) for part in parts]
            if name in summary:
                summary[name]["rows"] = sum(part["rows"] for part in manifest["tables"][name])
        cursor.execute(
            "UPDATE snapshots SET manifest = ?, summary = ? WHERE number = ?",
            [canonical_json(manifest), canonical_json(summary), int(number)],
        )


def _swapped(part: dict[str, Any], swapped: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return swapped.get(part["digest"], part)


def _feed_created(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    mapping = canonical_json(data["mapping"]) if data["mapping"] is not None else None
    cursor.execute(
        "INSERT INTO feeds VALUES (?, ?, ?, ?, ?, ?, ?, false, -1, false, NULL, NULL, NULL, NULL, NULL, NULL, ?, ?)",
        [
            *(data[name] for name in ("feed", "shop", "source", "importer")),
            mapping,
            data["mode"],
            data["every"],
            event.naive_time,
            event.actor.name,
        ],
    )


def _feed_removed(cursor: DuckDBPyConnection, event: Event) -> None:
    cursor.execute("DELETE FROM feeds WHERE feed = ?", [event.payload["feed"]])


def _feed_paused(cursor: DuckDBPyConnection, event: Event) -> None:
    cursor.execute("UPDATE feeds SET paused = ? WHERE feed = ?", [event.payload["paused"], event.payload["feed"]])


def _feed_started(cursor: DuckDBPyConnection, event: Event) -> None:
    cursor.execute(
        "UPDATE feeds SET running = true, occurrence = ?, started_at = ? WHERE feed = ?",
        [event.payload["occurrence"], event.naive_time, event.payload["feed"]],
    )


def _feed_ended(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "UPDATE feeds SET running = false, result = ?, error = ?, snapshot = coalesce(?, snapshot),"
        " content = coalesce(?, content), ended_at = ? WHERE feed = ?",
        [data["result"], data["error"], data["snapshot"], data["content"], event.naive_time, data["feed"]],
    )


PROJECTORS = {
    "shop.opened": _shop_opened,
    "snapshot.taken": _snapshot_taken,
    "quarantine.mended": _quarantine_mended,
    "shopper.forgotten": _shopper_forgotten,
    "feed.created": _feed_created,
    "feed.removed": _feed_removed,
    "feed.paused": _feed_paused,
    "feed.started": _feed_started,
    "feed.ended": _feed_ended,
}
