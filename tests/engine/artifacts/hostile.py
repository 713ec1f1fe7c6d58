"""Files that somebody might hand in: each is refused, and none is ever executed."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np

NAMES = (
    "model.safetensors",
    "model.json",
    "model.parquet",
    "model.png",
    "model.jpg",
    "model.webp",
    "model.pkl",
    "model",
)


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.path),))


def safetensors(header: object, data: bytes = b"", *, size: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


def tensor(dtype: str, shape: list[int], begin: int, end: int) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def code(canary: Path) -> dict[str, bytes]:
    """Formats that can run code, by what they are."""
    corpus = {f"pickle protocol {number}": pickle.dumps(Canary(canary), number) for number in range(6)}
    corpus["pickle in a list"] = pickle.dumps([Canary(canary)], 0)
    corpus["pickle in a dictionary"] = pickle.dumps({"weights": Canary(canary)}, 0)
    corpus["pickle written by hand"] = b"cposix\nmkdir\n(V" + str(canary).encode() + b"\ntR."
    corpus["torch.save"] = _zip({"archive/data.pkl": pickle.dumps(Canary(canary))})
    corpus["empty zip"] = _zip({})
    corpus["npy with an object"] = _npy(np.array([Canary(canary)], dtype=object))
    corpus["7z"] = b"7z\xbc\xaf\x27\x1c" + b"\0" * 40
    corpus["gzip"] = b"\x1f\x8b\x08\0" + b"\0" * 20
    corpus["HDF5"] = b"\x89HDF\r\n\x1a\n" + b"\0" * 20
    corpus["ELF"] = b"\x7fELF" + b"\0" * 20
    corpus["script"] = f"#!/bin/sh\nmkdir {canary}\n".encode()
    corpus["Windows program"] = b"MZ" + b"\0" * 60
    return corpus


def broken() -> dict[str, bytes]:
    """Files called .safetensors that are not whole, or not sane."""
    whole = safetensors({"a": tensor("F32", [2], 0, 8)}, np.ones(2, "f4").tobytes())
    nan = np.array([1, np.nan], "f4").tobytes()
    infinite = np.array([1, -np.inf], "f8").tobytes()
    return {
        "empty": b"",
        "a length only": struct.pack("<Q", 10),
        "cut in the data": whole[:-1],
        "cut in the header": whole[:20],
        "bytes too many": whole + b"\0",
        "header of 2^60 bytes": safetensors(b"{}", size=2**60),
        "header of 2^64-1 bytes": safetensors(b"{}", size=2**64 - 1),
        "header that is no JSON": safetensors(b"{not json}"),
        "header that is a list": safetensors([1, 2]),
        "overlapping offsets": safetensors({"a": tensor("F32", [2], 0, 8), "b": tensor("F32", [2], 4, 12)}, b"\0" * 12),
        "offsets beyond the end": safetensors({"a": tensor("F32", [2], 0, 8)}, b"\0" * 4),
        "offsets backwards": safetensors({"a": tensor("F32", [2], 8, 0)}, b"\0" * 8),
        "a hole": safetensors({"a": tensor("F32", [1], 4, 8)}, b"\0" * 8),
        "shape that overflows": safetensors({"a": tensor("F32", [2**33, 2**33], 0, 8)}, b"\0" * 8),
        "negative shape": safetensors({"a": tensor("F32", [-2], 0, 8)}, b"\0" * 8),
        "unknown type": safetensors({"a": tensor("OBJECT", [1], 0, 8)}, b"\0" * 8),
        "NaN": safetensors({"a": tensor("F32", [2], 0, 8)}, nan),
        "infinite": safetensors({"a": tensor("F64", [2], 0, 16)}, infinite),
        "half NaN": safetensors({"a": tensor("F16", [1], 0, 2)}, b"\x00\x7e"),
        "complex NaN": safetensors({"a": tensor("C64", [1], 0, 8)}, np.array([np.nan + 0j], "c8").tobytes()),
        "deep header": safetensors(b'{"a":' * 5000 + b"1" + b"}" * 5000),
    }


def bad_json() -> dict[str, bytes]:
    return {
        "NaN": b'{"a": NaN}',
        "infinity": b'{"a": -Infinity}',
        "a number too large": b'{"a": 1e999}',
        "deep": b"[" * 100_000,
        "cut": b'{"a": ',
        "two values": b"{} {}",
        "UTF-16": '{"a": 1}'.encode("utf-16"),
        "not UTF-8": b'{"a": "\xff"}',
        "a number of 5000 digits": b'{"a": ' + b"1" * 5000 + b"}",
        "empty": b"",
    }


NAMES_REFUSED = [
    "", ".", "..", "/", "/etc/passwd", "../x.json", "a/../x.json", "a/..", "a//b.json", "./x.json", "a/./x.json", "a\\b.json",
    "..\\x.json", "C:\\x.json", "C:x.json", "x\0.json", "x.json\0", "x\n.json", "x.json\n", " x.json", "x .json", "~/x.json",
    "$HOME/x.json", ".hidden.json", "-rf.json", "é.json", "\u202ex.json", "\uff0e\uff0e/x.json", "x" * 101 + ".json",
    "/".join(["d"] * 200) + ".json", "%2e%2e/x.json", "a..json", "\ud800.json", "file:///x.json", "x.json/", "a/b/", "con?.json",
]  # fmt: skip


def _zip(members: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return sink.getvalue()


def _npy(array: np.ndarray) -> bytes:
    sink = io.BytesIO()
    np.save(sink, array, allow_pickle=True)
    return sink.getvalue()
