"""Shops and snapshots as records, and the SQL that fetches them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from engine.catalog.records import Part, ShopInfo, SnapshotInfo
from engine.errors import ShopNotFound, SnapshotNotFound
from engine.store import Reader

_SHOPS = """
SELECT s.*, max(n.number) AS snapshot FROM shops s LEFT JOIN snapshots n ON n.shop = s.shop
WHERE ($shop IS NULL OR s.shop = $shop) GROUP BY ALL ORDER BY s.created_at, s.shop
"""
_SNAPSHOTS = """
SELECT * FROM snapshots WHERE ($shop IS NULL OR shop = $shop) AND ($number IS NULL OR number = $number)
ORDER BY number DESC LIMIT $limit
"""
_CHAIN = "SELECT number, import_id, mode FROM snapshots WHERE shop = ? ORDER BY number DESC"
_MENDED = "SELECT row_index, snapshot FROM mended_rows WHERE number = ?"
_NEXT = "SELECT coalesce(max(number), 0) + 1 AS number FROM snapshots"


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)


def shops(reader: Reader, *, shop: str | None = None) -> list[ShopInfo]:
    return [ShopInfo(**{**row, "created_at": _utc(row["created_at"])}) for row in reader.rows(_SHOPS, {"shop": shop})]


def shop(reader: Reader, name: str) -> ShopInfo:
    found = shops(reader, shop=name)
    if found:
        return found[0]
    known = ", ".join(info.shop for info in shops(reader)[:8]) or "none yet"
    raise ShopNotFound(f"There is no shop {name!r}.", f"Known shops: {known}.", "Import data under this name.")


def snapshots(
    reader: Reader, *, shop: str | None = None, number: int | None = None, limit: int = 200
) -> list[SnapshotInfo]:
    rows = reader.rows(_SNAPSHOTS, {"shop": shop, "number": number, "limit": limit})
    return [_snapshot(row) for row in rows]


def snapshot(reader: Reader, *, number: int | None, shop_name: str | None) -> SnapshotInfo:
    found = snapshots(reader, shop=shop_name, number=number, limit=1)
    if found:
        return found[0]
    if shop_name is not None:
        shop(reader, shop_name)
    wanted = f"snapshot {number}" if number is not None else "snapshot"
    raise SnapshotNotFound(
        f"There is no {wanted}" + (f" of the shop {shop_name!r}." if shop_name else "."),
        "An import makes one.",
        "Import data, or choose a number that 'skyy data list' shows.",
    )


def chain(reader: Reader, shop_name: str) -> list[dict[str, Any]]:
    """Number, import and mode of every snapshot of a shop, newest first."""
    return reader.rows(_CHAIN, [shop_name])


def mended(reader: Reader, number: int) -> dict[int, int]:
    """The snapshots that took mended rows of a quarantine in, by index."""
    return {row["row_index"]: row["snapshot"] for row in reader.rows(_MENDED, [number])}


def next_number(reader: Reader) -> int:
    row = reader.row(_NEXT)
    return int(row["number"]) if row else 1


def _snapshot(row: dict[str, Any]) -> SnapshotInfo:
    manifest = json.loads(row["manifest"])
    return SnapshotInfo(
        number=row["number"],
        shop=row["shop"],
        parent=row["parent"],
        import_id=row["import_id"],
        importer=row["importer"],
        mode=row["mode"],
        sources=json.loads(row["sources"]),
        tables={name: tuple(Part(**part) for part in parts) for name, parts in manifest["tables"].items()},
        quarantine=tuple(Part(**part) for part in manifest["quarantine"]),
        summary=json.loads(row["summary"]),
        created_at=_utc(row["created_at"]),
        created_by=row["created_by"],
    )
