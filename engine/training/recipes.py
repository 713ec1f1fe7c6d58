"""What a job is trained with: from what was asked for to a config, and from a job to what makes it again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from engine.errors import InvalidInput
from engine.estimators import Estimator, kind_of
from engine.training.schema import JobInfo, Recipe, Tuning
from engine.training.train import parse_config


def resolve(
    kind: type[Estimator],
    *,
    config: Mapping[str, Any] | None,
    preset: str | None,
    champion: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """All settings of a job.

    Settings that were named count before those of the preset, and these before the kind's defaults; the champion's
    count where neither was named. A preset keeps the champion's choice of data (`data_fields` of the kind).

    Parameters
    ----------
    champion : mapping or None
        The champion's config.

    Raises
    ------
    InvalidInput
        The preset or a setting is unknown, or a setting is outside its bounds.
    """
    if preset is not None:
        wanted = {**_data(kind, champion), **_preset(kind, preset), **(config or {})}
    else:
        wanted = dict(champion or {}) if config is None else dict(config)
    found: dict[str, Any] = parse_config(kind, wanted).model_dump(mode="json")
    return found


def clash(kind: type[Estimator], settings: Mapping[str, Any], champion: Mapping[str, Any] | None) -> str | None:
    """Why a job cannot be measured against the champion: it learned from other data; None where it can be."""
    told = {name: value for name, value in _data(kind, champion).items() if settings.get(name) != value}
    if not told:
        return None
    words = ", ".join(f"{name} {value!r} instead of {settings.get(name)!r}" for name, value in told.items())
    return f"The champion of this name learned from other data ({words}). Train under another model name."


def _preset(kind: type[Estimator], name: str) -> Mapping[str, Any]:
    if name not in kind.presets:
        raise InvalidInput(
            f"The {kind.kind} has no preset {name[:80]!r}.", f"Its presets are: {', '.join(kind.presets)}."
        )
    return kind.presets[name]


def _data(kind: type[Estimator], champion: Mapping[str, Any] | None) -> dict[str, Any]:
    """The champion's settings that choose the data."""
    return {name: champion[name] for name in kind.data_fields if champion is not None and name in champion}


def recipe_of(job: JobInfo) -> Recipe:
    """What makes a job again; one whose search has ended well is made with what that found, without another search."""
    tuning = None if job.version is not None else job.tuning
    return Recipe(
        **job.model_dump(include={"kind", "shop", "model", "snapshot", "preset", "config"}),
        tuning=tuning,
        command=_command(job, tuning),
    )


def _command(job: JobInfo, tuning: Tuning | None) -> str:
    words = ["skyy", "train", job.kind, "--shop", job.shop, "--model", job.model, "--snapshot", str(job.snapshot)]
    words += ["--config", json.dumps(_unusual(job), ensure_ascii=False)]
    if tuning is not None:
        words += ["--tune", f"{tuning.minutes:g}"]
        words += ["--trials", str(tuning.trials)] if tuning.trials is not None else []
    return shlex.join(words)


def _unusual(job: JobInfo) -> dict[str, Any]:
    """Settings that differ from the kind's defaults."""
    kind = kind_of(job.kind)
    usual = kind.config_type.model_construct().model_dump(mode="json")
    return {name: value for name, value in job.config.items() if name not in usual or usual[name] != value}
