"""Products as rows to learn from: words, photo, columns, and the label where it is known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.catalog.schema import Table
from engine.estimators.encoders import encode
from engine.estimators.fashion_classifier.leaks import leaks
from engine.text import DIMENSIONS as WORDS_WIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset
    from engine.estimators.fashion_classifier.config import FashionClassifierConfig

PLAIN = ("category", "brand", "colour", "season")
NUMBERS = ("price", "cost", "sizes")
GROUP = "product_code"


class Meanings:
    """Vectors of the texts, made when they are first needed and kept."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(texts)
        self._vectors: NDArray[np.float32] | None = None

    def lend(self, vectors: NDArray[np.float32]) -> None:
        """Vectors of all the texts that somebody kept, shape (n_texts, 384)."""
        self._vectors = vectors

    def rows(self, place: NDArray[np.int64]) -> NDArray[np.float32]:
        """Unit vectors of some texts, shape (n, 384)."""
        if self._vectors is None:
            self._vectors = encode(self.texts)
        return self._vectors[place]


@dataclass(frozen=True)
class Rows:
    """Products in order.

    Parameters
    ----------
    label : ndarray of int, shape (n,)
        Place in `classes`; -1 where the label is missing or too rare.
    group : ndarray of int, shape (n,)
        Products of one group are the same garment in another colour.
    photo : ndarray of float32, shape (n, 1280), or None
        Zeros mean no picture.
    texts_of, numbers_of : mapping of column to ndarray, shape (n,)
        Words (None where absent) and numbers (NaN where absent).
    """

    item_ids: NDArray[Any]
    titles: NDArray[Any]
    texts: NDArray[Any]
    given: NDArray[Any]
    label: NDArray[np.int64]
    group: NDArray[np.int64]
    photo: NDArray[np.float32] | None
    texts_of: Mapping[str, NDArray[Any]]
    numbers_of: Mapping[str, NDArray[np.float64]]
    shown: Mapping[str, NDArray[Any]]
    meanings: Meanings
    place: NDArray[np.int64]
    classes: tuple[str, ...]
    story: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.place)

    @property
    def meaning(self) -> NDArray[np.float32]:
        """Vectors of the texts, shape (n, 384)."""
        return self.meanings.rows(self.place)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which rows have a picture, shape (n,)."""
        return np.zeros(len(self), dtype=bool) if self.photo is None else np.asarray(self.photo.any(axis=1))

    def take(self, rows: NDArray[Any]) -> Rows:
        """Some rows, by mask or places."""
        changes: dict[str, Any] = {name: getattr(self, name)[rows] for name in _ALIGNED}
        for name in _NAMED:
            changes[name] = {column: values[rows] for column, values in getattr(self, name).items()}
        return replace(self, **changes, photo=None if self.photo is None else self.photo[rows])


_ALIGNED = ("item_ids", "titles", "texts", "given", "label", "group", "place")
_NAMED = ("texts_of", "numbers_of", "shown")


def read(dataset: Dataset, config: FashionClassifierConfig) -> Rows:
    """Every product of the shop, read once for each target."""
    name = f"fashion_classifier/{config.target}/{config.fewest_rows}"
    return dataset.once(name, lambda: _read(dataset, config))


def labels(dataset: Dataset, target: str) -> tuple[NDArray[Any], int]:
    """The label of every product (None where absent), and how many a person corrected."""
    columns = _columns(dataset)
    return _corrected(dataset, target, columns.get(target, np.full(dataset.rows(Table.ITEMS), None, dtype=object)))


def common(given: NDArray[Any], fewest: int) -> dict[str, int]:
    """Labels with enough products, by name, and their counts."""
    counts = Counter(label for label in given if label is not None)
    return {label: count for label, count in sorted(counts.items()) if count >= fewest}


def words_of(title: Any, description: Any) -> str:
    """What a product says of itself; no other column is in it."""
    return ". ".join(part.strip() for part in (title, description) if isinstance(part, str) and part.strip())


def _read(dataset: Dataset, config: FashionClassifierConfig) -> Rows:
    items = dataset.frame(Table.ITEMS, ["item_id", "title", "description"])
    columns = _columns(dataset)
    given, corrected = labels(dataset, config.target)
    kept = common(given, config.fewest_rows)
    classes = tuple(kept)
    place = {label: number for number, label in enumerate(classes)}
    texts = _objects([words_of(t, d) for t, d in zip(items["title"], items["description"], strict=True)])
    titles = _objects([t if isinstance(t, str) else "" for t in items["title"]])
    beside = {name: values for name, values in columns.items() if name not in (config.target, GROUP)}
    numbers = _numbers(dataset, items["item_id"].tolist())
    left_out = leaks(beside, given)
    rare = Counter(label for label in given if label is not None and label not in kept)
    return Rows(
        item_ids=_objects(items["item_id"].tolist()),
        titles=titles,
        texts=texts,
        given=given,
        label=np.array([place.get(label, -1) for label in given], dtype=np.int64),
        group=_groups(columns.get(GROUP), titles),
        photo=_photos(dataset),
        texts_of={name: values for name, values in beside.items() if name not in left_out},
        numbers_of=numbers,
        shown={name: columns[name] for name in ("brand", "season") if name in columns and name != config.target},
        meanings=Meanings(texts.tolist()),
        place=np.arange(len(items), dtype=np.int64),
        classes=classes,
        story={"left_out": left_out, "rare": dict(rare), "corrected": corrected, "counts": kept},
    )


def _columns(dataset: Dataset) -> dict[str, NDArray[Any]]:
    """Text columns and attributes by name; those without any value are left out."""
    frame = dataset.frame(Table.ITEMS, [*PLAIN, "attributes"])
    found = {name: _objects([_text(value) for value in frame[name]]) for name in PLAIN}
    attributes = [json.loads(text) if isinstance(text, str) and text else {} for text in frame["attributes"]]
    for key in dict.fromkeys(key for row in attributes if isinstance(row, dict) for key in row):
        values = [_text(row.get(key)) if isinstance(row, dict) else None for row in attributes]
        found.setdefault(str(key), _objects(values))
    return {name: values for name, values in found.items() if any(value is not None for value in values)}


def _text(value: Any) -> str | None:
    """A label or a column's value; lists and objects are none."""
    if isinstance(value, bool | int | float) and value == value:
        value = str(value)
    return (value.strip() or None) if isinstance(value, str) else None


def _corrected(dataset: Dataset, target: str, given: NDArray[Any]) -> tuple[NDArray[Any], int]:
    corrections = dataset.labels.get(target, {})
    if not corrections:
        return given, 0
    ids = dataset.arrow(Table.ITEMS, ["item_id"]).column("item_id").to_pylist()
    fixed = _objects([corrections.get(item, label) for item, label in zip(ids, given, strict=True)])
    return fixed, sum(item in corrections for item in ids)


def _groups(code: NDArray[Any] | None, titles: NDArray[Any]) -> NDArray[np.int64]:
    """Products with one code, or where there is none with one title, belong together; others stand alone."""
    codes = code if code is not None else np.full(len(titles), None, dtype=object)
    names = [
        f"c:{own}" if own is not None else f"t:{title.casefold()}" if title else f"r:{row}"
        for row, (own, title) in enumerate(zip(codes, titles, strict=True))
    ]
    return np.asarray(np.unique(names, return_inverse=True)[1], dtype=np.int64)


def _photos(dataset: Dataset) -> NDArray[np.float32] | None:
    if dataset.vectors is None or dataset.vectors.shape[1] <= WORDS_WIDE:
        return None
    return dataset.vectors[:, WORDS_WIDE:]


def _numbers(dataset: Dataset, ids: list[str]) -> dict[str, NDArray[np.float64]]:
    """First price, cost and count of sizes; NaN where absent, and no column where nothing is told."""
    found: dict[str, NDArray[np.float64]] = {}
    if dataset.has(Table.ITEMS, "cost"):
        found["cost"] = dataset.frame(Table.ITEMS, ["cost"])["cost"].to_numpy(dtype=np.float64)
    if dataset.has(Table.PRICES, "price"):
        prices = dataset.frame(Table.PRICES, ["item_id", "price"]).groupby("item_id")["price"].max()
        found["price"] = prices.reindex(ids).to_numpy(dtype=np.float64)
    if dataset.has(Table.VARIANTS, "size"):
        sizes = dataset.frame(Table.VARIANTS, ["item_id", "size"]).groupby("item_id")["size"].nunique()
        found["sizes"] = sizes.reindex(ids).to_numpy(dtype=np.float64)
    return found


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
