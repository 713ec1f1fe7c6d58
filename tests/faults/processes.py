"""Processes of a test's own: Python scripts that are started, waited for and never left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tests.conftest import wait_for

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]


def until(look: Callable[[], T], *, seconds: float = 60.0) -> T:
    """The first true value of `look`; fails by name after the deadline."""
    return wait_for(look, until=bool, within_s=seconds)


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without a failpoint, with `extra`."""
    kept = {name: value for name, value in os.environ.items() if name != "SKYY_FAILPOINT"}
    return {**kept, "PYTHONPATH": str(ROOT), **extra}


def run(script: str, *arguments: object, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a script to its end."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def started(script: str, *arguments: object, **extra: str) -> Iterator[subprocess.Popen[str]]:
    """A script that runs meanwhile and has printed its first line; killed at the end if it is still there."""
    with subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=environment(**extra),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"ended at once: {process.stderr.read() if process.stderr else ''}"
            yield process
        finally:
            process.kill()
            process.wait()
