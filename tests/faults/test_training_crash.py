"""Workers and owners that are killed while they train."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from engine.core import Engine
from engine.model_registry import RegistryService, Release
from engine.settings import Settings
from engine.training import JobState, TrainingService, start_background
from tests.conftest import rounds
from tests.engine.training.conftest import ended, submit
from tests.faults import processes
from tests.faults.homes import MODEL, SHOP
from tests.faults.processes import until

OWNER = """
import sys
from pathlib import Path
from engine.actor import Actor
from engine.core import Engine
from engine.settings import Settings
from engine.training import TrainingService

with Engine.open(Settings.at(Path(sys.argv[1]))) as engine:
    job = engine.call(
        TrainingService.submit, actor=Actor("tester"), kind="recommender", shop=sys.argv[2], promote_if_passed=True
    )
    print(job.job_id, flush=True)
    sys.stdin.read()
"""


def champion(engine: Engine) -> str | None:
    return engine.call(RegistryService.get_model, model=MODEL).aliases.get("champion")


@pytest.mark.rounds
@pytest.mark.parametrize(
    "point", [*(f"worker.stage:{number}" for number in range(1, rounds(4, 12))), "worker.before_result:1"]
)
def test_a_worker_killed_anywhere_leaves_the_champion_and_the_next_try_is_the_same(
    point: str, trained_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Engine.open(Settings.at(trained_home)) as engine:
        monkeypatch.setenv("SKYY_FAILPOINT", point)
        job = ended(engine, submit(engine))
        assert (job.state, job.version) == (JobState.LOST, None)
        assert job.error is not None
        assert "vanished" in job.error.found
        assert champion(engine) == "1.0.0"
        assert Release.open(engine.settings.releases / SHOP).number == 1
        monkeypatch.delenv("SKYY_FAILPOINT")
        again = ended(engine, submit(engine))
        assert again.state == JobState.SUCCEEDED
        first, second = (
            engine.call(RegistryService.get_version, model=MODEL, reference=version)
            for version in ("1.0.0", again.version or "")
        )
        assert first.artifact == second.artifact, "an uninterrupted training with this seed made other files"
        assert not list(engine.settings.home.rglob("*.tmp"))
        engine.store.verify()


@pytest.mark.parametrize(
    "point",
    [
        "jobs.started:1",
        "jobs.take_in:1",
        "jobs.taken_in:1",
        "store.commit.before:2",
        "store.commit.after:2",
        "store.commit.before:3",
        "store.commit.after:3",
        "journal.sync:3",
        "release.before_rename:1",
        "release.before_switch:1",
    ],
)
def test_an_owner_killed_while_a_job_runs_has_its_result_taken_in_once(point: str, shop_home: Path) -> None:
    with processes.started(OWNER, shop_home, SHOP, SKYY_FAILPOINT=point) as owner:
        assert owner.wait(timeout=60) == -signal.SIGKILL
    with Engine.open(Settings.at(shop_home)) as engine:
        start_background(engine)
        (job,) = engine.call(TrainingService.list_jobs)
        job = ended(engine, job)
        assert (job.state, job.version, job.promoted) == (JobState.SUCCEEDED, "1.0.0", True)
        kinds = [event.kind for event in engine.store.events()]
        for kind in ("job.started", "version.registered", "verdict.given", "run.ended", "job.ended", "alias.moved"):
            assert kinds.count(kind) == 1, kind
        until(lambda: (engine.settings.releases / SHOP / "current.json").exists())
        release = Release.open(engine.settings.releases / SHOP)
        assert release.manifest["models"]["recommender"]["version"] == champion(engine) == "1.0.0"
        engine.store.verify()


def test_an_owner_killed_outright_while_a_job_runs(shop_home: Path) -> None:
    with processes.started(OWNER, shop_home, SHOP) as owner:
        with Engine.open(Settings.at(shop_home)) as caller:
            (job,) = caller.call(TrainingService.list_jobs)
            until(lambda: caller.call(TrainingService.get_job, job_id=job.job_id).state == JobState.RUNNING)
        owner.kill()
        owner.wait()
    with Engine.open(Settings.at(shop_home)) as engine:
        start_background(engine)
        job = ended(engine, job)
        assert (job.state, job.promoted) == (JobState.SUCCEEDED, True)
        assert [event.kind for event in engine.store.events()].count("version.registered") == 1
