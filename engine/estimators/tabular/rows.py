"""Typed columns of rows: what every later step works on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

Kind = Literal["id", "number", "flag", "time", "words"]
"""`words` are strings of any length; whether they are categories or text is told from their values."""

MOST_KEYS = 60
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
_FLAGS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
_KINDS: dict[str, Kind] = {"id": "id", "float": "number", "int": "number", "bool": "flag", "time": "time"}


@dataclass(frozen=True)
class Column:
    """One column of rows.

    Parameters
    ----------
    kind : Kind
    values : ndarray, shape (n_rows,)
        float64 with NaN for numbers and flags (0 or 1), datetime64[us] with NaT in UTC for times, else object with
        None.
    """

    kind: Kind
    values: NDArray[Any]

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which rows have a value."""
        if self.kind in ("number", "flag"):
            found: NDArray[np.bool_] = ~np.isnan(self.values)
            return found
        if self.kind == "time":
            found = ~np.isnat(self.values)
            return found
        return np.array([value is not None for value in self.values], dtype=bool)

    def take(self, rows: NDArray[Any]) -> Column:
        """Some rows, by mask or place; the place -1 is a row without a value."""
        if rows.dtype == bool:
            return Column(self.kind, self.values[rows])
        if not len(self.values):
            return Column(self.kind, np.full(len(rows), nothing(self.kind), dtype=self.values.dtype))
        found = self.values[rows]
        found[rows < 0] = nothing(self.kind)
        return Column(self.kind, found)


def nothing(kind: Kind) -> Any:
    """What stands for an absent value."""
    return np.nan if kind in ("number", "flag") else np.datetime64("NaT", "us") if kind == "time" else None


def from_arrow(values: pa.ChunkedArray, schema_kind: str) -> Column:
    """A stored column."""
    import pyarrow as pa

    kind = _KINDS.get(schema_kind, "words")
    if kind == "time":
        return Column(kind, values.cast(pa.timestamp("us")).to_numpy().astype("datetime64[us]"))
    if kind in ("number", "flag"):
        return Column(kind, np.array(values.cast(pa.float64()).to_numpy(), dtype=np.float64))
    found = np.empty(len(values), dtype=object)
    found[:] = values.to_pylist()
    return Column(kind, found)


def expanded(texts: NDArray[Any], most: int = MOST_KEYS) -> dict[str, Column]:
    """The keys of a column of JSON objects as columns, the most frequent ones first; each text is parsed once."""
    import pandas as pd

    codes, distinct = pd.factorize(texts)
    parsed: list[Mapping[str, Any]] = [json.loads(text) for text in distinct]
    counts = np.bincount(codes[codes >= 0], minlength=len(parsed))
    seen: dict[str, int] = {}
    for entry, count in zip(parsed, counts.tolist(), strict=True):
        for key in entry:
            seen[key] = seen.get(key, 0) + count
    keys = sorted(seen, key=lambda key: (-seen[key], key))[:most]
    return {key: column_of([entry.get(key) for entry in parsed]).take(codes) for key in keys}


def column_of(values: Sequence[Any]) -> Column:
    """Plain values as the narrowest kind that holds all of them: flags, numbers, times, else words."""
    plain = [flat(value) for value in values]
    given = [value for value in plain if value is not None]
    for kind, parse in (("flag", _flag), ("number", _number)):
        if given and all(parse(value) is not None for value in given):
            parsed = [np.nan if value is None else parse(value) for value in plain]
            return Column(kind, np.array(parsed, dtype=np.float64))  # type: ignore[arg-type]
    if given and all(isinstance(value, str) and _DAY.fullmatch(value) for value in given):
        times = [moment(value) for value in plain]
        if all(time is not None or value is None for time, value in zip(times, plain, strict=True)):
            return Column("time", np.array([nothing("time") if time is None else time for time in times]))
    found = np.empty(len(plain), dtype=object)
    found[:] = [None if value is None else worded(value) for value in plain]
    return Column("words", found)


def flat(value: Any) -> Any:
    """A list as its parts in words, an object as its JSON; blank text is absent."""
    if isinstance(value, list):
        return ", ".join(str(part) for part in value) or None
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True) if value else None
    return (value.strip() or None) if isinstance(value, str) else value


def worded(value: Any) -> str:
    """One spelling of a value: `true` for a flag, no `.0` at a whole number."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def moment(value: Any) -> np.datetime64 | None:
    """An ISO 8601 text as UTC; None when it is none."""
    import pandas as pd

    try:
        found = pd.Timestamp(value)
    except (ValueError, TypeError):
        return None
    if found is pd.NaT:
        return None
    return np.datetime64((found.tz_convert("UTC").tz_localize(None) if found.tzinfo else found).to_datetime64(), "us")


def _flag(value: Any) -> float | None:
    if isinstance(value, bool):
        return float(value)
    return _FLAGS.get(value.casefold()) if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < float("inf") else None
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None
