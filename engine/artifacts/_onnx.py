"""ONNX models: the protobuf's frame walked from end to end, without a parser for it.

Field numbers are those of onnx.proto (ONNX 1.x). Weights in other files are refused: a model is
the bytes that were checked, and never the name of a file to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

_DEPTH = 32
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_IR_VERSION, _GRAPH, _OPSETS, _FUNCTIONS = 1, 7, 8, 25
_RAW, _FLOATS, _DOUBLES, _EXTERNAL, _LOCATION, _TYPE = 9, 4, 10, 13, 14, 2
_FLOAT_TYPES = {1: "<f4", 10: "<f2", 11: "<f8"}

# Which fields of a message hold which other messages that can lead to weights.
_GRAPH_PARTS = {1: "node", 5: "tensor", 15: "sparse"}
_PARTS = {
    "model": {_GRAPH: "graph", _FUNCTIONS: "function"},
    "graph": _GRAPH_PARTS,
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}


def check(data: bytes) -> None:
    """Walk a model: its frame fits, it has a version, a graph and its operators, its weights are inside and finite.

    Raises
    ------
    ValueError
    """
    fields = {number for number, _, _ in _fields(memoryview(data))}
    if not {_IR_VERSION, _GRAPH, _OPSETS} <= fields:
        raise ValueError("it has no version, no graph or no list of operators")
    _walk(memoryview(data), "model", 0)


def _walk(data: memoryview, kind: str, depth: int) -> None:
    if depth > _DEPTH:
        raise ValueError(f"it nests deeper than {_DEPTH}")
    if kind == "tensor":
        _check_tensor(data)
        return
    for number, wire, value in _fields(data):
        part = _PARTS[kind].get(number)
        if part is not None and wire == _BYTES:
            _walk(value, part, depth + 1)


def _check_tensor(data: memoryview) -> None:
    fields = list(_fields(data))
    kinds = [value for number, wire, value in fields if number == _TYPE and wire == _VARINT]
    for number, wire, value in fields:
        if number == _EXTERNAL or (number == _LOCATION and value):
            raise ValueError("its weights lie in another file")
        form = {_RAW: _FLOAT_TYPES.get(kinds[-1] if kinds else 0), _FLOATS: "<f4", _DOUBLES: "<f8"}.get(number)
        if form is not None and wire == _BYTES:
            _check_finite(value, np.dtype(form))


def _check_finite(data: memoryview, kind: np.dtype[Any]) -> None:
    if len(data) % kind.itemsize:
        raise ValueError("a tensor is cut short")
    if not np.isfinite(np.frombuffer(data, kind)).all():
        raise ValueError("it holds NaN or infinite weights")


def _fields(data: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and value of every field of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, wire, value
            continue
        if wire == _BYTES:
            size, at = _varint(data, at)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError("a field has no known type")
        if number == 0 or at + size > len(data):
            raise ValueError("it is cut short")
        yield number, wire, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("it is cut short")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number is too long")
