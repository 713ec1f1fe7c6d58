"""A shop's evaluation in its child process, and from the command line."""

import json
import sys
from pathlib import Path

import pytest

from engine.actor import Actor
from engine.background import BackgroundState
from engine.cli import main
from engine.core import Engine, set_current_engine
from engine.errors import Conflict, InvalidInput, JobNotFound, ShopNotFound
from engine.recommendation_engine.evaluation import (
    EvaluationPlan,
    EvaluationService,
    Protocol,
    evaluate_shop,
)
from tests.conftest import wait_for
from tests.engine.recommendation_engine.evaluation.test_reading import written

SMALL = EvaluationPlan(windows=1, models=("popularity", "cosine", "recommender"))


def test_a_shop_is_measured_in_a_process_of_its_own(demo: Engine, actor: Actor) -> None:
    info = demo.call(EvaluationService.start, actor=actor, shop="demo", plan=SMALL)
    assert info.state is BackgroundState.RUNNING
    assert info.model_version == "1.0.0"
    assert demo.call(EvaluationService.report, evaluation=info.id) is None
    with pytest.raises(Conflict, match="An evaluation of 'demo' is running"):
        demo.call(EvaluationService.start, actor=actor, shop="demo", plan=SMALL)
    ended = wait_for(
        lambda: demo.call(EvaluationService.get, evaluation=info.id), until=lambda now: now.state.final, within_s=200
    )
    assert ended.state is BackgroundState.DONE, ended.error
    report = demo.call(EvaluationService.report, evaluation=info.id)
    assert report is not None
    assert {model.name for model in report.models} == {"popularity", "cosine", "recommender"}
    assert report.pair("recommender", "popularity").difference.value > 0
    assert demo.call(EvaluationService.list_evaluations, shop="demo") == [ended]
    assert not (demo.settings.home / "evaluations" / info.id / "data").exists()


def test_a_cancelled_one_ends_at_once_and_frees_the_way(demo: Engine, actor: Actor) -> None:
    info = demo.call(EvaluationService.start, actor=actor, shop="demo", plan=EvaluationPlan(models=("sequence",)))
    ended = demo.call(EvaluationService.cancel, actor=actor, evaluation=info.id)
    assert ended.state is BackgroundState.CANCELLED
    assert demo.call(EvaluationService.cancel, actor=actor, evaluation=info.id) == ended
    assert demo.call(EvaluationService.report, evaluation=info.id) is None
    again = demo.call(EvaluationService.start, actor=actor, shop="demo", plan=SMALL)
    demo.call(EvaluationService.cancel, actor=actor, evaluation=again.id)


def test_a_failure_is_told_in_one_sentence(demo: Engine, actor: Actor) -> None:
    plan = EvaluationPlan(windows=12, days=366, models=("popularity",))
    info = demo.call(EvaluationService.start, actor=actor, shop="demo", plan=plan)
    ended = wait_for(
        lambda: demo.call(EvaluationService.get, evaluation=info.id), until=lambda now: now.state.final, within_s=120
    )
    assert ended.state is BackgroundState.FAILED
    assert "Ask for fewer windows or fewer days." in (ended.error or "")


def test_unknown_names_are_refused(engine: Engine, actor: Actor) -> None:
    with pytest.raises(JobNotFound):
        engine.call(EvaluationService.get, evaluation="ev-1/../../x")
    with pytest.raises(ShopNotFound):
        engine.call(EvaluationService.start, actor=actor, shop="nowhere", plan=SMALL)


def test_a_recommender_is_measured_over_time_only(demo: Engine) -> None:
    source = demo.call(EvaluationService.source, shop="demo")
    plan = EvaluationPlan(protocol=Protocol.LEAVE_LAST_OUT, models=("recommender",))
    with pytest.raises(InvalidInput, match="over time only"):
        evaluate_shop(source.dataset(demo.artifacts), "demo", plan, source.config)


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    lines = [f"u{user} " + " ".join(str((user + 3 * step) % 31) for step in range(5)) for user in range(60)]
    return written(tmp_path, "small.txt", "\n".join(lines))


def skyy(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["skyy", "evaluate", *map(str, words)])
    set_current_engine(None)
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_file_from_the_command_line(
    sequences: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--data", sequences, "--format", "sequences", "--protocol", "leave-last-out")
    assert skyy(monkeypatch, *words, "--models", "popularity,cosine", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["units"] == 60
    assert {model["name"] for model in report["models"]} == {"popularity", "cosine"}
    assert skyy(monkeypatch, *words, "--models", "popularity", "--models", "cosine") == 0
    told = capsys.readouterr().out
    assert "Cosine item-item" in told
    assert "against" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Neither --data nor --shop was given."),
        (("--data", "x", "--shop", "demo"), "Both --data and --shop were given."),
        (("--data", "nowhere.csv"), "There is no file nowhere.csv."),
        (("--data", "x", "--windows", "99"), "Windows, days or seed are out of range."),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_sentence(
    words: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert skyy(monkeypatch, *words) == 1
    assert told in capsys.readouterr().err
