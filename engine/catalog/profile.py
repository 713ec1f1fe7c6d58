"""The profile of a table: ranges, frequent values, what does not join, what drifted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.catalog import drift
from engine.catalog._arrays import mask, plain
from engine.catalog.dataset import Dataset
from engine.catalog.profile_records import Bin, ColumnProfile, JoinCheck, TableProfile, TopValue
from engine.catalog.schema import TABLES, Column, Table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_BINS = 20
_TOP = 12
_LONGEST_VALUE = 120
_MOST_LOST = 5
_MICROSECONDS = 1e6
_ORDERED = ("int", "float", "time")
# What the schema does not demand, but a reader wants to know.
_SOFT_JOINS = {
    Table.ORDER_LINES: (("variant_id", Table.VARIANTS),),
    Table.ORDERS: (("shopper", Table.SHOPPERS),),
    Table.INTERACTIONS: (("shopper", Table.SHOPPERS),),
    Table.REVIEWS: (("shopper", Table.SHOPPERS),),
    Table.IMPRESSIONS: (("shopper", Table.SHOPPERS),),
    Table.RECORDS: (("shopper", Table.SHOPPERS), ("item_id", Table.ITEMS)),
}


def profile(dataset: Dataset, table: Table, parent: Dataset | None) -> TableProfile:
    """Look at every column of a table.

    Parameters
    ----------
    parent : Dataset or None
        The snapshot before; None where there is none, or none with rows of this table.
    """
    rows = dataset.arrow(table)
    before = parent.arrow(table) if parent is not None and parent.rows(table) else None
    columns = [
        _column(
            column, plain(rows.column(column.name)), plain(before.column(column.name)) if before is not None else None
        )
        for column in TABLES[table].columns
    ]
    return TableProfile(
        number=dataset.snapshot or 0,
        table=table,
        rows=rows.num_rows,
        against=parent.snapshot if parent is not None and before is not None else None,
        columns=tuple(columns),
        joins=tuple(_joins(dataset, table, rows)),
    )


def _column(column: Column, values: pa.Array, before: pa.Array | None) -> ColumnProfile:
    import pyarrow.compute as pc

    present = values.drop_null()
    base = ColumnProfile(
        name=column.name,
        kind=column.kind,
        rows=len(values),
        nulls=values.null_count,
        distinct=int(pc.count_distinct(present).as_py()),
    )
    old = before.drop_null() if before is not None else None
    if not len(present):
        return base
    if column.kind in _ORDERED:
        measured = old is not None and column.kind != "time"  # time always moves on
        return _ordered(column, base, _numbers(present), _numbers(old) if measured else None)
    top = _top(present) if column.name != "shopper" else ()
    comparable = old is not None and len(old) and column.kind != "id" and base.distinct <= drift.MOST_VALUES
    return base.model_copy(update={"top": top, "drift": drift.of_values(old, present) if comparable else None})


def _ordered(
    column: Column, base: ColumnProfile, numbers: npt.NDArray[np.float64], old: npt.NDArray[np.float64] | None
) -> ColumnProfile:
    import numpy as np

    numbers.sort()
    edges = np.linspace(numbers[0], numbers[-1], _BINS + 1) if numbers[0] < numbers[-1] else numbers[[0, -1]]
    counts = np.diff(np.r_[np.searchsorted(numbers, edges[:-1]), len(numbers)])
    tell = _moment if column.kind == "time" else float
    if old is not None:
        old.sort()
    return base.model_copy(
        update={
            "minimum": tell(numbers[0]),
            "maximum": tell(numbers[-1]),
            "mean": tell(numbers.mean()),
            "quantiles": {f"{q:g}": tell(numbers[round(q * (len(numbers) - 1))]) for q in _QUANTILES},
            "histogram": tuple(
                Bin(low=tell(low), high=tell(high), rows=int(rows))
                for low, high, rows in zip(edges[:-1], edges[1:], counts, strict=True)
            ),
            "drift": drift.of_numbers(old, numbers) if old is not None and len(old) else None,
        }
    )


def _numbers(values: pa.Array) -> npt.NDArray[np.float64]:
    """Times as seconds since 1970."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_timestamp(values.type):
        return np.asarray(values.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.float64) / _MICROSECONDS
    return np.array(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(float(seconds), UTC).isoformat()


def _top(present: pa.Array) -> tuple[TopValue, ...]:
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = pc.value_counts(present)
    table = pa.table({"value": counts.field("values"), "rows": counts.field("counts")})
    best = table.take(pc.select_k_unstable(table, _TOP, [("rows", "descending"), ("value", "ascending")]))
    return tuple(
        TopValue(value=_shown(row["value"]), rows=row["rows"], share=row["rows"] / len(present))
        for row in best.to_pylist()
    )


def _shown(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _joins(dataset: Dataset, table: Table, rows: pa.Table) -> list[JoinCheck]:
    import pyarrow as pa
    import pyarrow.compute as pc

    checks = []
    for name, target in (*TABLES[table].references, *_SOFT_JOINS.get(table, ())):
        known = plain(dataset.arrow(target, [TABLES[target].key[0]]).column(0))
        values = plain(rows.column(name)).drop_null()
        if not len(known) or not len(values):
            continue
        lost = values.filter(pa.array(~mask(pc.is_in(values, value_set=known))))
        examples = pc.unique(lost).slice(0, _MOST_LOST).to_pylist() if name != "shopper" else []
        checks.append(JoinCheck(column=name, target=target, rows=len(values), lost=len(lost), examples=tuple(examples)))
    return checks
