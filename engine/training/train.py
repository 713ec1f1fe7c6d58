"""One training from data to verdict, without processes or stores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.catalog.schema import Table
from engine.errors import InvalidInput
from engine.estimators import Estimator, Holdout, Report, Scores, kind_of
from engine.training.cost import with_cost
from engine.training.gate import Verdict, judge
from engine.training.schema import JobResult, JobSpec, Rival

if TYPE_CHECKING:
    from engine.catalog.dataset import Dataset

    Tune = Callable[[type[Estimator], Any, Holdout, Report], Any]
    """Kind, config, holdout and report to the config that is best on rows kept back from the training rows."""

_BEGIN = 0.02
_REST_MINUTES = 0.5
"""What fitting, measuring and fitting again is taken to last beside a search, for the share of the work."""


@dataclass(frozen=True)
class Trained:
    """What a training gives: the result, the model fitted on everything, the figures of each held-out unit."""

    result: JobResult
    model: dict[str, bytes]
    scores: bytes


@dataclass(frozen=True)
class Part:
    """A report that fills only a part of the whole, from `start` to `end` (0 to 1)."""

    whole: Report
    start: float
    end: float
    name: str

    def stage(self, name: str, share: float) -> None:
        self.whole.stage(f"{self.name}: {name}", self.start + (self.end - self.start) * share)

    def metric(self, name: str, step: int, value: float) -> None:
        self.whole.metric(name, step, value)

    def log(self, line: str) -> None:
        self.whole.log(line)


class Quiet(Part):
    """A part whose curves are not shown: the rival's."""

    def metric(self, name: str, step: int, value: float) -> None:
        return


def train(
    spec: JobSpec, dataset: Dataset, rival_files: Mapping[str, bytes], report: Report, tune: Tune | None = None
) -> Trained:
    """Fit on the training rows, measure beside the rival on the held-out rows, then fit on everything.

    Parameters
    ----------
    tune : callable, optional
        Finds better settings first, inside the training rows, where the spec asks for it.

    Raises
    ------
    InvalidInput
        The data lacks what the kind needs, or the config is not right.
    """
    kind = kind_of(spec.kind)
    config = parse_config(kind, spec.config)
    check_trainable(kind, config, dataset)
    clock, way = _Stopwatch(), _Way(report, _BEGIN)
    holdout = kind.holdout(dataset, config)
    report.log(f"Hold-out: {holdout.about.rstrip('.')}.")
    if tune is not None and spec.tuning is not None:
        tuned = spec.tuning.minutes / (spec.tuning.minutes + _REST_MINUTES)
        with clock("tune"):
            config = tune(kind, config, holdout, Part(report, _BEGIN, tuned, "Tuning"))
        way = _Way(report, tuned)
    with clock("fit"):
        challenger = kind(config)
        challenger.fit(holdout.train, way.part(0.0, 0.35, "Fitting"))
    with clock("evaluate"):
        scores = with_cost(challenger.evaluate(holdout, way.part(0.35, 0.5, "Measuring")), challenger)
    for name, value in scores.evaluation.headline.items():
        report.log(f"{name} = {value:.5f}")
    with clock("rival"):
        part = way.quiet(0.5, 0.7, "Measuring the rival")
        rival_name, rival_scores = _rival(kind, spec.rival, rival_files, holdout, part)
    verdict = judge(scores, rival_scores, kind=kind, rival_name=rival_name)
    for reason in verdict.reasons:
        report.log(reason)
    with clock("refit"):
        serving = kind(config)
        serving.fit(kind.everything(dataset, config), way.quiet(0.7, 0.97, "Fitting on all rows"))
    report.stage("Saving", 0.98)
    result = _result(serving, scores, rival_scores, verdict, last_event(dataset), clock.seconds)
    return Trained(result, serving.save(), pack_scores(scores))


def _result(
    serving: Estimator,
    scores: Scores,
    rival_scores: Scores,
    verdict: Verdict,
    trained_until: datetime | None,
    seconds: dict[str, float],
) -> JobResult:
    """What a worker hands back; the rival's whole evaluation lies beside the verdict."""
    rival_evaluation = rival_scores.evaluation.model_dump(mode="json")
    return JobResult(
        framework=serving.framework,
        config=serving.config.model_dump(mode="json"),
        metrics=scores.evaluation.headline,
        evaluation=scores.evaluation.model_dump(mode="json"),
        verdict={**verdict.model_dump(mode="json"), "rival_evaluation": rival_evaluation},
        signature=serving.signature(),
        card=serving.card(),
        trained_until=trained_until,
        seconds=seconds,
    )


def check_trainable(kind: type[Estimator], config: Any, dataset: Dataset) -> None:
    """Make sure that a kind can learn from a snapshot with these settings.

    Raises
    ------
    InvalidInput
        The data lacks what the kind needs.
    """
    missing = kind.missing(dataset, config)
    if missing:
        raise InvalidInput(
            f"Snapshot {dataset.snapshot} cannot train a {kind.kind}.", " ".join(missing), "Import the missing data."
        )


def wants_vectors(spec: JobSpec) -> bool:
    """Whether the recipe, or the rival's that may be fitted again, places products by their words and pictures.

    Raises
    ------
    InvalidInput
        A setting is unknown or outside its bounds.
    """
    kind = kind_of(spec.kind)
    recipes = [spec.config] if spec.rival is None else [spec.config, spec.rival.config]
    return any(parse_config(kind, recipe).wants_vectors for recipe in recipes)


def pack_scores(scores: Scores) -> bytes:
    """The figures of every held-out unit as safetensors, so that two versions can be paired later."""
    import numpy as np
    from safetensors.numpy import save

    return bytes(save({name: np.asarray(values, dtype=np.float32) for name, values in scores.per_unit.items()}))


def parse_config(kind: type[Estimator], config: Mapping[str, Any]) -> Any:
    """A kind's typed config.

    Raises
    ------
    InvalidInput
        A setting is unknown or outside its bounds.
    """
    from pydantic import ValidationError

    try:
        return kind.config_type.model_validate(dict(config))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(
            f"The setting {where!r} of the {kind.kind} is not right: {first['msg']}.",
            f"Settings are: {', '.join(kind.config_type.model_fields)}.",
        ) from error


def last_event(dataset: Dataset) -> datetime | None:
    """The newest moment in what shoppers did; None where the data tells no times."""
    import pyarrow.compute as pc

    newest = None
    for table in (Table.INTERACTIONS, Table.ORDERS):
        if dataset.has(table, "time"):
            moment = pc.max(dataset.arrow(table, ["time"])["time"]).as_py()
            newest = moment if newest is None else max(newest, moment)
    return None if newest is None else newest.astimezone(UTC)


def _rival(
    kind: type[Estimator], rival: Rival | None, files: Mapping[str, bytes], holdout: Holdout, report: Report
) -> tuple[str, Scores]:
    """The champion as it serves, its recipe refitted where it has seen held-out rows, or the baseline."""
    if rival is None:
        model = kind.baseline()
        name = f"the baseline ({kind.baseline_name})"
        model.fit(holdout.train, report)
    elif holdout.cut is not None and rival.trained_until is not None and rival.trained_until < holdout.cut:
        model = kind.load(files)
        name = f"the champion {rival.version}"
    else:
        model = kind(parse_config(kind, rival.config))
        name = f"the champion {rival.version}"
        report.log(f"Champion {rival.version} has seen held-out rows; its recipe is fitted again without them.")
        model.fit(holdout.train, report)
    return name, with_cost(model.evaluate(holdout, report), model)


@dataclass(frozen=True)
class _Way:
    """The work that is left once `begin` of the whole is done; its parts are shares of it."""

    report: Report
    begin: float

    def part(self, start: float, end: float, name: str) -> Part:
        return Part(self.report, self._at(start), self._at(end), name)

    def quiet(self, start: float, end: float, name: str) -> Quiet:
        return Quiet(self.report, self._at(start), self._at(end), name)

    def _at(self, share: float) -> float:
        return self.begin + (1 - self.begin) * share


class _Stopwatch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - started, 3)
