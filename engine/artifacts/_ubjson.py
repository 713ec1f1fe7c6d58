"""UBJSON, as XGBoost writes models: walked from end to end before anything is stored.

The walk follows the grammar of ubjson.org (draft 12, with typed and counted containers), reads
nothing past the end, nests at most `_DEPTH` deep, and refuses figures that are NaN or infinite.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

_DEPTH = 64
_NUMBERS: dict[bytes, np.dtype[Any]] = {
    b"i": np.dtype("i1"),
    b"U": np.dtype("u1"),
    b"I": np.dtype(">i2"),
    b"l": np.dtype(">i4"),
    b"L": np.dtype(">i8"),
    b"d": np.dtype(">f4"),
    b"D": np.dtype(">f8"),
}
_EMPTY = (b"Z", b"N", b"T", b"F")
_LENGTHS = {b"i": "b", b"U": "B", b"I": ">h", b"l": ">i", b"L": ">q"}


def check(data: bytes) -> None:
    """Walk one object and find nothing after it.

    Raises
    ------
    ValueError
    """
    walk = _Walk(data)
    if walk.take(1) != b"{":
        raise ValueError("it does not start with an object")
    walk.value(b"{", 0)
    if walk.at != len(data):
        raise ValueError("bytes follow its end")


class _Walk:
    """A position in the bytes that only moves forward."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.data):
            raise ValueError("it is cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def length(self) -> int:
        mark = self.take(1)
        if mark not in _LENGTHS:
            raise ValueError(f"{mark!r} is no length")
        form = _LENGTHS[mark]
        (count,) = struct.unpack(form, self.take(struct.calcsize(form)))
        if count < 0:
            raise ValueError("a length is negative")
        return int(count)

    def value(self, mark: bytes, depth: int) -> None:
        if depth > _DEPTH:
            raise ValueError(f"it nests deeper than {_DEPTH}")
        if mark in _EMPTY:
            return
        if mark in _NUMBERS:
            self.numbers(mark, 1)
        elif mark == b"C":
            self.take(1)
        elif mark in (b"S", b"H"):
            self.text()
        elif mark in (b"{", b"["):
            self.container(mark, depth)
        else:
            raise ValueError(f"{mark!r} marks no value")

    def text(self) -> None:
        self.take(self.length()).decode()

    def numbers(self, mark: bytes, count: int) -> None:
        kind = _NUMBERS[mark]
        values: np.ndarray[Any, Any] = np.frombuffer(self.take(count * kind.itemsize), kind)
        if kind.kind == "f" and not np.isfinite(values).all():
            raise ValueError("it holds NaN or infinite values")

    def container(self, mark: bytes, depth: int) -> None:
        kind, count = self.head()
        named, end = mark == b"{", b"}" if mark == b"{" else b"]"
        if kind is not None and count is not None and not named and kind in _NUMBERS:
            self.numbers(kind, count)
            return
        if count is not None and count > len(self.data):
            raise ValueError("it counts more values than it has bytes")
        done = 0
        while count is None or done < count:
            if count is None and self.data[self.at : self.at + 1] == end:
                self.at += 1
                return
            if named:
                self.text()
            self.value(kind or self.take(1), depth + 1)
            done += 1

    def head(self) -> tuple[bytes | None, int | None]:
        """Type and count of a container, where it states them."""
        kind: bytes | None = None
        if self.data[self.at : self.at + 1] == b"$":
            self.at += 1
            kind = self.take(1)
            if self.data[self.at : self.at + 1] != b"#":
                raise ValueError("a typed container has no count")
        if self.data[self.at : self.at + 1] == b"#":
            self.at += 1
            return kind, self.length()
        return None, None
