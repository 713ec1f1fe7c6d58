"""Voices: models that each read one side of a product and give log probabilities of the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from safetensors.numpy import save as save_arrays

from engine.artifacts.formats import parse_json, parse_safetensors
from engine.errors import CorruptArtifact
from engine.estimators.fashion_classifier.logistic import Logistic, fitted
from engine.estimators.fashion_classifier.tabular import Columns
from engine.estimators.fashion_classifier.words import Terms
from engine.files import canonical_json
from engine.text import DIMENSIONS as WORDS_WIDE
from engine.vision import DIMENSIONS as PHOTO_WIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.fashion_classifier.config import FashionClassifierConfig
    from engine.estimators.fashion_classifier.data import Rows

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
        terms = [Terms.learned(texts, kind) for kind in (("word", "char_wb") if config.letters else ("word",))]
        model = _logistic(_joined(terms, texts), rows, config.word_strength, config)
        return cls(terms, model)

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        return self.model.log_probabilities(_joined(self.terms, rows.texts.tolist()))

    def reasons(self, text: str, label: int, limit: int) -> list[str]:
        """Words of a text that speak most for a label beside the others."""
        terms = self.terms[0]
        found = terms.of([text])
        weight = self.model.weights[:, : len(terms.names)]
        gain = (weight[label, found.indices] - weight[:, found.indices].mean(axis=0)) * found.data
        return [terms.names[found.indices[place]] for place in np.argsort(-gain)[:limit] if gain[place] > 0]

    def save(self) -> dict[str, bytes]:
        names = {terms.analyzer: terms.names for terms in self.terms}
        arrays = {f"idf_{terms.analyzer}": terms.idf for terms in self.terms}
        return {
            "words.json": canonical_json(names).encode(),
            "words.safetensors": _packed(self.model, **arrays),
        }

    @classmethod
    def load(cls, files: Mapping[str, bytes], classes: int) -> Words:
        names = _json(files, "words.json")
        arrays = _arrays(files, "words.safetensors")
        if not isinstance(names, dict) or not names or set(names) - {"word", "char_wb"}:
            raise CorruptArtifact("words.json names no terms.", hint="Load another version.")
        terms = []
        for kind in sorted(names, key=lambda kind: kind != "word"):
            idf = arrays.get(f"idf_{kind}")
            listed = names[kind]
            if idf is None or not isinstance(listed, list) or idf.shape != (len(set(listed)),):
                raise CorruptArtifact("The terms and their weights do not fit.", hint="Load another version.")
            terms.append(Terms(kind, [str(name) for name in listed], idf.astype(np.float64)))
        width = sum(len(part.names) for part in terms)
        return cls(terms, _unpacked(arrays, classes, width, "words.safetensors"))


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
        name = "meaning.safetensors"
        return cls(_unpacked(_arrays(files, name), classes, WORDS_WIDE, name))


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
        name = "photo.safetensors"
        return cls(_unpacked(_arrays(files, name), classes, PHOTO_WIDE, name))


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
        name = "columns.safetensors"
        return cls(columns, _unpacked(_arrays(files, name), classes, columns.width, name))


def _logistic(matrix: Any, rows: Rows, strength: float, config: FashionClassifierConfig) -> Logistic:
    return fitted(matrix, rows.label, len(rows.classes), strength=strength, balance=config.balance)


def _joined(terms: list[Terms], texts: list[str]) -> Any:
    import scipy.sparse as sparse

    parts = [part.of(texts) for part in terms]
    return parts[0] if len(parts) == 1 else sparse.hstack(parts).tocsr()


def _beside(columns: Columns, rows: Rows) -> NDArray[np.float64]:
    return columns.of(rows.texts_of, rows.numbers_of, len(rows))


def _packed(model: Logistic, **more: NDArray[Any]) -> bytes:
    """Half the size in single precision; what it changes is far below what the answers tell."""
    arrays = {"weights": model.weights.astype(np.float32), "intercepts": model.intercepts.astype(np.float32), **more}
    return save_arrays({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def _unpacked(arrays: Mapping[str, NDArray[Any]], classes: int, width: int, name: str) -> Logistic:
    weights, intercepts = arrays.get("weights"), arrays.get("intercepts")
    if weights is None or intercepts is None or weights.shape != (classes, width) or intercepts.shape != (classes,):
        raise CorruptArtifact(
            f"The arrays of {name} have the wrong shape.", f"There are {classes} labels.", "Load another version."
        )
    return Logistic(weights.astype(np.float64), intercepts.astype(np.float64))


def _json(files: Mapping[str, bytes], name: str) -> Any:
    if name not in files:
        raise CorruptArtifact(f"The model has no {name}.", hint="Load another version.")
    return parse_json(files[name], name)


def _arrays(files: Mapping[str, bytes], name: str) -> dict[str, NDArray[Any]]:
    if name not in files:
        raise CorruptArtifact(f"The model has no {name}.", hint="Load another version.")
    return parse_safetensors(files[name], name)
