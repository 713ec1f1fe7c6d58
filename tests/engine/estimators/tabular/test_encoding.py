"""Columns as arrays: the same after a round trip through JSON, whatever the values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.artifacts.formats import parse_json
from engine.errors import CorruptArtifact
from engine.estimators.tabular import encoding
from engine.estimators.tabular.data import TabularData
from engine.estimators.tabular.dense import Dense, one_hot
from engine.estimators.tabular.encoding import MISSING, OTHER, Encoded, Encoder
from engine.estimators.tabular.rows import Column, column_of
from engine.files import canonical_json

WORDS = st.one_of(st.none(), st.sampled_from(["red", "blue", "Grün", "a b c d"]), st.text(min_size=1, max_size=9))
NUMBERS = st.one_of(st.just(np.nan), st.floats(-1e9, 1e9))
TIMES = st.one_of(st.none(), st.integers(-(10**9), 4 * 10**9))
ROWS = st.lists(st.tuples(WORDS, NUMBERS, TIMES, TIMES), min_size=1, max_size=40)


def columns(values: list[tuple[Any, float, Any, Any]]) -> dict[str, Column]:
    words = np.empty(len(values), dtype=object)
    words[:] = [row[0] for row in values]
    times = [[np.datetime64("NaT") if row[place] is None else row[place] for row in values] for place in (2, 3)]
    moments = [np.array(column, dtype="datetime64[s]").astype("datetime64[us]") for column in times]
    return {
        "colour": Column("words", words),
        "note": Column("words", words),
        "weight": Column("number", np.array([row[1] for row in values], dtype=float)),
        "time": Column("time", moments[0]),
        "made": Column("time", moments[1]),
    }


def learned(given: dict[str, Column], *, rare: int = 2) -> Encoder:
    target = np.zeros(len(given["colour"].values))
    data = TabularData("records", "y", "regression", (), given, target, "time")
    roles = {"colour": "category", "note": "text", "weight": "number", "time": "time", "made": "time"}
    return encoding.learn(data, roles, rare=rare, words=True, seed=0)  # type: ignore[arg-type]


@given(ROWS, ROWS)
def test_an_encoder_is_the_same_after_a_round_trip(first: list[Any], second: list[Any]) -> None:
    encoder = learned(columns(first))
    again = Encoder.from_json(parse_json(canonical_json(encoder.model_dump(mode="json")).encode()))
    assert again == encoder
    for values in (first, second):
        one, other = (each.encode(columns(values)) for each in (encoder, again))
        assert np.array_equal(one.numbers, other.numbers, equal_nan=True)
        assert np.array_equal(one.codes, other.codes)
        assert one.numbers.shape == (len(values), len(encoder.number_names))
        assert (one.codes < np.array(encoder.sizes)).all()
        assert not np.isinf(one.numbers).any()


@given(ROWS, st.sampled_from(["standard", "quantile"]))
def test_scaled_rows_have_no_gaps_and_survive_the_round_trip(values: list[Any], scale: Any) -> None:
    encoded = learned(columns(values)).encode(columns(values))
    dense = Dense.learn(encoded, scale)
    again = Dense.from_json(json.loads(json.dumps(dense.model_dump(mode="json"))), encoded.numbers.shape[1])
    found = dense.numbers(encoded)
    assert np.array_equal(found, again.numbers(encoded))
    assert np.isfinite(found).all()
    assert found.shape == (len(values), dense.width)
    assert np.abs(found).max() <= 10


def test_unknown_and_absent_categories_have_codes_of_their_own() -> None:
    encoder = learned(columns([("red", 1.0, 0, 0)] * 3 + [("blue", 1.0, 0, 0)] * 2 + [("once", 1.0, 0, 0)]))
    assert encoder.categories[0].levels == ["red", "blue"]
    codes = encoder.encode(columns([(word, 0.0, 0, 0) for word in ("red", "blue", "once", "new", None)])).codes
    assert codes[:, 0].tolist() == [2, 3, OTHER, OTHER, MISSING]
    assert one_hot(Encoded(np.zeros((5, 0), np.float32), codes), encoder.sizes).sum(axis=1).tolist() == [1.0] * 5


def test_times_are_calendar_parts_and_ages_at_the_row() -> None:
    day = 86_400
    encoder = learned(columns([("red", 1.0, 20 * day + 3 * 3_600, 5 * day)]))
    found = encoder.encode(columns([("red", 1.0, 20 * day + 3 * 3_600, 5 * day), ("red", 1.0, None, None)]))
    told = dict(zip(encoder.number_names, found.numbers[0].tolist(), strict=True))
    parts = [told[f"time: {part}"] for part in ("month", "day", "weekday", "hour")]
    assert parts == [1, 21, 2, 3]  # Wednesday, 21 January 1970
    assert told["made: age in days"] == pytest.approx(15.125)
    assert np.isnan(found.numbers[1][-6:]).all()


def test_a_column_that_is_not_given_is_absent() -> None:
    encoder = learned(columns([("red", 1.0, 0, 0)] * 3))
    found = encoder.encode({"weight": Column("number", np.array([2.0]))})
    assert found.codes.tolist() == [[MISSING]]
    assert np.isnan(found.numbers).sum() == len(encoder.number_names) - 1


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, None, False], "flag"),
        (["yes", "No"], "flag"),
        ([1, 2.5, None], "number"),
        (["1", "2,5"], "words"),
        (["1", "-2.5e3"], "number"),
        (["2026-01-01", "2026-01-02T10:00:00+02:00"], "time"),
        (["2026-01-01", "2026-13-01"], "words"),
        (["red", 3], "words"),
        ([["a", "b"], []], "words"),
        ([None, None], "words"),
    ],
)
def test_plain_values_become_the_narrowest_kind(values: list[Any], kind: str) -> None:
    found = column_of(values)
    assert found.kind == kind
    assert len(found.present) == len(values)


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"features": [{"name": "a", "role": "number"}] * 2},
        {"features": [{"name": "a", "role": "category", "levels": ["x", "x"]}]},
        {"features": [{"name": "a", "role": "oracle"}]},
    ],
)
def test_what_is_no_encoder_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(CorruptArtifact):
        Encoder.from_json(broken)
