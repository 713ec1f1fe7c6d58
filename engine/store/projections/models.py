"""Models, versions, aliases, verdicts and releases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.files import canonical_json
from engine.store.projections._bulk import insert_rows, naive_utc

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.store.events import Event

_TEXT = "VARCHAR"
_VERSION = (_TEXT,) * 14 + ("TIMESTAMP", _TEXT, "BIGINT")


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
    insert_versions(cursor, [event.payload], seq=event.seq, made=event)


def insert_versions(
    cursor: DuckDBPyConnection, versions: Sequence[Mapping[str, Any]], *, seq: int, made: Event | None = None
) -> None:
    """Versions with their metrics; `made` says when and by whom, where the payloads do not."""
    rows = [
        [*_recipe(data), *((made.naive_time, made.actor.name) if made else _origin(data)), seq] for data in versions
    ]
    insert_rows(cursor, "versions", _VERSION, rows)
    metrics = [[v["model"], v["version"], name, value] for v in versions for name, value in v["metrics"].items()]
    insert_rows(cursor, "version_metrics", (_TEXT, _TEXT, _TEXT, "DOUBLE"), metrics)


def _recipe(data: Mapping[str, Any]) -> list[Any]:
    return [
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
    ]


def _origin(data: Mapping[str, Any]) -> tuple[Any, str]:
    return naive_utc(data["created_at"]), data["created_by"]


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
