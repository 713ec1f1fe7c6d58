"""Vectors of the products' words and pictures for a training.

The owner lends the words' vectors where it keeps them, and the pictures themselves; the worker makes the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine import text, vision
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.errors import InvalidFile
from engine.product_search import copy_of
from engine.training.folder import PICTURES, VECTORS_FILE, JobFolder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.core import Engine
    from engine.estimators import Report

_CHUNK = 512
_PICTURES = 32
_START, _WORDS, _END = 0.01, 0.02, 0.04


def lent(engine: Engine, dataset: Dataset) -> list[tuple[str, Path]]:
    """What the owner has of a snapshot's products, by its name in a job folder: kept vectors and pictures."""
    path = text.kept_at(engine, copy_of(dataset))
    kept = [(VECTORS_FILE, path)] if path.is_file() else []
    digests = sorted({digest for digest in _digests(dataset) if digest})
    pictures = [(f"{PICTURES}/{digest}", engine.artifacts.path(digest)) for digest in digests]
    return kept + [(name, source) for name, source in pictures if source.is_file()]


def described(dataset: Dataset, folder: JobFolder, report: Report) -> Dataset:
    """The same rows with vectors of the products' words and, where the shop has any, of their pictures.

    Parameters
    ----------
    folder : JobFolder
        Holds what the owner lent; where there is nothing, or nothing that fits, the vectors are made here.
    """
    words = copy_of(dataset)
    vectors = text.read_kept(folder.vectors_path, len(words))
    if vectors is None:
        report.log(f"No vectors of the products' words are kept; those of {len(words):,} products are made.")
        vectors = _of_words(words, report)
    seen = _of_pictures(_digests(dataset), folder.pictures(), folder.path / "data", report)
    return Dataset(dataset.files, dataset.snapshot, vectors if seen is None else np.hstack([vectors, seen]))


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


def _of_pictures(
    digests: Sequence[str | None], pictures: Mapping[str, Path], cache: Path, report: Report
) -> NDArray[np.float32] | None:
    """One row a product, zeros where it has no readable picture; None where the shop has none at all."""
    shown = sorted(pictures.keys() & {digest for digest in digests if digest})
    if not shown:
        return None
    from engine.hub import choose_device

    network = vision.load(cache, choose_device("auto"))
    made: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(shown), _PICTURES):
        share = _WORDS + (_END - _WORDS) * start / len(shown)
        report.stage(f"Looking at {start:,} of {len(shown):,} pictures", share)
        batch = {digest: pictures[digest].read_bytes() for digest in shown[start : start + _PICTURES]}
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
