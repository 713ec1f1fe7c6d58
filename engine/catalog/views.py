"""Snapshots as people look at them: profile, difference, sample and download."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalog import _rows, parts, quarantine
from engine.catalog._recent import Recent
from engine.catalog.compare import compare
from engine.catalog.profile import profile
from engine.catalog.profile_records import TableProfile
from engine.catalog.records import Part, SnapshotDiff, SnapshotInfo, TableDiff
from engine.catalog.schema import TABLES, Table
from engine.catalog.service import CatalogService
from engine.catalog.sheets import as_csv
from engine.core import Engine, Service
from engine.errors import InvalidInput
from engine.store import operation

if TYPE_CHECKING:
    import pyarrow as pa

_KEPT = 64
_KEPT_DOWNLOADS = 8
_QUARANTINE = ("index", "table", "source", "row", "column", "reason")


class SnapshotViews(Service):
    """Reads of snapshots; nothing here changes one."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._profiles: Recent[tuple[int, Table, tuple[str, ...]], TableProfile] = Recent(_KEPT)

    @property
    def _catalog(self) -> CatalogService:
        return self.engine.service(CatalogService)

    @operation("snapshots.profile")
    def profile(self, *, number: int, table: str) -> TableProfile:
        """Types, ranges, nulls, frequent values, joins and drift of a table; kept once made.

        Raises
        ------
        SnapshotNotFound, InvalidInput
        """
        name, info = _table(table), self._catalog.get_snapshot(number=number)
        artifacts = self.engine.artifacts
        parent = self._catalog.get_snapshot(number=info.parent) if info.parent is not None else None
        key = (number, name, tuple(part.digest for part in info.tables.get(name, ())))
        return self._profiles.get(
            key,
            lambda: profile(
                parts.dataset_of(artifacts, info), name, parts.dataset_of(artifacts, parent) if parent else None
            ),
        )

    @operation("snapshots.diff")
    def diff(self, *, before: int, after: int) -> SnapshotDiff:
        """What changed from one snapshot of a shop to another, table by table.

        Raises
        ------
        SnapshotNotFound
        InvalidInput
            The snapshots are of two shops.
        """
        old, new = self._catalog.get_snapshot(number=before), self._catalog.get_snapshot(number=after)
        if old.shop != new.shop:
            raise InvalidInput(
                f"Snapshot {before} is of {old.shop}, snapshot {after} of {new.shop}.",
                "Two snapshots of one shop are compared.",
                "List them with 'skyy data list --shop NAME'.",
            )
        found = {str(table): self._table_diff(table, old, new) for table in Table}
        tables = {name: diff for name, diff in found.items() if diff.added or diff.changed or diff.removed}
        return SnapshotDiff(shop=old.shop, before=before, after=after, tables=tables)

    def _table_diff(self, table: Table, old: SnapshotInfo, new: SnapshotInfo) -> TableDiff:
        """Parts that both snapshots have cannot differ; only the others are read."""
        mine, theirs = old.tables.get(table, ()), new.tables.get(table, ())
        shared = {part.digest for part in mine} & {part.digest for part in theirs}
        left, right = (self._rows(table, parts, shared) for parts in (mine, theirs))
        sizes = {"before": sum(part.rows for part in mine), "after": sum(part.rows for part in theirs)}
        return compare(TABLES[table], left, right).model_copy(update=sizes)

    def _rows(self, table: Table, listed: tuple[Part, ...], shared: set[str]) -> pa.Table:
        import pyarrow as pa

        rows = [parts.read_part(self.engine.artifacts, part) for part in listed if part.digest not in shared]
        return pa.concat_tables([TABLES[table].arrow_schema().empty_table(), *rows])

    @operation("snapshots.csv")
    def table_csv(self, *, number: int, table: str, limit: int = 1_000) -> str:
        """The first rows as CSV; cells that a spreadsheet would carry out are guarded."""
        name = _table(table)
        return as_csv(TABLES[name].names, self._catalog.dataset(number).head(name, limit))

    @operation("snapshots.parquet")
    def table_parquet(self, *, number: int, table: str) -> Path:
        """A Parquet file with a whole table, for a download; it is removed after a few more."""
        import pyarrow.parquet as pq

        name = _table(table)
        folder = self.engine.settings.staging / "downloads"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{name}-{number}-{secrets.token_hex(4)}.parquet"
        pq.write_table(self._catalog.dataset(number).arrow(name), path, compression="zstd")
        for old in sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)[:-_KEPT_DOWNLOADS]:
            old.unlink(missing_ok=True)
        return path

    @operation("snapshots.quarantine_csv")
    def quarantine_csv(self, *, number: int) -> str:
        """The rows that still wait in a quarantine, as CSV: `index` first, then why, then the values.

        Correct the values and give the file to `skyy data mend`.
        """
        rows = self._catalog.set_aside(number)
        with self.store.read() as reader:
            mended = _rows.mended(reader, number)
        waiting = [row for row in quarantine.records(rows, 0, mended) if row.mended_in is None]
        names = dict.fromkeys(name for row in waiting for name in row.data)
        lines = [
            {**{f"data.{k}": v for k, v in row.data.items()}, **row.model_dump(include=set(_QUARANTINE))}
            for row in waiting
        ]
        return as_csv([*_QUARANTINE, *(f"data.{name}" for name in names)], lines)


def _table(name: str) -> Table:
    if name not in set(Table):
        raise InvalidInput(f"There is no table {name[:60]!r}.", f"Tables: {', '.join(Table)}.")
    return Table(name)
