"""The trials of a search as optuna keeps them, in one journal file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.training.schema import Trial

if TYPE_CHECKING:
    import optuna

_NAME = "tuning"
_START, _POINT, _CONFIG, _SECONDS = "start", "point", "config", "seconds"
_RANDOM_TRIALS = 6
_JUDGED_FROM_TRIALS, _JUDGED_FROM_STEP = 4, 3


class State(StrEnum):
    """How a trial stands, in the words of a `Trial`."""

    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"


class Study:
    """Asks for trials and is told how they ended; the one with the attribute `start` is what the others must beat."""

    def __init__(self, study: optuna.Study) -> None:
        self._study = study

    @classmethod
    def open(cls, journal: Path, *, higher_is_better: bool, seed: int) -> Study:
        """The study of a journal; what was running when it was cut off has failed."""
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        _mend(journal)
        storage = JournalStorage(JournalFileBackend(str(journal)))
        study = optuna.create_study(
            storage=storage,
            study_name=_NAME,
            direction="maximize" if higher_is_better else "minimize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_JUDGED_FROM_TRIALS, n_warmup_steps=_JUDGED_FROM_STEP),
        )
        for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials), n_startup_trials=_RANDOM_TRIALS)
        return cls(study)

    def begin(self, values: dict[str, Any]) -> None:
        """Have the start tried next; `values` make it a point of the space, where it is one."""
        self._study.enqueue_trial(values, user_attrs={_START: True, _POINT: bool(values)})

    def ask(self) -> optuna.Trial:
        """The next trial."""
        return self._study.ask()

    def tell(self, trial: optuna.Trial, state: State, value: float | None, seconds: float) -> None:
        """How a trial ended."""
        from optuna.trial import TrialState

        trial.set_user_attr(_SECONDS, round(seconds, 3))
        ends = {State.COMPLETE: TrialState.COMPLETE, State.PRUNED: TrialState.PRUNED, State.FAILED: TrialState.FAIL}
        self._study.tell(trial, value, state=ends[state])

    @staticmethod
    def is_start(trial: optuna.Trial) -> bool:
        return bool(trial.user_attrs.get(_START))

    @staticmethod
    def has_values(trial: optuna.Trial) -> bool:
        """Whether the trial was begun as a point of the space."""
        return bool(trial.user_attrs.get(_POINT))

    @staticmethod
    def keep_config(trial: optuna.Trial, config: dict[str, Any]) -> None:
        trial.set_user_attr(_CONFIG, config)

    @staticmethod
    def kept_config(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
        found: dict[str, Any] = trial.user_attrs[_CONFIG]
        return found

    @property
    def seconds(self) -> float:
        """What all trials took."""
        return float(sum(trial.user_attrs.get(_SECONDS, 0.0) for trial in self._trials()))

    @property
    def ended(self) -> int:
        """Number of trials that ended, however they did."""
        return sum(trial.state.is_finished() for trial in self._trials())

    @property
    def start(self) -> optuna.trial.FrozenTrial | None:
        """The trial of the settings as they were, once it is complete."""
        return next((trial for trial in self._complete() if trial.user_attrs.get(_START)), None)

    @property
    def best(self) -> optuna.trial.FrozenTrial | None:
        """The best complete trial; of equal ones the start, else the first."""
        sign = 1.0 if self._study.direction.name == "MAXIMIZE" else -1.0
        order = sorted(
            self._complete(),
            key=lambda trial: (-sign * float(trial.value or 0.0), not trial.user_attrs.get(_START), trial.number),
        )
        return order[0] if order else None

    def told(self) -> list[Trial]:
        """All trials that were begun."""
        return [_told(trial) for trial in self._trials() if trial.state.name != "WAITING"]

    def _trials(self) -> list[optuna.trial.FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _complete(self) -> list[optuna.trial.FrozenTrial]:
        return [trial for trial in self._trials() if trial.state.name == "COMPLETE"]


def _told(trial: optuna.trial.FrozenTrial) -> Trial:
    states: dict[str, Literal["running", "complete", "pruned", "failed"]] = {
        "RUNNING": "running",
        "COMPLETE": "complete",
        "PRUNED": "pruned",
        "FAIL": "failed",
    }
    state = states[trial.state.name]
    return Trial(
        number=trial.number,
        state=state,
        value=trial.value if state == "complete" else None,
        params=dict(trial.params),
        seconds=trial.user_attrs.get(_SECONDS, 0.0),
    )


def _mend(journal: Path) -> None:
    """Take away what a worker left that was killed: the lock that it held, and a line cut short."""
    journal.with_name(journal.name + ".lock").unlink(missing_ok=True)
    if journal.exists():
        written = journal.read_bytes()
        whole = written[: written.rfind(b"\n") + 1]
        if whole != written:
            journal.write_bytes(whole)
