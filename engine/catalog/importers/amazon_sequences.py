"""Amazon purchases as sequences, as SASRec and S3-Rec publish the McAuley data.

A line is `user item item ...` in order of time, without times. The place in the order is kept in the
context of each event. `<name>_item2attributes.json` beside it gives each product its attributes.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from engine.catalog.importers.base import Mapped, Reading
from engine.catalog.importers.bundle import Bundle
from engine.catalog.importers.sheet import check_shape
from engine.catalog.quarantine import ROW_COLUMN, SOURCE_COLUMN, ragged
from engine.catalog.records import ColumnGuess, SourceTable
from engine.catalog.schema import EventKind, Table
from engine.errors import InvalidFile, InvalidInput
from engine.files import canonical_json

if TYPE_CHECKING:
    import pyarrow as pa

_LINE = re.compile(rb"\d+( \d+)+ ?\r?")
_LOOKED_AT = 20
_ATTRIBUTES = "_item2attributes.json"
_NOTE = (
    "The purchases carry no time, only their order: it is kept in each event's context as 'sequence'. "
    "Products have no names: titles are made from the file's name and the id."
)


class AmazonSequences:
    """Sequences as purchases in `interactions`, the products they name as `items`."""

    name = "amazon_sequences"
    about = "Amazon purchase sequences (McAuley data as SASRec publishes it)"

    def recognises(self, bundle: Bundle) -> bool:
        return bool(_sequences(bundle))

    def check(self, bundle: Bundle) -> None:
        if not self.recognises(bundle):
            raise InvalidFile(
                "No file here holds purchase sequences.",
                "A .txt file with lines 'user item item ...' of numbers, in order of time.",
                "Choose the file again.",
            )

    def inspect(self, bundle: Bundle) -> tuple[list[SourceTable], list[str]]:
        name = _only(bundle)
        lines = bundle.raw(name).split(b"\n")
        head = [line.decode("ascii", "replace").split() for line in lines[:5] if line.strip()]
        sample = tuple({"user": row[0], "items": " ".join(row[1:])[:200]} for row in head if row)
        columns = (
            ColumnGuess(name="user", kind="int", target="shopper", examples=tuple(row["user"] for row in sample[:3])),
            ColumnGuess(name="items", kind="int", target="item_id", examples=tuple(row["items"] for row in sample[:3])),
        )
        rows = sum(bool(line.strip()) for line in lines)
        return [SourceTable(name=name, table=Table.INTERACTIONS, rows=rows, columns=columns, sample=sample)], [_NOTE]

    def read(self, bundle: Bundle, mapping: Mapped | None) -> Reading:
        if mapping:
            raise InvalidInput("Sequences are known.", "They take no mapping.", "Write the events as a CSV instead.")
        name = _only(bundle)
        events, broken = _events(name, bundle.raw(name))
        check_shape(name, 3, events.num_rows, bundle.limits)
        items = _items(name, events, _attributes(bundle, name))
        return Reading({Table.ITEMS: items, Table.INTERACTIONS: events}, rejected=broken, notes=(_NOTE,))


def _sequences(bundle: Bundle) -> list[str]:
    return [name for name in bundle.named(".txt") if _is_sequences(bundle.peek(name))]


def _is_sequences(data: bytes) -> bool:
    lines = [line for line in data[:1_000_000].split(b"\n", _LOOKED_AT)[:_LOOKED_AT] if line.strip()]
    return bool(lines) and all(_LINE.fullmatch(line) for line in lines)


def _only(bundle: Bundle) -> str:
    """The one file of sequences: two number their users and products from 1 each."""
    found = _sequences(bundle)
    if len(found) > 1:
        raise InvalidFile(
            f"{bundle.name} holds {len(found)} files of sequences, {found[0]} and {found[1]} among them.",
            "Each numbers its users and products from 1, so that one goes into one shop.",
            "Import them one at a time.",
        )
    return found[0]


def _events(name: str, data: bytes) -> tuple[pa.Table, pa.Table]:
    """One purchase an item of a line; a user that has several lines goes on counting."""
    import numpy as np
    import pyarrow as pa

    users: list[bytes] = []
    items: list[bytes] = []
    rows: list[int] = []
    broken = []
    for row, line in enumerate(data.split(b"\n"), start=1):
        words = line.split()
        if len(words) > 1 and _LINE.fullmatch(line):
            users += words[:1] * (len(words) - 1)
            items += words[1:]
            rows += [row] * (len(words) - 1)
        elif words:
            broken.append((row, "the line is not 'user item item ...' in numbers", ""))
    people = np.array(users, dtype=bytes)
    order = np.argsort(people, kind="stable")
    starts = np.flatnonzero(np.r_[True, people[order][1:] != people[order][:-1]]) if users else order
    place = np.empty(len(users), dtype=np.int64)
    place[order] = np.arange(len(users)) - np.repeat(starts, np.diff(np.r_[starts, len(users)]))
    contexts = pa.array([f'{{"sequence":{n}}}' for n in range(int(place.max(initial=-1)) + 1)], pa.string())
    table = pa.table(
        {
            "shopper": pa.array(users, pa.binary()).cast(pa.string()),
            "item_id": pa.array(items, pa.binary()).cast(pa.string()),
            "event": pa.repeat(EventKind.PURCHASE.value, len(users)),
            "context": contexts.take(pa.array(place)),
            SOURCE_COLUMN: pa.repeat(name, len(users)),
            ROW_COLUMN: pa.array(rows, pa.int64()),
        }
    )
    return table, ragged(Table.INTERACTIONS, name, broken)


def _attributes(bundle: Bundle, name: str) -> dict[str, list[Any]]:
    beside = str(PurePosixPath(name).with_name(PurePosixPath(name).stem + _ATTRIBUTES))
    if beside not in bundle.special:
        return {}
    try:
        found = json.loads(bundle.raw(beside))
    except ValueError as error:
        raise InvalidFile(
            f"{beside} is not JSON: {str(error)[:100]}.", "Product id to a list of attributes."
        ) from error
    if not isinstance(found, dict) or not all(isinstance(value, list) for value in found.values()):
        raise InvalidFile(f"{beside} does not tell attributes.", "It is an object of product id to a list.")
    return found


def _items(name: str, events: pa.Table, attributes: dict[str, list[Any]]) -> pa.Table:
    """Every product that an event or the attributes name, in order of first mention."""
    import pyarrow as pa
    import pyarrow.compute as pc

    label = PurePosixPath(name).stem.replace("_", " ")
    ids = list(dict.fromkeys([*pc.unique(events.column("item_id")).to_pylist(), *attributes]))
    return pa.table(
        {
            "item_id": pa.array(ids, pa.string()),
            "title": pa.array([f"{label} {item}" for item in ids], pa.string()),
            "category": pa.repeat(label, len(ids)),
            "attributes": pa.array(
                [canonical_json({"labels": attributes[item]}) if item in attributes else None for item in ids],
                pa.string(),
            ),
            SOURCE_COLUMN: pa.repeat(name, len(ids)),
        }
    )
