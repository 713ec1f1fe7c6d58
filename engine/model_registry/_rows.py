"""Rows of the store as records, and the SQL that fetches them."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from engine.errors import ModelNotFound, VersionNotFound
from engine.model_registry import semver
from engine.model_registry.schema import (
    LATEST,
    AliasMove,
    Lineage,
    ModelInfo,
    ReleaseInfo,
    Signature,
    VerdictRecord,
    VersionInfo,
)
from engine.store import Event, Reader

_MODELS = """
SELECT m.*, count(v.version) AS versions, arg_max(v.version, v.sort_key) AS latest
FROM models m LEFT JOIN versions v ON v.model = m.model
WHERE ($shop IS NULL OR m.shop = $shop) AND ($model IS NULL OR m.model = $model)
GROUP BY ALL ORDER BY m.model
"""
_VERSIONS = """
SELECT * FROM versions WHERE ($model IS NULL OR model = $model) AND ($version IS NULL OR version = $version)
ORDER BY model, sort_key DESC LIMIT $limit
"""


def utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)


def models(reader: Reader, *, shop: str | None = None, model: str | None = None) -> list[ModelInfo]:
    aliases = _aliases(reader, model)
    return [
        ModelInfo(
            **{**row, "tags": json.loads(row["tags"]), "created_at": utc(row["created_at"])},
            aliases=aliases[row["model"]],
        )
        for row in reader.rows(_MODELS, {"shop": shop, "model": model})
    ]


def model(reader: Reader, name: str) -> ModelInfo:
    found = models(reader, model=name)
    if found:
        return found[0]
    known = [row["model"] for row in reader.rows("SELECT model FROM models ORDER BY model LIMIT 8")]
    raise ModelNotFound(
        f"There is no model {name!r}.",
        f"Known models: {', '.join(known) or 'none yet'}.",
        "Train one, or register one under this name.",
    )


def versions(
    reader: Reader, *, model: str | None, version: str | None = None, limit: int = 1_000_000
) -> list[VersionInfo]:
    rows = reader.rows(_VERSIONS, {"model": model, "version": version, "limit": limit})
    metrics: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in reader.rows(
        "SELECT * FROM version_metrics WHERE ($model IS NULL OR model = $model) AND ($version IS NULL OR version = $version)"
        " ORDER BY metric",
        {"model": model, "version": version},
    ):
        metrics[row["model"], row["version"]][row["metric"]] = row["value"]
    aliases = _aliases(reader, model)
    return [_version(row, metrics[row["model"], row["version"]], aliases[row["model"]]) for row in rows]


def version(reader: Reader, name: str, reference: str) -> VersionInfo:
    """The version that an exact number, an alias or `latest` names; `latest` has an artifact."""
    key = [name, resolve(reader, name, reference)]
    row = reader.rows("SELECT * FROM versions WHERE model = ? AND version = ?", key)[0]
    found = reader.rows("SELECT metric, value FROM version_metrics WHERE model = ? AND version = ?", key)
    aliases = reader.rows("SELECT alias, version FROM aliases WHERE model = ? AND version = ?", key)
    metrics = {entry["metric"]: entry["value"] for entry in sorted(found, key=lambda entry: str(entry["metric"]))}
    return _version(row, metrics, {entry["alias"]: entry["version"] for entry in aliases})


def registered(event: Event) -> VersionInfo:
    """The version that an event has just registered, as reading it back would give it."""
    data = event.payload
    return VersionInfo(
        **{key: value for key, value in data.items() if key not in ("sort_key", "metrics")},
        metrics=dict(sorted(data["metrics"].items())),
        created_at=event.time,
        created_by=event.actor.name,
        aliases=(),
    )


def resolve(reader: Reader, name: str, reference: str) -> str:
    parameters = [name, reference]
    # An alias never looks like a version, so one look tells which of the two is meant.
    if semver.is_version(reference):
        row = reader.row("SELECT version FROM versions WHERE model = ? AND version = ?", parameters)
    else:
        row = reader.row("SELECT version FROM aliases WHERE model = ? AND alias = ?", parameters)
    if row is None and reference == LATEST:
        row = reader.row(
            "SELECT version FROM versions WHERE model = ? ORDER BY artifact IS NULL, sort_key DESC LIMIT 1", [name]
        )
    if row is not None:
        return str(row["version"])
    info = model(reader, name)
    raise VersionNotFound(
        f"{name!r} has no version or alias {reference!r}.",
        f"It has {info.versions} versions, latest {info.latest or 'none'}; aliases: "
        + (", ".join(f"{alias} = {target}" for alias, target in info.aliases.items()) or "none")
        + ".",
        "Use one of these, or 'latest'.",
    )


def alias_target(reader: Reader, name: str, alias: str) -> str | None:
    row = reader.row("SELECT version FROM aliases WHERE model = ? AND alias = ?", [name, alias])
    return str(row["version"]) if row else None


def history(reader: Reader, name: str | None, alias: str | None, limit: int) -> list[AliasMove]:
    rows = reader.rows(
        "SELECT * FROM alias_history WHERE ($model IS NULL OR model = $model) AND ($alias IS NULL OR alias = $alias)"
        " ORDER BY seq DESC LIMIT $limit",
        {"model": name, "alias": alias, "limit": limit},
    )
    return [AliasMove(**{**row, "time": utc(row["time"]), "verdict": _loads(row["verdict"])}) for row in rows]


def verdicts(reader: Reader, name: str, version: str) -> list[VerdictRecord]:
    rows = reader.rows("SELECT * FROM verdicts WHERE model = ? AND version = ? ORDER BY seq DESC", [name, version])
    return [VerdictRecord(**{**row, "time": utc(row["time"]), "verdict": json.loads(row["verdict"])}) for row in rows]


def release(reader: Reader, shop: str) -> ReleaseInfo | None:
    row = reader.row("SELECT * FROM releases WHERE shop = ? ORDER BY number DESC LIMIT 1", [shop])
    if row is None:
        return None
    return ReleaseInfo(
        shop=shop, number=row["number"], manifest=json.loads(row["manifest"]), created_at=utc(row["created_at"])
    )


def _version(row: dict[str, Any], metrics: dict[str, float], aliases: dict[str, str]) -> VersionInfo:
    signature = _loads(row["signature"])
    return VersionInfo(
        **{key: row[key] for key in ("model", "version", "framework", "stage", "description", "artifact", "run_id")},
        tags=json.loads(row["tags"]),
        params=json.loads(row["params"]),
        metrics=metrics,
        signature=Signature(**signature) if signature else None,
        lineage=Lineage(**json.loads(row["lineage"])),
        evaluation=_loads(row["evaluation"]),
        card=_loads(row["card"]),
        created_at=utc(row["created_at"]),
        created_by=row["created_by"],
        aliases=tuple(sorted(alias for alias, target in aliases.items() if target == row["version"])),
    )


def _aliases(reader: Reader, model: str | None) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in reader.rows(
        "SELECT * FROM aliases WHERE ($model IS NULL OR model = $model) ORDER BY alias", {"model": model}
    ):
        found[row["model"]][row["alias"]] = row["version"]
    return found


def _loads(text: str | None) -> Any:
    return None if text is None else json.loads(text)
