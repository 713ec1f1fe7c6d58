"""Rows that were set aside: kept with their reason, so that they can be mended and taken in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.catalog.records import QuarantinedRow

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

SOURCE_COLUMN = "__source"
ROW_COLUMN = "__row"
LONGEST_KEPT = 2_000


def schema() -> pa.Schema:
    """Of every quarantine part; `data` is the row as JSON."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("table", pa.string()),
            pa.field("source", pa.string()),
            pa.field("row", pa.int64()),
            pa.field("column", pa.string()),
            pa.field("reason", pa.string()),
            pa.field("data", pa.string()),
        ]
    )


class Findings:
    """What is wrong with the rows of one table: the first finding of a row counts.

    Parameters
    ----------
    rows : int
        Number of rows of the table.
    """

    def __init__(self, rows: int) -> None:
        import numpy as np

        self._codes: npt.NDArray[np.int32] = np.zeros(rows, dtype=np.int32)
        self._found: list[tuple[str, str]] = [("", "")]

    def mark(self, bad: npt.NDArray[np.bool_], column: str, reason: str) -> None:
        """Set aside the rows of a mask that nothing was found in before."""
        if bad.any():
            self._codes[bad & (self._codes == 0)] = len(self._found)
            self._found.append((column, reason))

    @property
    def bad(self) -> npt.NDArray[np.bool_]:
        """Mask of all rows with a finding."""
        return self._codes > 0

    def table(self, name: str, raw: pa.Table) -> pa.Table:
        """The rows with a finding, as quarantine rows."""
        import numpy as np
        import pyarrow as pa

        positions = np.flatnonzero(self._codes)
        rows = raw.take(pa.array(positions))
        codes = pa.array(self._codes[positions])
        columns = pa.array([column for column, _ in self._found]).take(codes)
        reasons = pa.array([reason for _, reason in self._found]).take(codes)
        return pa.table(
            {
                "table": pa.repeat(name, len(positions)),
                "source": rows.column(SOURCE_COLUMN),
                "row": rows.column(ROW_COLUMN),
                "column": columns,
                "reason": reasons,
                "data": _as_json(rows.drop_columns([SOURCE_COLUMN, ROW_COLUMN])),
            }
        ).cast(schema())


def _as_json(rows: pa.Table) -> pa.Array:
    """Each row as a JSON object; pandas writes a million of them in a second or two."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not rows.num_rows or not rows.num_columns:
        return pa.repeat("{}", rows.num_rows)
    short = [
        pc.utf8_slice_codeunits(column.cast(pa.string()), 0, LONGEST_KEPT) if _is_texty(column.type) else column
        for column in rows.columns
    ]
    frame = pa.table(short, names=rows.column_names).to_pandas()
    lines = frame.to_json(orient="records", lines=True, date_format="iso")
    return pa.array(lines.rstrip("\n").split("\n"), pa.string())


def _is_texty(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    return bool(types.is_string(kind) or types.is_large_string(kind))


def ragged(table: str, source: str, lines: Sequence[tuple[int, str, str]]) -> pa.Table:
    """Quarantine rows for lines that could not be split into columns.

    Parameters
    ----------
    lines : sequence of (row, reason, text)
        `text` is kept as it was; pass an empty one where it may hold a shopper's id.
    """
    import pyarrow as pa

    return pa.table(
        {
            "table": pa.repeat(table, len(lines)),
            "source": pa.repeat(source, len(lines)),
            "row": pa.array([row for row, _, _ in lines], pa.int64()),
            "column": pa.repeat("", len(lines)),
            "reason": pa.array([reason for _, reason, _ in lines], pa.string()),
            "data": pa.array(
                [json.dumps({"line": text[:LONGEST_KEPT]}) if text else "{}" for _, _, text in lines], pa.string()
            ),
        },
        schema=schema(),
    )


def reasons(rows: pa.Table) -> dict[str, int]:
    """Number of rows by 'table: reason', most frequent first."""
    counts = rows.select(["table", "reason"]).group_by(["table", "reason"]).aggregate([([], "count_all")])
    pairs = [(f"{row['table']}: {row['reason']}", int(row["count_all"])) for row in counts.to_pylist()]
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def records(rows: pa.Table, first: int, mended: Mapping[int, int]) -> list[QuarantinedRow]:
    """Quarantine rows as records; columns without a value are left out of `data`.

    Parameters
    ----------
    first : int
        Index of the first of these rows in the whole quarantine.
    mended : mapping of int to int
        The snapshot that took a row in, by index.
    """
    return [
        QuarantinedRow(**{**row, "data": _present(json.loads(row["data"]))}, index=index, mended_in=mended.get(index))
        for index, row in enumerate(rows.to_pylist(), start=first)
    ]


def _present(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}
