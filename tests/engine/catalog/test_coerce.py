"""Numbers and times as shops write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.coerce import coerce
from engine.catalog.schema import Column, Kind


def run(kind: Kind, values: list[object], name: str = "x") -> tuple[list[object], list[bool]]:
    column = Column(name, kind, "", values=("small", "fit", "large") if name == "fit" else ())
    coerced, faults = coerce(column, pa.array(values))
    bad = [any(mask[place] for mask, _ in faults) for place in range(len(values))]
    return coerced.to_pylist(), bad


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1", "2.5", "-3", ".5", "1e3"], [1, 2.5, -3, 0.5, 1000]),
        (["1,299.00", "5"], [1299, 5]),
        (["1,299", "12,000,000"], [1299, 12_000_000]),
        (["1.299,50", "12,5", "1.299.000,00"], [1299.5, 12.5, 1_299_000]),
        (["0,125", "0,5"], [0.125, 0.5]),
        (["$1,299.99", "€ 5", "7 kr", "USD 8", "20%"], [1299.99, 5, 7, 8, 20]),
        (["", "NA", "null", " - ", "nan"], [None] * 5),
        (["1 299,00", "3"], [1299, 3]),
    ],
)
def test_numbers(texts: list[object], numbers: list[object]) -> None:
    assert run("float", texts) == (numbers, [False] * len(texts))


@pytest.mark.parametrize(
    "text", ["abc", "1.2.3", "--1", "0x10", "1_000", "inf", "-Infinity", "1e999", "12 apples", "٣"]
)
def test_what_is_no_number(text: str) -> None:
    assert run("float", [text, "1"]) == ([None, 1.0], [True, False])


def test_whole_numbers_and_truth() -> None:
    assert run("int", ["3", "3.0", "3.5", "1e30"]) == ([3, 3, None, None], [False, False, True, True])
    assert run("int", [3.0, 4.5]) == ([3, None], [False, True])
    assert run("bool", ["Yes", "0", "TRUE", "maybe", ""]) == (
        [True, False, True, None, None],
        [False] * 3 + [True, False],
    )
    assert run("bool", [1, 0, 2]) == ([True, False, None], [False, False, True])
    assert run("float", [float("nan"), float("inf")]) == ([None, None], [False, True])


NOON = datetime(2020, 3, 4, 12, 30, tzinfo=UTC)
DAY = datetime(2020, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2020-03-04T12:30:00Z", NOON),
        ("2020-03-04 12:30", NOON),
        ("2020-03-04T14:30:00+02:00", NOON),
        ("2020-03-04", DAY),
        ("20200304", DAY),
        ("2020/03/04", DAY),
        ("04.03.2020 12:30", NOON),
        ("3/4/2020", DAY),
        ("Mar 04, 2020", DAY),
        ("1583325000", NOON),
        ("1583325000000", NOON),
        ("1583325000000000", NOON),
        ("", None),
    ],
)
def test_times(text: str, time: datetime | None) -> None:
    assert run("time", [text, "2020-01-01"])[0][0] == time
    assert run("time", [text])[1] == [False]


def test_a_day_above_twelve_says_that_days_come_first() -> None:
    values, bad = run("time", ["04/03/2020", "25/12/2020"])
    assert values == [DAY, datetime(2020, 12, 25, tzinfo=UTC)]
    assert bad == [False, False]


@pytest.mark.parametrize(
    "text", ["soon", "2020-13-01", "2020-02-30", "12", "99999999999999999999", "0000-00-00", "9999-12-31"]
)
def test_what_is_no_time(text: str) -> None:
    assert run("time", [text, "2020-03-04"]) == ([None, DAY], [True, False])


def test_times_of_every_arrow_type() -> None:
    import numpy as np

    for unit in ("s", "ms", "us", "ns"):
        assert coerce(Column("t", "time", ""), pa.array([NOON.replace(tzinfo=None)], pa.timestamp(unit)))[
            0
        ].to_pylist() == [NOON]
        assert coerce(Column("t", "time", ""), pa.array([NOON], pa.timestamp(unit, tz="Europe/Berlin")))[
            0
        ].to_pylist() == [NOON]
    assert coerce(Column("t", "time", ""), pa.array([DAY.date()]))[0].to_pylist() == [DAY]
    assert run("time", [1_583_325_000, 5]) == ([NOON, None], [False, True])
    far = pa.array(np.array([2**62], dtype="int64")).cast(pa.timestamp("s"))
    assert coerce(Column("t", "time", ""), far)[0].to_pylist() == [None]


def test_text_ids_and_json() -> None:
    assert run("id", [" a ", "", "x" * 300, "a\tb"])[0][:2] == ["a", None]
    assert run("id", [" a ", "", "x" * 300, "a\tb"])[1] == [False, False, True, True]
    assert run("id", [7.0, None, 8.5])[0] == ["7", None, "8.5"]
    assert run("text", ["True to size", "LARGE", "odd"], "fit")[0] == ["fit", "large", "odd"]
    values, bad = run("json", ['{"b": 1, "a": [2]}', "[1]", "{", "", '{"x": NaN}', "[" * 50_000])
    assert values == ['{"a":[2],"b":1}', None, None, None, None, None]
    assert bad == [False, True, True, False, True, True]


@given(
    st.lists(st.one_of(st.none(), st.text(max_size=12)), min_size=1, max_size=20),
    st.sampled_from(["id", "text", "float", "int", "bool", "time", "json"]),
)
def test_any_text_gives_a_value_nothing_or_a_fault(texts: list[str | None], kind: Kind) -> None:
    coerced, faults = coerce(Column("x", kind, ""), pa.array(texts, pa.string()))
    assert len(coerced) == len(texts)
    assert all(len(mask) == len(texts) for mask, _ in faults)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=1, max_size=20))
def test_floats_survive_being_written(numbers: list[float]) -> None:
    assert run("float", [repr(number) for number in numbers]) == (numbers, [False] * len(numbers))


@given(st.lists(st.datetimes(datetime(1900, 1, 2), datetime(2999, 1, 1)), min_size=1, max_size=20))
def test_times_survive_being_written(times: list[datetime]) -> None:
    expected = [time.replace(tzinfo=UTC) for time in times]
    assert run("time", [time.isoformat() for time in times]) == (expected, [False] * len(times))
