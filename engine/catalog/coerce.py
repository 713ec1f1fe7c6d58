"""Source columns as canonical columns, vectorised; what does not fit is named, never guessed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.catalog import _numbers, _times
from engine.catalog._arrays import is_text, mask, plain
from engine.catalog._numbers import Faults
from engine.catalog.schema import Column, Kind
from engine.files import canonical_json

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_ID = 200
LONGEST_TEXT = 100_000
_SYNONYMS = {
    "event": {
        **dict.fromkeys(
            ("click", "detail_view", "detail-view", "page_view", "pageview", "viewed", "product_view"), "view"
        ),
        **dict.fromkeys(("add_to_cart", "addtocart", "add-to-cart", "add to cart", "basket", "add_to_bag"), "cart"),
        **dict.fromkeys(("wishlist", "like", "favorite", "save", "add_to_wishlist"), "favourite"),
        **dict.fromkeys(("buy", "bought", "order", "transaction", "sale", "purchased"), "purchase"),
        **dict.fromkeys(("rent", "rented"), "rental"),
        **dict.fromkeys(("rate", "rated", "review"), "rating"),
    },
    "fit": {
        **dict.fromkeys(("true to size", "true", "perfect", "just right", "fits"), "fit"),
        **dict.fromkeys(("runs small", "too small", "tight"), "small"),
        **dict.fromkeys(("runs large", "too large", "loose", "big"), "large"),
    },
}


def coerce(column: Column, values: pa.ChunkedArray | pa.Array) -> tuple[pa.Array, Faults]:
    """A column in its canonical type.

    Returns
    -------
    values : pa.Array
        Null where nothing was given and where a value does not fit.
    faults : list of (mask, reason)
        Which rows do not fit and why, as the end of a sentence that starts with the column's name.
    """
    return _COERCERS[column.kind](column, plain(values))


def _number(column: Column, values: pa.Array) -> tuple[pa.Array, Faults]:
    return (_numbers.to_int if column.kind == "int" else _numbers.to_float)(values)


def _bool(_: Column, values: pa.Array) -> tuple[pa.Array, Faults]:
    return _numbers.to_bool(values)


def _time(_: Column, values: pa.Array) -> tuple[pa.Array, Faults]:
    return _times.to_time(values)


def as_text(values: pa.Array) -> pa.Array:
    """Any flat column as strings; whole floats lose their '.0' (pandas makes ids floats when one is missing)."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as types

    if is_text(values):
        return values
    if types.is_floating(values.type):
        wide = values.cast(pa.float64())
        finite = pc.if_else(pc.is_finite(wide), wide, pa.scalar(None, pa.float64()))
        exact = pc.and_(pc.equal(pc.floor(finite), finite), pc.less(pc.abs(finite), 2.0**53))
        whole = pc.if_else(exact, finite, pa.scalar(None, pa.float64())).cast(pa.int64())
        return pc.coalesce(whole.cast(pa.string()), finite.cast(pa.string()))
    if types.is_nested(values.type) or types.is_interval(values.type) or types.is_run_end_encoded(values.type):
        return pa.array(
            [None if value is None else json.dumps(value, default=str) for value in values.to_pylist()], pa.string()
        )
    return values.cast(pa.string())


def _text(column: Column, values: pa.Array) -> tuple[pa.Array, Faults]:
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(as_text(values))
    texts = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
    longest = LONGEST_ID if column.kind == "id" else LONGEST_TEXT
    control = r"[\x00-\x1f\x7f]" if column.kind == "id" else r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
    faults: Faults = [
        (mask(pc.match_substring_regex(texts, control)), "holds a control character"),
        (mask(pc.greater(pc.utf8_length(texts), longest)), f"is longer than {longest:,} characters"),
    ]
    return (_closed(column, texts) if column.values else texts), faults


def _closed(column: Column, texts: pa.Array) -> pa.Array:
    """Known values in their one spelling; `checks` refuses the rest."""
    import pyarrow as pa

    encoded = texts.dictionary_encode()
    known = {**_SYNONYMS.get(column.name, {}), **{value.lower(): value for value in column.values}}
    names = [known.get(value.lower(), value) for value in encoded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(encoded.indices)


def _json(_: Column, values: pa.Array) -> tuple[pa.Array, Faults]:
    """Objects in one spelling; each distinct text is parsed once."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = as_text(values)
    nothing = pc.equal(pc.utf8_trim_whitespace(texts), "")
    encoded = pc.if_else(nothing, pa.scalar(None, pa.string()), texts).dictionary_encode()
    parsed = [_object(text) for text in encoded.dictionary.to_pylist()]
    broken = np.array([text is None for text in parsed], dtype=bool)
    bad = mask(pa.array(broken).take(encoded.indices))
    return pa.array(parsed, pa.string()).take(encoded.indices), [(bad, "is not a JSON object")]


def _object(text: str) -> str | None:
    """Canonical JSON of an object, None when it is not one."""
    if len(text) > LONGEST_TEXT:
        return None
    try:
        value = json.loads(text)
        return canonical_json(value) if isinstance(value, dict) else None
    except (ValueError, RecursionError):
        return None


_COERCERS: dict[Kind, Callable[[Column, pa.Array], tuple[pa.Array, Faults]]] = {
    "id": _text,
    "text": _text,
    "float": _number,
    "int": _number,
    "bool": _bool,
    "time": _time,
    "json": _json,
}
