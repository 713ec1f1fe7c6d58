"""The packaged text encoder for kinds of model, which run in workers and have no hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from engine import text

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHUNK = 512


def encode(texts: Sequence[str], told: Callable[[float], None] | None = None) -> NDArray[np.float32]:
    """Vectors of texts by the packaged MiniLM, shape (n, 384), unit length; each distinct text is read once.

    Parameters
    ----------
    told : callable, optional
        Given the share done, 0 to 1, every few seconds.
    """
    distinct = list(dict.fromkeys(texts))
    vectors = np.empty((len(distinct), text.DIMENSIONS), dtype=np.float32)
    for start in range(0, len(distinct), _CHUNK):
        if told is not None:
            told(start / len(distinct))
        vectors[start : start + _CHUNK] = _encoder().encode(distinct[start : start + _CHUNK])
    place = {words: row for row, words in enumerate(distinct)}
    return vectors[[place[words] for words in texts]]


@cache
def _encoder() -> text.MiniLM:
    """One a process: it takes seconds to load and 90 MB."""
    from engine.hub import choose_device

    return text.load(choose_device("auto"))
