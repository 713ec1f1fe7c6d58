"""What an import would do, worked out before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from engine.catalog import quarantine
from engine.catalog._arrays import plain
from engine.catalog.checks import check
from engine.catalog.coerce import as_text
from engine.catalog.dataset import Dataset
from engine.catalog.delivery import Delivery
from engine.catalog.key_ring import Draft
from engine.catalog.merge import Merged, merge
from engine.catalog.records import Mode, TableSummary
from engine.catalog.schema import TABLES, Table
from engine.errors import InvalidInput

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[str, float], None]


@dataclass
class Plan:
    """The tables after an import, its quarantine and its counts."""

    merged: dict[Table, Merged] = field(default_factory=dict)
    summary: dict[str, TableSummary] = field(default_factory=dict)
    quarantined: list[pa.Table] = field(default_factory=list)
    given: dict[Table, set[str]] = field(default_factory=dict)

    @property
    def quarantine(self) -> pa.Table:
        """All rows that were set aside."""
        import pyarrow as pa

        return pa.concat_tables(self.quarantined) if self.quarantined else quarantine.schema().empty_table()

    @property
    def changes_nothing(self) -> bool:
        """Whether the tables stay as they are and no row was set aside."""
        return not any(s.added or s.changed or s.removed or s.quarantined for s in self.summary.values())


@dataclass(frozen=True)
class Planner:
    """Checks a delivery against a shop's present rows.

    Parameters
    ----------
    delivery : Delivery
    parent : Dataset
        The shop's latest snapshot; an empty dataset for a new shop.
    pictures : mapping of str to str
        Digest of the checked picture by item id.
    people : Draft
        Gives shoppers their pseudonyms.
    now : datetime
        Later times are in the future.
    """

    delivery: Delivery
    parent: Dataset
    pictures: Mapping[str, str]
    people: Draft
    now: datetime

    def run(self, progress: Progress = lambda stage, share: None) -> Plan:
        """Check and merge every table.

        Raises
        ------
        InvalidInput
            A replace would leave a table empty, or rows of another table without their product or order.
        """
        plan = Plan()
        if self.delivery.rejected is not None and self.delivery.rejected.num_rows:
            plan.quarantined.append(self.delivery.rejected)
        tables = [table for table in Table if table in self.delivery.tables]
        for done, table in enumerate(tables):
            progress(f"Checking {table}", done / len(tables))
            self._table(table, plan)
        if self.delivery.mode is Mode.REPLACE:
            self._refuse_orphans(plan)
        return plan

    def _table(self, table: Table, plan: Plan) -> None:
        import pyarrow as pa

        spec, raw = TABLES[table], self._under_pseudonyms(self.delivery.raw(table))
        if table is Table.ORDER_LINES:
            raw = self._with_products(raw, plan)
        known = {target: self._ids(target, plan) for _, target in spec.references}
        rows, findings = check(spec, raw, now=self.now, known=known)
        given = set(raw.column_names)
        if table is Table.ITEMS and self.pictures:
            rows, given = self._with_pictures(rows), given | {"image"}
        good = ~findings.bad
        accepted = rows.filter(pa.array(good))
        merged = merge(spec, accepted, given, lambda: self.parent.arrow(table), self.delivery.mode)
        if merged.refused is not None and merged.refused.any():
            bad = good.copy()
            bad[good] = merged.refused
            label = " + ".join(spec.key)
            findings.mark(bad, spec.key[0], f"{label} exists with other values; import with upsert to change it")
        plan.merged[table], plan.given[table] = merged, given
        set_aside = findings.table(table, raw)
        plan.quarantined.append(set_aside)
        plan.summary[table] = self._counts(table, merged, raw.num_rows, set_aside.num_rows)

    def _counts(self, table: Table, merged: Merged, read: int, set_aside: int) -> TableSummary:
        rejected = self._rejected(table)
        return TableSummary(
            rows=merged.new.num_rows + (self.parent.rows(table) if merged.keep else 0),
            read=read + rejected,
            accepted=read - set_aside,
            quarantined=set_aside + rejected,
            added=merged.added,
            changed=merged.changed,
            removed=merged.removed,
        )

    def _rejected(self, table: Table) -> int:
        import pyarrow.compute as pc

        if self.delivery.rejected is None:
            return 0
        return int(pc.sum(pc.equal(self.delivery.rejected.column("table"), str(table))).as_py() or 0)

    def _under_pseudonyms(self, raw: pa.Table) -> pa.Table:
        """Before anything else, so that no shop id reaches a part or the quarantine."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if "shopper" not in raw.column_names:
            return raw
        ids = pc.utf8_trim_whitespace(as_text(plain(raw.column("shopper"))))
        ids = pc.if_else(pc.equal(ids, ""), pa.scalar(None, pa.string()), ids)
        position = raw.column_names.index("shopper")
        return raw.set_column(position, "shopper", self.people.pseudonymise(ids))

    def _with_products(self, raw: pa.Table, plan: Plan) -> pa.Table:
        """A line that names only its variant gets the variant's product."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if "variant_id" not in raw.column_names:
            return raw
        variants = self._present(Table.VARIANTS, plan, ["variant_id", "item_id"])
        wanted = pc.utf8_trim_whitespace(as_text(plain(raw.column("variant_id"))))
        place = pc.index_in(wanted, value_set=plain(variants.column("variant_id")))
        owners = plain(variants.column("item_id")).take(place)
        if "item_id" not in raw.column_names:
            return raw.append_column("item_id", owners)
        named = pc.utf8_trim_whitespace(as_text(plain(raw.column("item_id"))))
        named = pc.if_else(pc.equal(named, ""), pa.scalar(None, pa.string()), named)
        return raw.set_column(raw.column_names.index("item_id"), "item_id", pc.coalesce(named, owners))

    def _with_pictures(self, rows: pa.Table) -> pa.Table:
        import pyarrow as pa

        digests = [self.pictures.get(item) for item in rows.column("item_id").to_pylist()]
        return rows.set_column(rows.column_names.index("image"), "image", pa.array(digests, pa.string()))

    def _ids(self, table: Table, plan: Plan) -> pa.Array:
        """The keys that references to a table may join."""
        name = TABLES[table].key[0]
        return plain(self._present(table, plan, [name]).column(name))

    def _present(self, table: Table, plan: Plan, columns: list[str]) -> pa.Table:
        """The rows of a table as they will be after the import."""
        import pyarrow as pa

        merged = plan.merged.get(table)
        rows = [merged.new.select(columns)] if merged else []
        if merged is None or merged.keep:
            rows.append(self.parent.arrow(table, columns))
        return pa.concat_tables(rows)

    def _refuse_orphans(self, plan: Plan) -> None:
        """A replace may not take the ground from under rows that stay."""
        for table, merged in plan.merged.items():
            if not merged.new.num_rows:
                raise InvalidInput(
                    f"No row of {table} is good, so replacing would empty the table.",
                    "A replace brings at least one good row for each table that it swaps.",
                    "See the reasons in the preview, mend the file and import again.",
                )
            if merged.removed and TABLES[table].key:
                self._refuse_orphans_of(table, plan)

    def _refuse_orphans_of(self, table: Table, plan: Plan) -> None:
        import pyarrow.compute as pc

        known = self._ids(table, plan)
        for other, spec in TABLES.items():
            names = [name for name, target in spec.references if target is table]
            if other in plan.merged or not names or not self.parent.rows(other):
                continue
            values = self.parent.arrow(other, names).column(names[0]).drop_null()
            lost = len(values) - int(pc.sum(pc.is_in(values, value_set=known)).as_py() or 0)
            if lost:
                raise InvalidInput(
                    f"Replacing {table} would leave {lost:,} rows of {other} whose {names[0]} no longer exists.",
                    "Every reference joins a row.",
                    f"Import with upsert, or bring {other} in the same import.",
                )
