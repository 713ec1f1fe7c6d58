"""A shop whose words, brands and pictures tell the category, and an encoder that needs no language model."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from tests.engine.estimators.shops import dataset_of

KINDS = {
    "dresses": ("gown", "midi", "waist"),
    "shirts": ("collar", "cuff", "poplin"),
    "coats": ("wool", "lapel", "lined"),
}
FILL = ("soft", "blue", "red", "new", "long", "warm")


def product(number: int, random: np.random.Generator) -> dict[str, Any]:
    kind = list(KINDS)[number % 3]
    words = [*random.choice(KINDS[kind], 2), *random.choice(FILL, 3)]
    attributes = {"product_code": str(number // 6 * 3 + number % 3), "spelled": kind.upper(), "pattern": "plain"}
    return {
        "item_id": f"i{number:03d}",
        "title": " ".join(words[:2]),
        "description": " ".join(words[2:]),
        "category": kind,
        "brand": ("Vela", "Lumen")[int(random.random() < 0.5)],
        "colour": str(random.choice(["red", "blue"])),
        "attributes": json.dumps(attributes),
    }


def shop(folder: Path, *, products: int = 180, pictures: bool = False, seed: int = 1, **fix: Any) -> Dataset:
    """Three categories; `fix` overrides columns of every product."""
    random = np.random.default_rng(seed)
    items = [{**product(number, random), **fix} for number in range(products)]
    dataset = dataset_of(folder, {Table.ITEMS: items})
    if pictures:
        words = np.zeros((products, 384), dtype=np.float32)
        seen = np.abs(random.standard_normal((products, 1280))).astype(np.float32)
        seen[np.arange(products), np.arange(products) % 3] += 20
        seen /= np.linalg.norm(seen, axis=1, keepdims=True)
        seen[::4] = 0
        dataset.vectors = np.hstack([words, seen])
    return dataset


def fake_encode(texts: Sequence[str], told: Any = None) -> Any:
    """Sums of one random direction a word."""
    found = np.zeros((len(texts), 384), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.replace(".", "").split():
            found[row] += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(384).astype(np.float32)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
