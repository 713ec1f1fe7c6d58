"""A search for better settings inside the training rows: the held-out rows are never looked at.

Trials are kept in a journal file, so that a search that was cut off goes on where it stood. Values are
suggested by tree-structured Parzen estimators (Bergstra et al. 2011), and a trial whose curve
`validation_loss` is worse than the median of the earlier ones' is given up.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InvalidInput
from engine.estimators import Estimator, Holdout, Report
from engine.training.gate import metric_title
from engine.training.schema import Trial, Tuning
from engine.training.study import State, Study
from engine.training.train import parse_config

if TYPE_CHECKING:
    import optuna

CURVE = "validation_loss"

_LOG = logging.getLogger("worker")
_EARLY_STEPS, _LATER_STEPS = 20, 10
"""Every step of a curve is kept up to the first, then each tenth: each is written to the disk."""


class _OutOfTimeError(Exception):
    """The search has no time left for the trial that runs."""


@dataclass
class Search:
    """Tries settings for as long as it may, and gives the best.

    Parameters
    ----------
    tuning : Tuning
        Minutes and trials; what a search used that was cut off counts.
    journal : Path
        Where trials are kept; one that is there is gone on with.
    tell : callable
        Is given all trials whenever one begins or ends.
    clock : callable
        Seconds, monotonic.
    """

    tuning: Tuning
    journal: Path
    tell: Callable[[Sequence[Trial]], None]
    clock: Callable[[], float] = time.monotonic
    _used: float = field(default=0.0, init=False)

    def best(self, kind: type[Estimator], config: Any, holdout: Holdout, report: Report) -> Any:
        """The config that did best on rows kept back from the training rows; `config` itself unless one is better.

        Raises
        ------
        EngineError
            The first trial, which is `config` itself, failed.
        """
        inner = kind.inner(holdout.train, config)
        study = Study.open(self.journal, higher_is_better=kind.higher_is_better, seed=config.seed)
        self._used = study.seconds
        if study.start is None:
            study.begin(_values(kind, config))
        report.log(f"Tuning, {self.tuning.minutes:g} minutes at most. Inner rows: {inner.about.rstrip('.')}.")
        while self._goes_on(study):
            self._try(study, kind, config, inner, report)
        return _winner(study, kind, config, report)

    @property
    def _budget(self) -> float:
        return 60 * self.tuning.minutes

    def _goes_on(self, study: Study) -> bool:
        if study.start is None:
            return True
        return self._used < self._budget and (self.tuning.trials is None or study.ended < self.tuning.trials)

    def _try(self, study: Study, kind: type[Estimator], config: Any, inner: Holdout, report: Report) -> None:
        trial = study.ask()
        first = study.is_start(trial)
        watched = _TrialReport(
            report, trial, self._used / self._budget, self.clock, None if first else self._budget - self._used
        )
        self.tell(study.told())
        state, value = State.FAILED, None
        try:
            state, value = _tried(kind, config, inner, trial, watched, first=first)
        except Exception as error:
            if first or isinstance(error, MemoryError):
                raise
            _LOG.exception("trial %d failed", trial.number)
            report.log(f"Trial {trial.number} failed: {type(error).__name__}: {error}")
        finally:
            self._used += watched.seconds
            study.tell(trial, state, value, watched.seconds)
            self.tell(study.told())
        if first and state is not State.COMPLETE:
            raise InvalidInput(
                f"The settings as they are give no {metric_title(kind.primary_metric)} on the inner rows.",
                "A search begins with settings that can be measured.",
                "Train without a search, or with other settings.",
            )
        if value is not None:
            report.metric(f"tuning_{kind.primary_metric}", trial.number, value)


def _tried(
    kind: type[Estimator], config: Any, inner: Holdout, trial: optuna.Trial, report: _TrialReport, *, first: bool
) -> tuple[State, float | None]:
    """How a trial ended, and the primary metric that it reached."""
    from optuna import TrialPruned

    chosen = config
    if not first:
        chosen = parse_config(kind, kind.choose(trial, config).model_dump())
    elif Study.has_values(trial):
        kind.choose(trial, config)  # so that the start is a point of the space
    Study.keep_config(trial, chosen.model_dump(mode="json"))
    model = kind(chosen)
    try:
        model.fit(inner.train, report)
        value = model.evaluate(inner, report).evaluation.headline[kind.primary_metric]
    except (TrialPruned, _OutOfTimeError):
        return State.PRUNED, None
    return (State.COMPLETE, value) if math.isfinite(value) else (State.FAILED, None)


def _winner(study: Study, kind: type[Estimator], config: Any, report: Report) -> Any:
    best, start, title = study.best, study.start, metric_title(kind.primary_metric)
    if best is None or start is None or best.number == start.number:
        report.log(f"None of {study.ended} trials was better than the settings as they were; they stay.")
        return config
    report.log(
        f"Trial {best.number} of {study.ended} was the best: {title} {best.value:.5g} on the inner rows, "
        f"{start.value:.5g} with the settings as they were."
    )
    return parse_config(kind, Study.kept_config(best))


def _values(kind: type[Estimator], config: Any) -> dict[str, Any]:
    """The config as a point of the space that `choose` spans; nothing where it is none."""
    present = _Present(config.model_dump())
    chosen = kind.choose(present, config)
    return present.values if present.known and chosen == config else {}


class _Present:
    """Suggests what a config has already, and learns whether it lies within the bounds."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields
        self.values: dict[str, Any] = {}
        self.known = True

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        return float(self._number(name, low, high))

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        return int(self._number(name, low, high))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self._keep(name, choices[0], self._fields.get(name) in choices)

    def _number(self, name: str, low: float, high: float) -> Any:
        value = self._fields.get(name)
        within = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        return self._keep(name, low, within)

    def _keep(self, name: str, otherwise: Any, within: bool) -> Any:
        self.known &= within
        self.values[name] = self._fields[name] if within else otherwise
        return self.values[name]


class _TrialReport:
    """What a trial tells: its curve is judged, and it ends when the time is over; without a limit it always ends."""

    def __init__(
        self, whole: Report, trial: optuna.Trial, share: float, clock: Callable[[], float], left: float | None
    ) -> None:
        self._whole, self._trial, self._share = whole, trial, min(share, 1.0)
        self._clock, self._began, self._left = clock, clock(), left
        self._sign = 1.0 if trial.study.direction.name == "MINIMIZE" else -1.0
        self._last = -1
        self._whole.stage(f"trial {trial.number}", self._share)

    @property
    def seconds(self) -> float:
        """Since the trial began."""
        return self._clock() - self._began

    def stage(self, name: str, share: float) -> None:
        self._check_time()
        self._whole.stage(f"trial {self._trial.number}, {name}", self._share)

    def metric(self, name: str, step: int, value: float) -> None:
        from optuna import TrialPruned

        self._check_time()
        counts = step < _EARLY_STEPS or step % _LATER_STEPS == 0
        if name != CURVE or step <= self._last or not counts or not math.isfinite(value):
            return
        self._last = step
        # The pruner reads a curve in the direction of the study, and a loss is better where it is lower.
        self._trial.report(self._sign * value, step)
        if self._left is not None and self._trial.should_prune():
            raise TrialPruned

    def log(self, line: str) -> None:
        self._check_time()

    def _check_time(self) -> None:
        if self._left is not None and self.seconds > self._left:
            raise _OutOfTimeError
