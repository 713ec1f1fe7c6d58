"""Folders with the full demo shop and a trained model, and a dashboard over them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]


def skyy(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run one command over a store."""
    return subprocess.run(
        [sys.executable, "-m", "engine.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "SKYY_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )


def demo_home() -> Path:
    """A store with the demo shop and its champion, made once and kept in the temporary folder."""
    home = Path(tempfile.gettempdir()) / f"skyy-bench-{os.getuid()}"
    skyy("demo", home=home)
    return home


@contextmanager
def dashboard(home: Path) -> Iterator[str]:
    """The address of a running dashboard; it is ended afterwards."""
    port = free_port()
    process = start(home, port)
    try:
        wait_until(lambda: healthy(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def start(home: Path, port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "up", "--demo", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "SKYY_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], bool], within_s: float = 60.0) -> None:
    pause, deadline = threading.Event(), time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come to hold")
        pause.wait(0.02)
