"""What a good row is, checked for all rows of a table at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.catalog._arrays import mask, row_codes
from engine.catalog.coerce import coerce
from engine.catalog.quarantine import Findings
from engine.catalog.schema import Column, Table, TableSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

# A time without a zone was written in the shop's own, which may be ahead of UTC.
_ZONE_SLACK = timedelta(hours=14)


def check(
    spec: TableSpec, raw: pa.Table, *, now: datetime, known: Mapping[Table, pa.Array]
) -> tuple[pa.Table, Findings]:
    """Coerce a table and find its bad rows.

    Parameters
    ----------
    raw : pa.Table
        Canonical column names, any types; absent columns are null.
    now : datetime
        Times later than this (and the widest time zone) are in the future.
    known : mapping of Table to array
        The ids that references may join, by table.

    Returns
    -------
    rows : pa.Table, same length as `raw`
        The canonical schema; only rows without a finding are good.
    findings : Findings
    """
    import pyarrow as pa

    findings = Findings(raw.num_rows)
    arrays = [_checked(column, raw, findings, now) for column in spec.columns]
    rows = pa.table(arrays, schema=spec.arrow_schema())
    _check_key(spec, rows, findings)
    for name, target in spec.references:
        _check_reference(name, target, rows, findings, known[target])
    return rows, findings


def _checked(column: Column, raw: pa.Table, findings: Findings, now: datetime) -> pa.Array:
    import pyarrow as pa

    given = raw.column(column.name) if column.name in raw.column_names else pa.nulls(raw.num_rows, pa.string())
    values, faults = coerce(column, given)
    for bad, reason in faults:
        findings.mark(bad, column.name, f"{column.name} {reason}")
    if column.required and values.null_count:
        findings.mark(mask(values.is_null()), column.name, f"{column.name} is missing")
    _check_range(column, values, findings)
    _check_values(column, values, findings)
    _check_past(column, values, findings, now)
    return values


def _check_range(column: Column, values: pa.Array, findings: Findings) -> None:
    import pyarrow.compute as pc

    if column.minimum is not None:
        findings.mark(mask(pc.less(values, column.minimum)), column.name, f"{column.name} is below {column.minimum:,g}")
    if column.maximum is not None:
        findings.mark(
            mask(pc.greater(values, column.maximum)), column.name, f"{column.name} is above {column.maximum:,g}"
        )


def _check_values(column: Column, values: pa.Array, findings: Findings) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.values:
        allowed = pc.is_in(values, value_set=pa.array(list(column.values), pa.string()))
        unknown = mask(pc.and_(values.is_valid(), pc.invert(allowed)))
        findings.mark(unknown, column.name, f"{column.name} is none of {', '.join(column.values)}")


def _check_past(column: Column, values: pa.Array, findings: Findings, now: datetime) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.past:
        latest = pa.scalar(now + _ZONE_SLACK, pa.timestamp("us", tz="UTC"))
        findings.mark(mask(pc.greater(values, latest)), column.name, f"{column.name} lies in the future")


def _check_key(spec: TableSpec, rows: pa.Table, findings: Findings) -> None:
    """The first good row of a key stays, later ones are set aside."""
    import numpy as np

    if not spec.key or not rows.num_rows:
        return
    good = np.flatnonzero(~findings.bad)
    codes = row_codes([rows], spec.key)[0][good]
    first = np.zeros(rows.num_rows, dtype=bool)
    first[good[np.unique(codes, return_index=True)[1]]] = True
    label = " + ".join(spec.key)
    findings.mark(~first & ~findings.bad, spec.key[0], f"{label} repeats that of an earlier row")


def _check_reference(name: str, target: Table, rows: pa.Table, findings: Findings, known: pa.Array) -> None:
    import pyarrow.compute as pc

    values = rows.column(name)
    joins = pc.is_in(values, value_set=known)
    lost = mask(pc.and_(values.is_valid(), pc.invert(joins)))
    findings.mark(lost, name, f"{name} joins no row of {target}")
