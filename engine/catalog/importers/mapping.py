"""A mapping: which source column fills which canonical one, checked and then carried out.

`{"table": "items", "columns": {"item_id": "SKU", "attributes.fabric": "Fabric", "prices.price": "Price"},
"constants": {"brand": "Acme"}}`: a dot names a key of a JSON column, or the price of a product table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.catalog.importers.sheet import Sheet
from engine.catalog.importers.synonyms import COLUMN_WORDS
from engine.catalog.quarantine import ROW_COLUMN, SOURCE_COLUMN
from engine.catalog.schema import TABLES, Table, TableSpec
from engine.errors import InvalidInput
from engine.files import canonical_json

if TYPE_CHECKING:
    import pyarrow as pa

_PRICE = "prices.price"
_NUMBERED = "record_id"  # a record without an id of its own is known by its place in the file


@dataclass(frozen=True)
class SheetMapping:
    """One source table's way into one canonical table."""

    table: Table
    columns: Mapping[str, str]
    constants: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {"table": str(self.table), "columns": dict(self.columns), "constants": dict(self.constants)}


def checked(sheet: Sheet, entry: Mapping[str, Any]) -> SheetMapping:
    """A mapping that names only what exists and all that is required.

    Raises
    ------
    InvalidInput
    """
    table = _table(sheet, entry)
    columns = {str(target): str(source) for target, source in dict(entry.get("columns") or {}).items() if source}
    constants = {
        str(target): value for target, value in dict(entry.get("constants") or {}).items() if value is not None
    }
    for target in (*columns, *constants):
        _check_target(TABLES[table], target)
    for source in columns.values():
        if source not in sheet.columns:
            raise InvalidInput(
                f"{sheet.name} has no column {source[:60]!r}.",
                f"It has {', '.join(sheet.columns[:12])}.",
                "Map another column.",
            )
    _check_required(sheet, TABLES[table], {*columns, *constants})
    return SheetMapping(table, columns, constants)


def _table(sheet: Sheet, entry: Mapping[str, Any]) -> Table:
    name = entry.get("table")
    if name not in set(Table):
        raise InvalidInput(
            f"{sheet.name} is mapped to the table {str(name)[:60]!r}.",
            f"Tables: {', '.join(Table)}.",
            "Choose one of them.",
        )
    return Table(str(name))


def _check_target(spec: TableSpec, target: str) -> None:
    head, dot, key = target.partition(".")
    known = {column.name: column.kind for column in spec.columns}
    if head in known and (not dot or (known[head] == "json" and key)):
        return
    if target == _PRICE and spec.table is Table.ITEMS:
        return
    raise InvalidInput(
        f"The table {spec.table} has no column {target[:60]!r}.",
        f"It has {', '.join(spec.names)}.",
        "Map to one of them.",
    )


def _check_required(sheet: Sheet, spec: TableSpec, given: set[str]) -> None:
    heads = {target.partition(".")[0] for target in given}
    lacking = [column.name for column in spec.columns if column.required and column.name not in heads | {_NUMBERED}]
    if lacking:
        raise unmapped(sheet, spec.table, lacking[0])


def unmapped(sheet: Sheet, table: Table, column: str) -> InvalidInput:
    """A required column that no source column fills."""
    words = ", ".join(list(dict.fromkeys(COLUMN_WORDS[table][column]))[:6])
    return InvalidInput(
        f"{sheet.name} has no column for {column!r}; its columns are {', '.join(name[:40] for name in sheet.columns[:12])}.",
        f"The table {table} needs {column!r}, which shops also call {words}.",
        f"Map one of the columns to {column}, or add it to the file.",
    )


def carried_out(sheet: Sheet, mapping: SheetMapping) -> dict[Table, pa.Table]:
    """The sheet under canonical names; a product table with prices gives two tables."""
    main = _named(sheet, mapping)
    if _PRICE not in mapping.columns:
        return {mapping.table: main}
    return {mapping.table: main, Table.PRICES: _prices(sheet, mapping)}


def _named(sheet: Sheet, mapping: SheetMapping) -> pa.Table:
    import pyarrow as pa

    rows = sheet.table.num_rows
    plain = {target: sheet.table.column(source) for target, source in mapping.columns.items() if "." not in target}
    fixed = {target: pa.repeat(str(value), rows) for target, value in mapping.constants.items() if target not in plain}
    if mapping.table is Table.RECORDS and _NUMBERED not in {**plain, **fixed}:
        fixed[_NUMBERED] = sheet.numbers
    packed = {name: _packed(sheet, mapping, name) for name in _json_heads(mapping) if name not in plain}
    return pa.table({**plain, **fixed, **packed, SOURCE_COLUMN: pa.repeat(sheet.name, rows), ROW_COLUMN: sheet.numbers})


def _json_heads(mapping: SheetMapping) -> list[str]:
    heads = dict.fromkeys(target.partition(".")[0] for target in mapping.columns if "." in target and target != _PRICE)
    return list(heads)


def _packed(sheet: Sheet, mapping: SheetMapping, head: str) -> pa.Array:
    """Several columns as one JSON object a row; empty cells are left out."""
    import pyarrow as pa

    sources = {
        target.partition(".")[2]: source for target, source in mapping.columns.items() if target.startswith(f"{head}.")
    }
    cells = [[_cell(value) for value in sheet.table.column(source).to_pylist()] for source in sources.values()]
    names = list(sources)
    objects = [
        canonical_json({name: value for name, value in zip(names, row, strict=True) if value is not None})
        for row in zip(*cells, strict=True)
    ]
    return pa.array([text if text != "{}" else None for text in objects], pa.string())


def _cell(value: Any) -> Any:
    """A cell as a JSON value; None when it is empty or not finite."""
    if isinstance(value, str):
        return value.strip()[:2_000] or None
    if isinstance(value, float):
        return (int(value) if value.is_integer() else value) if abs(value) < float("inf") else None
    return value if value is None or isinstance(value, bool | int) else str(value)


def _prices(sheet: Sheet, mapping: SheetMapping) -> pa.Table:
    """The price column of a product table, as open-ended prices."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from engine.catalog._arrays import plain
    from engine.catalog.coerce import as_text

    prices = as_text(plain(sheet.table.column(mapping.columns[_PRICE])))
    ids = sheet.table.column(mapping.columns["item_id"])
    rows = pa.table({"item_id": ids, "price": prices, ROW_COLUMN: sheet.numbers})
    rows = rows.filter(pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(prices), ""), False))
    return rows.append_column(SOURCE_COLUMN, pa.repeat(sheet.name, rows.num_rows))
