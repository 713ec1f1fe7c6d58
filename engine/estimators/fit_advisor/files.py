"""A fitted advisor as files and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError
from safetensors.numpy import save as save_arrays

from engine.artifacts.formats import parse_json, parse_safetensors
from engine.errors import CorruptArtifact
from engine.estimators.fit_advisor import history as histories
from engine.estimators.fit_advisor.columns import Columns
from engine.estimators.fit_advisor.config import FitAdvisorConfig
from engine.estimators.fit_advisor.deciding import Decider
from engine.estimators.fit_advisor.learner import learner_of
from engine.estimators.fit_advisor.model import Model, width_of
from engine.estimators.fit_advisor.rows import MEASURES, Person, Shop
from engine.estimators.stored_config import config_file, stored_config
from engine.files import canonical_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEARNER = "learner."


def write(model: Model, shop: Shop, more: Mapping[str, Any]) -> dict[str, bytes]:
    """Files of a model, what it looks people and products up in, and plain JSON beside them."""
    names, past = histories.stored(model.history)
    arrays, files = model.learner.save()
    told = {
        "columns": model.columns.plain_json(),
        "decider": model.decider.plain(),
        "history": names,
        "rounds": model.learner.rounds,
        "shop": _plain(shop),
        "more": dict(more),
    }
    kept = {**past, "measures": _measures(shop), **{_LEARNER + name: array for name, array in arrays.items()}}
    return {
        **config_file(model.config),
        "advisor.json": canonical_json(told).encode(),
        "advisor.safetensors": save_arrays({name: np.ascontiguousarray(array) for name, array in kept.items()}),
        **files,
    }


def read(files: Mapping[str, bytes]) -> tuple[Model, Shop, dict[str, Any]]:
    """What `write` was given.

    Raises
    ------
    CorruptArtifact
        A file is absent, broken, or does not fit the others.
    """
    try:
        config = stored_config(files, FitAdvisorConfig, "fit advisor")
        told = parse_json(files["advisor.json"], "advisor.json")
        arrays = parse_safetensors(files["advisor.safetensors"], "advisor.safetensors")
        columns = Columns.of(told["columns"])
        learner = learner_of(config)
        learner.rounds = int(told["rounds"])
        inner = {name.removeprefix(_LEARNER): array for name, array in arrays.items() if name.startswith(_LEARNER)}
        learner.restore(inner, files, width_of(config.model, columns))
        past = histories.restored(told["history"], arrays)
        shop = _shop(told["shop"], np.asarray(arrays["measures"], dtype=np.float64))
        return Model(config, columns, past, learner, Decider.of(told["decider"])), shop, dict(told["more"])
    except (KeyError, TypeError, ValueError, AttributeError, ValidationError) as error:
        raise CorruptArtifact(
            f"The files of the fit model do not fit together: {type(error).__name__}.",
            "They are config.json, advisor.json, advisor.safetensors and trees, written in one go.",
            "Train again, or load another version.",
        ) from error


def _plain(shop: Shop) -> dict[str, Any]:
    asked = bool(shop.usual_key)
    return {
        "people": list(shop.people),
        "body_types": [person.body_type for person in shop.people.values()],
        "usual": [dict(person.usual) for person in shop.people.values()] if asked else [],
        "categories": dict(shop.categories),
        "ladders": {item: list(labels) for item, labels in shop.ladders.items()},
        "usual_key": dict(shop.usual_key),
    }


def _measures(shop: Shop) -> NDArray[np.float64]:
    """Measures of people, -1 where unknown."""
    found = np.array([person.measures for person in shop.people.values()], dtype=np.float64)
    return np.nan_to_num(found.reshape(-1, len(MEASURES)), nan=-1.0)


def _shop(plain: Mapping[str, Any], measures: NDArray[np.float64]) -> Shop:
    names, bodies = plain["people"], plain["body_types"]
    usual = plain["usual"] or [{}] * len(names)
    if measures.shape != (len(names), len(MEASURES)) or not len(names) == len(bodies) == len(usual):
        raise ValueError("people and measures do not fit together")
    if not np.isfinite(measures).all():
        raise ValueError("a measure is not finite")
    told = np.where(measures < 0, np.nan, measures)
    people = {
        str(name): Person(tuple(map(float, row)), str(body), {str(key): str(size) for key, size in sizes.items()})
        for name, row, body, sizes in zip(names, told, bodies, usual, strict=True)
    }
    ladders = {str(item): tuple(map(str, labels)) for item, labels in plain["ladders"].items()}
    return Shop(people, _words(plain["categories"]), ladders, _words(plain["usual_key"]))


def _words(plain: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in plain.items()}


def checked(more: Mapping[str, Any]) -> tuple[dict[str, list[str]], dict[str, Any], dict[str, Any]]:
    """Ladders by category, what is told of the data, and a sample.

    Raises
    ------
    CorruptArtifact
        One of them is absent or of another kind.
    """
    try:
        ladders = {str(key): [str(label) for label in labels] for key, labels in more["ladders"].items()}
        return ladders, dict(more["about"]), dict(more["sample"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptArtifact(
            "What is told beside the fit model cannot be read.", hint="Load another version."
        ) from error
