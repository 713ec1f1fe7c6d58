"""The worker's report: progress as a file, at most five writes a second, the log line by line."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from engine.failpoints import failpoint
from engine.training.folder import JobFolder
from engine.training.resources import Reading
from engine.training.schema import Progress, Trial

_LOG = logging.getLogger("worker")
_WRITE_EVERY_S = 0.2
_FORESEEN = 0.05
"""Share of the work from which the remaining time is told."""


class FolderReport:
    """Tells a job folder how far its worker is; may be told by several threads."""

    def __init__(self, folder: JobFolder) -> None:
        self._folder = folder
        self._started = time.monotonic()
        self._written = 0.0
        self._stage = "Starting"
        self._share = 0.0
        self._metrics: dict[str, list[tuple[int, float]]] = {}
        self._trials: list[Trial] = []
        self._reading = Reading()
        self._guard = threading.Lock()
        self._write(force=True)

    def stage(self, name: str, share: float) -> None:
        """Enter a stage; the share never goes back."""
        failpoint("worker.stage")
        with self._guard:
            changed = name != self._stage
            self._stage, self._share = name, max(self._share, min(share, 1.0))
            self._write(force=changed)

    def metric(self, name: str, step: int, value: float) -> None:
        with self._guard:
            self._metrics.setdefault(name, []).append((step, float(value)))
            self._write(force=False)

    def log(self, line: str) -> None:
        _LOG.info(line)

    def trials(self, trials: Sequence[Trial]) -> None:
        """The trials of a search, as they stand."""
        with self._guard:
            self._trials = list(trials)
            self._write(force=True)

    def taken(self, reading: Reading) -> None:
        """What the worker takes of its machine."""
        with self._guard:
            self._reading = reading
            self._write(force=True)

    def _write(self, *, force: bool) -> None:
        now = time.monotonic()
        if not force and now - self._written < _WRITE_EVERY_S:
            return
        self._written = now
        elapsed, share, reading = now - self._started, self._share, self._reading
        self._folder.write_progress(
            Progress(
                stage=self._stage,
                share=share,
                elapsed_s=round(elapsed, 1),
                eta_s=round(elapsed * (1 - share) / share, 1) if share > _FORESEEN else None,
                memory_mb=reading.memory_mb,
                peak_memory_mb=reading.peak_mb,
                cpu_percent=reading.cpu_percent,
                gpu_percent=reading.gpu_percent,
                gpu_memory_mb=reading.gpu_memory_mb,
                trials=self._trials,
                metrics=self._metrics,
            )
        )
