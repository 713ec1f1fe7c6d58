"""Inputs of `predict` as typed columns: absent ones are tolerated, wrong types are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.estimators.tabular.rows import Column, flat, moment, nothing, worded

if TYPE_CHECKING:
    from engine.estimators.tabular.encoding import Encoder, Feature

_SHOWN = 40


def columns_of(inputs: Sequence[Mapping[str, Any]], encoder: Encoder) -> dict[str, Column]:
    """The encoder's columns of each input, shape (n_inputs,).

    A column is found by its name, such as `items.category`, or inside nested objects.

    Raises
    ------
    InvalidInput
        A value has the wrong type; the sentence names the input and the column.
    """
    spread = [_spread(entry, place) for place, entry in enumerate(inputs)]
    return {feature.name: _column(feature, spread) for feature in encoder.features}


def _spread(entry: Mapping[str, Any], place: int) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise InvalidInput(f"Input {place + 1} is {_shown(entry)}.", "An input is an object of columns and values.")
    found: dict[str, Any] = {}
    for name, value in entry.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{key}": inner for key, inner in _spread(value, place).items()}
        else:
            found[str(name)] = value
    return found


def _column(feature: Feature, rows: Sequence[Mapping[str, Any]]) -> Column:
    values = [_value(feature, row.get(feature.name), place) for place, row in enumerate(rows)]
    if feature.kind in ("number", "flag"):
        return Column(feature.kind, np.array(values, dtype=np.float64))
    if feature.kind == "time":
        return Column(feature.kind, np.array(values, dtype="datetime64[us]"))
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return Column(feature.kind, found)


def _value(feature: Feature, value: Any, place: int) -> Any:
    """A value as its column holds it; the absent one for None, NaN and blank text."""
    value = flat(value)
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return nothing(feature.kind)
    found: Any = None
    if feature.kind == "flag" and isinstance(value, bool | np.bool_):
        found = float(value)
    elif feature.kind in ("number", "flag") and _is_number(value):
        found = float(value) if feature.kind == "number" or value in (0, 1) else None
    elif feature.kind == "time" and isinstance(value, str | date | datetime | np.datetime64):
        found = moment(value)
    elif feature.kind == "words" and isinstance(value, str | bool | int | float | np.generic):
        found = worded(value)
    if found is None:
        raise InvalidInput(
            f"{feature.name!r} of input {place + 1} is {_shown(value)}.",
            f"It is {_EXPECTED[feature.kind]}, or left out.",
        )
    return found


def _is_number(value: Any) -> bool:
    plain = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return plain and abs(value) < 1e30


def _shown(value: Any) -> str:
    return repr(value) if len(repr(value)) <= _SHOWN else repr(value)[:_SHOWN] + "..."


_EXPECTED = {
    "number": "a number",
    "flag": "true or false",
    "time": "a time in ISO 8601, such as 2026-03-01T12:00:00Z",
    "words": "a text",
}
