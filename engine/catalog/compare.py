"""Two states of a table, row by row: what was added, changed and removed, with examples."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from engine.catalog._arrays import mask, row_codes
from engine.catalog.dataset import plain_row
from engine.catalog.records import RowChange, TableDiff
from engine.catalog.schema import TableSpec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

MOST_EXAMPLES = 20


def compare(spec: TableSpec, before: pa.Table, after: pa.Table, columns: Collection[str] | None = None) -> TableDiff:
    """How a table changed.

    Rows with a key are matched by it, events by all their values, so that one of two equal events
    that is gone counts as removed.

    Parameters
    ----------
    before, after : pa.Table
        Canonical rows.
    columns : collection of str or None
        The columns that make a row count as changed; all when None.
    """
    return _by_key(spec, before, after, columns) if spec.key else _by_value(spec, before, after)


def added(spec: TableSpec, rows: pa.Table) -> tuple[RowChange, ...]:
    """The first rows as additions."""
    return tuple(RowChange(change="added", key=_key(spec, row), after=row) for row in _head(rows))


def removed(spec: TableSpec, rows: pa.Table) -> tuple[RowChange, ...]:
    """The first rows as removals."""
    return tuple(RowChange(change="removed", key=_key(spec, row), before=row) for row in _head(rows))


def _by_key(spec: TableSpec, before: pa.Table, after: pa.Table, columns: Collection[str] | None) -> TableDiff:
    import numpy as np

    old, new = row_codes([before, after], spec.key)
    order = np.argsort(old, kind="stable")
    place = order[np.minimum(np.searchsorted(old, new, sorter=order), max(len(old) - 1, 0))] if len(old) else new * 0
    found = old[place] == new if len(old) else np.zeros(len(new), dtype=bool)
    places, hits = place[found], np.flatnonzero(found)
    differs = _differences(spec, before.take(places), after.take(hits), columns)
    changed = np.zeros(len(hits), dtype=bool)
    for unequal in differs.values():
        changed |= unequal
    fresh, gone = np.flatnonzero(~found), np.flatnonzero(~np.isin(old, new))
    pairs = np.flatnonzero(changed)[:MOST_EXAMPLES]
    return TableDiff(
        before=before.num_rows,
        after=after.num_rows,
        added=len(fresh),
        changed=int(changed.sum()),
        removed=len(gone),
        examples=(
            *added(spec, after.take(fresh[:MOST_EXAMPLES])),
            *_changed(spec, before.take(places[pairs]), after.take(hits[pairs]), differs, pairs),
            *removed(spec, before.take(gone[:MOST_EXAMPLES])),
        ),
    )


def _differences(
    spec: TableSpec, before: pa.Table, after: pa.Table, columns: Collection[str] | None
) -> dict[str, npt.NDArray[np.bool_]]:
    """By column, where matched rows differ; null equals null."""
    import pyarrow.compute as pc

    found = {}
    for name in spec.names:
        if name not in spec.key and (columns is None or name in columns):
            mine, theirs = before.column(name), after.column(name)
            both_null = pc.and_(mine.is_null(), theirs.is_null())
            found[name] = ~mask(pc.or_kleene(pc.equal(mine, theirs), both_null))
    return found


def _changed(
    spec: TableSpec,
    before: pa.Table,
    after: pa.Table,
    differs: dict[str, npt.NDArray[np.bool_]],
    places: npt.NDArray[np.int64],
) -> tuple[RowChange, ...]:
    changes = []
    for place, old, new in zip(places, _head(before), _head(after), strict=True):
        names = [name for name, unequal in differs.items() if unequal[place]]
        changes.append(
            RowChange(
                change="changed",
                key=_key(spec, new),
                before={name: old[name] for name in names},
                after={name: new[name] for name in names},
            )
        )
    return tuple(changes)


def _by_value(spec: TableSpec, before: pa.Table, after: pa.Table) -> TableDiff:
    import numpy as np

    old, new = row_codes([before, after], spec.names)
    size = int(max(old.max(initial=-1), new.max(initial=-1))) + 1
    held, holds = np.bincount(old, minlength=size), np.bincount(new, minlength=size)
    fresh = np.flatnonzero(_rank(new) >= held[new])
    gone = np.flatnonzero(_rank(old) >= holds[old])
    return TableDiff(
        before=before.num_rows,
        after=after.num_rows,
        added=len(fresh),
        changed=0,
        removed=len(gone),
        examples=(
            *added(spec, after.take(fresh[:MOST_EXAMPLES])),
            *removed(spec, before.take(gone[:MOST_EXAMPLES])),
        ),
    )


def _rank(codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many equal codes came before each."""
    import numpy as np

    order = np.argsort(codes, kind="stable")
    sorted_codes = codes[order]
    starts = np.flatnonzero(np.r_[True, sorted_codes[1:] != sorted_codes[:-1]]) if len(codes) else order
    rank = np.empty(len(codes), dtype=np.int64)
    rank[order] = np.arange(len(codes)) - np.repeat(starts, np.diff(np.r_[starts, len(codes)]))
    return rank


def _head(rows: pa.Table) -> list[dict[str, Any]]:
    return [plain_row(row) for row in rows.slice(0, MOST_EXAMPLES).to_pylist()]


def _key(spec: TableSpec, row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in spec.key}
