"""Parts without a shopper: which rows hold them, and the same tables written again without those."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.artifacts import ArtifactStore
from engine.catalog import quarantine
from engine.catalog._arrays import mask
from engine.catalog.parts import read_part, write_part
from engine.catalog.records import Part, SnapshotInfo
from engine.catalog.schema import TABLES, Table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

FORGOTTEN = "the shopper was forgotten"
_PARQUET = b"PAR1"
_BY_ORDER = (str(Table.ORDERS), str(Table.ORDER_LINES))


@dataclass
class Erasure:
    """One shopper in the parts of a shop's snapshots.

    Parameters
    ----------
    artifacts : ArtifactStore
    names : collection of str
        The shopper's pseudonyms.
    words : collection of str
        Mail addresses that must not be left in quarantined rows either.
    """

    artifacts: ArtifactStore
    names: Collection[str]
    words: Collection[str] = ()
    orders: set[str] = field(default_factory=set)
    swapped: dict[str, Part] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)

    def run(self, snapshots: Iterable[SnapshotInfo]) -> None:
        """Write every part again that holds the shopper; the old ones stay until nobody names them."""
        tables, quarantines = _distinct(snapshots)
        for part in tables.get(Table.ORDERS, {}).values():
            self._note_orders(part)
        for part in quarantines.values():
            self._note_quarantined_orders(part)
        for table, parts in tables.items():
            for part in parts.values():
                self._table_part(table, part)
        for part in quarantines.values():
            self._quarantine_part(part)

    def of(self, snapshot: SnapshotInfo) -> dict[str, Part]:
        """The swapped parts that a snapshot names, by old digest."""
        named = [*snapshot.quarantine, *(part for parts in snapshot.tables.values() for part in parts)]
        return {part.digest: self.swapped[part.digest] for part in named if part.digest in self.swapped}

    def _note_orders(self, part: Part) -> None:
        import pyarrow as pa

        rows = _columns(self.artifacts, part, ["order_id", "shopper"])
        self.orders.update(rows.filter(pa.array(self._holds(rows.column("shopper")))).column("order_id").to_pylist())

    def _note_quarantined_orders(self, part: Part) -> None:
        for _, data in _quarantined(self.artifacts, part, _BY_ORDER):
            if data.get("shopper") in self.names and data.get("order_id"):
                self.orders.add(str(data["order_id"]))

    def _table_part(self, table: Table, part: Part) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        if "shopper" in TABLES[table].names:
            gone = self._holds(_columns(self.artifacts, part, ["shopper"]).column("shopper"))
        elif table is Table.ORDER_LINES and self.orders:
            orders = _columns(self.artifacts, part, ["order_id"]).column("order_id")
            gone = mask(pc.is_in(orders, value_set=pa.array(sorted(self.orders), pa.string())))
        else:
            return
        if gone.any():
            rows = read_part(self.artifacts, part)
            self._swap(part, rows.filter(pa.array(~gone)), int(gone.sum()))

    def _quarantine_part(self, part: Part) -> None:
        """Rows are blanked, not taken out: the index of every other row stays, and so does the count."""
        import numpy as np
        import pyarrow as pa

        rows = read_part(self.artifacts, part)
        gone = np.zeros(rows.num_rows, dtype=bool)
        gone[[place for place, data in _quarantined(self.artifacts, part, None) if self._is_theirs(data)]] = True
        if gone.any():
            there = pa.array(gone)
            blanks = {"source": "", "row": 0, "column": "", "reason": FORGOTTEN, "data": "{}"}
            self._swap(part, _blanked(rows, there, blanks), int(gone.sum()))

    def _is_theirs(self, data: dict[str, object]) -> bool:
        if data.get("shopper") in self.names or str(data.get("order_id")) in self.orders:
            return True
        return any(word in str(value).lower() for word in (*self.words, *self.names) for value in data.values())

    def _holds(self, shoppers: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
        import pyarrow as pa
        import pyarrow.compute as pc

        return mask(pc.is_in(shoppers, value_set=pa.array(sorted(self.names), pa.string())))

    def _swap(self, part: Part, rows: pa.Table, gone: int) -> None:
        self.swapped[part.digest] = write_part(self.artifacts, rows)
        self.removed[part.digest] = gone


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet does."""
    try:
        with path.open("rb") as file:
            return file.read(len(_PARQUET)) == _PARQUET
    except FileNotFoundError:  # a draft that was renamed meanwhile
        return False


def is_part(path: Path) -> bool:
    """Whether a Parquet file has the columns of a canonical table or of a quarantine."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = tuple(pq.read_schema(path).names)
    except pa.ArrowException:
        return False
    return names == tuple(quarantine.schema().names) or names in {spec.names for spec in TABLES.values()}


def _distinct(snapshots: Iterable[SnapshotInfo]) -> tuple[dict[Table, dict[str, Part]], dict[str, Part]]:
    tables: dict[Table, dict[str, Part]] = {}
    quarantines: dict[str, Part] = {}
    for snapshot in snapshots:
        for name, parts in snapshot.tables.items():
            tables.setdefault(Table(name), {}).update({part.digest: part for part in parts})
        quarantines.update({part.digest: part for part in snapshot.quarantine})
    return tables, quarantines


def _columns(artifacts: ArtifactStore, part: Part, names: list[str]) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.ParquetFile(artifacts.path(part.digest)).read(columns=names)


def _quarantined(
    artifacts: ArtifactStore, part: Part, tables: Collection[str] | None
) -> Iterator[tuple[int, dict[str, object]]]:
    """Place and values of quarantined rows, of some tables or all."""
    rows = _columns(artifacts, part, ["table", "data"])
    for place, (table, data) in enumerate(zip(*(rows.column(n).to_pylist() for n in ("table", "data")), strict=True)):
        if (tables is None or table in tables) and data != "{}":
            yield place, json.loads(data)


def _blanked(rows: pa.Table, there: pa.Array, blanks: dict[str, object]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    for name, value in blanks.items():
        place = rows.column_names.index(name)
        blank = pa.scalar(value, rows.schema.field(name).type)
        rows = rows.set_column(place, rows.schema.field(name), pc.if_else(there, blank, rows.column(name)))
    return rows
