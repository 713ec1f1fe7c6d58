"""What a worker takes of its machine: processor, memory, and the GPU where there is one."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

_LOG = logging.getLogger(__name__)
_EVERY_S = 0.5
_MB = 1024 * 1024


@dataclass(frozen=True)
class Reading:
    """The worker and its children: percent of one core, MB in memory now and at most; the GPU's where there is one."""

    cpu_percent: float = 0.0
    memory_mb: float = 0.0
    peak_mb: float = 0.0
    gpu_percent: float | None = None
    gpu_memory_mb: float | None = None


class Gauge:
    """Reads what this process and its children take."""

    def __init__(self) -> None:
        self._me = psutil.Process()
        self._gpu = _Gpu.find()
        self._peak = 0.0
        self._moment, self._busy = time.monotonic(), self._processor(self._family())

    def read(self) -> Reading:
        """Take a reading; the processor's share is of the time since the last one."""
        family = self._family()
        now, busy = time.monotonic(), self._processor(family)
        share = 100 * max(busy - self._busy, 0.0) / max(now - self._moment, 1e-3)
        self._moment, self._busy = now, busy
        memory = sum(_memory(member) for member in family) / _MB
        self._peak = max(self._peak, memory)
        percent, taken = self._gpu.read() if self._gpu else (None, None)
        return Reading(round(share, 1), round(memory, 1), round(self._peak, 1), percent, taken)

    def _family(self) -> list[psutil.Process]:
        return [self._me, *self._me.children(recursive=True)]

    @staticmethod
    def _processor(family: list[psutil.Process]) -> float:
        """Seconds of the processor that went to the living ones."""
        total = 0.0
        for member in family:
            try:
                times = member.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += float(times.user + times.system)
        return total


class Watch:
    """A thread that reads twice a second, and once more at the end, and hands each reading on."""

    def __init__(self, tell: Callable[[Reading], None]) -> None:
        self._tell = tell
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="resources", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take the last reading and end."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        gauge = Gauge()
        over = False
        while not over:
            over = self._over.wait(_EVERY_S)
            try:
                self._tell(gauge.read())
            except (psutil.Error, OSError):
                _LOG.exception("what the worker takes could not be read")


class _Gpu:
    """The first GPU, through NVIDIA's library where it is installed."""

    def __init__(self, library: Any, handle: Any) -> None:
        self._library, self._handle = library, handle

    @classmethod
    def find(cls) -> _Gpu | None:
        if importlib.util.find_spec("pynvml") is None:
            return None
        library = importlib.import_module("pynvml")
        try:
            library.nvmlInit()
            return cls(library, library.nvmlDeviceGetHandleByIndex(0))
        except library.NVMLError:
            return None

    def read(self) -> tuple[float | None, float | None]:
        """Percent of the time that it was busy, and MB taken on it."""
        try:
            busy = self._library.nvmlDeviceGetUtilizationRates(self._handle).gpu
            taken = self._library.nvmlDeviceGetMemoryInfo(self._handle).used
        except self._library.NVMLError:
            return None, None
        return float(busy), round(taken / _MB, 1)


def _memory(member: psutil.Process) -> float:
    try:
        return float(member.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0.0
