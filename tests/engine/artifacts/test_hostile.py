"""Nothing that can run code is stored, read or executed, whatever it is called."""

from __future__ import annotations

import os
import pickle
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.artifacts import ArtifactStore, parse_json, parse_safetensors
from engine.artifacts.formats import check_format
from engine.artifacts.store import check_member
from engine.errors import ArtifactError, CorruptArtifact, UnsafeFormat, UnsafePath
from tests.engine.artifacts import hostile

_seen: list[str] = []
_listening = False


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    made = event == "os.mkdir" and "canary" in str(arguments[0])
    if _listening and (made or event in ("pickle.find_class", "os.system", "subprocess.Popen")):
        _seen.append(event)


sys.addaudithook(_listen)  # an audit hook stays for the life of the process; it only listens inside `watched`


@pytest.fixture
def watched() -> Iterator[None]:
    """Fails if, while the test runs, anything was unpickled, executed or made by the payload."""
    global _listening
    _seen.clear()
    _listening = True
    yield
    _listening = False
    assert _seen == []


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def test_the_canary_sings(tmp_path: Path) -> None:
    """Without this the others would prove nothing."""
    global _listening
    _listening = True
    pickle.loads(pickle.dumps(hostile.Canary(tmp_path / "canary")))
    _listening = False
    assert (tmp_path / "canary").exists()
    assert "pickle.find_class" in _seen
    _seen.clear()


@pytest.mark.parametrize("name", hostile.NAMES)
@pytest.mark.parametrize("what", hostile.code(Path("/nonexistent")).keys())
def test_code_is_refused_under_any_name(
    watched: None, artifacts: ArtifactStore, tmp_path: Path, what: str, name: str
) -> None:
    canary = tmp_path / "canary"
    data = hostile.code(canary)[what]
    with pytest.raises((UnsafeFormat, CorruptArtifact)):
        check_format(name, data)
    with pytest.raises((UnsafeFormat, CorruptArtifact)):
        artifacts.put({"config.json": b"{}", name: data})
    assert not canary.exists()
    assert not artifacts.root.exists(), "nothing of a refused set is stored"


@pytest.mark.parametrize("what", hostile.code(Path("/nonexistent")).keys())
def test_code_that_got_in_another_way_is_refused_when_read(artifacts: ArtifactStore, tmp_path: Path, what: str) -> None:
    """An attacker who can write blobs and manifests still cannot have one parsed."""
    canary = tmp_path / "canary"
    data = hostile.code(canary)[what]
    digest = artifacts.put_blob(data)
    manifest = b'{"files":{"model.safetensors":{"sha256":"%s","size":%d}}}' % (digest.encode(), len(data))
    artifact = artifacts.open(artifacts.put_blob(manifest))
    with pytest.raises(ArtifactError):
        artifact["model.safetensors"]
    assert not canary.exists()


@pytest.mark.parametrize("data", hostile.broken().values(), ids=hostile.broken().keys())
def test_broken_arrays_are_refused(watched: None, data: bytes) -> None:
    with pytest.raises(CorruptArtifact):
        parse_safetensors(data)


@pytest.mark.parametrize("data", hostile.bad_json().values(), ids=hostile.bad_json().keys())
def test_broken_json_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptArtifact):
        parse_json(data)


@given(st.binary(max_size=200))
def test_noise_is_refused_or_is_arrays(data: bytes) -> None:
    for candidate in (
        data,
        hostile.safetensors(data),
        hostile.safetensors({"a": hostile.tensor("U8", [len(data)], 0, len(data))}, data),
    ):
        try:
            arrays = parse_safetensors(candidate)
        except CorruptArtifact:
            continue
        assert all(array.nbytes <= len(candidate) for array in arrays.values())


@pytest.mark.parametrize("name", hostile.NAMES_REFUSED, ids=lambda name: ascii(name)[:40])
def test_names_that_leave_the_folder_or_hide_are_refused(artifacts: ArtifactStore, name: str) -> None:
    with pytest.raises(UnsafePath):
        check_member(name)
    with pytest.raises(UnsafePath):
        artifacts.put({name: b"{}"})


@given(st.text(max_size=40))
def test_an_allowed_name_stays_inside(name: str) -> None:
    try:
        check_member(name)
    except UnsafePath:
        return
    root = Path("/root/folder")
    assert Path(os.path.normpath(root / name)).is_relative_to(root)
    assert Path(os.path.normpath(root / name)) == root / name


@pytest.mark.parametrize(
    "digest", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "../" + "0" * 61, "0" * 63 + "\n", "/" * 64, None, 7]
)
def test_a_digest_is_never_a_path(artifacts: ArtifactStore, digest: object) -> None:
    for act in (artifacts.open, artifacts.read_blob, artifacts.path, artifacts.has):
        with pytest.raises(UnsafePath):
            act(digest)  # type: ignore[arg-type]


def test_links_and_devices_in_a_folder_are_refused(artifacts: ArtifactStore, tmp_path: Path) -> None:
    secret = tmp_path / "folder-next-door" / "secret.json"
    secret.parent.mkdir()
    secret.write_text("{}")
    folder = tmp_path / "folder"
    for number, make in enumerate(
        (
            lambda path: path.symlink_to(secret),
            lambda path: path.symlink_to(secret.parent, target_is_directory=True),
            lambda path: path.symlink_to("/nonexistent"),
            os.mkfifo,
        )
    ):
        inside = folder.with_name(f"folder-{number}")
        inside.mkdir()
        (inside / "config.json").write_text("{}")
        make(inside / "x.json")
        with pytest.raises(UnsafePath, match="link or a device"):
            artifacts.put_folder(inside)


def test_a_socket_in_a_folder_is_refused(artifacts: ArtifactStore, tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "x.json"))
        with pytest.raises(UnsafePath):
            artifacts.put_folder(folder)


def test_a_blob_that_is_a_link_is_not_followed(artifacts: ArtifactStore, tmp_path: Path) -> None:
    digest = artifacts.put_blob(b"{}")
    path = artifacts.path(digest)
    path.unlink()
    other = tmp_path / "other"
    other.write_bytes(b"{}")
    path.symlink_to(other)
    with pytest.raises(UnsafePath, match="plain file"):
        artifacts.read_blob(digest)
