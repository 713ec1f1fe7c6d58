"""Vectors of the products' words and pictures, for whatever fits a recipe that reads them.

The owner lends the words' vectors where it keeps them, and the pictures themselves; whoever fits makes the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from engine import text, vision
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.errors import InvalidFile
from engine.product_search import copy_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.core import Engine
    from engine.estimators import Report

_CHUNK = 512
_PICTURES = 32
_START, _WORDS, _END = 0.01, 0.02, 0.04


_KEPT = "vectors.safetensors"
_SHOWN = "pictures"


@dataclass(frozen=True)
class Sources:
    """Where vectors come from.

    Parameters
    ----------
    words : Path
        Kept vectors of the words; nothing needs to be there.
    pictures : mapping of str to Path
        Pictures by digest.
    cache : Path
        Where the picture network's weights are kept.
    """

    words: Path
    pictures: Mapping[str, Path]
    cache: Path

    @classmethod
    def of(cls, engine: Engine, dataset: Dataset) -> Self:
        """What the owner has of a snapshot's products."""
        paths = {digest: engine.artifacts.path(digest) for digest in _digests(dataset) if digest}
        shown = {digest: path for digest, path in sorted(paths.items()) if path.is_file()}
        return cls(text.kept_at(engine, copy_of(dataset)), shown, engine.settings.cache)

    @classmethod
    def within(cls, folder: Path) -> Self:
        """What was lent to a folder; less than everything, or nothing, is fine."""
        shown = folder / _SHOWN
        return cls(folder / _KEPT, {path.name: path for path in shown.iterdir()} if shown.is_dir() else {}, folder)

    def lent(self) -> list[tuple[str, Path]]:
        """The files by the names under which `within` finds them."""
        kept = [(_KEPT, self.words)] if self.words.is_file() else []
        return kept + [(f"{_SHOWN}/{digest}", path) for digest, path in self.pictures.items()]


def described(dataset: Dataset, sources: Sources, report: Report) -> Dataset:
    """The same rows with vectors of the products' words and, where the shop has any, of their pictures.

    Parameters
    ----------
    sources : Sources
        Where nothing is kept, or nothing that fits, the vectors are made.
    """
    words = copy_of(dataset)
    vectors = text.read_kept(sources.words, len(words))
    if vectors is None:
        report.log(f"No vectors of the products' words are kept; those of {len(words):,} products are made.")
        vectors = _of_words(words, report)
    seen = _of_pictures(_digests(dataset), sources, report)
    whole = vectors if seen is None else np.hstack([vectors, seen])
    return Dataset(dataset.files, dataset.snapshot, whole, dataset.labels)


def _digests(dataset: Dataset) -> list[str | None]:
    """Picture of each row of the items table."""
    found: list[str | None] = dataset.arrow(Table.ITEMS, ["image"]).column("image").to_pylist()
    return found


def _of_words(words: Sequence[str], report: Report) -> NDArray[np.float32]:
    from engine.hub import choose_device

    model = text.load(choose_device("auto"))
    vectors = np.empty((len(words), text.DIMENSIONS), dtype=np.float32)
    for start in range(0, len(words), _CHUNK):
        share = _START + (_WORDS - _START) * start / len(words)
        report.stage(f"Reading the words of {len(words):,} products", share)
        vectors[start : start + _CHUNK] = model.encode(words[start : start + _CHUNK])
    return vectors


def _of_pictures(digests: Sequence[str | None], sources: Sources, report: Report) -> NDArray[np.float32] | None:
    """One row a product, zeros where it has no readable picture; None where the shop has none at all."""
    shown = sorted(sources.pictures.keys() & {digest for digest in digests if digest})
    if not shown:
        return None
    from engine.hub import choose_device

    network = vision.load(sources.cache, choose_device("auto"))
    made: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(shown), _PICTURES):
        share = _WORDS + (_END - _WORDS) * start / len(shown)
        report.stage(f"Looking at {start:,} of {len(shown):,} pictures", share)
        batch = {digest: sources.pictures[digest].read_bytes() for digest in shown[start : start + _PICTURES]}
        try:
            made |= dict(zip(batch, network.encode(list(batch.values())), strict=True))
        except InvalidFile:
            made |= _one_by_one(network, batch, report)
    nothing = np.zeros(vision.DIMENSIONS, dtype=np.float32)
    return np.stack([made.get(digest or "", nothing) for digest in digests])


def _one_by_one(
    network: vision.Network, pictures: Mapping[str, bytes], report: Report
) -> dict[str, NDArray[np.float32]]:
    """What can be read of a batch that holds a picture that cannot."""
    made = {}
    for digest, picture in pictures.items():
        try:
            made[digest] = network.encode([picture])[0]
        except InvalidFile as error:
            report.log(f"The picture {digest[:12]} was left out. {error.found}")
    return made
