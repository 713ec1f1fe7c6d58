"""Where workers run: processes of this machine. Another executor keeps this protocol and the folders."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any, Protocol

import psutil

from engine.training.folder import JobFolder
from engine.training.processes import is_alive

Worker = dict[str, Any]
"""`pid` and `started` (seconds since 1970): enough to find a process again after a restart."""

_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}
"""Workers that this process started: they outlast the executor, and whoever watches them next reaps them."""

_MB = 1024 * 1024
_GRACE_S = 3.0


class Executor(Protocol):
    """Starts, watches and ends workers."""

    def start(self, folder: JobFolder) -> Worker: ...

    def alive(self, worker: Worker) -> bool: ...

    def memory_mb(self, worker: Worker) -> float: ...

    def stop(self, worker: Worker) -> None: ...


class LocalExecutor:
    """Worker processes in sessions of their own: they outlive this process, and are waited for while it lives."""

    def start(self, folder: JobFolder) -> Worker:
        """Start a worker, or return the one that works in the folder already."""
        present = folder.worker()
        if present is not None and is_alive(present):
            return present
        environment = {**os.environ, "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 2) - 1))}
        with folder.log_path.open("ab") as log:
            child = subprocess.Popen(  # noqa: S603  # our own module in our own interpreter
                [sys.executable, "-m", "engine.training.worker", str(folder.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=environment,
            )
        _CHILDREN[child.pid] = child
        return {"pid": child.pid, "started": _started(child.pid)}

    def alive(self, worker: Worker) -> bool:
        """Whether the worker runs; a child that ended is reaped here."""
        if is_alive(worker):
            return True
        child = _CHILDREN.pop(worker["pid"], None)
        if child is not None:
            child.wait(timeout=_GRACE_S)
        return False

    def memory_mb(self, worker: Worker) -> float:
        """Resident memory of the worker and its children."""
        try:
            process = psutil.Process(worker["pid"])
            family = [process, *process.children(recursive=True)]
            return float(sum(member.memory_info().rss for member in family) / _MB)
        except psutil.NoSuchProcess:
            return 0.0

    def stop(self, worker: Worker) -> None:
        """End the worker and its children: asked first, then killed; of a worker that is gone, what it left behind."""
        if is_alive(worker):
            _signal(worker, signal.SIGTERM)
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.wait_procs([psutil.Process(worker["pid"])], timeout=_GRACE_S)
        if _session_is_ours(worker):
            _signal(worker, signal.SIGKILL)
        child = _CHILDREN.pop(worker["pid"], None)
        if child is not None:
            child.wait(timeout=_GRACE_S)


def _session_is_ours(worker: Worker) -> bool:
    """Whether the worker's number still is its own: no other process gets it while anything runs in its session."""
    if worker["pid"] <= 1 or worker["started"] < psutil.boot_time():
        return False
    try:
        present = psutil.Process(worker["pid"]).create_time()
    except psutil.NoSuchProcess:
        return True
    return bool(abs(present - worker["started"]) < 1.0)


def _signal(worker: Worker, number: signal.Signals) -> None:
    """Signal the worker's whole session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker["pid"], number)


def _started(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return 0.0
