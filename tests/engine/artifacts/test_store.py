"""Content-addressed files: what was put is what is read, or an error."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from engine import failpoints
from engine.artifacts import ArtifactStore, parse_safetensors
from engine.errors import ArtifactNotFound, CorruptArtifact, DigestMismatch, UnsafePath

FILES = {
    "config.json": b'{"depth": 4}',
    "deep/er/weights.safetensors": save({"w": np.arange(6, dtype="f4").reshape(2, 3)}),
    "notes.txt": "größer".encode(),
    "rows.jsonl": b'{"a":1}\n{"a":2}\n',
}


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def test_what_was_put_is_read(artifacts: ArtifactStore) -> None:
    artifact = artifacts.open(artifacts.put(FILES))
    assert dict(artifact) == FILES
    assert len(artifact) == len(FILES)
    assert artifact.size == sum(map(len, FILES.values()))
    assert (parse_safetensors(artifact["deep/er/weights.safetensors"])["w"] == [[0, 1, 2], [3, 4, 5]]).all()
    with pytest.raises(KeyError):
        artifact["other.json"]


def test_the_digest_is_of_the_content_alone(artifacts: ArtifactStore, tmp_path: Path) -> None:
    digest = artifacts.put(FILES)
    assert artifacts.put(dict(reversed(FILES.items()))) == digest
    for name, data in FILES.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    assert artifacts.put_folder(tmp_path / "folder") == digest
    assert artifacts.put({**FILES, "notes.txt": b"other"}) != digest


@given(data=st.binary(max_size=300))
def test_a_blob_lies_under_its_sha256(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    store = ArtifactStore(tmp_path_factory.mktemp("blobs"))
    digest = store.put_blob(data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert store.path(digest) == store.root / digest[:2] / digest
    assert store.read_blob(digest) == data
    assert store.has(digest)


def test_every_flipped_byte_is_noticed(artifacts: ArtifactStore) -> None:
    digest = artifacts.put(FILES)
    for name, entry in artifacts.open(digest).entries.items():
        path = artifacts.path(entry.sha256)
        path.chmod(0o600)
        whole = path.read_bytes()
        for position in range(0, len(whole), max(1, len(whole) // 25)):
            path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
            with pytest.raises(DigestMismatch) as caught:
                artifacts.open(digest)[name]
            assert caught.value.fields["digest"] == entry.sha256
        for cut in (b"", whole[:-1], whole + b"\0"):
            path.write_bytes(cut)
            with pytest.raises(DigestMismatch):
                artifacts.open(digest)[name]
        path.write_bytes(whole)
    assert dict(artifacts.open(digest)) == FILES


def test_a_swapped_file_is_noticed(artifacts: ArtifactStore) -> None:
    one, two = artifacts.put_blob(b'{"a": 1}'), artifacts.put_blob(b'{"a": 2}')
    path = artifacts.path(one)
    path.unlink()
    os.link(artifacts.path(two), path)
    with pytest.raises(DigestMismatch):
        artifacts.read_blob(one)


def test_a_missing_file_is_told(artifacts: ArtifactStore) -> None:
    with pytest.raises(ArtifactNotFound, match="backup"):
        artifacts.open("0" * 64)
    digest = artifacts.put(FILES)
    entry = artifacts.open(digest).entries["config.json"]
    artifacts.path(entry.sha256).unlink()
    with pytest.raises(ArtifactNotFound):
        artifacts.open(digest)["config.json"]


@pytest.mark.parametrize(
    "manifest",
    [b"[]", b"{}", b'{"files": 7}', b'{"files": {"a.json": 7}}', b'{"files": {"a.json": {"sha256": 7, "size": 1}}}',
     b'{"files": {"a.json": {"sha256": "../../etc/passwd", "size": 1}}}', b'{"files": {"a.json": {"size": 1}}}',
     b'{"files": {"../a.json": {"sha256": "' + b"0" * 64 + b'", "size": 1}}}', b"not json", b""],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused(artifacts: ArtifactStore, manifest: bytes) -> None:
    digest = artifacts.put_blob(manifest)
    with pytest.raises((CorruptArtifact, UnsafePath)):
        artifacts.open(digest)


def test_files_are_read_only_and_putting_again_changes_nothing(artifacts: ArtifactStore) -> None:
    digest = artifacts.put_blob(b"{}")
    before = artifacts.path(digest).stat()
    assert before.st_mode & 0o222 == 0
    assert artifacts.put_blob(b"{}") == digest
    assert artifacts.path(digest).stat().st_ino == before.st_ino


def test_many_put_the_same_at_once(artifacts: ArtifactStore) -> None:
    digests: list[str] = []
    threads = [threading.Thread(target=lambda: digests.append(artifacts.put(FILES))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 16
    assert len(set(digests)) == 1
    assert dict(artifacts.open(digests[0])) == FILES
    assert not list(artifacts.root.rglob("*.tmp"))


@pytest.mark.parametrize("point", ["files.rename:1", "files.rename:3", "artifacts.before_manifest:1"])
def test_a_full_disk_leaves_no_half_file(artifacts: ArtifactStore, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_passes", {})
    monkeypatch.setenv("SKYY_FAILPOINT", f"{point}:full")
    with pytest.raises(OSError, match="No space"):
        artifacts.put(FILES)
    monkeypatch.delenv("SKYY_FAILPOINT")
    assert not list(artifacts.root.rglob("*.tmp"))
    for path in (path for path in artifacts.root.rglob("*") if path.is_file()):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    assert dict(artifacts.open(artifacts.put(FILES))) == FILES
