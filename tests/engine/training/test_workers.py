"""Workers that tune, misbehave or are killed, and what their jobs then say."""

from __future__ import annotations

import re
from typing import Any

import psutil
import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidTransition
from engine.model_registry import RegistryService
from engine.settings import Settings
from engine.training import JobInfo, JobState, Progress, TrainingService, Tuning
from tests.engine.training.conftest import ended, job_of, no_worker_left, running, submit
from tests.engine.training.tiny import HELD_BACK_MB
from tests.faults.processes import until

SOON_S = 5.0
ACTOR = Actor("tester")


def progress_of(engine: Engine, job: JobInfo) -> Progress:
    return engine.call(TrainingService.progress, job_id=job.job_id)


def nothing_registered(engine: Engine) -> None:
    assert engine.call(RegistryService.list_models) == []


def test_a_tuned_job_trains_with_what_it_found(shop: Engine, tiny: str) -> None:
    job = submit(shop, kind=tiny, config={"level": 150.0}, tuning=Tuning(minutes=5, trials=12), preset="quick")
    assert (job.tuning, job.preset, job.config["level"]) == (Tuning(minutes=5, trials=12), "quick", 150.0)
    done = ended(shop, job)
    assert done.error is None
    assert done.config["level"] < 100
    assert done.memory_mb is not None
    assert done.memory_mb > 0
    progress = progress_of(shop, job)
    assert [trial.number for trial in progress.trials] == list(range(12))
    assert progress.trials[0].params == {"level": 150.0}
    version = shop.call(RegistryService.get_version, model=job.model, reference=done.version or "")
    assert version.lineage.config == done.config
    assert version.params["seconds"]["tune"] > 0
    again = ended(shop, shop.call(TrainingService.rerun, actor=ACTOR, job_id=job.job_id))
    assert (again.config, again.tuning, again.rerun_of) == (done.config, None, job.job_id)
    second = shop.call(RegistryService.get_version, model=job.model, reference=again.version or "")
    assert second.metrics == version.metrics


def test_a_tuned_recommender_keeps_the_held_out_rows_apart(shop: Engine) -> None:
    job = ended(shop, submit(shop, tuning=Tuning(minutes=5, trials=2)))
    assert job.error is None
    progress = progress_of(shop, job)
    assert [trial.state for trial in progress.trials] == ["complete", "complete"]
    assert progress.trials[0].value != progress.metrics["ndcg_at_10"][0][1]


def test_a_search_that_was_cut_off_goes_on_in_its_repetition(shop: Engine, tiny: str) -> None:
    job = submit(shop, kind=tiny, tuning=Tuning(minutes=60), config={"level": 150.0})
    until(lambda: len(progress_of(shop, job).trials) > 3)
    running(shop, job).kill()
    lost = ended(shop, job)
    assert lost.state == JobState.LOST
    kept = [trial for trial in progress_of(shop, job).trials if trial.state != "running"]
    again = shop.call(TrainingService.rerun, actor=ACTOR, job_id=job.job_id)
    assert again.tuning == Tuning(minutes=60)
    until(lambda: len(progress_of(shop, again).trials) > len(kept) + 1)
    trials = progress_of(shop, again).trials
    assert trials[: len(kept)] == kept
    shop.call(TrainingService.cancel, actor=ACTOR, job_id=again.job_id)
    no_worker_left(shop)
    nothing_registered(shop)


@pytest.mark.parametrize(
    ("behave", "words"),
    [("fails", "ZeroDivisionError: the prices add up to nothing"), ("runs out", "needed more than its limit")],
)
def test_a_failing_fit_says_why(shop: Engine, tiny: str, behave: str, words: str) -> None:
    job = ended(shop, submit(shop, kind=tiny, config={"behave": behave}))
    assert job.state == JobState.FAILED
    assert job.error is not None
    assert words in job.error.found
    nothing_registered(shop)
    no_worker_left(shop)


def test_a_fit_that_takes_too_much_is_ended(shop_home: Any, tiny: str) -> None:
    settings = Settings.at(shop_home, job_memory_mb=HELD_BACK_MB)
    with Engine.open(settings) as engine:
        job = submit(engine, kind=tiny, config={"behave": "takes"})
        running(engine, job)
        done = ended(engine, job)
        assert done.state == JobState.FAILED
        assert done.error is not None
        assert f"limit of {HELD_BACK_MB} MB" in done.error.found
        assert (done.memory_mb or 0) > HELD_BACK_MB
        no_worker_left(engine)
        nothing_registered(engine)


def child_of(engine: Engine, job: JobInfo) -> psutil.Process:
    """The process that a worker's fit started."""
    found = until(lambda: re.search(r"child (\d+)", "\n".join(progress_of(engine, job).log)))
    return psutil.Process(int(found.group(1)))


@pytest.mark.parametrize("how", ["kill", "cancel"])
def test_children_of_a_worker_do_not_outlive_it(shop: Engine, tiny: str, how: str) -> None:
    job = submit(shop, kind=tiny, config={"behave": "forks"})
    child = child_of(shop, job)
    if how == "kill":
        running(shop, job).kill()
    else:
        shop.call(TrainingService.cancel, actor=ACTOR, job_id=job.job_id)
    until(lambda: job_of(shop, job).state.final, seconds=SOON_S)
    assert job_of(shop, job).state == (JobState.LOST if how == "kill" else JobState.CANCELLED)
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, seconds=SOON_S)
    no_worker_left(shop)
    nothing_registered(shop)


def test_what_a_worker_takes_is_told_while_it_works(shop: Engine, tiny: str) -> None:
    job = submit(shop, kind=tiny, config={"behave": "forks"})
    progress = until(lambda: found if (found := progress_of(shop, job)).memory_mb > 0 else None)
    assert progress.peak_memory_mb >= progress.memory_mb > 10
    assert progress.cpu_percent >= 0
    shop.call(TrainingService.cancel, actor=ACTOR, job_id=job.job_id)
    no_worker_left(shop)
    assert (job_of(shop, job).memory_mb or 0) > 0


def test_both_sides_have_their_cost_and_calibration_beside_the_verdict(trained: Engine) -> None:
    job = ended(trained, submit(trained, preset="quick"))
    version = trained.call(RegistryService.get_version, model=job.model, reference=job.version or "")
    verdict = trained.call(RegistryService.verdicts, model=job.model, version=job.version or "")[0].verdict
    assert version.evaluation is not None
    for side in (version.evaluation, verdict["rival_evaluation"]):
        assert side["cost"]["size_mb"] > 0
        assert side["cost"]["one_ms"] > 0
        assert side["cost"]["each_ms"] > 0
    assert verdict["rival_metrics"]["ndcg_at_10"] == verdict["rival_evaluation"]["metrics"]["ndcg_at_10"]["value"]


def test_the_end_of_a_job_tells_what_it_came_to(trained: Engine) -> None:
    job = ended(trained, submit(trained, preset="quick"))
    end = next(event for event in trained.store.events() if event.kind == "job.ended" and event.subject == job.job_id)
    verdict = trained.call(RegistryService.verdicts, model=job.model, version=job.version or "")[0].verdict
    assert end.payload["result"]["version"] == job.version
    assert end.payload["result"]["verdict"] == " ".join(verdict["reasons"])
    assert end.payload["memory_mb"] == job.memory_mb


def test_the_highest_priority_starts_first(shop: Engine, tiny: str) -> None:
    blocked = submit(shop, kind=tiny, config={"behave": "forks"})
    running(shop, blocked)
    low, first, second, late = (submit(shop, kind=tiny, priority=place) for place in (-1, 5, 5, 0))
    moved = shop.call(TrainingService.prioritise, actor=ACTOR, job_id=late.job_id, priority=9)
    assert moved.priority == 9
    shop.call(TrainingService.cancel, actor=ACTOR, job_id=blocked.job_id)
    starts = [(done.started_at, done.job_id) for job in (low, first, second, late) if (done := ended(shop, job))]
    assert [job_id for _, job_id in sorted(starts)] == [late.job_id, first.job_id, second.job_id, low.job_id]
    with pytest.raises(InvalidTransition, match="Only queued jobs"):
        shop.call(TrainingService.prioritise, actor=ACTOR, job_id=low.job_id, priority=1)
    shop.store.verify()
    shop.store.rebuild(ACTOR)
    assert job_of(shop, late).priority == 9
