"""The worker process: `python -m engine.training.worker FOLDER`. It never opens the store."""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from pathlib import Path

import psutil

from engine.errors import EngineError
from engine.failpoints import failpoint
from engine.training.folder import JobFolder
from engine.training.processes import is_alive, out_of_memory
from engine.training.schema import Failure, Progress

_LOG = logging.getLogger("worker")
_WRITE_EVERY_S = 0.2
_MB = 1024 * 1024


class FolderReport:
    """Progress as files: at most five writes a second, the log line by line."""

    def __init__(self, folder: JobFolder) -> None:
        self._folder = folder
        self._started = time.monotonic()
        self._written = 0.0
        self._stage = "starting"
        self._share = 0.0
        self._metrics: dict[str, list[tuple[int, float]]] = {}

    def stage(self, name: str, share: float) -> None:
        """Enter a stage; the share never goes back."""
        failpoint("worker.stage")
        changed = name != self._stage
        self._stage, self._share = name, max(self._share, min(share, 1.0))
        self._write(force=changed)

    def metric(self, name: str, step: int, value: float) -> None:
        self._metrics.setdefault(name, []).append((step, float(value)))
        self._write(force=False)

    def log(self, line: str) -> None:
        _LOG.info(line)

    def _write(self, *, force: bool) -> None:
        now = time.monotonic()
        if not force and now - self._written < _WRITE_EVERY_S:
            return
        self._written = now
        elapsed = now - self._started
        self._folder.write_progress(
            Progress(
                stage=self._stage,
                share=self._share,
                elapsed_s=round(elapsed, 1),
                eta_s=round(elapsed * (1 - self._share) / self._share, 1) if self._share > 0.05 else None,
                memory_mb=round(psutil.Process().memory_info().rss / _MB, 1),
                metrics=self._metrics,
            )
        )


def main(path: Path) -> int:
    """Train what the folder says; 0 when a result was written, 1 when a failure was."""
    folder = JobFolder(path)
    if not _claim(folder):
        return 2
    handler = logging.FileHandler(folder.log_path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        _work(folder)
    except EngineError as error:
        _fail(folder, Failure(found=error.found, expected=error.expected, hint=error.hint))
        return 1
    except MemoryError:
        _fail(folder, out_of_memory(folder.spec().memory_mb))
        return 1
    except Exception as error:
        _fail(
            folder,
            Failure(
                found=f"The training failed unexpectedly: {type(error).__name__}: {error}."[:500],
                hint="The full report is in the job's log.",
            ),
        )
        return 1
    return 0


def _work(folder: JobFolder) -> None:
    from threadpoolctl import threadpool_limits

    from engine.training.train import train, wants_vectors
    from engine.training.vectors import Sources, described

    spec = folder.spec()
    report = FolderReport(folder)
    report.stage("Reading", 0.01)
    report.log(f"Training {spec.model} on snapshot {spec.snapshot}.")
    with threadpool_limits(limits=max(1, (os.cpu_count() or 2) - 1)):
        dataset = folder.dataset(spec)
        if wants_vectors(spec):
            dataset = described(dataset, Sources.within(folder.data_path), report)
        trained = train(spec, dataset, folder.rival_files(), report)
    failpoint("worker.before_result")
    folder.write_result(trained.result, trained.model, trained.scores)
    report.stage("Done", 1.0)
    report.log("Done.")


def _claim(folder: JobFolder) -> bool:
    """Write who works here; False when another worker that still runs did so before."""
    holder = folder.worker()
    me = psutil.Process()
    if holder is not None and holder["pid"] != me.pid and is_alive(holder):
        return False
    folder.write_worker({"pid": me.pid, "started": me.create_time()})
    return True


def _fail(folder: JobFolder, failure: Failure) -> None:
    _LOG.error("%s\n%s", failure, traceback.format_exc())
    folder.write_failure(failure)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
