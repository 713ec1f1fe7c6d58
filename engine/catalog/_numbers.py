"""Numbers as people and shops write them: `1,299.00`, `1.299,00`, `EUR 12,50`, `12 %`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.catalog._arrays import is_text, mask

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

Faults = list[tuple["npt.NDArray[np.bool_]", str]]

NULL_WORDS = ("", "na", "n/a", "nan", "null", "none", "-", "--", "#n/a", "nat")
TRUE_WORDS = ("true", "t", "yes", "y", "1", "1.0")
FALSE_WORDS = ("false", "f", "no", "n", "0", "0.0")
_MONEY = r"[$€£¥]|^(?:eur|usd|gbp|chf|sek|dkk|nok|pln|jpy)\s*|\s*(?:eur|usd|gbp|chf|sek|dkk|nok|pln|jpy|kr|%)$"
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$|^[+-]?inf(?:inity)?$"
_DECIMAL_COMMA = r"^[+-]?(?:\d{1,3}(?:[. ']\d{3})+|\d*),(?:\d{1,2}|\d{4,})$|^[+-]?0?,\d+$|\.\d{3},\d"
_LARGEST_EXACT = 2**53


def trimmed(texts: pa.Array) -> pa.Array:
    """Without space around, words for 'nothing' as null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = pc.utf8_trim_whitespace(texts)
    nothing = pc.is_in(pc.utf8_lower(words), value_set=pa.array(NULL_WORDS))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), words)


def lowered(texts: pa.Array) -> pa.Array:
    """The same in lower case."""
    import pyarrow.compute as pc

    return pc.utf8_lower(trimmed(texts))


def _without_grouping(words: pa.Array) -> pa.Array:
    """Digits with a point as decimal sign; one style holds for the whole column."""
    import pyarrow.compute as pc

    bare = pc.utf8_trim_whitespace(pc.replace_substring_regex(words, _MONEY, ""))
    if pc.any(pc.match_substring_regex(bare, _DECIMAL_COMMA)).as_py():
        return pc.replace_substring(_ungrouped(bare, "."), ",", ".")
    return _ungrouped(bare, ",")


def _ungrouped(words: pa.Array, sign: str) -> pa.Array:
    """Without the sign or space before groups of three digits; twice, for neighbours share a digit."""
    import pyarrow.compute as pc

    pattern = rf"(\d)[{sign} '\x{{a0}}\x{{202f}}](\d{{3}})\b"
    once = pc.replace_substring_regex(words, pattern, r"\1\2")
    return pc.replace_substring_regex(once, pattern, r"\1\2")


def to_float(column: pa.Array) -> tuple[pa.Array, Faults]:
    """Finite 64-bit floats; NaN is a missing value, an infinity is a fault."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as types

    if is_text(column):
        words = lowered(column)
        numbers = _without_grouping(words)
        fits = pc.match_substring_regex(numbers, _NUMBER)
        values = pc.if_else(fits, numbers, pa.scalar(None, pa.string())).cast(pa.float64())
        faults: Faults = [(mask(pc.and_(words.is_valid(), pc.invert(fits))), "is not a number")]
    elif types.is_boolean(column.type):
        values, faults = column.cast(pa.int8()).cast(pa.float64()), []
    elif types.is_integer(column.type) or types.is_floating(column.type) or types.is_decimal(column.type):
        values, faults = column.cast(pa.float64(), safe=False), []
    else:
        return _nothing(column, pa.float64(), "is not a number")
    faults.append((mask(pc.is_inf(values)), "is not a finite number"))
    keep = pc.is_finite(values)
    return pc.if_else(keep, values, pa.scalar(None, pa.float64())), faults


def to_int(column: pa.Array) -> tuple[pa.Array, Faults]:
    """Whole numbers that a float can hold exactly."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values, faults = to_float(column)
    whole = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), float(_LARGEST_EXACT)))
    faults.append((mask(pc.invert(whole)), "is not a whole number"))
    return pc.if_else(whole, values, pa.scalar(None, pa.float64())).cast(pa.int64()), faults


def to_bool(column: pa.Array) -> tuple[pa.Array, Faults]:
    """True and false, from words or from 1 and 0."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as types

    if types.is_boolean(column.type):
        return column, []
    words = lowered(column if is_text(column) else to_float(column)[0].cast(pa.string()))
    yes = pc.is_in(words, value_set=pa.array(TRUE_WORDS))
    known = pc.or_(yes, pc.is_in(words, value_set=pa.array(FALSE_WORDS)))
    values = pc.if_else(pc.and_(words.is_valid(), known), yes, pa.scalar(None, pa.bool_()))
    return values, [(mask(pc.and_(words.is_valid(), pc.invert(known))), "is neither true nor false")]


def _nothing(column: pa.Array, kind: pa.DataType, reason: str) -> tuple[pa.Array, Faults]:
    """All null, every value a fault: a type that can never be meant."""
    import pyarrow as pa

    return pa.nulls(len(column), kind), [(mask(column.is_valid()), reason)]
