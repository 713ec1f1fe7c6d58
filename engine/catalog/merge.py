"""Good rows meet the rows that are there: append, upsert by key, replace."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.catalog._arrays import mask, row_codes
from engine.catalog.records import Mode
from engine.catalog.schema import TableSpec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

_IMAGE = "image"


@dataclass(frozen=True)
class Merged:
    """A table after a merge.

    `new` is written as one more part after the parent's parts, or instead of them when not `keep`.
    `refused` masks good rows that an append must not take, because their key has other values.
    """

    keep: bool
    new: pa.Table
    added: int
    changed: int = 0
    removed: int = 0
    refused: npt.NDArray[np.bool_] | None = None


def merge(
    spec: TableSpec, rows: pa.Table, given: Collection[str], parent: Callable[[], pa.Table], mode: Mode
) -> Merged:
    """Bring good rows into a table.

    Parameters
    ----------
    rows : pa.Table
        Canonical rows with unique keys.
    given : collection of str
        The columns that the import brings; an upsert leaves the others as they are.
    parent : callable
        Reads the rows that are there; appending events never calls it.
    """
    if mode is Mode.APPEND and not spec.key:
        return Merged(keep=True, new=rows, added=rows.num_rows)
    before = parent()
    if not spec.key:
        return _events(spec, rows, before, mode)
    match = _Match(spec, rows, before, given)
    if mode is Mode.APPEND:
        return Merged(keep=True, new=rows.filter(match.is_new), added=match.added, refused=match.differs)
    if mode is Mode.REPLACE:
        removed = before.num_rows - int(match.found.sum())
        return Merged(keep=False, new=rows, added=match.added, changed=match.changed, removed=removed)
    if not match.changed:
        return Merged(keep=True, new=rows.filter(match.is_new), added=match.added)
    return Merged(keep=False, new=match.updated(), added=match.added, changed=match.changed)


def _events(spec: TableSpec, rows: pa.Table, before: pa.Table, mode: Mode) -> Merged:
    """Events have no key: a replace swaps them all, an upsert adds those that are not there yet."""
    import numpy as np
    import pyarrow as pa

    if mode is Mode.REPLACE:
        return Merged(keep=False, new=rows, added=rows.num_rows, removed=before.num_rows)
    codes, known = row_codes([rows, before], spec.names)
    fresh = rows.filter(pa.array(~np.isin(codes, known)))
    return Merged(keep=True, new=fresh, added=fresh.num_rows)


class _Match:
    """Which rows meet a row of the same key, and whether it has the same values."""

    def __init__(self, spec: TableSpec, rows: pa.Table, before: pa.Table, given: Collection[str]) -> None:
        import numpy as np

        self._spec, self._rows, self._before, self._given = spec, rows, before, given
        codes, known = row_codes([rows, before], spec.key)
        order = np.argsort(known, kind="stable")
        place = np.searchsorted(known, codes, sorter=order)
        place = order[np.minimum(place, len(order) - 1)] if len(order) else np.zeros(len(codes), dtype=np.int64)
        self.found: npt.NDArray[np.bool_] = known[place] == codes if len(order) else np.zeros(len(codes), dtype=bool)
        self._place = place
        self.differs = self.found & ~self._equal()

    @property
    def is_new(self) -> pa.Array:
        import pyarrow as pa

        return pa.array(~self.found)

    @property
    def added(self) -> int:
        return int((~self.found).sum())

    @property
    def changed(self) -> int:
        return int(self.differs.sum())

    def _counterparts(self, column: str) -> pa.Array:
        """The values that are there, beside each row; null where there is no such row."""
        import pyarrow as pa

        return self._before.column(column).take(pa.array(self._place, mask=~self.found))

    def _value(self, column: str) -> pa.ChunkedArray:
        """The value that a row will have: what the import gives, else what is there."""
        import pyarrow.compute as pc

        if column == _IMAGE:
            return pc.coalesce(self._rows.column(column), self._counterparts(column))
        return self._rows.column(column) if column in self._given else self._counterparts(column)

    def _equal(self) -> npt.NDArray[np.bool_]:
        import numpy as np
        import pyarrow.compute as pc

        equal = np.ones(self._rows.num_rows, dtype=bool)
        for column in self._spec.names:
            if column in self._given or column == _IMAGE:
                mine, theirs = self._value(column), self._counterparts(column)
                both_null = pc.and_(mine.is_null(), theirs.is_null())
                equal &= mask(pc.or_kleene(pc.equal(mine, theirs), both_null))
        return equal

    def updated(self) -> pa.Table:
        """All rows, changed ones in their old place, new ones at the end."""
        import numpy as np
        import pyarrow as pa

        mine = pa.table([self._value(name) for name in self._spec.names], schema=self._before.schema)
        mine = pa.concat_tables([mine.filter(pa.array(self.found)), self._rows.filter(self.is_new)])
        order = np.arange(self._before.num_rows)
        hits = np.flatnonzero(self.found)
        order[self._place[hits]] = self._before.num_rows + np.arange(len(hits))
        fresh = self._before.num_rows + len(hits) + np.arange(self.added)
        return pa.concat_tables([self._before, mine]).take(pa.array(np.concatenate([order, fresh])))
