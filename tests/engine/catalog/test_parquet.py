"""Parquet files with flipped bytes, odd types and claims that are not true."""

from __future__ import annotations

import io
import random
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalog.coerce import coerce
from engine.catalog.importers import columnar
from engine.catalog.importers.limits import Limits
from engine.catalog.schema import Column, Kind
from engine.errors import InvalidFile, InvalidInput

KINDS: tuple[Kind, ...] = ("id", "text", "float", "int", "bool", "time", "json")
TYPES = {
    "null": pa.nulls(2),
    "uint64": pa.array([1, 2**64 - 1], pa.uint64()),
    "int64": pa.array([-(2**63), 2**63 - 1]),
    "half": pa.array([1.5, float("nan")], pa.float16()),
    "decimal": pa.array([Decimal("1.5"), None], pa.decimal128(38, 2)),
    "wide decimal": pa.array([Decimal("1.5"), None], pa.decimal256(50, 2)),
    "date": pa.array([date(2020, 1, 1), None], pa.date64()),
    "time of day": pa.array([5, None], pa.time64("ns")),
    "duration": pa.array([5, None], pa.duration("s")),
    "nanoseconds": pa.array([2**63 - 1, None], pa.timestamp("ns")),
    "seconds": pa.array([2**62, None], pa.timestamp("s")),
    "view": pa.array(["a", None], pa.string_view()),
    "fixed": pa.array([b"ab", None], pa.binary(2)),
    "dictionary": pa.array(["1", None]).dictionary_encode(),
    "list": pa.array([[1], None]),
    "struct": pa.array([{"a": 1}, None]),
    "runs": pa.RunEndEncodedArray.from_arrays([1, 2], ["a", "b"]),
    "interval": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
}


def packed(table: pa.Table, **options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TYPES)
def test_every_arrow_type_gives_values_or_faults(name: str, kind: Kind) -> None:
    values, faults = coerce(Column("x", kind, ""), pa.chunked_array([TYPES[name]]))
    assert len(values) == len(TYPES[name])
    assert all(len(mask) == len(values) for mask, _ in faults)


def test_bytes_that_are_no_text_are_named() -> None:
    with pytest.raises(InvalidInput, match="does not hold text"):
        coerce(Column("x", "text", ""), pa.array([b"\xff"]))
    with pytest.raises(InvalidFile, match="Invalid UTF8"):
        columnar.parse("a.parquet", packed(pa.table({"item_id": [b"\xff"]})), Limits())


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_flipped_bytes_are_refused_or_harmless(compression: str) -> None:
    table = pa.table({"item_id": [f"i{n}" for n in range(50)], "title": ["x", "yy"] * 25, "n": list(range(50))})
    whole, dice = packed(table, compression=compression), random.Random(11)
    refused = 0
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 1, 3))):
            data[dice.randrange(4, len(data) - 4)] = dice.randrange(256)
        try:
            columnar.parse("a.parquet", bytes(data), Limits())
        except InvalidFile:
            refused += 1
    assert refused > 100


def test_a_small_file_of_many_equal_rows_is_stopped() -> None:
    data = packed(pa.table({f"c{n}": pa.repeat(7, 3_000_000) for n in range(8)}))
    assert len(data) < 2**20
    with pytest.raises(InvalidFile, match="unpacks to more than 4 MB"):
        columnar.parse("a.parquet", data, Limits(bytes=2**20))


def test_nested_columns_are_left_out_with_a_note() -> None:
    sheet = columnar.parse("a.parquet", packed(pa.table({"item_id": ["A"], "tags": [["x"]]})), Limits())
    assert sheet.columns == ("item_id",)
    assert sheet.notes == ("a.parquet: the nested columns tags were left out.",)
