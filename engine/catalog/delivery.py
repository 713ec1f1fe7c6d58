"""What an importer hands over: tables under canonical names, pictures, and where they came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.catalog.quarantine import ROW_COLUMN, SOURCE_COLUMN
from engine.catalog.records import Mode, Source
from engine.catalog.schema import TABLES, Table
from engine.errors import InvalidInput
from engine.files import canonical_json

if TYPE_CHECKING:
    import pyarrow as pa

_EVENTS = (Table.ORDER_LINES, Table.INTERACTIONS, Table.REVIEWS, Table.IMPRESSIONS)


@dataclass(frozen=True)
class Delivery:
    """Everything that one import brings.

    Parameters
    ----------
    importer : str
        Name of the importer, or of the part that made the data up.
    mode : Mode
        What happens to rows that are there already.
    tables : mapping of Table to pa.Table
        Canonical column names with any flat types. Rows may carry `__source` and `__row`, the place
        that they were read from; without them they count from 1 in the first source.
    sources : tuple of Source
        The files, with the digests of the bytes that were parsed.
    images : mapping of str to bytes
        Pictures by item id, as found.
    rejected : pa.Table or None
        Rows that could not even be split into columns, in the quarantine's schema.
    mapping : dict or None
        How columns were mapped, part of the import's identity.
    notes : tuple of str
        Sentences for the person who imports.
    derive_items : bool
        Make bare products from the ids that events name, when neither shop nor import has any.
    """

    importer: str
    mode: Mode
    tables: Mapping[Table, pa.Table]
    sources: tuple[Source, ...]
    images: Mapping[str, bytes] = field(default_factory=dict)
    rejected: pa.Table | None = None
    mapping: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    derive_items: bool = False

    @property
    def import_id(self) -> str:
        """Equal for equal bytes read in the same way."""
        return import_id(self.sources, self.importer, self.mapping, self.mode)

    def raw(self, table: Table) -> pa.Table:
        """A table with provenance and only canonical columns; the picture column is never taken from a file."""
        import numpy as np
        import pyarrow as pa

        given = self.tables[table]
        wanted = [name for name in given.column_names if name in TABLES[table].names and name != "image"]
        raw = given.select(wanted)
        source = (
            given.column(SOURCE_COLUMN) if SOURCE_COLUMN in given.column_names else self._first_source(given.num_rows)
        )
        numbers = np.arange(1, given.num_rows + 1)
        row = given.column(ROW_COLUMN) if ROW_COLUMN in given.column_names else pa.array(numbers, pa.int64())
        return raw.append_column(SOURCE_COLUMN, source).append_column(ROW_COLUMN, row)

    def with_derived_items(self) -> Delivery:
        """The same delivery with a bare product for every id that its events name."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from engine.catalog._arrays import plain
        from engine.catalog.coerce import as_text

        named = [
            as_text(plain(rows.column("item_id"))) for rows in self.tables.values() if "item_id" in rows.column_names
        ]
        ids = pc.unique(pc.utf8_trim_whitespace(pa.chunked_array(named, pa.string())))
        ids = ids.filter(pc.fill_null(pc.not_equal(ids, ""), False))
        if not len(ids):
            return self
        note = f"The shop has no products yet: {len(ids):,} were made from the ids, without titles."
        tables = {Table.ITEMS: pa.table({"item_id": ids}), **self.tables}
        return replace(self, tables=tables, notes=(*self.notes, note))

    def _first_source(self, rows: int) -> pa.Array:
        import pyarrow as pa

        return pa.repeat(self.sources[0].name if self.sources else self.importer, rows)

    def check(self, max_rows: int) -> None:
        """Refuse a delivery that is empty or too large.

        Raises
        ------
        InvalidInput
        """
        total = sum(table.num_rows for table in self.tables.values())
        total += self.rejected.num_rows if self.rejected is not None else 0
        if not total:
            raise InvalidInput("The files hold no rows.", "An import has at least one row.", "Check the export.")
        if any(table.num_rows > max_rows for table in self.tables.values()):
            largest = max(self.tables.values(), key=lambda table: table.num_rows).num_rows
            raise InvalidInput(
                f"A table has {largest:,} rows.",
                f"An import takes up to {max_rows:,} rows a table.",
                "Import it in parts with mode append, or raise SKYY_MAX_IMPORT_ROWS.",
            )


def import_id(sources: tuple[Source, ...], importer: str, mapping: Mapping[str, Any] | None, mode: Mode) -> str:
    """The identity of an import; how its files are called does not matter."""
    digests = {source.name: source.sha256 for source in sources}
    identity = {
        "sources": sorted(digests.values()),
        "importer": importer,
        "mapping": {digests.get(name, name): entry for name, entry in mapping.items()} if mapping else None,
        "mode": mode,
    }
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:32]


def with_count_times(tables: Mapping[Table, pa.Table], now: datetime) -> tuple[dict[Table, pa.Table], str]:
    """A stock count that tells no time was made when it was imported; the tables and a note."""
    import pyarrow as pa

    levels = tables.get(Table.STOCK_LEVELS)
    if levels is None or "time" in levels.column_names:
        return dict(tables), ""
    stamp = pa.repeat(pa.scalar(now.replace(microsecond=0), pa.timestamp("us", tz="UTC")), levels.num_rows)
    note = "The stock tells no time: it counts as of this import."
    return {**tables, Table.STOCK_LEVELS: levels.append_column("time", stamp)}, note
