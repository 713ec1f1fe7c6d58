"""Versions side by side."""

from __future__ import annotations

from typing import Any

from engine.model_registry.schema import Comparison, VersionInfo


def compare(infos: list[VersionInfo]) -> Comparison:
    """All metrics, and the params and lineage that differ."""

    def differing(field: str) -> dict[str, dict[str, Any]]:
        tables = {info.version: _flat(dict(getattr(info, field))) for info in infos}
        keys = sorted(set().union(*tables.values()))
        rows = {key: {version: table.get(key) for version, table in tables.items()} for key in keys}
        return {key: row for key, row in rows.items() if len({repr(value) for value in row.values()}) > 1}

    metrics = sorted(set().union(*(info.metrics for info in infos)))
    return Comparison(
        model=infos[0].model,
        versions=tuple(info.version for info in infos),
        metrics={name: {info.version: info.metrics.get(name) for info in infos} for name in metrics},
        params=differing("params"),
        lineage=differing("lineage"),
    )


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """Nested settings under dotted names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        inner = _flat(value) if isinstance(value, dict) else None
        flat.update({f"{name}.{key}": each for key, each in inner.items()} if inner else {name: value})
    return flat
