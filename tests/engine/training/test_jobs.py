"""Training jobs with real workers, from submission to a gated version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.clock import ManualClock
from engine.core import Engine
from engine.errors import InvalidInput, InvalidName, InvalidTransition, JobNotFound, ShopNotFound, SnapshotNotFound
from engine.model_registry import RegistryService, Release, RunService
from engine.settings import Settings
from engine.training import JobState, Supervisor, TrainingService
from tests.engine.training.conftest import ended, job_of, no_worker_left, running, submit
from tests.faults.homes import MODEL, SHOP
from tests.faults.processes import until

SLOW = "worker.stage"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Workers that stop at their first stage until the file is there."""
    gate = tmp_path / "go"
    script = tmp_path / "slow" / "sitecustomize.py"
    script.parent.mkdir()
    script.write_text(
        "import os, sys, time\n"
        "if 'engine.training.worker' in ' '.join(sys.orig_argv):\n"
        "    from engine.training import train\n"
        "    real = train.train\n"
        "    def held(*arguments):\n"
        f"        while not os.path.exists({str(gate)!r}):\n"
        "            time.sleep(0.02)\n"
        "        return real(*arguments)\n"
        "    train.train = held\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{script.parent}:{Path(__file__).resolve().parents[3]}")
    yield gate
    gate.touch()


def kinds(engine: Engine) -> list[str]:
    return [event.kind for event in engine.store.events()]


def test_from_submission_to_a_serving_champion(shop: Engine) -> None:
    job = submit(shop, promote_if_passed=True)
    assert (job.state, job.model, job.snapshot, job.created_by) == (JobState.QUEUED, MODEL, 1, "tester")
    job = ended(shop, job)
    assert job.error is None
    assert (job.state, job.version, job.promoted) == (JobState.SUCCEEDED, "1.0.0", True)
    assert job.started_at is not None
    assert job.ended_at is not None
    assert job.created_at <= job.started_at <= job.ended_at
    progress = shop.call(TrainingService.progress, job_id=job.job_id)
    assert (progress.stage, progress.share) == ("Done", 1.0)
    assert progress.memory_mb > 0
    assert any("Training" in line for line in progress.log)
    info = shop.call(RegistryService.get_version, model=MODEL, reference="champion")
    assert (info.lineage.job_id, info.lineage.snapshot, info.lineage.config) == (job.job_id, 1, job.config)
    verdicts = shop.call(RegistryService.verdicts, model=MODEL, version="1.0.0")
    assert [(record.passed, record.against) for record in verdicts] == [(True, None)]
    assert verdicts[0].verdict["reasons"]
    run = shop.call(RunService.get_run, run_id=info.run_id)
    assert (run.job_id, run.status, run.experiment) == (job.job_id, "finished", MODEL)
    assert set(info.metrics) <= set(run.metrics)
    ending = [
        "run.started",
        "run.logged",
        "run.ended",
        "model.created",
        "version.registered",
        "verdict.given",
        "job.ended",
    ]
    assert kinds(shop)[-11:] == ["job.submitted", "job.started", *ending, "alias.moved", "release.published"]
    until(lambda: (shop.settings.releases / SHOP / "current.json").exists())  # written after the job has ended
    release = Release.open(shop.settings.releases / SHOP)
    assert release.manifest["models"]["recommender"]["version"] == "1.0.0"
    folder = shop.settings.jobs / job.job_id
    until(lambda: not [name for name in ("data", "rival", "model") if (folder / name).exists()])
    no_worker_left(shop)
    shop.store.verify()


def test_a_second_training_is_measured_against_the_champion(trained: Engine) -> None:
    job = ended(trained, submit(trained))
    assert (job.state, job.version, job.promoted) == (JobState.SUCCEEDED, "1.1.0", False)
    verdict = trained.call(RegistryService.verdicts, model=MODEL, version="1.1.0")[0]
    assert (verdict.against, verdict.passed) == ("1.0.0", False), "the same recipe on the same data is no gain"
    assert trained.call(RegistryService.get_model, model=MODEL).aliases["champion"] == "1.0.0"
    assert trained.call(RegistryService.get_version, model=MODEL, reference="1.1.0").lineage.parent == "1.0.0"


def test_the_same_seed_gives_the_same_files(trained: Engine) -> None:
    job = ended(trained, submit(trained))
    first, second = (
        trained.call(RegistryService.get_version, model=MODEL, reference=version)
        for version in ("1.0.0", job.version or "")
    )
    assert first.artifact == second.artifact
    assert first.metrics == second.metrics


def test_one_key_one_job(shop: Engine, held: Path) -> None:
    first = submit(shop, idempotency_key="click-1")
    assert submit(shop, idempotency_key="click-1").job_id == first.job_id
    other = submit(shop, idempotency_key="click-2")
    assert other.job_id != first.job_id
    for job in (first, other):
        shop.call(TrainingService.cancel, actor=Actor("tester"), job_id=job.job_id)
    no_worker_left(shop)


def test_jobs_wait_for_a_free_place_in_order(shop: Engine, held: Path) -> None:
    jobs = [submit(shop) for _ in range(3)]
    running(shop, jobs[0])
    assert [job_of(shop, job).state for job in jobs] == [JobState.RUNNING, JobState.QUEUED, JobState.QUEUED]
    held.touch()
    done = [ended(shop, job) for job in jobs]
    assert [job.state for job in done] == [JobState.SUCCEEDED] * 3
    starts = [job.started_at for job in done]
    assert starts == sorted(start for start in starts if start is not None)
    assert [job.version for job in done] == ["1.0.0", "1.1.0", "1.2.0"]


def test_cancel_a_queued_and_a_running_job(shop: Engine, held: Path) -> None:
    first, second = submit(shop), submit(shop)
    worker = running(shop, first)
    cancel: dict[str, Any] = {"actor": Actor("canceller")}
    assert shop.call(TrainingService.cancel, job_id=second.job_id, **cancel).state == JobState.CANCELLED
    assert shop.call(TrainingService.cancel, job_id=first.job_id, **cancel).state == JobState.CANCELLED
    until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    no_worker_left(shop)
    assert job_of(shop, second).started_at is None
    for job in (first, second):
        with pytest.raises(InvalidTransition, match="cancelled already"):
            shop.call(TrainingService.cancel, job_id=job.job_id, **cancel)
    until(lambda: not (shop.settings.jobs / first.job_id / "data").exists())
    assert shop.call(RegistryService.list_models) == []


def test_a_job_cancelled_while_its_worker_starts_stays_cancelled(shop: Engine, held: Path) -> None:
    service = shop.service(TrainingService)
    service._carry_out = lambda: None  # type: ignore[method-assign]  # the rounds are made by hand
    job = submit(shop)
    supervisor = Supervisor(shop)
    service.cancel(actor=Actor("tester"), job_id=job.job_id)
    supervisor._start(job)
    assert job_of(shop, job).state == JobState.CANCELLED
    supervisor.tick()
    assert job_of(shop, job).state == JobState.CANCELLED
    no_worker_left(shop)


def test_a_killed_worker_is_lost_and_nothing_is_registered(trained: Engine, held: Path) -> None:
    job = submit(trained)
    running(trained, job).kill()
    job = ended(trained, job)
    assert job.state == JobState.LOST
    assert job.error is not None
    assert "vanished" in job.error.found
    assert job.version is None
    assert [info.version for info in trained.call(RegistryService.list_versions, model=MODEL)] == ["1.0.0"]
    no_worker_left(trained)


def test_the_memory_limit_ends_a_job_in_clear_words(shop_home: Path, held: Path) -> None:
    settings = Settings.at(shop_home).model_copy(update={"job_memory_mb": 8})
    with Engine.open(settings) as engine:
        job = ended(engine, submit(engine))
        assert job.state == JobState.FAILED
        assert job.error is not None
        assert "limit of 8 MB" in job.error.found
        assert "Raise the limit" in job.error.hint
        no_worker_left(engine)


def test_the_time_limit_ends_a_job_in_clear_words(shop_home: Path, held: Path) -> None:
    clock = ManualClock(datetime(2026, 11, 1, tzinfo=UTC))
    with Engine.open(Settings.at(shop_home, job_timeout_s=60), clock=clock) as engine:
        job = submit(engine)
        running(engine, job)
        clock.advance(timedelta(seconds=59))
        assert job_of(engine, job).state == JobState.RUNNING
        clock.advance(timedelta(seconds=2))
        job = ended(engine, job)
        assert job.state == JobState.FAILED
        assert job.error is not None
        assert "longer than its limit of 60 s" in job.error.found
        no_worker_left(engine)


def test_a_restarted_owner_finds_the_worker_again(shop_home: Path, held: Path) -> None:
    with Engine.open(Settings.at(shop_home)) as first:
        job = submit(first, promote_if_passed=True)
        worker = running(first, job)
    assert worker.is_running()
    with Engine.open(Settings.at(shop_home)) as second:
        assert job_of(second, job).state == JobState.RUNNING
        second.service(TrainingService)._carry_out()
        held.touch()
        done = ended(second, job)
        assert (done.state, done.version, done.promoted) == (JobState.SUCCEEDED, "1.0.0", True)
        stored = second.store.events()
        assert sum(event.kind == "job.started" for event in stored) == 1
        assert next(e.payload["worker"]["pid"] for e in stored if e.kind == "job.started") == worker.pid
        assert [e.kind for e in stored].count("version.registered") == 1


def test_a_result_written_while_no_owner_ran_is_taken_in_once(shop_home: Path, held: Path) -> None:
    with Engine.open(Settings.at(shop_home)) as first:
        job = submit(first)
        worker = running(first, job)
    held.touch()
    until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    with Engine.open(Settings.at(shop_home)) as second:
        supervisor = Supervisor(second)
        for _ in range(3):
            supervisor.tick()
        assert job_of(second, job).state == JobState.SUCCEEDED
        assert [e.kind for e in second.store.events()].count("version.registered") == 1


def test_a_job_cancelled_while_no_owner_ran_ends_its_worker(shop_home: Path, held: Path) -> None:
    with Engine.open(Settings.at(shop_home)) as first:
        job = submit(first)
        worker = running(first, job)
    with Engine.open(Settings.at(shop_home)) as second:
        second.call(TrainingService.cancel, actor=Actor("tester"), job_id=job.job_id)
        second.service(TrainingService)._carry_out()
        until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
        assert job_of(second, job).state == JobState.CANCELLED


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"config": {"alpha": -1}}, InvalidInput, "alpha"),
        ({"config": {"no_such": 1}}, InvalidInput, "Settings are"),
        ({"kind": "oracle"}, InvalidInput, "Known kinds"),
        ({"kind": "os:system"}, InvalidName, "cannot be used"),
        ({"kind": "os:system", "model": "m"}, InvalidInput, "Known kinds"),
        ({"shop": "nowhere"}, (ShopNotFound, SnapshotNotFound), "nowhere"),
        ({"snapshot": 99}, SnapshotNotFound, "99"),
        ({"model": "../x"}, InvalidName, "cannot be used"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(shop: Engine, more: dict[str, Any], error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        submit(shop, **more)
    assert shop.call(TrainingService.list_jobs) == []


def test_a_worker_that_fails_says_why(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    service = shop.service(TrainingService)
    service._carry_out = lambda: None  # type: ignore[method-assign]
    job = submit(shop)
    supervisor = Supervisor(shop)
    folder = service.prepare(job)
    part = next((folder.path / "data").iterdir())
    part.unlink()
    part.write_bytes(b"PAR1 not parquet")
    monkeypatch.setattr(service, "prepare", lambda _job: folder)
    supervisor.tick()
    until(lambda: supervisor.tick() or job_of(shop, job).state.final)
    found = job_of(shop, job)
    assert found.state == JobState.FAILED
    assert found.error is not None
    assert "failed unexpectedly" in found.error.found
    assert "Traceback" in "\n".join(shop.call(TrainingService.progress, job_id=job.job_id).log)
    no_worker_left(shop)


@pytest.mark.parametrize("damage", ["result", "result shape", "spec", "model"])
def test_a_damaged_result_fails_the_job_and_no_other(trained: Engine, damage: str, held: Path) -> None:
    service = trained.service(TrainingService)
    service._carry_out = lambda: None  # type: ignore[method-assign]
    supervisor = Supervisor(trained)
    bad, good = submit(trained), submit(trained)
    held.touch()
    supervisor.tick()
    folder = service.folder(bad.job_id)
    until(lambda: (folder.path / "result.json").exists())
    if damage == "result":
        (folder.path / "result.json").write_bytes(b'{"framework": ')
    elif damage == "result shape":
        (folder.path / "result.json").write_text(json.dumps({"framework": 7}))
    elif damage == "spec":
        (folder.path / "spec.json").unlink()
    else:
        (folder.path / "model" / "weights.pkl").write_bytes(b"\x80\x04.")
    until(lambda: supervisor.tick() or job_of(trained, good).state.final)
    assert job_of(trained, bad).state == JobState.FAILED
    assert job_of(trained, bad).error is not None
    assert job_of(trained, good).state == JobState.SUCCEEDED
    supervisor.close()


def test_unknown_jobs(shop: Engine) -> None:
    for act in (TrainingService.get_job, TrainingService.progress):
        with pytest.raises(JobNotFound):
            shop.call(act, job_id="job-none")
    with pytest.raises(JobNotFound):
        shop.call(TrainingService.cancel, actor=Actor("tester"), job_id="job-none")


def test_a_shop_without_events_is_told_what_it_lacks(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("item_id,title\nA,Dress\n")
    engine.call(CatalogService.run_import, actor=Actor("tester"), shop="bare", path=path)
    with pytest.raises(InvalidInput, match="cannot train a recommender"):
        submit(engine, shop="bare")
