"""What the catalogue tells: shops, snapshots, previews, reports, cards."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Mode(StrEnum):
    """What an import does with what is there: add rows, swap the table, or update rows by key."""

    APPEND = "append"
    REPLACE = "replace"
    UPSERT = "upsert"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class ShopInfo(_Record):
    """A catalogue with its shoppers and events; `snapshot` is the latest number, None while empty."""

    shop: str
    title: str
    synthetic: bool
    created_at: datetime
    snapshot: int | None


class Part(_Record):
    """One Parquet file of a table, by its digest in the artifact store."""

    digest: str
    rows: int


class TableSummary(_Record):
    """What an import did to a table: `read = accepted + quarantined`; `rows` is the new total."""

    rows: int
    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0


class Source(_Record):
    """A file that an import read."""

    name: str
    sha256: str
    bytes: int


class SnapshotInfo(_Record):
    """The state of a shop's tables after an import; numbers are global and never reused."""

    number: int
    shop: str
    parent: int | None
    import_id: str
    importer: str
    mode: Mode
    sources: tuple[Source, ...]
    tables: dict[str, tuple[Part, ...]]
    quarantine: tuple[Part, ...]
    summary: dict[str, TableSummary]
    created_at: datetime
    created_by: str

    @property
    def quarantined(self) -> int:
        """Rows that this snapshot's import set aside."""
        return sum(part.rows for part in self.quarantine)


class ColumnGuess(_Record):
    """A column of a source file, and where it would go; `target` is None when nothing fits."""

    name: str
    kind: str
    target: str | None
    examples: tuple[str, ...] = ()


class SourceTable(_Record):
    """One table that was found in the given files, and the canonical table it would fill."""

    name: str
    table: str | None
    rows: int
    columns: tuple[ColumnGuess, ...]
    sample: tuple[dict[str, Any], ...] = ()


class Inspection(_Record):
    """What files hold, before anything is imported; `importer` is the one that recognised them."""

    importer: str
    sources: tuple[Source, ...]
    tables: tuple[SourceTable, ...]
    notes: tuple[str, ...] = ()


class RowChange(_Record):
    """One row that an import or another snapshot changes.

    `key` are the values that identify it (for events, nothing). An added row has only `after`, a removed
    one only `before`; of a changed row both hold the columns that differ.
    """

    change: Literal["added", "changed", "removed"]
    key: dict[str, Any] = Field(default_factory=dict)
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


class ImportReport(_Record):
    """What an import did, or (from a preview) would do; `unchanged` when the same files were in already."""

    shop: str
    importer: str
    mode: Mode
    snapshot: int | None
    unchanged: bool
    summary: dict[str, TableSummary]
    reasons: dict[str, int] = Field(default_factory=dict, description="Quarantined rows by reason.")
    notes: tuple[str, ...] = ()
    examples: dict[str, tuple[RowChange, ...]] = Field(
        default_factory=dict, description="From a preview: up to 20 rows of each change, by table."
    )


class QuarantinedRow(_Record):
    """A row that was set aside; `row` counts from 1 in its source.

    `index` names it within its snapshot's quarantine, for good; `mended_in` is the snapshot that took it in.
    """

    index: int
    table: str
    source: str
    row: int
    column: str
    reason: str
    data: dict[str, Any]
    mended_in: int | None = None


class MendedRow(_Record):
    """A corrected row of a quarantine: values by canonical column; what is left out stays, null clears."""

    index: int
    data: dict[str, Any]


class ItemCard(_Record):
    """A product as the wall shows it; what the shop does not tell is None.

    `cost` is the purchase cost in shop currency and for the shop's own people only; `on_hand` counts the
    pieces of all variants; `created_at` is the first day in the shop.
    """

    item_id: str
    title: str
    category: str | None = None
    brand: str | None = None
    colour: str | None = None
    season: str | None = None
    price: float | None = None
    image: str | None = None
    in_stock: bool | None = None
    sizes: tuple[str, ...] = ()
    attributes: dict[str, Any] = Field(default_factory=dict)
    cost: float | None = None
    on_hand: int | None = None
    created_at: datetime | None = None


class ShopperCard(_Record):
    """A shopper as a page may show one: pseudonym, never the shop's own id."""

    shopper: str
    events: int
    age: float | None = None
    segment: str | None = None


class TableDiff(_Record):
    """How a table differs between two snapshots, with up to 20 rows of each change."""

    before: int
    after: int
    added: int
    changed: int
    removed: int
    examples: tuple[RowChange, ...] = ()


class SnapshotDiff(_Record):
    """How two snapshots of a shop differ; tables that are equal are left out."""

    shop: str
    before: int
    after: int
    tables: dict[str, TableDiff]


class ForgottenIn(_Record):
    """A model version whose training data held a forgotten shopper."""

    model: str
    version: str
    snapshot: int


class ForgetReport(_Record):
    """What forgetting a shopper changed; it names nobody.

    `rows` counts what left the newest snapshot, by table. `models` still hold what they learned from the
    shopper until they are trained again, and `jobs` were reading the rows while they went.
    """

    shop: str
    found: bool
    snapshots: tuple[int, ...] = ()
    rows: dict[str, int] = Field(default_factory=dict)
    quarantined: int = 0
    models: tuple[ForgottenIn, ...] = ()
    jobs: tuple[str, ...] = ()
    kept_elsewhere: tuple[str, ...] = Field(
        default=(), description="Folders of earlier states that still hold the rows."
    )
    notes: tuple[str, ...] = ()


class Forgetting(_Record):
    """That a shopper was forgotten: when, by whom, where they had been; never who it was."""

    shop: str
    time: datetime
    by: str
    snapshots: tuple[int, ...]
    models: tuple[ForgottenIn, ...]
