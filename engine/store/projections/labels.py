"""Labels that people gave products."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.store.events import Event


def _corrected(cursor: DuckDBPyConnection, event: Event) -> None:
    """The latest correction of a product replaces the one before."""
    data = event.payload
    key = [data["shop"], data["target"], data["item_id"]]
    cursor.execute("DELETE FROM label_corrections WHERE shop = ? AND target = ? AND item_id = ?", key)
    row = [*key, data["label"], event.naive_time, event.actor.name]
    cursor.execute("INSERT INTO label_corrections VALUES (?, ?, ?, ?, ?, ?)", row)


PROJECTORS = {"label.corrected": _corrected}
