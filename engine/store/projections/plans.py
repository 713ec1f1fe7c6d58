"""Published plans and saved scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.files import canonical_json

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.store.events import Event


def _plan_published(cursor: DuckDBPyConnection, event: Event) -> None:
    """Also for one that takes another back: it is the next number, with the plan from before."""
    data = event.payload
    row = [data["shop"], data["number"], canonical_json(data["plan"]), data["reason"], data.get("undoes")]
    cursor.execute("INSERT INTO plans VALUES (?, ?, ?, ?, ?, ?, ?)", [*row, event.naive_time, event.actor.name])


def _scenario_saved(cursor: DuckDBPyConnection, event: Event) -> None:
    _scenario_removed(cursor, event)
    data = event.payload
    row = [data["shop"], data["name"], canonical_json(data["draft"]), canonical_json(data["view"])]
    cursor.execute("INSERT INTO scenarios VALUES (?, ?, ?, ?, ?, ?)", [*row, event.naive_time, event.actor.name])


def _scenario_removed(cursor: DuckDBPyConnection, event: Event) -> None:
    key = [event.payload["shop"], event.payload["name"]]
    cursor.execute("DELETE FROM scenarios WHERE shop = ? AND name = ?", key)


PROJECTORS = {
    "plan.published": _plan_published,
    "plan.undone": _plan_published,
    "scenario.saved": _scenario_saved,
    "scenario.removed": _scenario_removed,
}
