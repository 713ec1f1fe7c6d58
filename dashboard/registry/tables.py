"""Settings and schemas as flat tables, and what differs between several of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def flat(values: Mapping[str, Any] | None, prefix: str = "") -> dict[str, Any]:
    """Nested settings with dotted names: `{"weights": {"brand": 1}}` is `{"weights.brand": 1}`."""
    found: dict[str, Any] = {}
    for name, value in (values or {}).items():
        if isinstance(value, Mapping) and value:
            found.update(flat(value, f"{prefix}{name}."))
        else:
            found[f"{prefix}{name}"] = value
    return found


def side_by_side(tables: Mapping[str, Mapping[str, Any]], *, everything: bool = False) -> list[dict[str, str]]:
    """One row a name, one column a table; only what differs unless `everything`."""
    names = dict.fromkeys(name for table in tables.values() for name in table)
    rows = []
    for name in names:
        told = {label: words(table.get(name)) for label, table in tables.items()}
        if everything or len(set(told.values())) > 1:
            rows.append({"Name": name, **told})
    return rows


def varying(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names whose values are not the same in all tables."""
    names = dict.fromkeys(name for table in tables for name in table)
    return [name for name in names if len({words(table.get(name)) for table in tables}) > 1]


def words(value: Any) -> str:
    """A setting as a person reads it."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value, ensure_ascii=False, default=str)
