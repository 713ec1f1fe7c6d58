"""Voices: models that each read one side of a product and give log probabilities of the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from safetensors.numpy import save as save_arrays

from engine.artifacts.formats import parse_json, parse_safetensors
from engine.errors import CorruptArtifact
from engine.estimators.fashion_classifier.tabular import Columns
from engine.estimators.logistic import Logistic, fitted
from engine.estimators.words import Analyzer, Terms
from engine.files import canonical_json
from engine.text import DIMENSIONS as WORDS_WIDE
from engine.vision import DIMENSIONS as PHOTO_WIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.fashion_classifier.config import FashionClassifierConfig
    from engine.estimators.fashion_classifier.data import Rows

_MOST: dict[Analyzer, int] = {"word": 30_000, "char_wb": 40_000}
_PASSES, _TOLERANCE = 150, 1e-3
"""A budget, as early stopping is: dozens of labels by tens of thousands of terms take minutes to settle wholly."""

_SCALE = 10.0
"""Unit vectors are stretched, so that the penalty weighs about what it does on words."""


class Voice(Protocol):
    """One side of a product."""

    name: ClassVar[str]

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        """Shape (n, classes)."""

    def save(self) -> dict[str, bytes]: ...


@dataclass(frozen=True)
class Words:
    """Logistic regression on TF-IDF."""

    terms: list[Terms]
    model: Logistic
    name: ClassVar[str] = "words"

    @classmethod
    def learned(cls, rows: Rows, held: Rows | None, config: FashionClassifierConfig, report: Report) -> Words:
        texts = rows.texts.tolist()
        kinds: tuple[Analyzer, ...] = ("word", "char_wb") if config.letters else ("word",)
        terms = [Terms.learn(texts, analyzer=kind, most=_MOST[kind]) for kind in kinds]
        model = _logistic(_joined(terms, texts), rows, config.word_strength, config)
        return cls(terms, model)

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        return self.model.log_probabilities(_joined(self.terms, rows.texts.tolist()))

    def reasons(self, text: str, label: int, limit: int) -> list[str]:
        """Words of a text that speak most for a label beside the others."""
        terms = self.terms[0]
        found = terms.matrix([text])
        weight = self.model.weights[:, : len(terms.names)]
        gain = (weight[label, found.indices] - weight[:, found.indices].mean(axis=0)) * found.data
        return [terms.names[found.indices[place]] for place in np.argsort(-gain)[:limit] if gain[place] > 0]

    def save(self) -> dict[str, bytes]:
        arrays = {terms.analyzer: terms.weight for terms in self.terms}
        return {
            "words.json": canonical_json([terms.told() for terms in self.terms]).encode(),
            "words.safetensors": _packed(self.model, **arrays),
        }

    @classmethod
    def load(cls, files: Mapping[str, bytes], classes: int) -> Words:
        told, arrays = _json(files, "words.json"), _arrays(files, "words.safetensors")
        if not isinstance(told, list) or not told or not all(isinstance(each, dict) for each in told):
            raise CorruptArtifact("words.json names no terms.", hint="Load another version.")
        terms = [Terms.of(each, arrays.get(str(each.get("analyzer")), np.zeros(0))) for each in told]
        return cls(terms, Logistic.of(arrays, classes=classes, columns=sum(len(part.names) for part in terms)))


@dataclass(frozen=True)
class Meaning:
    """Logistic regression on the vectors of the packaged language model."""

    model: Logistic
    name: ClassVar[str] = "meaning"

    @classmethod
    def learned(cls, rows: Rows, held: Rows | None, config: FashionClassifierConfig, report: Report) -> Meaning:
        return cls(_logistic(_SCALE * rows.meaning, rows, config.meaning_strength / _SCALE, config))

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        return self.model.log_probabilities(_SCALE * rows.meaning)

    def save(self) -> dict[str, bytes]:
        return {"meaning.safetensors": _packed(self.model)}

    @classmethod
    def load(cls, files: Mapping[str, bytes], classes: int) -> Meaning:
        return cls(Logistic.of(_arrays(files, "meaning.safetensors"), classes=classes, columns=WORDS_WIDE))


@dataclass(frozen=True)
class Photo:
    """Logistic regression on the vectors of the packaged picture network; silent where there is no picture."""

    model: Logistic
    name: ClassVar[str] = "photo"

    @classmethod
    def learned(cls, rows: Rows, held: Rows | None, config: FashionClassifierConfig, report: Report) -> Photo:
        shown = rows.take(rows.seen)
        photo = np.zeros((0, PHOTO_WIDE)) if shown.photo is None else _SCALE * shown.photo
        return cls(_logistic(photo, shown, config.meaning_strength / _SCALE, config))

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        found = np.zeros((len(rows), len(self.model.intercepts)))
        if rows.photo is not None and rows.seen.any():
            found[rows.seen] = self.model.log_probabilities(_SCALE * rows.photo[rows.seen])
        return found

    def save(self) -> dict[str, bytes]:
        return {"photo.safetensors": _packed(self.model)}

    @classmethod
    def load(cls, files: Mapping[str, bytes], classes: int) -> Photo:
        return cls(Logistic.of(_arrays(files, "photo.safetensors"), classes=classes, columns=PHOTO_WIDE))


@dataclass(frozen=True)
class Table:
    """Logistic regression on the other columns."""

    columns: Columns
    model: Logistic
    name: ClassVar[str] = "columns"

    @classmethod
    def learned(cls, rows: Rows, held: Rows | None, config: FashionClassifierConfig, report: Report) -> Table:
        columns = Columns.learned(rows.texts_of, rows.numbers_of)
        return cls(columns, _logistic(_beside(columns, rows), rows, 1.0, config))

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        return self.model.log_probabilities(_beside(self.columns, rows))

    def save(self) -> dict[str, bytes]:
        return {
            "columns.json": canonical_json(self.columns.model_dump(mode="json")).encode(),
            "columns.safetensors": _packed(self.model),
        }

    @classmethod
    def load(cls, files: Mapping[str, bytes], classes: int) -> Table:
        columns = Columns.model_validate(_json(files, "columns.json"))
        return cls(columns, Logistic.of(_arrays(files, "columns.safetensors"), classes=classes, columns=columns.width))


def _logistic(matrix: Any, rows: Rows, strength: float, config: FashionClassifierConfig) -> Logistic:
    return fitted(
        matrix,
        rows.label,
        len(rows.classes),
        strength=strength,
        balance=config.balance,
        passes=_PASSES,
        tolerance=_TOLERANCE,
    )


def _joined(terms: list[Terms], texts: list[str]) -> Any:
    import scipy.sparse as sparse

    parts = [part.matrix(texts) for part in terms]
    return parts[0] if len(parts) == 1 else sparse.hstack(parts).tocsr()


def _beside(columns: Columns, rows: Rows) -> NDArray[np.float64]:
    return columns.of(rows.texts_of, rows.numbers_of, len(rows))


def _packed(model: Logistic, **more: NDArray[Any]) -> bytes:
    return save_arrays({**model.arrays(), **more})


def _json(files: Mapping[str, bytes], name: str) -> Any:
    if name not in files:
        raise CorruptArtifact(f"The model has no {name}.", hint="Load another version.")
    return parse_json(files[name], name)


def _arrays(files: Mapping[str, bytes], name: str) -> dict[str, NDArray[Any]]:
    if name not in files:
        raise CorruptArtifact(f"The model has no {name}.", hint="Load another version.")
    return parse_safetensors(files[name], name)
