"""Tables that follow the events: one small module a domain.

A projector takes a cursor inside the event's transaction and the event, and changes the tables.
State changes nowhere else, so replaying the log rebuilds it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.store.events import Event

    Projector = Callable[[DuckDBPyConnection, Event], None]

# Every table that events rebuild, in the order in which it is cleared.
PROJECTED_TABLES: tuple[str, ...] = (
    "shops",
    "snapshots",
    "mended_rows",
    "feeds",
    "models",
    "versions",
    "version_metrics",
    "aliases",
    "alias_history",
    "verdicts",
    "runs",
    "run_metrics",
    "run_artifacts",
    "jobs",
    "releases",
    "plans",
    "scenarios",
    "comments",
    "saved_views",
    "favourites",
    "retention_rules",
    "removed_versions",
    "imported_runs",
    "imported_versions",
    "webhooks",
    "label_corrections",
)


def all_projectors() -> dict[str, Projector]:
    """Every projector by the kind of event it follows."""
    from engine.store.projections import catalog, jobs, labels, models, plans, remarks, runs, upkeep

    return {
        **catalog.PROJECTORS,
        **models.PROJECTORS,
        **runs.PROJECTORS,
        **jobs.PROJECTORS,
        **labels.PROJECTORS,
        **plans.PROJECTORS,
        **remarks.PROJECTORS,
        **upkeep.PROJECTORS,
    }
