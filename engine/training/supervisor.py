"""Carries jobs out: starts workers, watches them, takes their results in; one per owner process."""

from __future__ import annotations

import json
import logging
import threading
from datetime import timedelta
from typing import Any

from engine.actor import Actor
from engine.core import Engine
from engine.errors import ArtifactError, ArtifactNotFound, EngineError, StaleExpectation
from engine.failpoints import failpoint
from engine.model_registry import runs
from engine.model_registry.loaded import code_version, environment, with_kind
from engine.model_registry.release import ReleaseService
from engine.model_registry.schema import Lineage, MetricPoint, Signature
from engine.model_registry.service import RegistryService, record_verdict, register
from engine.store import Transaction
from engine.training.executor import Executor, LocalExecutor, Worker
from engine.training.folder import JobFolder
from engine.training.processes import out_of_memory
from engine.training.records import ending, next_jobs
from engine.training.schema import Failure, JobInfo, JobResult, JobState
from engine.training.service import TrainingService

_LOG = logging.getLogger(__name__)
_TICK_S = 0.2
_ACTOR = Actor.system("trainer")


class Supervisor:
    """The loop over jobs; `start` runs it in a thread, `tick` is one round of it.

    After a restart it finds running workers by process id and start time, takes in results that
    were written meanwhile, and reports workers that vanished.
    """

    def __init__(self, engine: Engine, executor: Executor | None = None) -> None:
        self._engine = engine
        self._executor = executor or LocalExecutor()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._watched: dict[str, Worker] = {}
        self._peaks: dict[str, float] = {}

    def start(self) -> None:
        """Run until `close`."""
        if self._thread is None:
            self._stop_orphans()
            self._thread = threading.Thread(target=self._run, name="training-supervisor", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop watching; workers go on and the next owner picks them up."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._stop_cancelled({job.job_id for job in self._jobs.list_jobs(state=JobState.RUNNING, limit=1000)})

    def _run(self) -> None:
        while not self._stop.wait(_TICK_S):
            try:
                self.tick()
            except Exception:
                _LOG.exception("a round of the training supervisor failed")

    def tick(self) -> None:
        """Look at every open job once."""
        running = self._jobs.list_jobs(state=JobState.RUNNING, limit=1000)
        self._stop_cancelled({job.job_id for job in running})
        for job in running:
            self._look(job)
        free = self._engine.settings.max_jobs - len(self._jobs.list_jobs(state=JobState.RUNNING, limit=1000))
        for job in self._queued(free) if free > 0 else ():
            self._start(job)

    def _queued(self, limit: int) -> list[JobInfo]:
        with self._engine.store.read() as reader:
            return next_jobs(reader, limit)

    @property
    def _jobs(self) -> TrainingService:
        return self._engine.service(TrainingService)

    def _stop_cancelled(self, running: set[str]) -> None:
        for job_id in [job_id for job_id in self._watched if job_id not in running]:
            self._executor.stop(self._watched.pop(job_id))
            self._peaks.pop(job_id, None)
            self._jobs.folder(job_id).drop_data()

    def _stop_orphans(self) -> None:
        """End workers whose job was cancelled while no owner ran."""
        for path in self._engine.settings.jobs.glob("job-*"):
            worker = JobFolder(path).worker()
            if worker is not None and self._executor.alive(worker) and self._jobs.get_job(job_id=path.name).state.final:
                self._executor.stop(worker)

    def _start(self, job: JobInfo) -> None:
        folder = self._jobs.folder(job.job_id)
        worker = folder.worker()
        try:
            if worker is None or not self._executor.alive(worker):
                folder = self._jobs.prepare(job)
                worker = self._executor.start(folder)
        except (EngineError, OSError) as error:
            self._end(job, JobState.FAILED, _failure(error))
            return
        failpoint("jobs.started")
        with self._engine.store.write(_ACTOR) as transaction:
            row = transaction.row("SELECT state FROM jobs WHERE job_id = ?", [job.job_id])
            waits = row is not None and row["state"] == JobState.QUEUED
            if waits:
                transaction.emit("job.started", job.job_id, {"job_id": job.job_id, "worker": worker})
        if not waits:  # cancelled while its worker started
            self._executor.stop(worker)
            folder.drop_data()
            return
        self._watched[job.job_id] = worker

    def _look(self, job: JobInfo) -> None:
        folder = self._jobs.folder(job.job_id)
        worker = self._watched.setdefault(job.job_id, self._stored_worker(job))
        if not self._executor.alive(worker):
            # A worker that an earlier owner started in the same folder may have come first.
            claimed = folder.worker()
            if claimed is not None and self._executor.alive(claimed):
                worker = self._watched[job.job_id] = claimed
        if self._executor.alive(worker):
            self._enforce_limits(job, worker)
            return
        self._executor.stop(worker)  # children that outlived it
        try:
            result, failure = folder.result(), folder.failure()
            if result is not None:
                self._take_in(job, folder, result)
            elif failure is not None:
                self._end(job, JobState.FAILED, failure)
            else:
                self._end(job, JobState.LOST, _lost(folder))
        except (ArtifactError, ArtifactNotFound, FileNotFoundError, ValueError) as error:
            _LOG.exception("the result of %s was refused", job.job_id)
            self._end(job, JobState.FAILED, _failure(error))

    def _stored_worker(self, job: JobInfo) -> Worker:
        with self._engine.store.read() as reader:
            row = reader.row("SELECT worker FROM jobs WHERE job_id = ?", [job.job_id])
        worker: Worker = json.loads(row["worker"]) if row else {}
        return worker

    def _enforce_limits(self, job: JobInfo, worker: Worker) -> None:
        settings = self._engine.settings
        memory = self._executor.memory_mb(worker)
        self._peaks[job.job_id] = max(self._peaks.get(job.job_id, 0.0), memory)
        if memory > settings.job_memory_mb:
            self._executor.stop(worker)
            self._end(job, JobState.FAILED, out_of_memory(settings.job_memory_mb))
        elif job.started_at and self._engine.clock.now() - job.started_at > timedelta(seconds=settings.job_timeout_s):
            self._executor.stop(worker)
            found = f"The training ran longer than its limit of {settings.job_timeout_s} s."
            self._end(
                job, JobState.FAILED, Failure(found=found, hint="Raise SKYY_JOB_TIMEOUT_S, or train on fewer rows.")
            )

    def _take_in(self, job: JobInfo, folder: JobFolder, result: JobResult) -> None:
        """Result to version, run and verdict in one act; a second try finds the job ended."""
        files = with_kind(folder.model_files(), job.kind)
        artifact = self._engine.artifacts.put(files)
        scores = self._engine.artifacts.put(folder.score_files())
        failpoint("jobs.take_in")
        spec = folder.spec()
        publish = None
        with self._engine.store.write(_ACTOR, checkpoint=True) as transaction:
            row = transaction.row("SELECT state, spec FROM jobs WHERE job_id = ?", [job.job_id])
            if row is None or row["state"] != JobState.RUNNING:
                return
            run_id = _record_run(transaction, job, folder, result, scores)
            rival = spec.rival.version if spec.rival else None
            version = _register(transaction, job, result, artifact, run_id, rival)
            record_verdict(transaction, job.model, version, rival, result.verdict)
            ended = ending(
                job.job_id, JobState.SUCCEEDED, result=_outcome(result, version), memory_mb=self._peak(job, folder)
            )
            transaction.emit("job.ended", job.job_id, ended)
            if json.loads(row["spec"])["promote_if_passed"] and result.verdict["passed"]:
                publish = self._promote(transaction, job, version, rival, result)
        failpoint("jobs.taken_in")
        if publish is not None:
            publish()
        self._forget(job)

    def _peak(self, job: JobInfo, folder: JobFolder) -> float | None:
        """The most memory that worker or owner saw taken, in MB."""
        return max(folder.progress().peak_memory_mb, self._peaks.get(job.job_id, 0.0)) or None

    def _forget(self, job: JobInfo) -> None:
        self._watched.pop(job.job_id, None)
        self._peaks.pop(job.job_id, None)
        self._jobs.folder(job.job_id).drop_data()

    def _promote(
        self, transaction: Transaction, job: JobInfo, version: str, expected: str | None, result: JobResult
    ) -> Any:
        try:
            return self._engine.service(RegistryService).promote_within(
                transaction,
                model=job.model,
                version=version,
                expected=expected,
                reason=f"Promoted as asked when the job was started: {result.verdict['reasons'][0]}",
            )
        except StaleExpectation as error:
            _LOG.warning("%s was not promoted: %s", version, error)
            return None

    def _end(self, job: JobInfo, state: JobState, failure: Failure) -> None:
        ended = ending(job.job_id, state, error=failure, memory_mb=self._peak(job, self._jobs.folder(job.job_id)))
        with self._engine.store.write(_ACTOR) as transaction:
            row = transaction.row("SELECT state FROM jobs WHERE job_id = ?", [job.job_id])
            if row is not None and not JobState(row["state"]).final:
                transaction.emit("job.ended", job.job_id, ended)
        self._forget(job)


def start_background(engine: Engine) -> None:
    """Let an owner do its standing work: publish what was recorded, follow new snapshots, carry jobs out."""
    releases = engine.service(ReleaseService)
    releases.reconcile()
    releases.follow()
    engine.part(Supervisor).start()


def _outcome(result: JobResult, version: str) -> dict[str, Any]:
    """What a job came to, as its end tells it."""
    return {
        "version": version,
        "config": result.config,
        "passed": result.verdict["passed"],
        "verdict": " ".join(result.verdict["reasons"]),
        "searched_s": result.seconds.get("tune", 0.0),
    }


def _record_run(transaction: Transaction, job: JobInfo, folder: JobFolder, result: JobResult, scores: str) -> str:
    run_id = runs.start(
        transaction,
        experiment=job.model,
        name=job.job_id,
        params=result.config,
        tags={"snapshot": str(job.snapshot)},
        job_id=job.job_id,
    )
    curves = folder.progress().metrics
    points = [
        MetricPoint(metric=name, step=step, value=value) for name, curve in curves.items() for step, value in curve
    ]
    points += [
        MetricPoint(metric=name, step=0, value=value) for name, value in result.metrics.items() if name not in curves
    ]
    runs.log(transaction, run_id, points, {runs.HELD_OUT_SCORES: scores})
    runs.end(transaction, run_id, "finished")
    return run_id


def _register(
    transaction: Transaction, job: JobInfo, result: JobResult, artifact: str, run_id: str, rival: str | None
) -> str:
    return register(
        transaction,
        model=job.model,
        version=None,
        framework=result.framework,
        metrics=result.metrics,
        kind=job.kind,
        shop=job.shop,
        params={
            "trained_until": result.trained_until.isoformat() if result.trained_until else None,
            "seconds": result.seconds,
        },
        signature=Signature(**result.signature),
        artifact=artifact,
        lineage=Lineage(
            snapshot=job.snapshot,
            code_version=code_version(),
            config=result.config,
            seed=result.config.get("seed"),
            job_id=job.job_id,
            parent=rival,
            environment=environment(),
        ),
        evaluation=result.evaluation,
        card=result.card,
        run_id=run_id,
    )


def _failure(error: Exception) -> Failure:
    if isinstance(error, EngineError):
        return Failure(found=error.found, expected=error.expected, hint=error.hint)
    return Failure(found=f"The job could not be carried out: {error}."[:500], hint="Try again; see the owner's log.")


def _lost(folder: JobFolder) -> Failure:
    tail = folder.progress()
    return Failure(
        found=f"The worker vanished in the stage '{tail.stage}' ({tail.share:.0%} done).",
        expected="It ends with a result or a reason; the system may have ended it for want of memory.",
        hint="Train again.",
    )
