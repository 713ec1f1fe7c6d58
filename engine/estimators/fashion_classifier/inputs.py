"""Inputs of `predict` as rows: what is absent is tolerated, a wrong type is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.estimators.fashion_classifier.data import NUMBERS, Meanings, Rows, words_of
from engine.vision import DIMENSIONS as PHOTO_WIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHOWN = 40


def rows_of(inputs: Sequence[Mapping[str, Any]], columns: Sequence[str], classes: tuple[str, ...]) -> Rows:
    """Rows without labels.

    Parameters
    ----------
    columns : sequence of str
        Other columns that the model knows, such as `brand` or `price`.

    Raises
    ------
    InvalidInput
        A value has the wrong type; the sentence names the input and the field.
    """
    for place, entry in enumerate(inputs):
        if not isinstance(entry, Mapping):
            raise InvalidInput(f"Input {place + 1} is {str(entry)[:_SHOWN]!r}.", "An input is an object of fields.")
    count = len(inputs)
    titles = _texts(inputs, "title")
    texts = _objects([words_of(t, d) for t, d in zip(titles, _texts(inputs, "description"), strict=True)])
    nothing = np.full(count, -1, dtype=np.int64)
    return Rows(
        item_ids=_objects([str(place) for place in range(count)]),
        titles=titles,
        texts=texts,
        given=_objects([None] * count),
        label=nothing,
        group=np.arange(count),
        photo=_photos(inputs),
        texts_of={name: _texts(inputs, name) for name in columns if name not in NUMBERS},
        numbers_of={name: _numbers(inputs, name) for name in columns if name in NUMBERS},
        shown={},
        meanings=Meanings(texts.tolist()),
        place=np.arange(count),
        classes=classes,
    )


def _value(entry: Mapping[str, Any], name: str) -> Any:
    """A field, or one of `attributes`."""
    inner = entry.get("attributes")
    return entry[name] if name in entry else inner.get(name) if isinstance(inner, Mapping) else None


def _texts(inputs: Sequence[Mapping[str, Any]], name: str) -> NDArray[Any]:
    found: list[str | None] = []
    for place, entry in enumerate(inputs):
        value = _value(entry, name)
        if value is not None and not isinstance(value, str):
            raise InvalidInput(f"Field {name!r} of input {place + 1} is {str(value)[:_SHOWN]!r}.", "It is text.")
        found.append((value or "").strip() or None)
    return _objects(found)


def _numbers(inputs: Sequence[Mapping[str, Any]], name: str) -> NDArray[np.float64]:
    found = np.full(len(inputs), np.nan)
    for place, entry in enumerate(inputs):
        value = _value(entry, name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            raise InvalidInput(f"Field {name!r} of input {place + 1} is {str(value)[:_SHOWN]!r}.", "It is a number.")
        found[place] = value
    return found


def _photos(inputs: Sequence[Mapping[str, Any]]) -> NDArray[np.float32] | None:
    """Vectors of pictures, zeros where none is given; None where no input has one."""
    if not any(entry.get("photo") is not None for entry in inputs):
        return None
    found = np.zeros((len(inputs), PHOTO_WIDE), dtype=np.float32)
    for place, entry in enumerate(inputs):
        vector = entry.get("photo")
        if vector is None:
            continue
        if not isinstance(vector, Sequence | np.ndarray) or isinstance(vector, str) or len(vector) != PHOTO_WIDE:
            raise InvalidInput(
                f"Field 'photo' of input {place + 1} is no vector of a picture.",
                f"It is a list of {PHOTO_WIDE:,} numbers, as the picture network gives them.",
            )
        try:
            found[place] = np.asarray(vector, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"Field 'photo' of input {place + 1} holds something else than numbers.") from error
    if not np.isfinite(found).all():
        raise InvalidInput("Field 'photo' holds a value that is not finite.", "All of them are numbers.")
    return found


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
