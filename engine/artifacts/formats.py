"""The formats that may be stored: data only, never code.

A file is what its first bytes say, not what its name says; a pickle under any name is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from engine.errors import CorruptArtifact, UnsafeFormat

if TYPE_CHECKING:
    import numpy as np

_CODE_MARKS = {
    "a pickle": (
        b"\x80\x02",
        b"\x80\x03",
        b"\x80\x04",
        b"\x80\x05",
        b"(lp",
        b"(dp",
        b"cos\n",
        b"cposix\n",
        b"c__builtin__",
    ),
    "a zip archive, as torch.save and skops write it": (b"PK\x03\x04",),
    "a 7z archive": (b"7z\xbc\xaf",),
    "a numpy file, which can hold pickled objects": (b"\x93NUMPY",),
    "an HDF5 file": (b"\x89HDF",),
    "a gzip file": (b"\x1f\x8b",),
    "a program": (b"\x7fELF", b"MZ", b"#!"),
}


def parse_json(data: bytes, name: str = "file.json") -> Any:
    """JSON without NaN, infinities or depth tricks.

    Raises
    ------
    CorruptArtifact
        It is not such JSON.
    """

    def refuse(token: str) -> NoReturn:
        raise ValueError(f"{token} is not a JSON number")

    def finite(token: str) -> float:
        value = float(token)
        return value if math.isfinite(value) else refuse(token)

    try:
        return json.loads(data.decode(), parse_constant=refuse, parse_float=finite)
    except (ValueError, RecursionError) as error:
        raise CorruptArtifact(
            f"{name} is not valid JSON: {error}.", "Stored JSON is UTF-8 with finite numbers."
        ) from error


def parse_safetensors(data: bytes, name: str = "file.safetensors") -> dict[str, np.ndarray[Any, Any]]:
    """Arrays by name, all finite.

    Raises
    ------
    CorruptArtifact
        The file is cut short, its header does not fit its bytes, or a value is NaN or infinite.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays: dict[str, np.ndarray[Any, Any]] = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CorruptArtifact(
            f"{name} is not a readable safetensors file: {error}.",
            "Its header describes exactly the bytes that follow.",
            "Register the model again, or load another version.",
        ) from error
    for key, array in arrays.items():
        if array.dtype.kind in "fc" and not np.isfinite(array).all():
            raise CorruptArtifact(
                f"Array {key!r} of {name} holds NaN or infinite values.", "Stored weights are finite."
            )
    return arrays


def _starts_with(*marks: bytes) -> Callable[[bytes, str], None]:
    def check(data: bytes, name: str) -> None:
        if not data.startswith(marks):
            raise UnsafeFormat(f"{name} does not start as its ending says.", "The content fits the file ending.")

    return check


def _check_webp(data: bytes, name: str) -> None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise UnsafeFormat(f"{name} does not start as a WebP picture.", "The content fits the file ending.")


def _check_text(data: bytes, name: str) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise UnsafeFormat(f"{name} is not UTF-8 text.", "The content fits the file ending.") from error


def _check_ubjson(data: bytes, name: str) -> None:
    from engine.artifacts import _ubjson

    try:
        _ubjson.check(data)
    except ValueError as error:
        raise CorruptArtifact(f"{name} is no UBJSON model: {error}.", "XGBoost writes one with save_model.") from error


def _check_onnx(data: bytes, name: str) -> None:
    from engine.artifacts import _onnx

    try:
        _onnx.check(data)
    except ValueError as error:
        raise CorruptArtifact(
            f"{name} is no ONNX model: {error}.", "A model is one file with finite weights inside it."
        ) from error


def _check_lightgbm(data: bytes, name: str) -> None:
    from engine.artifacts import _lightgbm

    try:
        _lightgbm.check(data)
    except ValueError as error:
        raise CorruptArtifact(
            f"{name} is no LightGBM text model: {error}.", "LightGBM writes one with save_model."
        ) from error


_CHECKS: dict[str, Callable[[bytes, str], object]] = {
    ".safetensors": parse_safetensors,
    ".json": parse_json,
    ".jsonl": _check_text,
    ".lgb": _check_lightgbm,
    ".onnx": _check_onnx,
    ".txt": _check_text,
    ".ubj": _check_ubjson,
    ".parquet": _starts_with(b"PAR1"),
    ".jpg": _starts_with(b"\xff\xd8\xff"),
    ".png": _starts_with(b"\x89PNG\r\n\x1a\n"),
    ".webp": _check_webp,
}


def check_format(name: str, data: bytes) -> None:
    """Refuse anything but an allowed format with the content that its ending promises.

    Raises
    ------
    UnsafeFormat
        The ending is not allowed, or the content is code or another format.
    CorruptArtifact
        The format is allowed but the content is broken.
    """
    for what, marks in _CODE_MARKS.items():
        if data.startswith(marks):
            raise UnsafeFormat(
                f"{name} is {what}.",
                "Models are stored as safetensors, JSON or Parquet, which hold data and no code.",
                "Save the weights as safetensors and the settings as JSON.",
            )
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    if ending not in _CHECKS:
        raise UnsafeFormat(
            f"{name} has the ending {ending or '(none)'}.",
            f"Allowed are {', '.join(sorted(_CHECKS))}.",
            "Save the weights as safetensors and the settings as JSON.",
        )
    _CHECKS[ending](data, name)
