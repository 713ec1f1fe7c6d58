"""Native model files: the real ones pass, and no cut, swapped or poisoned one does."""

from __future__ import annotations

import contextlib
import pickle
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.artifacts.formats import check_format
from engine.errors import ArtifactError, CorruptArtifact
from tests.engine.model_registry.exchange.conftest import DATA

FILES = ("model.ubj", "model.lgb", "model.onnx")


def content(name: str) -> bytes:
    return (DATA / name).read_bytes()


@pytest.mark.parametrize("name", [*FILES, "model.json"])
def test_files_of_the_real_libraries_pass(name: str) -> None:
    check_format(name, content(name))


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_a_file_that_is_cut_short_does_not(name: str, data: st.DataObject) -> None:
    whole = content(name)
    ends = {"model.ubj": len(whole), "model.lgb": whole.find(b"end of trees"), "model.onnx": len(whole) - 12}
    last = ends[name]  # what follows in the others is optional
    length = data.draw(st.integers(0, last - 1))
    with pytest.raises(ArtifactError):
        check_format(name, whole[:length])


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_any_bytes_pass_or_are_refused(name: str, data: st.DataObject) -> None:
    whole = bytearray(content(name))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ArtifactError):
        check_format(name, bytes(whole))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("other", [*FILES, "pickle"])
def test_a_file_of_another_kind_does_not(name: str, other: str) -> None:
    if name != other:
        with pytest.raises(ArtifactError):
            check_format(name, pickle.dumps({"a": 1}) if other == "pickle" else content(other))


def test_figures_are_finite() -> None:
    nan = struct.pack(">f", float("nan"))
    for value in (b"{i\x01a[$d#i\x01" + nan + b"}", b"{i\x01ad" + nan + b"}"):
        with pytest.raises(CorruptArtifact, match="NaN"):
            check_format("model.ubj", value)
    with pytest.raises(CorruptArtifact, match="NaN"):
        check_format("model.lgb", content("model.lgb").replace(b"leaf_value=", b"leaf_value=nan ", 1))


@pytest.mark.parametrize(
    "data",
    [
        b"{" + b"i\x01a{" * 100 + b"}" * 101,
        b"{i\x01a[$i#l\x7f\xff\xff\xff",
        b"{i\x01a[#L\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"{i\x01a[$Z#L\x7f\xff\xff\xff\xff\xff\xff\xff}",
        b"{i\xffa}",
        b"{}trailing",
    ],
)
def test_lengths_and_depths_that_would_hold_up_a_reader_are_refused(data: bytes) -> None:
    with pytest.raises(CorruptArtifact):
        check_format("model.ubj", data)


def field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def onnx(tensor: bytes) -> bytes:
    return b"\x08\x09" + field(7, field(5, tensor)) + field(8, b"\x10\x11")


def test_weights_in_another_file_are_refused() -> None:
    check_format("model.onnx", onnx(b"\x10\x01" + b"\x4a\x04" + struct.pack("<f", 1.5)))
    for tensor in (b"\x70\x01", field(13, b"\x0a\x01x")):
        with pytest.raises(CorruptArtifact, match="another file"):
            check_format("model.onnx", onnx(tensor))
    with pytest.raises(CorruptArtifact, match="NaN"):
        check_format("model.onnx", onnx(b"\x10\x01" + b"\x4a\x04" + struct.pack("<f", float("inf"))))
