"""The config as a file beside a model's other files: written and read the same way by every kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from engine.artifacts.formats import parse_json
from engine.errors import CorruptArtifact
from engine.estimators.base import EstimatorConfig
from engine.files import canonical_json

C = TypeVar("C", bound=EstimatorConfig)
CONFIG_FILE = "config.json"


def config_file(config: EstimatorConfig) -> dict[str, bytes]:
    """The file by its name."""
    return {CONFIG_FILE: canonical_json(config.model_dump(mode="json")).encode()}


def stored_config(files: Mapping[str, bytes], config_type: type[C], title: str) -> C:
    """The config among a model's files.

    Parameters
    ----------
    title : str
        What the kind is called, for the error.

    Raises
    ------
    CorruptArtifact
        There is none, or it is not a config of this kind.
    """
    if CONFIG_FILE not in files:
        raise CorruptArtifact(f"The {title.lower()} has no {CONFIG_FILE}.", hint="Load another version.")
    try:
        return config_type.model_validate(parse_json(files[CONFIG_FILE], CONFIG_FILE))
    except ValidationError as error:
        raise CorruptArtifact(
            f"The {CONFIG_FILE} of the {title.lower()} is not a config of that kind.", hint="Load another version."
        ) from error
