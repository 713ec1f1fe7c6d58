"""A fitted model as files: JSON for what was learned about columns, the learner's own format for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.artifacts.formats import check_format, parse_json
from engine.errors import CorruptArtifact
from engine.estimators.tabular.encoding import Encoder
from engine.estimators.tabular.fitting import Fitted, Target, Tuned
from engine.estimators.tabular.learner import Shape, learner_type
from engine.files import canonical_json

if TYPE_CHECKING:
    from engine.estimators.tabular.config import TabularConfig

FILE = "tabular.json"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    target: str
    classes: list[str]
    prior: list[float]
    centre: float
    spread: float = Field(gt=0)
    temperature: float = Field(gt=0)
    strength: float = Field(ge=0, le=1)
    reach: float = Field(ge=0)
    encoder: dict[str, Any]
    learner: dict[str, Any]
    story: dict[str, Any]
    example: dict[str, Any]


def to_files(model: Fitted) -> dict[str, bytes]:
    """Everything that `from_files` needs to foretell as this model does."""
    learner, files = model.learner.save()
    stored = _Model(
        table=model.target.table,
        target=model.target.name,
        classes=list(model.target.classes),
        prior=model.target.prior.tolist(),
        centre=model.target.centre,
        spread=model.target.spread,
        temperature=model.tuned.temperature,
        strength=model.tuned.strength,
        reach=model.tuned.reach,
        encoder=model.encoder.model_dump(mode="json"),
        learner=learner,
        story=model.story,
        example=model.example,
    )
    return {FILE: canonical_json(stored.model_dump(mode="json")).encode(), **files}


def from_files(files: Mapping[str, bytes], config: TabularConfig) -> Fitted:
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
        stored = _Model.model_validate(parse_json(files[FILE], FILE))
    except ValidationError as error:
        raise CorruptArtifact(f"{FILE} does not describe a tabular model.", hint="Load another version.") from error
    if len(stored.classes) != len(stored.prior) or any(not 0 < share <= 1 for share in stored.prior):
        raise CorruptArtifact("The classes and their shares do not fit.", hint="Load another version.")
    encoder = Encoder.from_json(stored.encoder)
    shape = Shape(len(stored.classes), len(encoder.number_names), tuple(encoder.sizes))
    learner = learner_type(config.model).load(config, shape, stored.learner, files)
    target = Target(
        stored.table, stored.target, tuple(stored.classes), np.array(stored.prior), stored.centre, stored.spread
    )
    tuned = Tuned(stored.temperature, stored.strength, stored.reach)
    return Fitted(target, encoder, learner, tuned, stored.story, stored.example)
