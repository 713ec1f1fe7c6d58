"""Vectors of the products' words for a training: lent by the owner where it has them, else made by the worker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine import text
from engine.catalog.dataset import Dataset
from engine.product_search import copy_of
from engine.training.folder import VECTORS_FILE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.core import Engine
    from engine.estimators import Report

_CHUNK = 512
_START, _END = 0.01, 0.02


def lent(engine: Engine, dataset: Dataset) -> list[tuple[str, Path]]:
    """The kept vectors of a snapshot's products, by their name in a job folder; nothing where none are kept."""
    path = text.kept_at(engine, copy_of(dataset))
    return [(VECTORS_FILE, path)] if path.is_file() else []


def described(dataset: Dataset, kept: Path, report: Report) -> Dataset:
    """The same rows with vectors of the products' words.

    Parameters
    ----------
    kept : Path
        What the owner lent; where there is nothing, or nothing that fits, the vectors are made here.
    """
    words = copy_of(dataset)
    vectors = text.read_kept(kept, len(words))
    if vectors is None:
        report.log(f"No vectors of the products' words are kept; those of {len(words):,} products are made.")
        vectors = _made(words, report)
    return Dataset(dataset.files, dataset.snapshot, vectors)


def _made(words: list[str], report: Report) -> NDArray[np.float32]:
    import numpy as np

    from engine.hub import choose_device

    model = text.load(choose_device("auto"))
    vectors = np.empty((len(words), text.DIMENSIONS), dtype=np.float32)
    for start in range(0, len(words), _CHUNK):
        share = _START + (_END - _START) * start / len(words)
        report.stage(f"Reading the words of {len(words):,} products", share)
        vectors[start : start + _CHUNK] = model.encode(words[start : start + _CHUNK])
    return vectors
