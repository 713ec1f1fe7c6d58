"""Times as UTC microseconds, from ISO 8601, European and American dates, and Unix epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.catalog._arrays import is_text, mask
from engine.catalog._numbers import Faults, trimmed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

_EARLIEST, _LATEST = -2_208_988_800, 32_503_680_000  # the years 1900 and 3000, in seconds
_EPOCH = r"^\d{9,10}(?:\.\d+)?$|^\d{12,13}$|^\d{15,16}$"
_CLOCK = ("", " %H:%M", " %H:%M:%S")
_NOT_A_TIME = "is not a date or time"


def to_time(column: pa.Array) -> tuple[pa.Array, Faults]:
    """Timestamps in UTC; a time without a zone is taken as UTC.

    Dates with slashes are month first unless a value of the column has a first number above 12.
    """
    import pyarrow as pa
    import pyarrow.types as types

    if is_text(column):
        return _from_text(column)
    if types.is_date(column.type) or types.is_timestamp(column.type):
        return _from_stamps(column)
    if types.is_integer(column.type) or types.is_floating(column.type):
        return _from_epoch(column.cast(pa.float64(), safe=False))
    return pa.nulls(len(column), _kind()), [(mask(column.is_valid()), _NOT_A_TIME)]


def _kind() -> pa.DataType:
    import pyarrow as pa

    return pa.timestamp("us", tz="UTC")


def _from_stamps(column: pa.Array) -> tuple[pa.Array, Faults]:
    """Via whole seconds first, so that a far year cannot overflow the microseconds."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as types

    stamps = column.cast(pa.timestamp("s" if types.is_date(column.type) else column.type.unit))
    seconds = stamps.cast(pa.timestamp("s"), safe=False).cast(pa.int64())
    sane = pc.and_(pc.greater_equal(seconds, _EARLIEST), pc.less_equal(seconds, _LATEST))
    kept = pc.if_else(sane, stamps, pa.scalar(None, stamps.type)).cast(pa.timestamp("us"), safe=False)
    return kept.cast(pa.int64()).cast(_kind()), [(mask(pc.invert(sane)), "lies outside the years 1900 to 3000")]


def _from_epoch(values: pa.Array) -> tuple[pa.Array, Faults]:
    """Seconds, milliseconds or microseconds, told apart by size; 1971 to 3000."""
    import numpy as np
    import pyarrow as pa

    numbers = np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)
    micros = np.full(len(numbers), np.nan)
    for scale in (1.0, 1e3, 1e6):
        seconds = numbers / scale
        sane = (seconds >= 31_536_000) & (seconds <= _LATEST) & np.isnan(micros)
        micros[sane] = seconds[sane] * 1e6
    known = np.isfinite(micros)
    whole = pa.array(np.where(known, micros, 0).astype(np.int64), pa.int64(), mask=~known)
    return whole.cast(_kind()), [(~known & np.isfinite(numbers), _NOT_A_TIME)]


def _from_text(column: pa.Array) -> tuple[pa.Array, Faults]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = trimmed(column).dictionary_encode()
    words = encoded.dictionary
    is_epoch = mask(pc.match_substring_regex(words, _EPOCH))
    micros = np.full(len(words), np.iinfo(np.int64).min, dtype=np.int64)
    epochs, _ = _from_epoch(pc.if_else(pa.array(is_epoch), words, pa.scalar(None, pa.string())).cast(pa.float64()))
    _fill(micros, epochs.cast(pa.int64()))
    for layout in ("ISO8601", *_layouts(words)):
        rest = (micros == np.iinfo(np.int64).min) & ~is_epoch
        if rest.any():
            _parse(words, rest, layout, micros)
    known = micros != np.iinfo(np.int64).min
    values = pa.array(micros, pa.int64(), mask=~known).take(encoded.indices)
    stamps, faults = _from_stamps(values.cast(pa.timestamp("us")))
    unknown = mask(pa.array(~known).take(encoded.indices))
    return stamps, [(unknown, _NOT_A_TIME), *faults]


def _layouts(words: pa.Array) -> list[str]:
    """Layouts to try after ISO 8601; American and European slashes exclude each other."""
    import pyarrow.compute as pc

    slashed = pc.extract_regex(words, r"^(?P<first>\d{1,2})/\d{1,2}/\d{4}")
    day_first = pc.any(pc.greater(pc.struct_field(slashed, "first").cast("int64"), 12)).as_py()
    dates = ["%d.%m.%Y", "%Y/%m/%d", "%d/%m/%Y" if day_first else "%m/%d/%Y", "%d-%m-%Y", "%b %d, %Y", "%d %b %Y"]
    return [date + clock for date in dates for clock in _CLOCK]


def _parse(words: pa.Array, rest: npt.NDArray[np.bool_], layout: str, micros: npt.NDArray[np.int64]) -> None:
    """Fill in those of `rest` that the layout fits."""
    import numpy as np
    import pandas as pd

    positions = np.flatnonzero(rest)
    texts = pd.Series(words.take(positions).to_pylist(), dtype=object)
    parsed = pd.to_datetime(texts, format=layout, errors="coerce", utc=True)
    fits = parsed.notna().to_numpy()
    micros[positions[fits]] = parsed[fits].dt.as_unit("us").astype("int64").to_numpy()


def _fill(micros: npt.NDArray[np.int64], values: pa.Array) -> None:
    known = mask(values.is_valid())
    micros[known] = values.drop_null().to_numpy()
