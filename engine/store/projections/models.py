"""Models, versions, aliases, verdicts and releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.files import canonical_json
from engine.store.projections._bulk import insert_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.store.events import Event


def _json_or_none(value: Any) -> str | None:
    return None if value is None else canonical_json(value)


def _model_created(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "INSERT INTO models VALUES (?, ?, ?, ?, ?, ?)",
        [
            data["model"],
            data["kind"],
            data["shop"],
            data["description"],
            canonical_json(data["tags"]),
            event.naive_time,
        ],
    )


def _version_registered(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            data["model"],
            data["version"],
            data["sort_key"],
            data["framework"],
            data["stage"],
            data["description"],
            canonical_json(data["tags"]),
            canonical_json(data["params"]),
            _json_or_none(data["signature"]),
            data["artifact"],
            canonical_json(data["lineage"]),
            _json_or_none(data["evaluation"]),
            _json_or_none(data["card"]),
            data["run_id"],
            event.naive_time,
            event.actor.name,
            event.seq,
        ],
    )
    rows = [[data["model"], data["version"], metric, value] for metric, value in data["metrics"].items()]
    insert_rows(cursor, "version_metrics", ("VARCHAR", "VARCHAR", "VARCHAR", "DOUBLE"), rows)


def _version_described(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "UPDATE versions SET description = ?, tags = ? WHERE model = ? AND version = ?",
        [data["description"], canonical_json(data["tags"]), data["model"], data["version"]],
    )


def _stage_changed(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "UPDATE versions SET stage = ? WHERE model = ? AND version = ?",
        [data["stage"], data["model"], data["version"]],
    )


def _alias_moved(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    key = [data["model"], data["alias"]]
    cursor.execute("DELETE FROM aliases WHERE model = ? AND alias = ?", key)
    if data["version"] is not None:
        cursor.execute("INSERT INTO aliases VALUES (?, ?, ?, ?)", [*key, data["version"], event.seq])
    for version, stage in data["stages"].items():
        cursor.execute("UPDATE versions SET stage = ? WHERE model = ? AND version = ?", [stage, data["model"], version])
    cursor.execute(
        "INSERT INTO alias_history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            event.seq,
            event.naive_time,
            *key,
            data["previous"],
            data["version"],
            data["action"],
            data["reason"],
            event.actor.name,
            _json_or_none(data["verdict"]),
        ],
    )


def _verdict_given(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            event.seq,
            event.naive_time,
            data["model"],
            data["version"],
            data["against"],
            data["verdict"]["passed"],
            canonical_json(data["verdict"]),
        ],
    )


def _release_published(cursor: DuckDBPyConnection, event: Event) -> None:
    data = event.payload
    cursor.execute(
        "INSERT INTO releases VALUES (?, ?, ?, ?, ?)",
        [data["shop"], data["number"], canonical_json(data["manifest"]), event.naive_time, event.seq],
    )


PROJECTORS = {
    "model.created": _model_created,
    "version.registered": _version_registered,
    "version.described": _version_described,
    "version.stage_changed": _stage_changed,
    "alias.moved": _alias_moved,
    "verdict.given": _verdict_given,
    "release.published": _release_published,
}
