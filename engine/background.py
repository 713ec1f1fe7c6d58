"""Work of seconds to minutes inside the owner: bounded threads, progress, cancellation, no doubles.

For what is asked for by a person and may be thrown away, such as an estimate. What must survive a
restart is a training job.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, SerializeAsAny

from engine.core import Engine
from engine.errors import Conflict, EngineError, InternalError, InvalidTransition, JobNotFound

_LOG = logging.getLogger(__name__)
_THREADS = 2
_MOST_WAITING = 32
_KEPT = 64
_NICE = 5
_PATIENCE_S = 5.0

R = TypeVar("R", bound=BaseModel)


class BackgroundState(StrEnum):
    """Where a job stands; `running` includes the wait for a thread."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether it will not change any more."""
        return self is not BackgroundState.RUNNING


class BackgroundJob(BaseModel, Generic[R]):
    """A job as callers see it.

    Attributes
    ----------
    share : float
        Part of the work that is done, 0 to 1.
    stage : str
        What is done now.
    error : str or None
        Why it failed, for a person; `failure` is the same for a program, where it is an error of the engine.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    state: BackgroundState
    share: float
    stage: str
    result: SerializeAsAny[R] | None = None
    error: str | None = None
    failure: dict[str, Any] | None = None

    def outcome(self) -> R:
        """The result of a job that has ended.

        Raises
        ------
        EngineError
            What ended the job, as its work raised it.
        InvalidTransition
            It was cancelled, or it has not ended.
        """
        if self.result is not None:
            return self.result
        if self.failure is not None:
            raise EngineError.from_dict(self.failure)
        if self.error is not None:
            raise InternalError(self.error)
        raise InvalidTransition(f"The job is {self.state}.", "Only one that is done has a result.", "Start it again.")


class _Cancelled(Exception):  # noqa: N818  # a signal, not an error
    """Somebody asked for the end of the work."""


@dataclass(eq=False)
class _Entry:
    key: str
    work: Callable[[Progress], BaseModel]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    state: BackgroundState = BackgroundState.RUNNING
    share: float = 0.0
    stage: str = "Waiting"
    result: BaseModel | None = None
    error: str | None = None
    failure: dict[str, Any] | None = None
    stop: threading.Event = field(default_factory=threading.Event)


class Progress:
    """How work tells where it is, and learns that nobody wants it any more."""

    def __init__(self, entry: _Entry, low: float = 0.0, high: float = 1.0) -> None:
        self._entry, self._low, self._high = entry, low, high

    def stage(self, name: str, share: float) -> None:
        """Say what is done now and how much of the whole is behind, 0 to 1; ends the work when it was cancelled."""
        self.check()
        reached = self._low + (self._high - self._low) * min(max(share, 0.0), 1.0)
        self._entry.stage, self._entry.share = name, max(self._entry.share, reached)

    def check(self) -> None:
        """End the work here when it was cancelled; call it at least every second."""
        if self._entry.stop.is_set():
            raise _Cancelled

    def within(self, low: float, high: float) -> Progress:
        """The same job for a part of the work, whose 0 to 1 is `low` to `high` of the whole."""
        span = self._high - self._low
        return Progress(self._entry, self._low + span * low, self._low + span * high)


class Background:
    """Jobs of this process, by key.

    Parameters
    ----------
    engine : Engine
        Whose part this is.
    threads : int
        Jobs that run at once; the others wait in order.
    """

    def __init__(self, engine: Engine, *, threads: int = _THREADS) -> None:
        self._size = threads
        self._guard = threading.Lock()
        self._waiting: queue.Queue[_Entry | None] = queue.Queue()
        self._jobs: dict[str, _Entry] = {}
        self._threads: list[threading.Thread] = []

    def start(self, key: str, work: Callable[[Progress], BaseModel]) -> str:
        """Do the work soon and return its job's id.

        Parameters
        ----------
        key : str
            Names the inputs: a job of the same key that runs or is done is joined, not repeated.
        work : callable
            Gets a `Progress`, which it calls at least every second; returns the result.

        Raises
        ------
        Conflict
            Too many jobs wait.
        """
        with self._guard:
            for entry in self._jobs.values():
                if entry.key == key and entry.state in (BackgroundState.RUNNING, BackgroundState.DONE):
                    return entry.id
            if self._waiting.qsize() >= _MOST_WAITING:
                raise Conflict(f"{_MOST_WAITING} jobs are waiting already.", hint="Try again in a moment.")
            entry = _Entry(key, work)
            self._jobs[entry.id] = entry
            self._waiting.put(entry)
            self._forget_oldest()
            if len(self._threads) < self._size:
                thread = threading.Thread(target=self._run, name=f"background-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
        return entry.id

    def get(self, job_id: str) -> BackgroundJob[Any]:
        """A job as it stands.

        Raises
        ------
        JobNotFound
        """
        with self._guard:
            entry = self._find(job_id)
            return BackgroundJob[Any](
                id=entry.id,
                state=entry.state,
                share=entry.share,
                stage=entry.stage,
                result=entry.result,
                error=entry.error,
                failure=entry.failure,
            )

    def cancel(self, job_id: str) -> BackgroundJob[Any]:
        """End a job, for all who joined it; one that has ended stays as it is.

        Raises
        ------
        JobNotFound
        """
        with self._guard:
            entry = self._find(job_id)
            if not entry.state.final:
                entry.stop.set()
                entry.state, entry.stage = BackgroundState.CANCELLED, "Cancelled"
        return self.get(job_id)

    def close(self) -> None:
        """Cancel all and give the threads some seconds; work that tells no progress for longer ends with the process."""
        with self._guard:
            for entry in self._jobs.values():
                entry.stop.set()
                if not entry.state.final:
                    entry.state, entry.stage = BackgroundState.CANCELLED, "Cancelled"
            for _ in self._threads:
                self._waiting.put(None)
        patience = time.monotonic() + _PATIENCE_S
        for thread in self._threads:
            thread.join(max(0.0, patience - time.monotonic()))

    def _find(self, job_id: str) -> _Entry:
        if job_id not in self._jobs:
            raise JobNotFound(
                f"There is no job {job_id[:80]!r} in this process.",
                f"It keeps the last {_KEPT}.",
                "Start the work again.",
            )
        return self._jobs[job_id]

    def _forget_oldest(self) -> None:
        ended = [entry.id for entry in self._jobs.values() if entry.state.final]
        for job_id in ended[: max(0, len(self._jobs) - _KEPT)]:
            del self._jobs[job_id]

    def _run(self) -> None:
        _step_back()
        while (entry := self._waiting.get()) is not None:
            if not entry.stop.is_set():
                self._carry_out(entry)
            entry.work = _gone  # what the work holds must not outlive it

    def _carry_out(self, entry: _Entry) -> None:
        try:
            result = _uncancelled(entry)
        except _Cancelled:
            self._end(entry, BackgroundState.CANCELLED, "Cancelled")
        except EngineError as error:
            entry.failure = error.to_dict()
            self._end(entry, BackgroundState.FAILED, "Failed", error=str(error))
        except Exception:
            _LOG.exception("background job %s failed", entry.id)
            told = f"It failed by a defect of ours; the log has it under {entry.id}."
            self._end(entry, BackgroundState.FAILED, "Failed", error=told)
        else:
            self._end(entry, BackgroundState.DONE, "Done", result=result)

    def _end(
        self,
        entry: _Entry,
        state: BackgroundState,
        stage: str,
        *,
        result: BaseModel | None = None,
        error: str | None = None,
    ) -> None:
        """The first end counts: what was cancelled stays so, even if its work came through."""
        with self._guard:
            if not entry.state.final:
                entry.state, entry.stage, entry.result, entry.error = state, stage, result, error
                entry.share = 1.0 if state is BackgroundState.DONE else entry.share


def _uncancelled(entry: _Entry) -> BaseModel:
    """The work's result; it is done again when it fell over the end of another job, whose load it shared."""
    while True:
        try:
            return entry.work(Progress(entry))
        except _Cancelled:
            if entry.stop.is_set():
                raise


def _step_back() -> None:
    """Let the pages go first; on Linux a priority is a thread's own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _gone(_: Progress) -> BaseModel:
    raise RuntimeError("this work was done already")
