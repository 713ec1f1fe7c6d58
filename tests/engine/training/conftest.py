from __future__ import annotations

import contextlib
import gc
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.estimators.kinds import KINDS
from engine.settings import Settings
from engine.training import JobInfo, JobState, TrainingService
from tests.engine.training.tiny import ADDRESS, Tiny
from tests.faults.homes import SHOP, _shop_home, _trained_home, shop_home, trained_home  # noqa: F401  # fixtures
from tests.faults.processes import until

Submit = Callable[..., JobInfo]


@pytest.fixture
def shop(shop_home: Path) -> Iterator[Engine]:  # noqa: F811
    """An owner of a store with the small shop and no model."""
    with Engine.open(Settings.at(shop_home)) as engine:
        yield engine


@pytest.fixture
def trained(trained_home: Path) -> Iterator[Engine]:  # noqa: F811
    """An owner of a store with the small shop and a champion."""
    with Engine.open(Settings.at(trained_home)) as engine:
        yield engine


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The name of the tiny kind, which this process and its workers know."""
    monkeypatch.setitem(KINDS, Tiny.kind, ADDRESS)
    script = tmp_path / "known" / "sitecustomize.py"
    script.parent.mkdir()
    script.write_text(f"from engine.estimators.kinds import KINDS\nKINDS[{Tiny.kind!r}] = {ADDRESS!r}\n")
    monkeypatch.setenv("PYTHONPATH", f"{script.parent}:{Path(__file__).resolve().parents[3]}")
    return Tiny.kind


def submit(engine: Engine, **more: Any) -> JobInfo:
    arguments = {"actor": Actor("tester"), "kind": "recommender", "shop": SHOP, **more}
    return engine.call(TrainingService.submit, **arguments)


def job_of(engine: Engine, job: JobInfo) -> JobInfo:
    return engine.call(TrainingService.get_job, job_id=job.job_id)


def ended(engine: Engine, job: JobInfo) -> JobInfo:
    """The job once it has ended."""
    until(lambda: job_of(engine, job).state.final)
    return job_of(engine, job)


def running(engine: Engine, job: JobInfo) -> psutil.Process:
    """The worker's process once it works."""
    until(lambda: job_of(engine, job).state != JobState.QUEUED)
    folder = engine.service(TrainingService).folder(job.job_id)
    worker = until(folder.worker)
    return psutil.Process(worker["pid"])


def no_worker_left(engine: Engine) -> None:
    """No process of this home's workers, and no zombie of this process."""
    home = str(engine.settings.home)
    gc.collect()
    subprocess._cleanup()  # type: ignore[attr-defined]  # what owners of other tests, closed in this process, left

    def left() -> list[str]:
        found = []
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                words = " ".join(process.cmdline())
                if process.status() == psutil.STATUS_ZOMBIE or home in words:
                    found.append(f"{process.pid} {process.status()} {process.ppid()} {words}")
        return found

    try:
        until(lambda: not left(), seconds=10)
    except AssertionError as error:
        raise AssertionError(f"processes are left: {left()}") from error
