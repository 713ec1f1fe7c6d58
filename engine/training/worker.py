"""The worker process: `python -m engine.training.worker FOLDER`. It never opens the store."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import traceback
from pathlib import Path

import psutil

from engine.errors import EngineError
from engine.failpoints import failpoint
from engine.training.folder import JobFolder
from engine.training.processes import is_alive, out_of_memory
from engine.training.report import FolderReport
from engine.training.resources import Reading, Watch
from engine.training.schema import Failure, JobSpec

_LOG = logging.getLogger("worker")
_MEMORY_WORDS = ("can't allocate memory", "cannot allocate memory", "bad_alloc", "bad allocation", "out of memory")


def main(path: Path) -> int:
    """Train what the folder says; 0 when a result was written, 1 when a failure was."""
    folder = JobFolder(path)
    if not _claim(folder):
        return 2
    handler = logging.FileHandler(folder.log_path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    report = FolderReport(folder)
    spec = folder.spec()
    watch = Watch(lambda reading: _watched(folder, spec, report, reading))
    try:
        _work(folder, spec, report)
    except Exception as error:
        watch.close()
        _fail(folder, _reason(error, spec))
        return 1
    watch.close()
    report.stage("Done", 1.0)
    report.log("Done.")
    return 0


def _work(folder: JobFolder, spec: JobSpec, report: FolderReport) -> None:
    report.stage("Reading", 0.01)
    report.log(f"Training {spec.model} on snapshot {spec.snapshot}.")
    from threadpoolctl import threadpool_limits

    from engine.training.train import train, wants_vectors
    from engine.training.tuning import Search
    from engine.training.vectors import Sources, described

    with threadpool_limits(limits=max(1, (os.cpu_count() or 2) - 1)):
        dataset = folder.dataset(spec)
        if wants_vectors(spec):
            dataset = described(dataset, Sources.within(folder.data_path), report)
        tune = None
        if spec.tuning is not None:
            tune = Search(spec.tuning, folder.journal_path, report.trials).best
        trained = train(spec, dataset, folder.rival_files(), report, tune)
    failpoint("worker.before_result")
    folder.write_result(trained.result, trained.model, trained.scores)


def _watched(folder: JobFolder, spec: JobSpec, report: FolderReport, reading: Reading) -> None:
    """Keep a reading; above its limit the worker ends itself, whether or not an owner watches it."""
    report.taken(reading)
    if reading.memory_mb > spec.memory_mb:
        folder.write_failure(out_of_memory(spec.memory_mb))
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        os._exit(1)


def _reason(error: Exception, spec: JobSpec) -> Failure:
    """Why a training failed, as a person reads it."""
    if isinstance(error, EngineError):
        return Failure(found=error.found, expected=error.expected, hint=error.hint)
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, MemoryError) or any(told in words.lower() for told in _MEMORY_WORDS):
        return out_of_memory(spec.memory_mb)
    return Failure(
        found=f"The training failed unexpectedly: {words}."[:500], hint="The full report is in the job's log."
    )


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
