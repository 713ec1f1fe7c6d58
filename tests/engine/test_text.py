"""Words as vectors: unit length, the same each time, near where the meaning is near."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine import text
from engine.core import Engine
from engine.hub import Hub
from engine.settings import Settings

TEXTS = ["red summer dress", "crimson evening gown", "men's leather boots", "", "größe – 東京 👗", "word " * 1000]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine.open(Settings.at(tmp_path_factory.mktemp("text"), device="cpu")) as engine:
        yield engine


@pytest.fixture
def counted(shared: Engine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts each call to the model was given."""
    calls: list[int] = []
    real = text.embed

    def count(engine: Engine, texts: list[str]) -> np.ndarray:
        calls.append(len(texts))
        return real(engine, texts)

    monkeypatch.setattr(text, "embed", count)
    return calls


def test_vectors_have_unit_length(shared: Engine) -> None:
    vectors = text.embed(shared, TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), text.DIMENSIONS), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert text.embed(shared, []).shape == (0, text.DIMENSIONS)


def test_the_same_words_give_the_same_vector_in_any_company(shared: Engine) -> None:
    together = text.embed(shared, TEXTS)
    assert (text.embed(shared, TEXTS) == together).all()
    alone = np.vstack([text.embed(shared, [words]) for words in TEXTS])
    np.testing.assert_allclose(alone, together, atol=2e-6)
    backwards = text.embed(shared, TEXTS[::-1])[::-1]
    np.testing.assert_allclose(backwards, together, atol=2e-6)


def test_near_in_meaning_is_near(shared: Engine) -> None:
    dress, gown, boots = text.embed(shared, TEXTS[:3])
    assert dress @ gown > dress @ boots + 0.1


def test_against_the_published_model_card(shared: Engine) -> None:
    """The example of the all-MiniLM-L6-v2 model card, with its published similarities."""
    sentences = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    vectors = text.embed(shared, sentences)
    expected = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-3)


def test_the_model_is_loaded_once(shared: Engine) -> None:
    text.embed(shared, ["a"])
    before = shared.part(Hub).status().loads
    text.embed(shared, ["b"])
    assert shared.part(Hub).status().loads == before


def test_kept_vectors_are_used_again(shared: Engine, counted: list[int]) -> None:
    first = text.embed_cached(shared, ["kept once"])
    assert (text.embed_cached(shared, ["kept once"]) == first).all()
    assert counted == [1]
    text.embed_cached(shared, ["kept otherwise"])
    assert counted == [1, 1]


def test_texts_that_only_look_alike_are_told_apart(shared: Engine, counted: list[int]) -> None:
    for texts in (["a\0", "b"], ["a", "\0b"], ["ab", ""], ["a", "b"], ["b", "a"]):
        kept = text.embed_cached(shared, texts)
        np.testing.assert_allclose(kept, text.embed(shared, texts), atol=1e-6)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-7],
        lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
        lambda data: data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :],
        lambda data: b"\x80\x04." + data,
    ],
    ids=["empty", "cut", "a bit at the end", "a bit in the middle", "a pickle"],
)
def test_a_damaged_file_is_made_again(shared: Engine, counted: list[int], damage: Callable[[bytes], bytes]) -> None:
    folder: Path = shared.settings.cache / "text"
    before = set(folder.glob("*")) if folder.exists() else set()
    texts = [f"damaged {len(before)}", "twice"]
    good = text.embed_cached(shared, texts)
    (path,) = set(folder.glob("*")) - before
    path.write_bytes(damage(path.read_bytes()))
    assert (text.embed_cached(shared, texts) == good).all()
    assert len(counted) == 2
    assert (text.embed_cached(shared, texts) == good).all()
    assert len(counted) == 2
