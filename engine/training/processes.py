"""What owner and worker both need to know about worker processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psutil

from engine.training.schema import Failure


def is_alive(worker: Mapping[str, Any]) -> bool:
    """Whether that very process runs: the same number may have gone to another one since."""
    try:
        process = psutil.Process(int(worker["pid"]))
        same = abs(process.create_time() - float(worker["started"])) < 1.0
        return same and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def out_of_memory(limit_mb: int) -> Failure:
    """What a job says that needed more than its limit."""
    return Failure(
        found=f"The training needed more than its limit of {limit_mb} MB.",
        expected="A job stays below SKYY_JOB_MEMORY_MB.",
        hint="Raise the limit, or train on fewer rows.",
    )
