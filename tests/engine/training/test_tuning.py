"""A search inside the training rows: its budget, its journal, its winner."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import InvalidInput
from engine.estimators import Holdout, Scores
from engine.training.schema import Trial, Tuning
from engine.training.tuning import Search
from tests.engine.estimators.shops import Silent
from tests.engine.training.tiny import Tiny, TinyConfig

PRICES = np.linspace(20.0, 60.0, 200)


class Poisoned:
    """Held-out rows that nobody may look at."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError("the held-out rows were looked at")


HOLDOUT = Holdout(PRICES, Poisoned(), "held out")


def ticking(step: float) -> Callable[[], float]:
    """A clock that goes on by `step` seconds whenever it is read."""
    counter = itertools.count()
    return lambda: next(counter) * step


def search(folder: Path, told: list[Sequence[Trial]] | None = None, **wanted: Any) -> Search:
    clock = wanted.pop("clock", ticking(0.0))
    kept = [] if told is None else told
    return Search(Tuning(**{"minutes": 1, **wanted}), folder / "tuning.journal", kept.append, clock)


def test_the_best_settings_win_and_trials_are_told(tmp_path: Path) -> None:
    told: list[Sequence[Trial]] = []
    report = Silent()
    found = search(tmp_path, told, trials=25).best(Tiny, TinyConfig(level=150.0), HOLDOUT, report)
    assert abs(found.level - 40) < 15
    assert [trial.number for trial in told[-1]] == list(range(25))
    assert told[-1][0].params == {"level": 150.0}, "the start is a point of the space"
    assert told[-1][0].state == "complete"
    assert {trial.state for trial in told[-1]} == {"complete", "pruned"}
    best = min(trial.value for trial in told[-1] if trial.value is not None)
    assert best == pytest.approx(np.abs(PRICES[1::2] - found.level).mean())
    assert [trials[-1].state for trials in told[:2]] == ["running", "complete"]
    assert "was the best" in report.lines[-1]


def test_the_start_stays_unless_something_is_better(tmp_path: Path) -> None:
    report = Silent()
    start = TinyConfig(level=float(np.median(PRICES[1::2])))
    assert search(tmp_path, trials=8).best(Tiny, start, HOLDOUT, report) == start
    assert "None of 8 trials" in report.lines[-1]


def test_the_same_seed_tries_the_same(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        told: list[Sequence[Trial]] = []
        search(tmp_path / name, told, trials=12).best(Tiny, TinyConfig(), HOLDOUT, Silent())
        found.append([(trial.params, trial.value, trial.state) for trial in told[-1]])
    assert found[0] == found[1]


def test_the_time_ends_a_search_but_not_its_first_trial(tmp_path: Path) -> None:
    told: list[Sequence[Trial]] = []
    slow = search(tmp_path, told, minutes=0.1, clock=ticking(10.0))
    slow.best(Tiny, TinyConfig(), HOLDOUT, Silent())
    assert [trial.state for trial in told[-1]] == ["complete"]


def test_a_trial_is_cut_off_when_the_time_is_over(tmp_path: Path) -> None:
    told: list[Sequence[Trial]] = []
    # The first trial reads the clock twice, and a later one at each sign of life.
    search(tmp_path, told, minutes=0.1, clock=ticking(1.0)).best(Tiny, TinyConfig(), HOLDOUT, Silent())
    assert told[-1][0].state == "complete"
    assert told[-1][-1].state == "pruned"
    assert told[-1][-1].value is None


def test_a_search_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    told: list[Sequence[Trial]] = []
    first = search(tmp_path, told, trials=5)
    first.best(Tiny, TinyConfig(level=150.0), HOLDOUT, Silent())
    journal = tmp_path / "tuning.journal"
    with journal.open("ab") as file:
        file.write(b'{"op_code": 4, "wor')  # what a worker leaves that is killed while it writes
    journal.with_name("tuning.journal.lock").symlink_to(journal)
    before = list(told[-1])
    search(tmp_path, told, trials=9).best(Tiny, TinyConfig(level=150.0), HOLDOUT, Silent())
    assert told[-1][:5] == before
    assert len(told[-1]) == 9
    search(tmp_path, told, trials=9).best(Tiny, TinyConfig(level=150.0), HOLDOUT, Silent())
    assert len(told[-1]) == 9, "nothing is left to try"


class Breaking(Tiny):
    """Fails below a level, and cannot be measured above another."""

    def fit(self, training: Any, report: Any) -> None:
        if self.config.level < 60:
            raise ValueError("too low")

    def evaluate(self, holdout: Holdout, report: Any) -> Scores:
        found = super().evaluate(holdout, report)
        if self.config.level <= 140:
            return found
        figure = found.evaluation.metrics["absolute_error"].model_copy(update={"value": float("nan")})
        return Scores(found.evaluation.model_copy(update={"metrics": {"absolute_error": figure}}), found.per_unit)


def test_a_failing_trial_is_told_and_the_search_goes_on(tmp_path: Path) -> None:
    told: list[Sequence[Trial]] = []
    report = Silent()
    found = search(tmp_path, told, trials=20).best(Breaking, TinyConfig(level=100.0), HOLDOUT, report)
    assert 60 <= found.level <= 100
    assert {"complete", "failed"} <= {trial.state for trial in told[-1]}
    assert any("ValueError: too low" in line for line in report.lines)


@pytest.mark.parametrize(("level", "error"), [(10.0, ValueError), (190.0, InvalidInput)])
def test_a_start_that_fails_ends_the_search(tmp_path: Path, level: float, error: type[Exception]) -> None:
    told: list[Sequence[Trial]] = []
    with pytest.raises(error):
        search(tmp_path, told, trials=3).best(Breaking, TinyConfig(level=level), HOLDOUT, Silent())
    assert [trial.state for trial in told[-1]] == ["failed"]


class Elsewhere(Tiny):
    """Searches where its own settings are not."""

    @classmethod
    def choose(cls, choices: Any, config: TinyConfig) -> TinyConfig:
        choices.suggest_categorical("shape", ["flat", "steep"])
        choices.suggest_int("depth", 1, 3)
        return config.model_copy(update={"level": choices.suggest_float("level", 50.0, 60.0)})


def test_a_start_outside_of_the_space_is_tried_all_the_same(tmp_path: Path) -> None:
    told: list[Sequence[Trial]] = []
    start = TinyConfig(level=40.0)
    assert search(tmp_path, told, trials=4).best(Elsewhere, start, HOLDOUT, Silent()) == start
    assert told[-1][0].params == {}
    assert set(told[-1][1].params) == {"shape", "depth", "level"}
