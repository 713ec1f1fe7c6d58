"""Pictures as vectors: unit length, the same each time, near where the product is near."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from engine import vision
from engine.core import Engine
from engine.errors import DigestMismatch, InvalidFile
from engine.settings import Settings


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine.open(Settings.at(tmp_path_factory.mktemp("vision"), device="cpu")) as engine:
        yield engine


def picture(seed: int, size: tuple[int, int] = (60, 90)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_vectors_have_unit_length_and_do_not_depend_on_company(shared: Engine) -> None:
    pictures = [picture(1), picture(2, (300, 40)), picture(3, (1, 1))]
    together = vision.embed(shared, pictures)
    assert together.shape == (3, vision.DIMENSIONS)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(vision.embed(shared, pictures[1:2])[0], together[1], atol=2e-5)
    assert vision.embed(shared, []).shape == (0, vision.DIMENSIONS)


@pytest.mark.parametrize("broken", [b"", b"no picture", picture(1)[:200]])
def test_what_is_no_picture_is_refused(shared: Engine, broken: bytes) -> None:
    with pytest.raises(InvalidFile):
        vision.embed(shared, [broken])


def test_pictures_are_embedded_once(shared: Engine) -> None:
    files = {hashlib.sha256(data).hexdigest(): data for data in (picture(4), picture(5))}
    asked: list[str] = []

    def read(digest: str) -> bytes:
        asked.append(digest)
        return files[digest]

    first = vision.embed_cached(shared, list(files), read)
    again = vision.embed_cached(shared, list(files), read)
    np.testing.assert_array_equal(first, again)
    assert asked == list(files)
    assert vision.cached(shared, list(files)[::-1]) is None


def test_damaged_vectors_are_made_again(shared: Engine) -> None:
    data = picture(6)
    digest = hashlib.sha256(data).hexdigest()
    first = vision.embed_cached(shared, [digest], lambda _: data)
    for path in (shared.settings.cache / "pictures").glob("*.safetensors"):
        content = bytearray(path.read_bytes())
        content[-5] ^= 1
        path.write_bytes(content)
    assert vision.cached(shared, [digest]) is None
    np.testing.assert_array_equal(vision.embed_cached(shared, [digest], lambda _: data), first)


def test_damaged_weights_are_converted_again(shared: Engine) -> None:
    vision.embed(shared, [picture(7)])  # whoever asks first has them converted
    path = next((shared.settings.cache / "models").glob("*.safetensors"))
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    vision._weights(path)
    assert path.read_bytes() == content


def test_other_packaged_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(vision, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(DigestMismatch):
        vision._weights(tmp_path / "w.safetensors")


@pytest.mark.shared_data
def test_real_products_of_a_type_are_near(shared: Engine, shared_data: Path) -> None:
    """The nearest other photo is of the same product type far more often than by chance."""
    articles = pd.read_parquet(shared_data / "hm" / "articles.parquet", columns=["article_id", "product_type_name"])
    kinds = dict(zip(articles["article_id"].astype(str).str.zfill(10), articles["product_type_name"], strict=True))
    photos = sorted((shared_data / "hm" / "images").glob("*.jpg"))[:160]
    vectors = vision.embed(shared, [photo.read_bytes() for photo in photos])
    near = vectors @ vectors.T
    np.fill_diagonal(near, -1)
    kind = np.array([kinds.get(photo.stem.zfill(10), photo.stem) for photo in photos])
    chance = np.mean(kind[:, None] == kind[None, :])
    assert np.mean(kind[near.argmax(axis=1)] == kind) > 3 * chance
