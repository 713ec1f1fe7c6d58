"""From a delivery to a numbered snapshot: files first, then one event, so that a crash leaves nothing half done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from engine.actor import Actor
from engine.catalog import _rows, parts, pictures, quarantine
from engine.catalog._progress import ProgressBoard
from engine.catalog.delivery import Delivery
from engine.catalog.examples import examples
from engine.catalog.key_ring import Draft, KeyRing
from engine.catalog.pictures import Pictures
from engine.catalog.plan import Plan, Planner
from engine.catalog.records import ImportReport, Mode, Part, SnapshotInfo, TableSummary
from engine.catalog.schema import Table
from engine.core import Engine
from engine.errors import InvalidInput, StaleExpectation
from engine.failpoints import failpoint
from engine.store import Transaction

_WRITERS = 8
_MOST_PARTS = 32  # many small files would slow every read down


@dataclass(frozen=True)
class Intake:
    """Imports into one shop; the service lets one run at a time."""

    engine: Engine
    shop: str
    ring: KeyRing
    board: ProgressBoard

    def preview(self, delivery: Delivery) -> ImportReport:
        """What `run` would report; nothing is stored and no picture is opened."""
        delivery.check(self.engine.settings.max_import_rows)
        parent = self._parent()
        earlier = self._earlier(delivery)
        if earlier is not None:
            return self._unchanged(earlier)
        delivery = _with_items(delivery, parent)
        planner = self._planner(delivery, parent, {}, self.ring.draft())
        plan = planner.run()
        report = _report(self.shop, delivery, plan, parent, None, ())
        return report.model_copy(update={"examples": examples(plan, planner.parent, delivery.mode)})

    def run(self, delivery: Delivery, *, actor: Actor, title: str, synthetic: bool) -> ImportReport:
        """Take a delivery in.

        Raises
        ------
        InvalidInput
            No row is good, or a replace would break references; nothing is stored then.
        StaleExpectation
            Somebody else took a snapshot of this shop meanwhile.
        """
        delivery.check(self.engine.settings.max_import_rows)
        earlier = self._earlier(delivery)
        if earlier is not None:
            return self._unchanged(earlier)
        parent = self._parent()
        given, delivery = delivery, _with_items(delivery, parent)
        checked, people = self._pictures(delivery), self.ring.draft()
        plan = self._planner(delivery, parent, checked.digests, people).run(
            lambda stage, share: self.board.stage(stage, 0.35 + 0.4 * share)
        )
        _refuse_if_nothing_good(plan, set(given.tables))
        if parent is not None and plan.changes_nothing:
            return self._unchanged(parent)
        self.board.stage("Storing", 0.8)
        tables, aside = self._write(plan, checked, parent), self._set_aside(plan)
        people.save()
        failpoint("catalog.before_event")
        self.board.stage("Recording the snapshot", 0.95)
        with self.engine.store.write(actor) as transaction:
            self._open_shop(transaction, title, synthetic)
            number = self._record(transaction, delivery, tables, aside, parent, _summary(plan, parent))
        return _report(self.shop, delivery, plan, parent, number, _picture_notes(delivery, checked))

    def mend(
        self, delivery: Delivery, *, actor: Actor, settle: Callable[[Transaction, int, Plan], None]
    ) -> ImportReport:
        """Take corrected rows in; those that still fail stay where they are, and are only reported.

        Parameters
        ----------
        settle : callable
            Called in the snapshot's own transaction, with its number and what was found.
        """
        parent, people = self._parent(), self.ring.draft()
        plan = self._planner(delivery, parent, {}, people).run()
        if not any(plan.summary[table].accepted for table in delivery.tables):
            return _report(self.shop, delivery, plan, parent, None, ("No row is good yet; nothing was stored.",))
        tables = self._write(plan, Pictures({}, {}, {}), parent)
        people.save()
        failpoint("catalog.before_event")
        summary = {
            name: entry.model_copy(update={"read": entry.accepted, "quarantined": 0})
            for name, entry in _summary(plan, parent).items()
        }
        with self.engine.store.write(actor) as transaction:
            number = self._record(transaction, delivery, tables, (), parent, summary)
            settle(transaction, number, plan)
        return _report(self.shop, delivery, plan, parent, number, ())

    def report_of(self, import_id: str) -> ImportReport | None:
        """The report of an earlier import by its identity, wherever in the shop's history it is."""
        with self.engine.store.read() as reader:
            numbers = [link["number"] for link in _rows.chain(reader, self.shop) if link["import_id"] == import_id]
            snapshot = _rows.snapshot(reader, number=numbers[0], shop_name=self.shop) if numbers else None
        return self._unchanged(snapshot) if snapshot is not None else None

    def _planner(
        self, delivery: Delivery, parent: SnapshotInfo | None, digests: Mapping[str, str], people: Draft
    ) -> Planner:
        present = parts.dataset_of(self.engine.artifacts, parent)
        return Planner(delivery, present, digests, people, self.engine.clock.now())

    def _parent(self) -> SnapshotInfo | None:
        with self.engine.store.read() as reader:
            latest = _rows.snapshots(reader, shop=self.shop, limit=1)
        return latest[0] if latest else None

    def _earlier(self, delivery: Delivery) -> SnapshotInfo | None:
        """The snapshot that took the same files in, where taking them in again could change nothing.

        An append counts until a later replace; a replace or an upsert only as the latest import.
        """
        with self.engine.store.read() as reader:
            for link in _rows.chain(reader, self.shop):
                if link["import_id"] == delivery.import_id:
                    return _rows.snapshot(reader, number=link["number"], shop_name=self.shop)
                if delivery.mode is not Mode.APPEND or link["mode"] == Mode.REPLACE:
                    return None
        return None

    def _pictures(self, delivery: Delivery) -> Pictures:
        """Pictures of the delivery's items, checked; the rest is left out."""
        self.board.stage("Checking pictures", 0.1)
        if not delivery.images or Table.ITEMS not in delivery.tables:
            return Pictures({}, {}, {})
        items = {str(item) for item in delivery.tables[Table.ITEMS].column("item_id").to_pylist()}
        wanted = {item: data for item, data in delivery.images.items() if item in items}
        return pictures.check_all(wanted, lambda share: self.board.stage("Checking pictures", 0.1 + 0.25 * share))

    def _write(self, plan: Plan, checked: Pictures, parent: SnapshotInfo | None) -> dict[str, tuple[Part, ...]]:
        """All files of the snapshot; what an event never names is an orphan and harms nobody."""
        import pyarrow as pa

        artifacts = self.engine.artifacts
        with ThreadPoolExecutor(_WRITERS) as pool:
            list(pool.map(artifacts.put_blob, checked.files.values()))
        tables = dict(parent.tables) if parent is not None else {}
        for table, merged in plan.merged.items():
            kept, new = tables.get(table, ()) if merged.keep else (), merged.new
            if new.num_rows and len(kept) >= _MOST_PARTS:
                kept, new = (), pa.concat_tables([parts.dataset_of(artifacts, parent).arrow(table), new])
            fresh = (parts.write_part(artifacts, new),) if new.num_rows else ()
            tables[str(table)] = (*kept, *fresh)
        failpoint("catalog.between_parts")
        return tables

    def _set_aside(self, plan: Plan) -> tuple[Part, ...]:
        aside = plan.quarantine
        return (parts.write_part(self.engine.artifacts, aside),) if aside.num_rows else ()

    def _open_shop(self, transaction: Transaction, title: str, synthetic: bool) -> None:
        if not _rows.shops(transaction, shop=self.shop):
            payload = {"shop": self.shop, "title": title[:200] or self.shop, "synthetic": synthetic}
            transaction.emit("shop.opened", self.shop, payload)

    def _record(
        self,
        transaction: Transaction,
        delivery: Delivery,
        tables: Mapping[str, tuple[Part, ...]],
        aside: tuple[Part, ...],
        parent: SnapshotInfo | None,
        summary: Mapping[str, TableSummary],
    ) -> int:
        latest = _rows.chain(transaction, self.shop)
        found = latest[0]["number"] if latest else None
        expected = parent.number if parent is not None else None
        if found != expected:
            raise StaleExpectation(
                f"Snapshot {found} of {self.shop} was taken meanwhile.",
                f"The latest was {expected}.",
                "Import again.",
            )
        number = _rows.next_number(transaction)
        transaction.emit(
            "snapshot.taken",
            f"{self.shop}/{number}",
            {
                "number": number,
                "shop": self.shop,
                "parent": expected,
                "import_id": delivery.import_id,
                "importer": delivery.importer,
                "mode": str(delivery.mode),
                "sources": [source.model_dump() for source in delivery.sources],
                "manifest": parts.manifest(tables, aside),
                "summary": {name: entry.model_dump() for name, entry in summary.items()},
            },
        )
        return number

    def _unchanged(self, snapshot: SnapshotInfo) -> ImportReport:
        return ImportReport(
            shop=self.shop,
            importer=snapshot.importer,
            mode=snapshot.mode,
            snapshot=snapshot.number,
            unchanged=True,
            summary=snapshot.summary,
            notes=(f"These rows are in since snapshot {snapshot.number}; nothing was stored.",),
        )


def _with_items(delivery: Delivery, parent: SnapshotInfo | None) -> Delivery:
    has_items = Table.ITEMS in delivery.tables or (parent is not None and bool(parent.tables.get(Table.ITEMS)))
    return delivery.with_derived_items() if delivery.derive_items and not has_items else delivery


def _summary(plan: Plan, parent: SnapshotInfo | None) -> dict[str, TableSummary]:
    """Counts of every table: those of this import, and the size of those that it left alone."""
    left = {name: TableSummary(rows=entry.rows) for name, entry in parent.summary.items()} if parent is not None else {}
    return {**left, **{str(table): entry for table, entry in plan.summary.items()}}


def _report(
    shop: str, delivery: Delivery, plan: Plan, parent: SnapshotInfo | None, number: int | None, notes: tuple[str, ...]
) -> ImportReport:
    return ImportReport(
        shop=shop,
        importer=delivery.importer,
        mode=delivery.mode,
        snapshot=number,
        unchanged=number is None and parent is not None and plan.changes_nothing,
        summary=_summary(plan, parent),
        reasons=quarantine.reasons(plan.quarantine),
        notes=(*delivery.notes, *notes),
    )


def _refuse_if_nothing_good(plan: Plan, given: Collection[Table]) -> None:
    """Products that were only made from ids do not count."""
    if any(plan.summary[table].accepted for table in given):
        return
    counts = quarantine.reasons(plan.quarantine)
    worst, rows = next(iter(counts.items()))
    raise InvalidInput(
        f"None of the {sum(counts.values()):,} rows can be taken in; {rows:,} because of '{worst}'.",
        "An import brings at least one good row.",
        "Look at the reasons in the preview, then map other columns or mend the file.",
    )


def _picture_notes(delivery: Delivery, checked: Pictures) -> tuple[str, ...]:
    """Pictures that were left out, in words."""
    notes = []
    if checked.bad:
        item, why = next(iter(checked.bad.items()))
        notes.append(f"{len(checked.bad):,} pictures were left out, the first of {item}: {why}")
    lost = len(delivery.images) - len(checked.digests) - len(checked.bad)
    if lost:
        notes.append(f"{lost:,} pictures belong to no product of this import.")
    return tuple(notes)
