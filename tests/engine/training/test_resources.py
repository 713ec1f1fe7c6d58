"""What a worker takes, and how it ends itself."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from engine.core import Engine
from engine.settings import Settings
from engine.training import TrainingService
from engine.training.cost import cost_of
from engine.training.executor import LocalExecutor
from engine.training.resources import Gauge, Reading, Watch
from tests.engine.training.conftest import no_worker_left, submit
from tests.engine.training.tiny import HELD_BACK_MB, Tiny, TinyConfig
from tests.faults.processes import until

GPU = """
class NVMLError(Exception):
    pass

class Answer:
    gpu, used = 37, 512 * 1024 * 1024

def nvmlInit():
    if {missing}:
        raise NVMLError("no driver")

def nvmlDeviceGetHandleByIndex(index):
    return index

def nvmlDeviceGetUtilizationRates(handle):
    return Answer

def nvmlDeviceGetMemoryInfo(handle):
    return Answer
"""


def gauge(folder: Path, monkeypatch: pytest.MonkeyPatch, *, missing: bool) -> Gauge:
    (folder / "pynvml.py").write_text(GPU.format(missing=missing))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    try:
        return Gauge()
    finally:
        sys.modules.pop("pynvml", None)


def test_the_gpu_is_read_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = gauge(tmp_path, monkeypatch, missing=False).read()
    assert (reading.gpu_percent, reading.gpu_memory_mb) == (37.0, 512.0)


def test_a_machine_without_a_gpu_stays_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = gauge(tmp_path, monkeypatch, missing=True).read()
    assert (reading.gpu_percent, reading.gpu_memory_mb) == (None, None)


def test_children_count() -> None:
    found = Gauge()
    alone = found.read()
    script = "import sys; kept = bytearray(b'x' * 60_000_000); print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        both = found.read()
        child.communicate()
    after = found.read()
    assert both.memory_mb > alone.memory_mb + 40
    assert after.peak_mb == both.memory_mb > after.memory_mb


def test_the_last_reading_is_told_at_the_end() -> None:
    told: list[Reading] = []
    Watch(told.append).close()
    assert len(told) == 1
    assert told[0].memory_mb > 0
    assert "resources" not in {thread.name for thread in threading.enumerate()}


def test_a_worker_that_nobody_watches_keeps_its_limit(shop_home: Path, tiny: str) -> None:
    with Engine.open(Settings.at(shop_home, job_memory_mb=HELD_BACK_MB)) as engine:
        service = engine.service(TrainingService)
        service._carry_out = lambda: None  # type: ignore[method-assign]  # no supervisor runs
        folder = service.prepare(submit(engine, kind=tiny, config={"behave": "takes"}))
        executor = LocalExecutor()
        worker = executor.start(folder)
        failure = until(folder.failure)
        until(lambda: not executor.alive(worker))
        assert f"limit of {HELD_BACK_MB} MB" in failure.found
        no_worker_left(engine)


@pytest.mark.parametrize("started", [0.0, 1e12])
def test_the_session_of_another_process_is_left_alone(started: float) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as other:
        LocalExecutor().stop({"pid": other.pid, "started": started})
        assert psutil.Process(other.pid).status() != psutil.STATUS_ZOMBIE
        other.communicate(b"\n")
    assert other.returncode == 0


def test_the_cost_of_a_model() -> None:
    found = cost_of(Tiny(TinyConfig()))
    assert found.size_mb == pytest.approx(len(Tiny(TinyConfig()).save()["config.json"]) / 1024**2, abs=1e-4)
    assert found.one_ms is not None
    assert found.each_ms is not None
