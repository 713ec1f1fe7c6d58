"""Building blocks for importers of known data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.catalog.importers.bundle import Bundle
from engine.catalog.quarantine import ROW_COLUMN, SOURCE_COLUMN, ragged
from engine.catalog.records import ColumnGuess, SourceTable
from engine.catalog.schema import Table
from engine.errors import InvalidFile
from engine.files import canonical_json

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def table_with(bundle: Bundle, needed: Sequence[str]) -> str | None:
    """The first table file that has all `needed` columns."""
    for name in sorted(bundle.tables):
        try:
            if set(needed) <= set(bundle.columns(name)):
                return name
        except InvalidFile:
            continue  # a broken file is named when it is read, not while looking around
    return None


def missing(what: str, needed: Sequence[str]) -> InvalidFile:
    """No file has the columns of a known data set."""
    return InvalidFile(
        f"No file here has the columns of {what}.",
        f"It has {', '.join(needed)}.",
        "Choose the files again, or import them as generic tables.",
    )


def frame(bundle: Bundle, name: str, columns: Sequence[str]) -> pd.DataFrame:
    """Rows of a file as pandas, with their places in `__row`."""
    sheet = bundle.sheet(name)
    present = [column for column in columns if column in sheet.columns]
    rows = sheet.table.select(present).append_column(ROW_COLUMN, sheet.numbers).to_pandas()
    for column in columns:
        if column not in present:
            rows[column] = None
    for column in rows.columns[rows.dtypes == "category"]:
        rows[column] = rows[column].astype(str).where(rows[column].notna())
    return rows


def arrow(rows: pd.DataFrame, source: str) -> pa.Table:
    """A frame as a delivered table."""
    import pyarrow as pa

    table = pa.Table.from_pandas(rows, preserve_index=False)
    return table.append_column(SOURCE_COLUMN, pa.repeat(source, table.num_rows))


def json_column(rows: pd.DataFrame, names: Mapping[str, str]) -> pd.Series[Any]:
    """One JSON object a row from columns, named as `names` says; absent values are left out.

    Each distinct combination is written once.
    """
    import pandas as pd

    columns = list(names)
    distinct = rows[columns].drop_duplicates()
    objects = [_object(values, list(names.values())) for values in distinct.itertuples(index=False, name=None)]
    keys = pd.MultiIndex.from_frame(rows[columns])
    codes = pd.MultiIndex.from_frame(distinct).get_indexer(keys)
    return pd.Series(pd.array(objects, dtype=object)[codes], index=rows.index)


def _object(values: Sequence[Any], names: Sequence[str]) -> str:
    import pandas as pd

    return canonical_json(
        {name: _plain(value) for name, value in zip(names, values, strict=True) if not pd.isna(value) and value != ""}
    )


def _plain(value: Any) -> Any:
    """A numpy value as Python; a whole float as int."""
    value = value.item() if hasattr(value, "item") else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def rejected(bundle: Bundle, placed: Mapping[str, Sequence[Table]]) -> pa.Table:
    """Lines of the files that could not be split, once for every table that they would have filled."""
    import pyarrow as pa

    return pa.concat_tables(
        ragged(table, name, [(row, reason, "") for row, reason, _ in bundle.sheet(name).ragged])
        for name, tables in placed.items()
        for table in tables
    )


def source_table(bundle: Bundle, name: str, table: Table, targets: Mapping[str, str]) -> SourceTable:
    """What a known file holds; `targets` maps its columns to canonical ones."""
    sheet = bundle.sheet(name)
    head = sheet.table.slice(0, 5)
    guesses = tuple(
        ColumnGuess(
            name=column,
            kind=str(sheet.table.schema.field(column).type).partition("<")[0],
            target=targets.get(column),
            examples=tuple(str(value) for value in head.column(column).to_pylist()[:3] if value is not None),
        )
        for column in sheet.columns
    )
    return SourceTable(name=name, table=table, rows=sheet.rows, columns=guesses, sample=tuple(_sample(head)))


def _sample(head: pa.Table) -> list[dict[str, Any]]:
    import pyarrow as pa

    plain = [column if _is_number(column.type) else column.cast(pa.string()) for column in head.columns]
    return pa.table(plain, names=head.column_names).to_pylist()  # type: ignore[no-any-return]


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_boolean(kind))
