"""The catalogue's acts, as the store's owner performs them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.actor import Actor
from engine.catalog import _rows, parts
from engine.catalog._progress import ProgressBoard
from engine.catalog._recent import Recent
from engine.catalog.cards import CardIndex
from engine.catalog.dataset import Dataset
from engine.catalog.delivery import Delivery, import_id, with_count_times
from engine.catalog.intake import Intake
from engine.catalog.key_ring import KeyRing
from engine.catalog.people import PeopleIndex
from engine.catalog.records import (
    ImportReport,
    Inspection,
    ItemCard,
    MendedRow,
    Mode,
    QuarantinedRow,
    ShopInfo,
    ShopperCard,
    SnapshotInfo,
    Source,
)
from engine.catalog.schema import Table
from engine.core import Engine, Service
from engine.errors import InvalidInput
from engine.naming import check_name
from engine.store import operation

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.catalog.importers import Bundle, Importer

_KEPT_SNAPSHOTS = 4


class CatalogService(Service):
    """Shops, imports, snapshots, and what a page shows of them."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._intake_lock = threading.Lock()
        self._board = ProgressBoard()
        self._cards: Recent[int, CardIndex] = Recent(_KEPT_SNAPSHOTS)
        self._people: Recent[int, PeopleIndex] = Recent(_KEPT_SNAPSHOTS)
        self._rings: dict[str, KeyRing] = {}

    @operation("shops.list")
    def list_shops(self) -> list[ShopInfo]:
        """All shops, oldest first."""
        with self.store.read() as reader:
            return _rows.shops(reader)

    @operation("shops.open")
    def open_shop(self, *, actor: Actor, shop: str, title: str, synthetic: bool = False) -> ShopInfo:
        """Open a shop, or return the one that has the name."""
        check_name(shop, "shop")
        with self.store.write(actor) as transaction:
            if not _rows.shops(transaction, shop=shop):
                payload = {"shop": shop, "title": title[:200] or shop, "synthetic": synthetic}
                transaction.emit("shop.opened", shop, payload)
            return _rows.shop(transaction, shop)

    @operation("snapshots.list")
    def list_snapshots(self, *, shop: str | None = None, limit: int = 200) -> list[SnapshotInfo]:
        """Snapshots, newest first."""
        with self.store.read() as reader:
            return _rows.snapshots(reader, shop=shop, limit=limit)

    @operation("snapshots.get")
    def get_snapshot(self, *, number: int | None = None, shop: str | None = None) -> SnapshotInfo:
        """One snapshot; without a number the latest of the shop.

        Raises
        ------
        SnapshotNotFound, ShopNotFound
        """
        with self.store.read() as reader:
            return _rows.snapshot(reader, number=number, shop_name=shop)

    @operation("imports.inspect")
    def inspect(self, *, path: Path, importer: str | None = None) -> Inspection:
        """What files hold and where it would go; nothing is stored.

        Raises
        ------
        InvalidFile, InvalidInput
        """
        bundle, reader = self._open(path, importer)
        tables, notes = reader.inspect(bundle)
        return Inspection(importer=reader.name, sources=bundle.sources(), tables=tuple(tables), notes=tuple(notes))

    @operation("imports.preview")
    def preview(
        self,
        *,
        shop: str,
        path: Path,
        importer: str | None = None,
        mapping: dict[str, dict[str, Any]] | None = None,
        mode: Mode = Mode.APPEND,
    ) -> ImportReport:
        """What an import would do; nothing is stored.

        Raises
        ------
        InvalidFile, InvalidInput, InvalidName
        """
        delivery = self._deliver(path, importer, mapping, mode, progress=False)
        return self._intake(check_name(shop, "shop")).preview(delivery)

    @operation("imports.run")
    def run_import(
        self,
        *,
        actor: Actor,
        shop: str,
        path: Path,
        importer: str | None = None,
        mapping: dict[str, dict[str, Any]] | None = None,
        mode: Mode = Mode.APPEND,
        title: str | None = None,
    ) -> ImportReport:
        """Take files in: all of them or nothing.

        Parameters
        ----------
        path : Path
            A file, a folder or a zip archive.
        mapping : dict or None
            By source table: `{"table": canonical table, "columns": {canonical: source column},
            "constants": {canonical: value}}`; None lets the importer guess.
        mode : Mode
            What happens to rows that are there already.
        title : str or None
            Of the shop, when it is new.

        Raises
        ------
        InvalidFile, InvalidInput, InvalidName
            Nothing was stored then.
        """
        check_name(shop, "shop")
        with self._intake_lock, self._board.running(shop):
            delivery = self._deliver(path, importer, mapping, mode, progress=True)
            intake = self._intake(shop)
            return intake.run(delivery, actor=actor, title=title or shop, synthetic=False)

    def take_in(
        self,
        *,
        actor: Actor,
        shop: str,
        title: str,
        synthetic: bool,
        importer: str,
        tables: Mapping[Table, pa.Table],
        images: Mapping[str, bytes],
        sources: tuple[Source, ...],
        mode: Mode,
    ) -> ImportReport:
        """The one door for rows: checks, pseudonyms, quarantine, parts, snapshot.

        Raises
        ------
        InvalidInput, InvalidName
            Nothing was stored then.
        """
        check_name(shop, "shop")
        delivery = Delivery(
            importer=importer, mode=mode, tables=dict(tables), sources=tuple(sources), images=dict(images)
        )
        with self._intake_lock, self._board.running(shop):
            return self._intake(shop).run(delivery, actor=actor, title=title, synthetic=synthetic)

    def report_of(self, *, shop: str, importer: str, sources: tuple[Source, ...], mode: Mode) -> ImportReport | None:
        """The report of an import that the shop has ever taken in, None when it has not."""
        return self._intake(shop).report_of(import_id(sources, importer, None, mode))

    @operation("imports.progress")
    def import_progress(self) -> dict[str, Any] | None:
        """Shop, stage and share of the import that runs now."""
        return self._board.now()

    @operation("snapshots.quarantine")
    def quarantine(self, *, number: int, limit: int = 200, offset: int = 0) -> list[QuarantinedRow]:
        """Rows that a snapshot's import set aside; `index` names a row for good."""
        from engine.catalog import quarantine

        rows = self.set_aside(number).slice(offset, limit)
        with self.store.read() as reader:
            mended = _rows.mended(reader, number)
        return quarantine.records(rows, offset, mended)

    def set_aside(self, number: int) -> pa.Table:
        """The whole quarantine of a snapshot, in the order of its indices."""
        import pyarrow as pa

        from engine.catalog import quarantine

        found = [parts.read_part(self.engine.artifacts, part) for part in self.get_snapshot(number=number).quarantine]
        return pa.concat_tables(found) if found else quarantine.schema().empty_table()

    @operation("quarantine.mend")
    def mend(self, *, actor: Actor, number: int, rows: list[MendedRow], mode: Mode = Mode.APPEND) -> ImportReport:
        """Take corrected rows of a quarantine in, as a new snapshot.

        Parameters
        ----------
        number : int
            The snapshot whose import set the rows aside.
        rows : list of MendedRow
            Index and values by canonical column; what is left out stays as it was, null clears it.
        mode : Mode
            `append`, or `upsert` to change rows of the same key; `replace` is refused.

        Returns
        -------
        ImportReport
            Rows that still fail are counted as quarantined, with their reason, and stay in the
            quarantine of snapshot `number`.

        Raises
        ------
        InvalidInput
            A row has no such index, was taken in already or is given twice.
        """
        from engine.catalog import mending

        with self._intake_lock:
            info = self.get_snapshot(number=number)
            with self.store.read() as reader:
                mended = _rows.mended(reader, number)
            delivery, picked = mending.delivery_of(info, self.set_aside(number), rows, mended, mode)
            return self._intake(info.shop).mend(
                delivery, actor=actor, settle=lambda t, new, plan: mending.settle(t, info, new, picked, plan)
            )

    @operation("snapshots.sample")
    def sample(self, *, number: int, table: str, limit: int = 50) -> list[dict[str, Any]]:
        """The first rows of a table."""
        if table not in set(Table):
            raise InvalidInput(f"There is no table {table[:60]!r}.", f"Tables: {', '.join(Table)}.")
        return self.dataset(number).head(Table(table), limit)

    @operation("items.search")
    def items(
        self, *, shop: str, query: str = "", category: str | None = None, limit: int = 60, offset: int = 0
    ) -> list[ItemCard]:
        """Products of a shop's latest snapshot."""
        found = list(self.cards(self.get_snapshot(shop=shop).number).search(query, category))
        return found[offset : offset + limit]

    @operation("shoppers.search")
    def shoppers(self, *, shop: str, query: str = "", limit: int = 50) -> list[ShopperCard]:
        """Shoppers of a shop's latest snapshot, most active first; a shop's own id finds its pseudonym."""
        number = self.get_snapshot(shop=shop).number
        people = self._people.get(number, lambda: PeopleIndex(self.dataset(number)))
        return people.search(query.strip(), limit) or people.search(self.pseudonym(shop, query.strip()), limit)

    def cards(self, number: int) -> CardIndex:
        """The product cards of a snapshot, kept for the latest few."""
        return self._cards.get(number, lambda: CardIndex(self.dataset(number)))

    def dataset(self, number: int) -> Dataset:
        """The rows of a snapshot.

        Raises
        ------
        SnapshotNotFound, ArtifactNotFound
        """
        return parts.dataset_of(self.engine.artifacts, self.get_snapshot(number=number))

    def pseudonym(self, shop: str, shopper_id: str) -> str:
        """The name under which a shop's own shopper id is stored; an unknown id gets one that finds nobody."""
        return self.ring(shop).pseudonym(shopper_id)

    def ring(self, shop: str) -> KeyRing:
        """The key ring of a shop."""
        return self._rings.setdefault(shop, KeyRing(self.engine.settings.home / "keys", shop))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every import back while something else changes snapshots."""
        with self._intake_lock:
            yield

    def drop_caches(self) -> None:
        """Read cards and shoppers again: rows that are kept in memory may have been forgotten."""
        self._cards, self._people = Recent(_KEPT_SNAPSHOTS), Recent(_KEPT_SNAPSHOTS)

    def _intake(self, shop: str) -> Intake:
        return Intake(self.engine, shop, self.ring(shop), self._board)

    def _open(self, path: Path, importer: str | None) -> tuple[Bundle, Importer]:
        from engine.catalog.importers import open_bundle, pick
        from engine.catalog.importers.limits import Limits

        settings = self.engine.settings
        bundle = open_bundle(path, Limits(bytes=settings.max_upload_mb * 2**20, rows=settings.max_import_rows))
        return bundle, pick(bundle, importer)

    def _deliver(
        self, path: Path, importer: str | None, mapping: dict[str, dict[str, Any]] | None, mode: Mode, *, progress: bool
    ) -> Delivery:
        if progress:
            self._board.stage("Reading files", 0.02)
        bundle, reader = self._open(path, importer)
        reading = reader.read(bundle, mapping)
        unread = bundle.unread()
        ignored = f"{len(unread):,} files of other kinds were left out, such as {unread[0]}." if unread else ""
        tables, counted = with_count_times(reading.tables, self.engine.clock.now())
        return Delivery(
            importer=reader.name,
            mode=mode,
            tables=tables,
            sources=bundle.sources(),
            images=reading.images,
            rejected=reading.rejected,
            mapping=reading.mapping,
            notes=(*reading.notes, *filter(None, [counted, ignored])),
            derive_items=reader.name == "generic",
        )
