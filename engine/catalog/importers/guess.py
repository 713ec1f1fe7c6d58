"""Where the columns of an unknown table would go."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from engine.catalog.importers.synonyms import COLUMN_WORDS, EVENT_WORDS, FILE_WORDS, folded
from engine.catalog.schema import TABLES, Table

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_ATTRIBUTES = 60
_PICTURE_WORDS = ("image", "picture", "photo", "img", "imageurl", "imagesrc", "thumbnail")
_PRIVATE_WORDS = ("email", "mail", "emailaddress", "phone", "phonenumber", "firstname", "lastname", "street")
_ABOUT_ITEM = {"title", "category", "brand", "colour", "description"}


def matches(table: Table, columns: Sequence[str]) -> dict[str, str]:
    """Canonical column to source column; a better word wins, a source column is used once."""
    names = {folded(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for canonical, words in COLUMN_WORDS[table].items():
        for word in words:
            if word in names and names[word] not in found.values():
                found[canonical] = names[word]
                break
    return found


def table_of(name: str, columns: Sequence[str]) -> Table | None:
    """The canonical table that a file would fill; None when its ids cannot be told."""
    hint = _hint(name)
    fits = {table: found for table in Table if (found := _complete(table, name, columns)) is not None}
    if hint in fits and not (hint is Table.ITEMS and Table.INTERACTIONS in fits):
        return hint
    for table in (Table.IMPRESSIONS, Table.STOCK_LEVELS, Table.VARIANTS, Table.ORDER_LINES, Table.REVIEWS):
        if table in fits and _is_typical(table, fits[table], columns):
            return table
    return next((table for table in _in_doubt(fits) if table in fits), None)


def _in_doubt(fits: dict[Table, dict[str, str]]) -> Sequence[Table]:
    if _ABOUT_ITEM & set(fits.get(Table.ITEMS, ())):
        return (Table.INTERACTIONS, Table.ITEMS)
    return (Table.INTERACTIONS, Table.PRICES, Table.ITEMS, Table.ORDERS, Table.SHOPPERS)


def _is_typical(table: Table, found: dict[str, str], columns: Sequence[str]) -> bool:
    """Whether a table has what tells it from its neighbours."""
    if table is Table.REVIEWS:
        return bool({"text", "fit"} & set(found))
    if table is Table.ORDER_LINES:
        return "shopper" not in matches(Table.INTERACTIONS, columns)
    return True


def _hint(name: str) -> Table | None:
    stem = folded(PurePosixPath(name).stem)
    return next((table for word, table in FILE_WORDS if word in stem), None)


def _complete(table: Table, name: str, columns: Sequence[str]) -> dict[str, str] | None:
    """The matches when they have all that the table requires; a bare 'id' is the key where the file name says so."""
    found = matches(table, columns)
    key = TABLES[table].key[0] if TABLES[table].key else ""
    bare = next((column for column in columns if folded(column) in ("id", "uid", "key")), None)
    titled = table is Table.ITEMS and "title" in found and not matches(Table.SHOPPERS, columns).get("shopper")
    if key and key not in found and bare is not None and (_hint(name) is table or titled):
        found = {key: bare, **found}
    required = {column.name for column in TABLES[table].columns if column.required and column.name != "event"}
    return found if required <= set(found) else None


def event_of(name: str, columns: Sequence[str]) -> str:
    """What rows without an event column are, by the file's name, else by a rating column, else a view."""
    stem = folded(PurePosixPath(name).stem)
    by_name = next((event for word, event in EVENT_WORDS if word in stem), None)
    if by_name is not None:
        return by_name
    words = {folded(column) for column in columns}
    if words & {"price", "unitprice", "quantity", "qty", "amount", "orderid", "transactionid"}:
        return "purchase"
    return "rating" if words & {"rating", "stars", "overall"} else "view"


def mapping_of(name: str, columns: Sequence[str]) -> dict[str, Any] | None:
    """A whole mapping for a file, None when no table fits."""
    table = table_of(name, columns)
    if table is None:
        return None
    found = _complete(table, name, columns) or {}
    constants = {}
    if table is Table.INTERACTIONS and "event" not in found:
        constants["event"] = event_of(name, columns)
    if table is Table.ITEMS:
        found = _with_price_and_attributes(found, columns)
    return {"table": str(table), "columns": found, "constants": constants}


def records_mapping(name: str, columns: Sequence[str], given: Mapping[str, str]) -> dict[str, Any]:
    """A mapping into the table of records: what is not `given` is guessed, and the rest are values.

    Addresses and names of people are left out: only the shopper's own id is stored under a pseudonym.
    """
    found = {
        target: source for target, source in matches(Table.RECORDS, columns).items() if source not in given.values()
    }
    found = {**found, **given}
    if not any(target.partition(".")[0] == "values" for target in found):
        rest = [column for column in columns if column not in found.values() and folded(column) not in _PRIVATE_WORDS]
        found |= {f"values.{slug(column)}": column for column in rest if slug(column)}
    constants = {} if "sheet" in found else {"sheet": PurePosixPath(name).stem}
    return {"table": str(Table.RECORDS), "columns": found, "constants": constants}


def _with_price_and_attributes(found: dict[str, str], columns: Sequence[str]) -> dict[str, str]:
    """A product file often has the price; what nothing else takes are attributes."""
    price = matches(Table.PRICES, columns).get("price")
    if price is not None and price not in found.values():
        found = {**found, "prices.price": price}
    if "attributes" in found:
        return found
    rest = [column for column in columns if column not in found.values() and folded(column) not in _PICTURE_WORDS]
    return {**found, **{f"attributes.{slug(column)}": column for column in rest[:_MOST_ATTRIBUTES] if slug(column)}}


def slug(column: str) -> str:
    """An attribute name: `Sleeve length` is `sleeve_length`."""
    return re.sub(r"[^a-z0-9]+", "_", column.casefold()).strip("_")[:60]


def kind_of(values: pa.ChunkedArray) -> str:
    """What a column looks like: `int`, `float`, `bool`, `time`, `json` or `text`."""
    import pyarrow as pa

    from engine.catalog import _numbers, _times
    from engine.catalog._arrays import is_text, plain

    sample = plain(values.slice(0, 500))
    if not is_text(sample):
        kinds = (
            (pa.types.is_boolean, "bool"),
            (pa.types.is_integer, "int"),
            (pa.types.is_floating, "float"),
            (pa.types.is_temporal, "time"),
        )
        return next((kind for test, kind in kinds if test(sample.type)), "text")
    if sample.null_count == len(sample):
        return "text"
    for kind, convert in (
        ("int", _numbers.to_int),
        ("float", _numbers.to_float),
        ("bool", _numbers.to_bool),
        ("time", _times.to_time),
    ):
        converted, faults = convert(sample)
        if converted.null_count < len(sample) and not any(bad.any() for bad, _ in faults):
            return kind
    return "text"
