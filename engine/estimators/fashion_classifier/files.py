"""A fitted classifier as files: JSON for names, safetensors for arrays, LightGBM text for trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.artifacts.formats import check_format, parse_json
from engine.errors import CorruptArtifact
from engine.estimators.fashion_classifier.config import FashionClassifierConfig
from engine.estimators.fashion_classifier.model import Model
from engine.estimators.fashion_classifier.voices import Meaning, Photo, Table, Voice, Words
from engine.files import canonical_json

FILE = "classifier.json"
_PLAIN: dict[str, Any] = {"words": Words, "meaning": Meaning, "photo": Photo, "columns": Table}


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: list[str] = Field(min_length=2)
    voices: list[str] = Field(min_length=1)
    plain: list[float]
    shown: list[float]
    silent_below: float = Field(ge=0, le=1)
    story: dict[str, Any]


def to_files(model: Model) -> dict[str, bytes]:
    """Everything that `from_files` needs to answer as this model does."""
    stored = _Stored(
        classes=list(model.classes),
        voices=[voice.name for voice in model.voices],
        plain=model.plain.tolist(),
        shown=model.shown.tolist(),
        silent_below=model.silent_below,
        story=model.story,
    )
    files = {FILE: canonical_json(stored.model_dump(mode="json")).encode()}
    for voice in model.voices:
        files |= voice.save()
    return files


def from_files(files: Mapping[str, bytes], config: FashionClassifierConfig) -> Model:
    """The model again.

    Raises
    ------
    CorruptArtifact
        A file is missing, unsafe or does not fit the others.
    """
    if FILE not in files:
        raise CorruptArtifact(f"The model has no {FILE}.", hint="Load another version.")
    for name, data in files.items():
        check_format(name, data)
    try:
        stored = _Stored.model_validate(parse_json(files[FILE], FILE))
        voices = [_voice(name, files, len(stored.classes), config) for name in stored.voices]
    except (ValidationError, KeyError) as error:
        raise CorruptArtifact("The files do not describe a classifier.", hint="Load another version.") from error
    count = len(voices)
    if len(stored.plain) != count or len(stored.shown) != count or min(stored.plain + stored.shown) < 0:
        raise CorruptArtifact("The voices and their weights do not fit.", hint="Load another version.")
    if len(set(stored.classes)) != len(stored.classes):
        raise CorruptArtifact("A label is named twice.", hint="Load another version.")
    weights = (np.array(stored.plain), np.array(stored.shown))
    return Model(tuple(stored.classes), voices, *weights, stored.silent_below, stored.story)


def _voice(name: str, files: Mapping[str, bytes], classes: int, config: FashionClassifierConfig) -> Voice:
    if name == "trees":
        from engine.estimators.fashion_classifier.trees import COLUMNS, Trees

        about = parse_json(files[COLUMNS], COLUMNS)
        return Trees.load(files, about if isinstance(about, dict) else {}, classes)
    if name == "lora":
        from engine.estimators.fashion_classifier.lora import Lora

        return Lora.load(files, classes, config)
    if name not in _PLAIN:
        raise CorruptArtifact(f"There is no voice {name[:40]!r}.", f"Known are: {', '.join(_PLAIN)}, trees, lora.")
    found: Voice = _PLAIN[name].load(files, classes)
    return found
