"""Rows that a preview shows: what an import would add, change and remove."""

from __future__ import annotations

from collections.abc import Collection

from engine.catalog.compare import added, compare, removed
from engine.catalog.dataset import Dataset
from engine.catalog.merge import Merged
from engine.catalog.plan import Plan
from engine.catalog.records import Mode, RowChange
from engine.catalog.schema import TABLES, Table


def examples(plan: Plan, parent: Dataset, mode: Mode) -> dict[str, tuple[RowChange, ...]]:
    """Up to 20 rows of each change, by table; tables that stay as they are are left out."""
    found = {
        str(table): _of_table(table, merged, plan.given[table], parent, mode) for table, merged in plan.merged.items()
    }
    return {table: rows for table, rows in found.items() if rows}


def _of_table(
    table: Table, merged: Merged, given: Collection[str], parent: Dataset, mode: Mode
) -> tuple[RowChange, ...]:
    spec = TABLES[table]
    if merged.keep:
        return added(spec, merged.new)
    before = parent.arrow(table)
    if not spec.key:
        return (*added(spec, merged.new), *removed(spec, before))
    columns = given if mode is Mode.REPLACE else None
    return compare(spec, before, merged.new, columns).examples
